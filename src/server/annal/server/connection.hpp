// One client's connection: reads a request, has a worker answer it, writes the answer, and so on.
#pragma once

#include "annal/server/framing.hpp"
#include "annal/server/guard.hpp"
#include "annal/server/routes/routes.hpp"
#include "annal/server/server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

namespace annal::server {

// Calls until it succeeds: for what keeps a server or a connection from hanging for ever, and fails
// for want of memory only.
template <class Function>
void insist(Function call) noexcept {
  for (;;) {
    try {
      return call();
    } catch (...) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
}

// Bytes of bodies being held, of all connections together.
class BodyBudget {
 public:
  explicit BodyBudget(std::size_t limit) : limit_(limit) {}
  bool take(std::size_t bytes) {
    if (taken_.fetch_add(bytes) + bytes <= limit_) return true;
    taken_.fetch_sub(bytes);
    return false;
  }
  void give_back(std::size_t bytes) { taken_.fetch_sub(bytes); }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> taken_{0};
};

// What all connections of a server share; outlives them.
struct Shared {
  Routes& routes;
  const Guard& guard;
  const ServerLimits& limits;
  const Clock& clock;
  boost::asio::thread_pool& workers;
  BodyBudget& bodies;
  const std::atomic<bool>& stopping;
};

//   threads   everything but the posted work runs on the socket's strand, one at a time
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  //   closed    called once, by whichever thread lets go of the connection last
  Connection(boost::asio::ip::tcp::socket socket, Shared shared, std::function<void()> closed);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Start it: serve requests, or tell the client that there are too many like it.
  void serve();
  void turn_away();
  // Called by any thread. Ends it now if no request is under way, else after that request's answer.
  void wind_up();
  // Called by any thread. Ends it now, whatever is under way.
  void cut();

 private:
  enum class Phase { head, body, work, answer, linger, closed };
  using Error = boost::system::error_code;

  // Called on the strand, in about this order.
  void await_request();
  void read_more_head();
  void on_head_bytes(const Error& error);
  void on_head(std::size_t size);
  bool admit_body();
  bool hand_over_head(std::size_t size);
  void invite_body();
  void read_body();
  void on_body(const Error& error);
  void work();
  void refuse(int status, std::string_view type, std::string_view detail);
  void refuse(Response response);
  void answer(Response response, bool close);
  template <class Message>
  void write(std::shared_ptr<Message> message, bool keep);
  void on_answered(const Error& error, bool keep);
  void linger();
  void drain(std::size_t budget);
  void close();

  void set_deadline(std::chrono::milliseconds from_now);
  void on_deadline();
  std::string_view buffered() const;

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  const Shared shared_;
  const std::function<void()> closed_;

  Phase phase_ = Phase::head;
  bool expired_ = false;  // the deadline of what is being read
  std::size_t requests_ = 0;
  boost::beast::flat_buffer buffer_;
  Head head_;
  std::size_t body_bytes_taken_ = 0;  // of the budget
  std::size_t fields_ = 0;            // in the head, before trailers could add to them
  bool chunk_extension_ = false;
  std::function<void(std::uint64_t, boost::beast::string_view, Error&)> on_chunk_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
};

}  // namespace annal::server
