#include "annal/service/webhook_notifier.hpp"

#include "annal/effects/effect.hpp"
#include "annal/effects/kinds.hpp"
#include "annal/error.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <istream>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace annal::test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::ip::tcp;
using effects::FailureKind;

const std::string certificate = ANNAL_FIXTURES "/tls/localhost.pem";
const std::string key = ANNAL_FIXTURES "/tls/localhost.key.pem";

std::string answer_of(int status) {
  return "HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: 0\r\n\r\n";
}

// Takes one connection, reads one request, and says what it is told to.
class OneAnswer {
 public:
  explicit OneAnswer(std::optional<std::string> answer, bool is_secure = false,
                     const char* address = "127.0.0.1")
      : acceptor_(io_, {asio::ip::make_address(address), 0}),
        answer_(std::move(answer)),
        thread_([this, is_secure] { is_secure ? serve_secure() : serve_plain(); }) {}
  ~OneAnswer() {
    boost::system::error_code ignored;
    asio::io_context io;
    tcp::socket last(io);
    last.connect(acceptor_.local_endpoint(), ignored);  // where nobody came
  }

  std::string url(const std::string& scheme = "http") const {
    const auto at = acceptor_.local_endpoint();
    const auto host = at.address().to_string();
    return scheme + "://" + (host == "127.0.0.1" ? "localhost" : host) + ':' +
           std::to_string(at.port()) + "/hooks/42?x=1";
  }
  std::string request() {
    thread_.join();
    return request_;
  }

 private:
  void serve_plain() {
    tcp::socket socket(io_);
    acceptor_.accept(socket);
    serve(socket);
  }
  void serve_secure() {
    asio::ssl::context tls(asio::ssl::context::tls_server);
    tls.use_certificate_chain_file(certificate);
    tls.use_private_key_file(key, asio::ssl::context::pem);
    asio::ssl::stream<tcp::socket> stream(io_, tls);
    acceptor_.accept(stream.next_layer());
    boost::system::error_code error;
    stream.handshake(asio::ssl::stream_base::server, error);
    if (!error) serve(stream);
  }
  template <class Stream>
  void serve(Stream& stream) {
    boost::system::error_code error;
    asio::streambuf buffer;
    asio::read_until(stream, buffer, "\"}", error);  // the end of its body
    request_.assign(asio::buffers_begin(buffer.data()), asio::buffers_end(buffer.data()));
    if (answer_)
      asio::write(stream, asio::buffer(*answer_), error);
    else
      asio::read_until(stream, buffer, "never", error);  // until the other side hangs up
  }

  asio::io_context io_;
  tcp::acceptor acceptor_;
  const std::optional<std::string> answer_;
  std::string request_;
  std::jthread thread_;
};

effects::Outcome<void> notify(Webhook webhook, const effects::RunOptions& options = {}) {
  effects::Handlers handlers;
  notify_by_webhook(handlers, std::move(webhook));
  return effects::perform(effects::Notification{"ann", "Rates", "\"They\" were updated."})
      .outcome(handlers, options);
}

TEST(WebhookNotifier, posts_the_notification_as_json) {
  OneAnswer server(answer_of(204));
  EXPECT_TRUE(notify({.url = server.url(), .headers = {{"Authorization", "Bearer s3cret"}}}).ok());
  const auto request = server.request();
  EXPECT_TRUE(request.starts_with("POST /hooks/42?x=1 HTTP/1.1\r\n")) << request;
  for (const auto* part :
       {"Host: localhost:", "Content-Type: application/json\r\n",
        "Authorization: Bearer s3cret\r\n",
        R"({"recipient":"ann","subject":"Rates","message":"\"They\" were updated."})"})
    EXPECT_NE(request.find(part), std::string::npos) << part << " in " << request;
}

