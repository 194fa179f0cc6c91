#include "annal/server/connection.hpp"

#include "annal/server/problem.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <array>
#include <ctime>

namespace annal::server {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t buffer_limit = 64 * 1024;  // holds a head, or a piece of a body
constexpr std::size_t read_size = 4 * 1024;
constexpr std::size_t drained_bytes = 4 * 1024 * 1024;
constexpr std::chrono::milliseconds linger_timeout{2'000};
constexpr std::size_t bytes_a_second = 16 * 1024;  // the slowest a body may come

std::string http_date(Timestamp time) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const auto size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return std::string(text.data(), size);
}

// True if the client broke off, rather than sent something wrong.
bool is_gone(const boost::system::error_code& error) {
  return error == http::error::partial_message || error == http::error::end_of_stream ||
         error.category() == boost::system::system_category() ||
         error.category() == asio::error::get_misc_category();
}

bool has_no_body(int status) { return status == 204 || status == 304; }

template <class Message>
void fill(Message& message, const Response& response, bool keep, const Clock& clock) {
  message.version(11);
  message.result(static_cast<unsigned>(response.status));
  for (const auto& [name, value] : response.headers) message.insert(name, value);
  message.set(http::field::date, http_date(clock.now()));
  message.set(http::field::connection, keep ? "keep-alive" : "close");
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, Shared shared, std::function<void()> closed)
    : socket_(std::move(socket)),
      deadline_(socket_.get_executor()),
      shared_(shared),
      closed_(std::move(closed)),
      buffer_(buffer_limit),
      on_chunk_([this](std::uint64_t, boost::beast::string_view extensions, Error& error) {
        if (extensions.empty()) return;
        chunk_extension_ = true;
        error = http::error::bad_chunk_extension;
      }) {
  Error ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

Connection::~Connection() {
  shared_.bodies.give_back(body_bytes_taken_);
  closed_();
}

void Connection::serve() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->set_deadline(self->shared_.limits.head_timeout);
    self->read_more_head();
  });
}

void Connection::turn_away() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    Response response = problem(503, "too-many-connections",
                                "this server has as many connections as it takes; try again");
    response.headers.add("Retry-After", "1");
    self->refuse(std::move(response));
  });
}

void Connection::wind_up() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->phase_ == Phase::head || self->phase_ == Phase::linger) self->close();
  });
}

void Connection::cut() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->close(); });
}

void Connection::await_request() {
  phase_ = Phase::head;
  expired_ = false;
  head_ = Head();
  parser_.reset();
  if (shared_.stopping) return close();
  set_deadline(buffer_.size() > 0 ? shared_.limits.head_timeout : shared_.limits.idle_timeout);
  read_more_head();
}

// Goes on once the head is complete;
// what was sent beyond it (a pipelined request) stays in the buffer.
void Connection::read_more_head() {
  const std::size_t end = head_end(buffered());
  if (end != std::string_view::npos && end <= head_limit) return on_head(end);
  if (buffer_.size() >= head_limit) {
    const FramingFault fault = overlong_head(buffered());
    return refuse(fault.status, fault.type, fault.detail);
  }
  socket_.async_read_some(buffer_.prepare(read_size),
                          [self = shared_from_this()](const Error& error, std::size_t size) {
                            const bool first = self->buffer_.size() == 0;
                            self->buffer_.commit(size);
                            if (!error && first && self->requests_ > 0 && !self->expired_)
                              self->set_deadline(self->shared_.limits.head_timeout);
                            self->on_head_bytes(error);
                          });
}

void Connection::on_head_bytes(const Error& error) {
  if (phase_ == Phase::closed) return;
  if (expired_ && buffer_.size() > 0)
    return refuse(408, "timeout", "the request's head took too long to arrive");
  if (error || expired_) return close();
  read_more_head();
}

void Connection::on_head(std::size_t size) {
  ++requests_;
  auto read = read_head(buffered().substr(0, size));
  if (const auto* fault = std::get_if<FramingFault>(&read))
    return refuse(fault->status, fault->type, fault->detail);
  head_ = std::move(std::get<Head>(read));
  if (auto refusal = shared_.guard.refusal(head_.request)) return refuse(std::move(*refusal));
  if (!admit_body() || !hand_over_head(size)) return;
  if (!head_.has_body()) return work();
  if (head_.expects_continue && buffer_.size() == 0) return invite_body();
  read_body();
}

// Decides on the body before a byte of it is read.
bool Connection::admit_body() {
  const std::size_t limit = shared_.limits.body_bytes;
  if (head_.content_length > limit) {
    refuse(413, "body-too-large", "the body is larger than " + std::to_string(limit) + " bytes");
    return false;
  }
  const std::size_t bytes = head_.chunked ? limit : static_cast<std::size_t>(head_.content_length);
  if (!shared_.bodies.take(bytes)) {
    Response response =
        problem(503, "busy", "too many bodies are being read at the same time; try again");
    response.headers.add("Retry-After", "1");
    refuse(std::move(response));
    return false;
  }
  body_bytes_taken_ = bytes;
  return true;
}

// Beast reads the body, so it has to see the head: the same bytes that were found good.
bool Connection::hand_over_head(std::size_t size) {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(head_limit + 1));
  parser_->body_limit(shared_.limits.body_bytes);
  parser_->on_chunk_header(on_chunk_);
  Error error;
  const std::size_t used = parser_->put(asio::buffer(buffer_.data().data(), size), error);
  buffer_.consume(size);
  const bool same_body = parser_->chunked() == head_.chunked &&
                         parser_->content_length().value_or(0) == head_.content_length;
  if (error || used != size || !parser_->is_header_done() || !same_body) {
    refuse(400, "malformed-request", "the request's head cannot be understood");
    return false;
  }
  fields_ = static_cast<std::size_t>(std::distance(parser_->get().begin(), parser_->get().end()));
  return true;
}

