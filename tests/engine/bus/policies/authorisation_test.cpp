#include "annal/bus/policies/authorisation.hpp"

#include "annal/error.hpp"
#include "engine/bus/policies/asking.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

bool is_of_ann(const Envelope& event, const ControlContext& context) {
  const auto user = context.values.find("user");
  return user != context.values.end() && user->second == "ann" && event.stream == "mail/1";
}

TEST(Authorisation, lets_through_what_the_predicate_allows) {
  const auto handler = allow_if(is_of_ann);
  ControlContext context{.values = {{"user", "ann"}}};
  EXPECT_EQ(handler(event_in("mail/1"), context).signal(), ControlSignal::proceed);
}

TEST(Authorisation, fails_everything_else_with_the_reason) {
  const auto handler = allow_if(is_of_ann, "only ann may");
  ControlContext context{.values = {{"user", "bob"}}};
  const auto decision = handler(event_in("mail/1"), context);
  EXPECT_EQ(decision.signal(), ControlSignal::fail);
  EXPECT_EQ(decision.reason(), "only ann may");
}

TEST(Authorisation, fails_with_the_reason_the_predicate_found) {
  const auto handler =
      refuse_if([](const Envelope& event, const ControlContext&) -> std::optional<std::string> {
        if (event.stream == "mail/1") return std::nullopt;
        return event.stream + " is not yours";
      });
  EXPECT_EQ(signal_of(handler, event_in("mail/1")), ControlSignal::proceed);
  const auto decision = ask(handler, event_in("mail/2"));
  EXPECT_EQ(decision.signal(), ControlSignal::fail);
  EXPECT_EQ(decision.reason(), "mail/2 is not yours");
}

TEST(Authorisation, is_in_error_and_lets_nothing_through_when_the_predicate_throws) {
  const auto handler = allow_if(
      [](const Envelope&, const ControlContext&) -> bool { throw Error("no list of users"); });
  const auto decision = ask(handler);
  EXPECT_EQ(decision.signal(), ControlSignal::error);
  EXPECT_EQ(decision.reason(), "authorisation failed: no list of users");
  const auto odd = refuse_if(
      [](const Envelope&, const ControlContext&) -> std::optional<std::string> { throw 7; });
  EXPECT_EQ(signal_of(odd), ControlSignal::error);
}

TEST(Authorisation, is_refused_without_a_predicate) {
  EXPECT_THROW(allow_if(nullptr), InvalidInput);
  EXPECT_THROW(refuse_if(nullptr), InvalidInput);
}

}  // namespace
}  // namespace annal::test
