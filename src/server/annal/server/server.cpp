#include "annal/server/server.hpp"

#include "annal/failure_text.hpp"
#include "annal/server/connection.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace annal {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t turned_away_at_once =
    32;  // beyond them connections are closed without a word
constexpr std::chrono::milliseconds accept_pause{50};  // when the machine has no descriptor left

asio::ip::address checked_address(const ServerOptions& options) {
  error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error)
    throw ConfigurationError("cannot listen on `" + options.address +
                             "`: it is no IP address in figures, such as 127.0.0.1");
  if (!address.is_loopback() && !options.allow_remote)
    throw ConfigurationError("refusing to listen on " + options.address +
                             ": whoever reaches it could read and change every document; listen on "
                             "127.0.0.1, or allow remote clients explicitly");
  return address;
}

ServerOptions checked(ServerOptions options) {
  checked_address(options);
  if (options.io_threads == 0 || options.workers == 0)
    throw ConfigurationError("a server needs at least one I/O thread and one worker");
  return options;
}

// A host under which this machine, at least, reaches the server: nobody can call `0.0.0.0`.
std::string host_to_call(const asio::ip::address& address, const ServerOptions& options) {
  if (!address.is_unspecified()) return server::in_brackets(address.to_string());
  if (!options.host_names.empty()) return options.host_names.front();
  return address.is_v6() ? "[::1]" : "127.0.0.1";
}

}  // namespace

struct Server::State {
  State(Store& opened, ServerOptions given)
      : store(opened),
        options(checked(std::move(given))),
        address(checked_address(options)),
        routes(store, system_randomness(), options.report),
        bodies(options.limits.bodies_bytes) {}

  std::uint16_t start();
  void run();
  void stop();

  void launch();
  void listen();
  void start_threads();
  void accept() noexcept;
  void on_accepted(const error_code& error, tcp::socket socket);
  void accept_later();
  void enter(tcp::socket socket);
  void leave(std::uint64_t number);
  void run_io();
  void report_lost_connection() noexcept;
  // Calls a member of every connection there is.
  void tell_all(void (server::Connection::*what)());
  // Returns false if some are still there after the time.
  bool all_gone(std::chrono::milliseconds timeout);
  std::size_t connection_count();

  Store& store;
  const ServerOptions options;
  const asio::ip::address address;
  server::Routes routes;
  server::BodyBudget bodies;
  std::atomic<bool> stopping{false};
  std::atomic<std::uint16_t> port{0};

  enum class Phase { made, running, stopping, stopped };
  Phase phase = Phase::made;
  std::mutex mutex;  // guards phase and connections
  std::condition_variable changed;
  std::map<std::uint64_t, std::weak_ptr<server::Connection>> connections;
  std::uint64_t connections_ever = 0;

  std::optional<server::Guard> guard;
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(io);
  tcp::acceptor acceptor{asio::make_strand(io)};
  asio::steady_timer pause{acceptor.get_executor()};
  std::optional<asio::thread_pool> workers;
  std::vector<std::thread> io_threads;
};

std::uint16_t Server::State::start() {
  std::lock_guard lock(mutex);
  if (phase != Phase::made) throw CannotListen("a server can be started once; make a new one");
  launch();
  return port;
}

void Server::State::launch() {
  listen();
  guard.emplace(address.to_string(), port, options.host_names);
  workers.emplace(options.workers);
  start_threads();
  phase = Phase::running;
}

// All of them or none.
void Server::State::start_threads() try {
  for (std::size_t i = 0; i < options.io_threads; ++i)
    io_threads.emplace_back([this] { run_io(); });
  asio::post(acceptor.get_executor(), [this] { accept(); });
} catch (...) {
  io.stop();
  for (auto& thread : io_threads) thread.join();
  io_threads.clear();
  throw;
}

void Server::State::listen() {
  const tcp::endpoint endpoint(address, options.port);
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    throw CannotListen("cannot listen on " + server::in_brackets(address.to_string()) + ':' +
                       std::to_string(options.port) + ": " + error.message() +
                       "; choose another port, or 0 for any that is free");
  port = acceptor.local_endpoint().port();
}