TEST(WebhookNotifier, tells_what_may_pass_from_what_will_not) {
  const auto kind_of = [](int status) {
    OneAnswer server(answer_of(status));
    const auto outcome = notify({.url = server.url()});
    EXPECT_EQ(outcome.failure().what, server.url() + " answered " + std::to_string(status));
    return outcome.failure().kind;
  };
  EXPECT_EQ(kind_of(503), FailureKind::transient);
  EXPECT_EQ(kind_of(429), FailureKind::transient);
  EXPECT_EQ(kind_of(404), FailureKind::permanent);
  EXPECT_EQ(kind_of(301), FailureKind::permanent) << "redirections are not followed";
}

TEST(WebhookNotifier, may_try_again_where_nobody_is_there_or_hangs_up) {
  std::string url;
  {
    OneAnswer gone("");
    url = gone.url();
    const auto outcome = notify({.url = url});
    EXPECT_EQ(outcome.failure().kind, FailureKind::transient) << outcome.failure().what;
  }
  EXPECT_EQ(notify({.url = url}).failure().kind, FailureKind::transient);
}

TEST(WebhookNotifier, waits_no_longer_than_it_may) {
  OneAnswer silent(std::nullopt);
  const auto outcome = notify({.url = silent.url(), .timeout = 100ms});
  EXPECT_EQ(outcome.failure().kind, FailureKind::timeout);
  EXPECT_EQ(outcome.failure().what, silent.url() + " did not answer within 100 ms");
}

TEST(WebhookNotifier, hangs_up_when_the_run_is_asked_to_stop) {
  OneAnswer silent(std::nullopt);
  std::stop_source stopping;
  effects::Handlers handlers;
  std::jthread asking([&] {
    std::this_thread::sleep_for(50ms);
    stopping.request_stop();
  });
  const auto outcome = notify({.url = silent.url()}, {.stop = stopping.get_token()});
  EXPECT_EQ(outcome.failure().kind, FailureKind::cancelled);
}

TEST(WebhookNotifier, speaks_tls_to_those_it_trusts) {
  OneAnswer server(answer_of(200), true);
  const auto outcome = notify({.url = server.url("https"), .authorities = certificate});
  EXPECT_TRUE(outcome.ok()) << outcome.failure().what;
  EXPECT_NE(server.request().find("\"recipient\":\"ann\""), std::string::npos);
}

TEST(WebhookNotifier, does_not_speak_to_those_it_does_not_trust) {
  OneAnswer server(answer_of(200), true);
  const auto outcome = notify({.url = server.url("https")});
  EXPECT_EQ(outcome.failure().kind, FailureKind::permanent);
  EXPECT_NE(outcome.failure().what.find("certificate verify failed"), std::string::npos)
      << outcome.failure().what;
  EXPECT_FALSE(notify({.url = "https://localhost:1/", .authorities = "/nowhere.pem"}).ok());
}

// Whoever has the certificate of another.
TEST(WebhookNotifier, does_not_speak_to_somebody_else) {
  OneAnswer server(answer_of(200), true, "127.0.0.2");
  const auto outcome = notify({.url = server.url("https"), .authorities = certificate});
  EXPECT_EQ(outcome.failure().kind, FailureKind::permanent);
  EXPECT_NE(outcome.failure().what.find("certificate verify failed"), std::string::npos)
      << outcome.failure().what;
}

TEST(WebhookNotifier, refuses_what_is_no_address) {
  effects::Handlers handlers;
  for (const auto* url : {"", "localhost", "ftp://host/", "http://", "http://:80/", "http://host:/",
                          "http://host:http/", "http://a:b@host/", "http://host/a b"})
    EXPECT_THROW(notify_by_webhook(handlers, {.url = url}), InvalidInput) << url;
  for (const auto* url :
       {"http://host", "https://host:8443/a?b#c", "http://[::1]:80/", "http://[::1]"})
    EXPECT_NO_THROW(notify_by_webhook(handlers, {.url = url})) << url;
  EXPECT_THROW(notify_by_webhook(handlers, {.url = "http://host", .timeout = 0ms}), InvalidInput);
}

}  // namespace
}  // namespace annal::test
