#include "annal/service/webhook_notifier.hpp"

#include "annal/effects/failure.hpp"
#include "annal/effects/kinds.hpp"
#include "annal/event/json.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace annal {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds look_at_stop{20};
constexpr std::size_t answer_bytes = 64 * 1024;

struct Address {
  bool is_secure = false;
  std::string host, port, path;
  std::string authority;  // host and port as they stand
};

[[noreturn]] void refuse(const std::string& url) {
  throw InvalidInput("\"" + url +
                     "\" is no address to post to: give one such as https://host:port/path");
}

Address parse(const std::string& url) {
  Address address;
  std::string_view rest = url;
  const auto take = [&](std::string_view start) {
    if (!rest.starts_with(start)) return false;
    rest.remove_prefix(start.size());
    return true;
  };
  address.is_secure = take("https://");
  if (!address.is_secure && !take("http://")) refuse(url);
  const auto is_odd = [](unsigned char c) { return c <= ' ' || c == 0x7f; };
  if (std::any_of(rest.begin(), rest.end(), is_odd)) refuse(url);
  address.authority = rest.substr(0, rest.find_first_of("/?#"));
  rest.remove_prefix(address.authority.size());
  address.path = rest.substr(0, rest.find('#'));
  if (address.path.empty() || address.path.front() != '/') address.path.insert(0, 1, '/');
  std::string_view host = address.authority;
  if (host.find('@') != host.npos) refuse(url);  // name and password belong into a header
  const auto colon = host.rfind(':');
  const bool has_port = colon != host.npos && host.find(']', colon) == host.npos;
  address.port = has_port ? host.substr(colon + 1) : address.is_secure ? "443" : "80";
  host = host.substr(0, has_port ? colon : host.npos);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  address.host = host;
  const bool is_number = std::all_of(address.port.begin(), address.port.end(),
                                     [](unsigned char c) { return c >= '0' && c <= '9'; });
  if (address.host.empty() || address.port.empty() || address.port.size() > 5 || !is_number)
    refuse(url);
  return address;
}

// Complete before a stream is made of it, which takes what it says then.
asio::ssl::context trusting(const Webhook& webhook, bool is_secure) {
  asio::ssl::context tls(asio::ssl::context::tls_client);
  tls.set_verify_mode(asio::ssl::verify_peer);
  if (!is_secure) return tls;
  error_code error;
  if (webhook.authorities.empty())
    tls.set_default_verify_paths(error);
  else
    tls.load_verify_file(webhook.authorities, error);
  if (error) throw Error(webhook.authorities + ": no certificates to trust: " + error.message());
  return tls;
}

// One post, step by step, each for no longer than there is time.
class Post {
 public:
  Post(const Webhook& webhook, const Address& address, const effects::EffectContext& context)
      : webhook_(webhook),
        address_(address),
        context_(context),
        until_(steady_clock::now() + webhook.timeout),
        tls_(trusting(webhook, address.is_secure)),
        socket_(io_, tls_) {}

  void send(const http::request<http::string_body>& request) {
    connect();
    if (!address_.is_secure) return exchange(socket_.next_layer(), request);
    shake_hands();
    exchange(socket_, request);
  }

 private:
  using Done = std::function<void(error_code)>;

  void connect() {
    tcp::resolver resolver(io_);
    tcp::resolver::results_type found;
    step("its host cannot be found", [&](const Done& done) {
      resolver.async_resolve(address_.host, address_.port,
                             [&found, done](error_code error, tcp::resolver::results_type results) {
                               found = std::move(results);
                               done(error);
                             });
    });
    step("cannot be reached", [&](const Done& done) {
      asio::async_connect(socket_.next_layer(), found,
                          [done](error_code error, const tcp::endpoint&) { done(error); });
    });
  }

  void shake_hands() {
    socket_.set_verify_callback(asio::ssl::host_name_verification(address_.host));
    SSL_set_tlsext_host_name(socket_.native_handle(), address_.host.c_str());
    step("does not speak TLS as it should",
         [&](const Done& done) { socket_.async_handshake(asio::ssl::stream_base::client, done); });
  }

