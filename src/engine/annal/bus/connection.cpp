#include "annal/bus/connection.hpp"

namespace annal {

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this != &other) {
    disconnect();
    attached_ = std::move(other.attached_);
  }
  return *this;
}

void Connection::disconnect() noexcept {
  if (const auto attached = std::exchange(attached_, nullptr)) attached->cut();
}

void Connection::disconnect_and_wait() {
  const auto attached = std::exchange(attached_, nullptr);
  if (!attached) return;
  attached->cut();
  attached->wait_until_idle();
}

}  // namespace annal