void Server::State::accept() noexcept {
  server::insist([this] {
    acceptor.async_accept(asio::make_strand(io),
                          [this](const error_code& error, tcp::socket socket) {
                            on_accepted(error, std::move(socket));
                          });
  });
}

// Whatever becomes of this connection, the next one is accepted.
void Server::State::on_accepted(const error_code& error, tcp::socket socket) {
  if (stopping || error == asio::error::operation_aborted) return;
  try {
    if (error) return accept_later();
    enter(std::move(socket));
  } catch (...) {
    report_lost_connection();
  }
  accept();
}

void Server::State::accept_later() {
  pause.expires_after(accept_pause);
  pause.async_wait([this](const error_code& cancelled) {
    if (!cancelled && !stopping) accept();
  });
}

void Server::State::enter(tcp::socket socket) {
  const std::size_t present = connection_count();
  if (present >= options.limits.connections + turned_away_at_once) return;  // closes it
  const std::uint64_t number = ++connections_ever;
  const server::Shared shared{routes,   *guard, options.limits, store.clock(),
                              *workers, bodies, stopping};
  const auto connection = std::make_shared<server::Connection>(std::move(socket), shared,
                                                               [this, number] { leave(number); });
  {
    std::lock_guard lock(mutex);
    connections.emplace(number, connection);
  }
  if (present < options.limits.connections)
    connection->serve();
  else
    connection->turn_away();
}

void Server::State::leave(std::uint64_t number) {
  std::lock_guard lock(mutex);
  connections.erase(number);
  changed.notify_all();
}

std::size_t Server::State::connection_count() {
  std::lock_guard lock(mutex);
  return connections.size();
}

void Server::State::run_io() {
  for (;;) {
    try {
      io.run();
      return;
    } catch (...) {
      report_lost_connection();  // its misfortune (no memory) is not the others'
    }
  }
}

// Called where an exception is handled.
void Server::State::report_lost_connection() noexcept try {
  if (options.report) options.report("connection lost: " + text_of_current_exception());
} catch (...) {
  // There is no memory to say so.
}

void Server::State::tell_all(void (server::Connection::*what)()) {
  std::vector<std::shared_ptr<server::Connection>> present;
  {
    std::lock_guard lock(mutex);
    for (const auto& [number, connection] : connections)
      if (auto alive = connection.lock()) present.push_back(std::move(alive));
  }
  for (const auto& connection : present) ((*connection).*what)();
}

bool Server::State::all_gone(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex);
  return changed.wait_for(lock, timeout, [&] { return connections.empty(); });
}

void Server::State::stop() {
  {
    std::unique_lock lock(mutex);
    if (phase == Phase::made) phase = Phase::stopped;
    if (phase != Phase::running) {
      changed.notify_all();
      changed.wait(lock, [&] { return phase == Phase::stopped; });
      return;
    }
    phase = Phase::stopping;
  }
  stopping = true;
  std::promise<void> deaf;
  asio::post(acceptor.get_executor(), [&] {
    error_code ignored;
    acceptor.close(ignored);
    pause.cancel();
    deaf.set_value();
  });
  deaf.get_future().wait();
  tell_all(&server::Connection::wind_up);
  if (!all_gone(options.limits.stop_timeout)) tell_all(&server::Connection::cut);
  workers->join();
  work.reset();
  for (auto& thread : io_threads) thread.join();
  std::lock_guard lock(mutex);
  phase = Phase::stopped;
  changed.notify_all();
}

void Server::State::run() {
  std::unique_lock lock(mutex);
  if (phase == Phase::made) launch();
  changed.wait(lock, [&] { return phase == Phase::stopped; });
}

Server::Server(Store& store, ServerOptions options)
    : state_(std::make_unique<State>(store, std::move(options))) {}

Server::~Server() { stop(); }

std::uint16_t Server::start() { return state_->start(); }

std::uint16_t Server::port() const { return state_->port; }

std::string Server::url() const {
  return "http://" + server::authority_of(host_to_call(state_->address, state_->options), port()) +
         '/';
}

void Server::run() { state_->run(); }

void Server::stop() { state_->stop(); }

}  // namespace annal