  template <class Stream>
  void exchange(Stream& stream, const http::request<http::string_body>& request) {
    step("hung up", [&](const Done& done) {
      http::async_write(stream, request, [done](error_code error, std::size_t) { done(error); });
    });
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> answer;
    answer.body_limit(answer_bytes);
    step("gave no answer", [&](const Done& done) {
      http::async_read_header(stream, buffer, answer,
                              [done](error_code error, std::size_t) { done(error); });
    });
    judge(answer.get().result_int());
  }

  void judge(unsigned status) const {
    if (status >= 200 && status < 300) return;
    const std::string message = webhook_.url + " answered " + std::to_string(status);
    if (status == 408 || status == 425 || status == 429 || status >= 500)
      throw effects::Transient(message);
    throw Error(message);
  }

  void step(const char* what, const std::function<void(const Done&)>& begin) {
    bool is_done = false;
    error_code failure;
    begin([&](error_code error) {
      is_done = true;
      failure = error;
    });
    std::optional<effects::FailureKind> ended;
    io_.restart();
    while (!is_done) {
      const auto left = until_ - steady_clock::now();
      io_.run_for(std::clamp<steady_clock::duration>(left, milliseconds(1), look_at_stop));
      if (is_done || ended) continue;
      if (context_.stop.stop_requested())
        ended = effects::FailureKind::cancelled;
      else if (steady_clock::now() >= until_)
        ended = effects::FailureKind::timeout;
      if (!ended) continue;
      error_code ignored;
      socket_.next_layer().close(ignored);  // what is under way ends with it
    }
    if (ended) throw_ended(*ended);
    if (!failure) return;
    const std::string message = webhook_.url + ' ' + what + ": " + failure.message();
    if (failure.category() == asio::error::get_ssl_category()) throw Error(message);
    throw effects::Transient(message);
  }

  [[noreturn]] void throw_ended(effects::FailureKind kind) const {
    throw effects::EffectFailed(
        {.kind = kind,
         .effect = std::string(effects::Notification::name),
         .what = webhook_.url +
                 (kind == effects::FailureKind::timeout
                      ? " did not answer within " + std::to_string(webhook_.timeout.count()) + " ms"
                      : " was left: the run was asked to stop")});
  }

  const Webhook& webhook_;
  const Address& address_;
  const effects::EffectContext& context_;
  const steady_clock::time_point until_;
  asio::io_context io_;
  asio::ssl::context tls_;
  asio::ssl::stream<tcp::socket> socket_;
};

std::string json_of(const effects::Notification& notification) {
  const auto member = [](const char* name, const std::string& text) {
    if (!is_utf8(text))
      throw InvalidInput(std::string("the notification's ") + name + " is no UTF-8");
    return json_quote(name) + ':' + json_quote(text);
  };
  return '{' + member("recipient", notification.recipient) + ',' +
         member("subject", notification.subject) + ',' + member("message", notification.message) +
         '}';
}

}  // namespace

void notify_by_webhook(effects::Handlers& handlers, Webhook webhook) {
  const Address address = parse(webhook.url);
  if (webhook.timeout.count() <= 0)
    throw InvalidInput(webhook.url + " has no time to answer: its timeout must be above 0");
  handlers.on<effects::Notification>(
      [webhook = std::move(webhook), address](const effects::Notification& notification,
                                              const effects::EffectContext& context) {
        http::request<http::string_body> request(http::verb::post, address.path, 11);
        request.set(http::field::host, address.authority);
        request.set(http::field::content_type, "application/json");
        request.set(http::field::connection, "close");
        for (const auto& [name, value] : webhook.headers) request.set(name, value);
        if (!context.key.empty()) request.set("Idempotency-Key", std::string(context.key));
        request.body() = json_of(notification);
        request.prepare_payload();
        Post(webhook, address, context).send(request);
      });
}

}  // namespace annal
