#include "annal/aspects/logging.hpp"

#include "annal/error.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace annal {
namespace {

using namespace std::chrono_literals;

class Logged : public testing::Test {
 protected:
  using Lines = std::vector<std::string>;

  void call(const JoinPoint& point, const std::function<void()>& function) {
    aspect_.around(point, function);
  }

  test::ManualMonotonicClock clock_;
  Lines lines_;
  LoggingAspect aspect_{
      [this](Severity severity, std::string_view line) {
        lines_.push_back(std::string(to_string(severity)) + ": " + std::string(line));
      },
      clock_};
};

TEST_F(Logged, a_call_is_told_of_before_and_after) {
  call({.name = "Shop::sell", .request_id = "r1", .arguments = "\"book\", 2"},
       [&] { clock_.advance(412us + 700ns); });
  EXPECT_EQ(lines_, (Lines{"debug: enter Shop::sell request=r1 arguments=\"book\", 2",
                           "info: exit Shop::sell request=r1 duration_us=412"}));
}

TEST_F(Logged, a_call_without_a_request_or_arguments_says_so) {
  call({.name = "Shop::sell"}, [] {});
  EXPECT_EQ(lines_.front(), "debug: enter Shop::sell request=-");
}

TEST_F(Logged, an_exception_is_told_of_and_passes_on) {
  EXPECT_THROW(call({.name = "Shop::sell", .request_id = "r1"},
                    [&] {
                      clock_.advance(90us);
                      throw InvalidInput("sold out");
                    }),
               InvalidInput);
  ASSERT_EQ(lines_.size(), 2u);
  EXPECT_EQ(lines_.back(), "error: error Shop::sell request=r1 duration_us=90 message=sold out");
}

TEST_F(Logged, what_is_no_exception_class_is_told_of_too) {
  EXPECT_THROW(call({.name = "Shop::sell"}, [] { throw 7; }), int);
  EXPECT_EQ(lines_.back(),
            "error: error Shop::sell request=- duration_us=0 message=an exception of an unknown "
            "type");
}

TEST_F(Logged, control_characters_from_outside_cannot_end_a_line_or_steer_a_terminal) {
  call({.name = "Shop::sell", .request_id = "r\n1", .arguments = "\x1b[31mé\x7f"}, [] {});
  EXPECT_EQ(lines_.front(), "debug: enter Shop::sell request=r\\x0a1 arguments=\\x1b[31mé\\x7f");
}

TEST(OneLine, escapes_control_characters_of_every_kind_and_nothing_else) {
  EXPECT_EQ(one_line("a\nb\x1b[0m\x7f"), "a\\x0ab\\x1b[0m\\x7f");
  EXPECT_EQ(one_line("\xc2\x9b"
                     "31m \xc2\x80 \xc2\xa0"),
            "\\xc2\\x9b"
            "31m \\xc2\\x80 \xc2\xa0");
  EXPECT_EQ(one_line("Übergröße – 12 €"), "Übergröße – 12 €");
  EXPECT_EQ(one_line("no UTF-8: \x9b\xc2"), "no UTF-8: \\x9b\\xc2");
}

TEST(LoggingAspect, without_a_sink_is_refused) {
  EXPECT_THROW(LoggingAspect(nullptr), ConfigurationError);
}

}  // namespace
}  // namespace annal
