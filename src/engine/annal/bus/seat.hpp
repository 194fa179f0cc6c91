// What a connection of a member of an audience holds.
#pragma once

#include "annal/bus/connection.hpp"
#include "annal/bus/turn.hpp"
#include "annal/error.hpp"

#include <memory>

namespace annal {

//   Member    has atomic flags `gone` and `paused`
template <class Audience, class Member>
class Seat final : public Attachment {
 public:
  Seat(const std::shared_ptr<Audience>& audience, const std::shared_ptr<Member>& member)
      : audience_(audience), member_(member) {}

  void cut() noexcept override {
    const auto member = member_.lock();
    if (!member) return;
    member->gone = true;
    if (const auto audience = audience_.lock()) audience->leave(*member);
  }
  void wait_until_idle() override {
    const auto audience = audience_.lock();
    if (!audience) return;
    if (Turn::inside(audience.get()))
      throw WouldDeadlock("a handler waits for handlers beside it to return: call disconnect()");
    audience->wait_for_visits();
  }
  void pause(bool paused) noexcept override {
    if (const auto member = member_.lock()) member->paused = paused;
  }

 private:
  const std::weak_ptr<Audience> audience_;
  const std::weak_ptr<Member> member_;  // which may hold the connection
};

}  // namespace annal