void Connection::invite_body() {
  static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  phase_ = Phase::answer;
  set_deadline(shared_.limits.write_timeout);
  asio::async_write(socket_, asio::buffer(go_on),
                    [self = shared_from_this()](const Error& error, std::size_t) {
                      if (error || self->phase_ == Phase::closed) return self->close();
                      self->read_body();
                    });
}

void Connection::read_body() {
  phase_ = Phase::body;
  const auto seconds = std::chrono::seconds(body_bytes_taken_ / bytes_a_second);
  set_deadline(shared_.limits.body_timeout + seconds);
  http::async_read(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](const Error& error, std::size_t) { self->on_body(error); });
}

void Connection::on_body(const Error& error) {
  if (phase_ == Phase::closed) return;
  if (expired_) return refuse(408, "timeout", "the request's body took too long to arrive");
  if (error == http::error::body_limit)
    return refuse(
        413, "body-too-large",
        "the body is larger than " + std::to_string(shared_.limits.body_bytes) + " bytes");
  if (chunk_extension_)
    return refuse(400, "malformed-request", "this server takes no chunk extensions");
  if (error && is_gone(error)) return close();
  if (error) return refuse(400, "malformed-request", "the request's body is not framed as it says");
  const auto& message = parser_->get();
  if (static_cast<std::size_t>(std::distance(message.begin(), message.end())) != fields_)
    return refuse(400, "malformed-request", "this server takes no trailer fields");
  head_.request.body = std::move(parser_->get().body());
  work();
}

void Connection::work() {
  phase_ = Phase::work;
  deadline_.cancel();
  asio::post(shared_.workers, [self = shared_from_this()] {
    try {
      auto response = std::make_shared<Response>(self->shared_.routes.answer(self->head_.request));
      asio::post(self->socket_.get_executor(), [self, response] {
        if (self->phase_ != Phase::closed) self->answer(std::move(*response), false);
      });
    } catch (...) {
      insist([&] { self->cut(); });  // there is no memory for an answer
    }
  });
}

void Connection::refuse(int status, std::string_view type, std::string_view detail) {
  refuse(problem(status, type, detail));
}

// Where the next request would start is not certain, so there is none.
void Connection::refuse(Response response) {
  add_security_headers(response);
  answer(std::move(response), true);
}

void Connection::answer(Response response, bool close) {
  const bool keep = !close && head_.keep_alive && !shared_.stopping &&
                    requests_ < shared_.limits.requests_per_connection;
  shared_.bodies.give_back(std::exchange(body_bytes_taken_, 0));
  if (head_.request.method == "HEAD" || has_no_body(response.status)) {
    auto message = std::make_shared<http::response<http::empty_body>>();
    fill(*message, response, keep, shared_.clock);
    if (!has_no_body(response.status)) message->content_length(response.body.size());
    return write(std::move(message), keep);
  }
  auto message = std::make_shared<http::response<http::string_body>>();
  fill(*message, response, keep, shared_.clock);
  message->body() = std::move(response.body);
  message->prepare_payload();
  write(std::move(message), keep);
}

template <class Message>
void Connection::write(std::shared_ptr<Message> message, bool keep) {
  phase_ = Phase::answer;
  set_deadline(shared_.limits.write_timeout);
  http::async_write(socket_, *message,
                    [self = shared_from_this(), message, keep](const Error& error, std::size_t) {
                      self->on_answered(error, keep);
                    });
}

void Connection::on_answered(const Error& error, bool keep) {
  if (error || phase_ == Phase::closed) return close();
  if (keep) return await_request();
  linger();
}

// Closing while the client still sends would reset the connection, and the answer could be lost on
// its way. So the rest is read and thrown away, within bounds.
void Connection::linger() {
  phase_ = Phase::linger;
  Error ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  if (expired_ || shared_.stopping) return close();
  set_deadline(linger_timeout);
  drain(drained_bytes);
}

void Connection::drain(std::size_t budget) {
  buffer_.clear();
  socket_.async_read_some(buffer_.prepare(buffer_limit), [self = shared_from_this(), budget](
                                                             const Error& error, std::size_t size) {
    if (error || size >= budget || self->phase_ == Phase::closed) return self->close();
    self->drain(budget - size);
  });
}

void Connection::close() {
  phase_ = Phase::closed;
  shared_.bodies.give_back(std::exchange(body_bytes_taken_, 0));
  deadline_.cancel();
  Error ignored;
  socket_.close(ignored);
}

void Connection::set_deadline(std::chrono::milliseconds from_now) {
  deadline_.expires_after(from_now);  // cancels the wait before
  deadline_.async_wait([self = shared_from_this()](const Error& error) {
    if (error || self->deadline_.expiry() > asio::steady_timer::clock_type::now()) return;
    self->on_deadline();
  });
}

// A late request is still told so; whoever does not read its answer is told nothing.
void Connection::on_deadline() {
  if (phase_ == Phase::work || phase_ == Phase::closed) return;
  if (phase_ != Phase::head && phase_ != Phase::body) return close();
  expired_ = true;
  Error ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_receive, ignored);
  socket_.cancel(ignored);
}

std::string_view Connection::buffered() const {
  return {static_cast<const char*>(buffer_.data().data()), buffer_.size()};
}

}  // namespace annal::server
