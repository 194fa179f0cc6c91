#include "annal/bus/policies/entity.hpp"

#include "engine/bus/policies/asking.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

TEST(RequireEntity, refuses_an_event_that_is_about_none_and_says_what_to_do) {
  const auto handler = require_entity();
  EXPECT_EQ(signal_of(handler, event_in("mail/1")), ControlSignal::proceed);
  const auto decision = ask(handler, event_in("", "ai_coder.created"));
  EXPECT_EQ(decision.signal(), ControlSignal::fail);
  EXPECT_EQ(
      decision.reason(),
      "an event of type ai_coder.created is about an entity, and this one names none: give it "
      "a stream");
}

}  // namespace
}  // namespace annal::test
