// Serves a store over HTTP/1.1: the JSON API under /v1,
// a page for people at /, /healthz for machines.
//
//   auto store = annal::open("orders.db");
//   annal::Server server(*store, {.port = 8080});
//   std::cout << "listening on port " << server.start() << '\n';
//   server.run();   // until another thread calls server.stop()
//
// Source: docs/reference/http-api.md
#pragma once

#include "annal/error.hpp"
#include "annal/service/store.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace annal {

// The address and port asked for cannot be listened on; the message says which and why.
class CannotListen : public Error {
 public:
  using Error::Error;
};

// What one client may cost. Every deadline is absolute: trickling bytes does not move it.
struct ServerLimits {
  std::size_t connections = 256;                    // one more is answered 503 and closed
  std::size_t requests_per_connection = 1000;       // the last answer closes it
  std::size_t body_bytes = 1024 * 1024 + 8 * 1024;  // of one request; more is 413
  std::size_t bodies_bytes = 32 * 1024 * 1024;      // of all requests being read; more is 503
  std::chrono::milliseconds head_timeout{10'000};   // from its first byte, or from the connect
  std::chrono::milliseconds body_timeout{10'000};   // and one second for every 16 KiB of it
  std::chrono::milliseconds idle_timeout{30'000};   // between two requests
  std::chrono::milliseconds write_timeout{30'000};  // for one answer
  std::chrono::milliseconds stop_timeout{10'000};   // for requests in flight when stopping
};

struct ServerOptions {
  std::string address = "127.0.0.1";  // IPv4 or IPv6, in figures
  std::uint16_t port = 0;             // 0 picks one that is free
  // There is no authentication: whoever reaches the port may read and write. Addresses other than
  // this machine's own loopback are therefore refused unless this says that it is meant.
  bool allow_remote = false;
  // Names beside localhost and the address under which clients may call, with the server's port
  // unless they name another: `annal.lan`, `annal.lan:80`.
  std::vector<std::string> host_names{};
  std::size_t io_threads = 2;
  std::size_t workers = 16;  // requests at work in the store at the same time
  ServerLimits limits{};
  // Told one line about every fault of ours: a request answered 500, 503 `storage-failed` or 503
  // `outcome-unknown`, with its id; a connection lost. Called by any thread; what it throws is
  // dropped.
  std::function<void(std::string_view)> report{};
};

//   threads   every member: any number of callers; none may be called from `report`
class Server {
 public:
  // Checks the options, and does nothing else yet. The store must outlive the server.
  //   throws    ConfigurationError for an address that is none,
  //             or not loopback without allow_remote
  Server(Store& store, ServerOptions options = {});
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds, listens and answers from now on, on threads of the server's own. Once in its life.
  //   returns   the port bound
  //   throws    CannotListen
  std::uint16_t start();
  // The port bound; 0 before start.
  std::uint16_t port() const;
  // `http://127.0.0.1:8080/`; where it listens on every address, with the first of the host names,
  // or this machine's own address if there is none.
  std::string url() const;

  // Starts unless that was done, and returns once stop has been called and everything has ended.
  void run();
  // Accepts nothing further, closes idle connections, finishes the requests in flight (at most
  // limits.stop_timeout, then their connections are cut; what the store was already asked still
  // finishes) and returns. Whatever was acknowledged is on disk by then. Not for signal handlers.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace annal
