// A client that sends exactly the bytes it is told to, over a socket of its own.
#pragma once

#include "annal/server/message.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace annal::test {

class Client {
 public:
  explicit Client(std::uint16_t port) : port_(port), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{20, 0};  // a test that would hang fails instead
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect");
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Returns false if the server has closed the connection.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void finish_sending() { ::shutdown(socket_, SHUT_WR); }

  // A request with Host and, where there is a body, Content-Type and Content-Length.
  void send_request(const std::string& method, const std::string& target,
                    const std::string& body = {}, const std::string& fields = {}) {
    std::string request = method + ' ' + target + " HTTP/1.1\r\n" + host() + fields;
    if (!body.empty())
      request +=
          "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
          "\r\n";
    send(request + "\r\n" + body);
  }
  std::string host() const { return "Host: 127.0.0.1:" + std::to_string(port_) + "\r\n"; }

  // The next answer; its status is 0 if the connection ended before one was complete.
  server::Response receive(bool has_body = true) {
    server::Response response;
    response.status = 0;
    auto end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
      if (!read_more()) return response;
    read_fields(buffer_.substr(0, end + 2), response);
    buffer_.erase(0, end + 4);
    const auto length = response.headers.find("Content-Length");
    const std::size_t size = has_body && length ? std::stoul(std::string(*length)) : 0;
    while (buffer_.size() < size)
      if (!read_more()) return response;
    response.status = std::stoi(status_line_.substr(9, 3));
    response.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return response;
  }
  server::Response exchange(const std::string& method, const std::string& target,
                            const std::string& body = {}, const std::string& fields = {}) {
    send_request(method, target, body, fields);
    return receive(method != "HEAD");
  }
  // True once there is something to receive, if only the end of the connection.
  bool is_answered_within(std::chrono::milliseconds time) {
    pollfd waiting{socket_, POLLIN, 0};
    return !buffer_.empty() || ::poll(&waiting, 1, static_cast<int>(time.count())) > 0;
  }
  // Waits for the server to end the connection.
  bool is_closed() { return buffer_.empty() && !read_more(); }
  const std::string& status_line() const { return status_line_; }

 private:
  bool read_more() {
    char bytes[65536];
    const auto size = ::recv(socket_, bytes, sizeof bytes, 0);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      throw std::runtime_error("the server neither answers nor closes the connection");
    if (size <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(size));
    return true;
  }
  void read_fields(std::string head, server::Response& response) {
    auto end = head.find("\r\n");
    status_line_ = head.substr(0, end);
    for (head.erase(0, end + 2); !head.empty(); head.erase(0, end + 2)) {
      end = head.find("\r\n");
      const auto colon = head.find(':');
      response.headers.add(
          head.substr(0, colon),
          std::string(server::trim(std::string_view(head).substr(colon + 1, end - colon - 1))));
    }
  }

  std::uint16_t port_;
  int socket_;
  std::string buffer_, status_line_;
};

}  // namespace annal::test
