#include "annal/call/join_point.hpp"

#include "annal/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <vector>

namespace annal {
namespace {

// Notes what happens in a shared diary.
class Diarist : public Interceptor {
 public:
  Diarist(std::string name, std::vector<std::string>& diary)
      : name_(std::move(name)), diary_(diary) {}
  void around(const JoinPoint& point, const std::function<void()>& proceed) override {
    diary_.push_back(name_ + " before " + std::string(point.name));
    proceed();
    diary_.push_back(name_ + " after");
  }

 private:
  std::string name_;
  std::vector<std::string>& diary_;
};

// An interceptor made of a function.
class Ad : public Interceptor {
 public:
  explicit Ad(std::function<void(const std::function<void()>&)> function)
      : function_(std::move(function)) {}
  void around(const JoinPoint&, const std::function<void()>& proceed) override {
    function_(proceed);
  }

 private:
  std::function<void(const std::function<void()>&)> function_;
};

std::shared_ptr<Interceptor> twice() {
  return std::make_shared<Ad>([](const auto& proceed) {
    proceed();
    proceed();
  });
}

const JoinPoint point{.name = "Till::pay"};

TEST(CallThrough, the_first_interceptor_is_outermost) {
  std::vector<std::string> diary;
  const InterceptorChain chain{std::make_shared<Diarist>("outer", diary),
                               std::make_shared<Diarist>("inner", diary)};
  call_through(chain, point, [&] { diary.push_back("call"); });
  EXPECT_EQ(diary, (std::vector<std::string>{"outer before Till::pay", "inner before Till::pay",
                                             "call", "inner after", "outer after"}));
}

TEST(CallThrough, an_empty_chain_is_the_call) {
  int calls = 0;
  call_through({}, point, [&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(CallThrough, an_exception_passes_through_every_interceptor) {
  std::vector<std::string> diary;
  const InterceptorChain chain{std::make_shared<Diarist>("outer", diary)};
  EXPECT_THROW(call_through(chain, point, [] { throw InvalidInput("no"); }), InvalidInput);
  EXPECT_EQ(diary, std::vector<std::string>{"outer before Till::pay"});
}

TEST(CallThrough, an_interceptor_may_proceed_again) {
  int calls = 0;
  call_through({twice(), twice()}, point, [&] { ++calls; });
  EXPECT_EQ(calls, 4);
}

TEST(CallThrough, a_retry_after_an_exception_finds_the_rest_of_the_chain_again) {
  std::vector<std::string> diary;
  const InterceptorChain chain{std::make_shared<Ad>([](const auto& proceed) {
                                 try {
                                   proceed();
                                 } catch (const Error&) {
                                   proceed();
                                 }
                               }),
                               std::make_shared<Diarist>("inner", diary)};
  int calls = 0;
  call_through(chain, point, [&] {
    if (++calls == 1) throw Error("once");
  });
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(diary, (std::vector<std::string>{"inner before Till::pay", "inner before Till::pay",
                                             "inner after"}));
}

TEST(CallThrough, an_interceptor_that_neither_proceeds_nor_throws_is_an_error_naming_the_point) {
  const InterceptorChain chain{std::make_shared<Ad>([](const auto&) {})};
  try {
    call_through(chain, point, [] {});
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("Till::pay"), std::string::npos);
  }
}

TEST(CallThrough, an_interceptor_that_swallows_an_exception_is_an_error) {
  const InterceptorChain chain{std::make_shared<Ad>([](const auto& proceed) {
    try {
      proceed();
    } catch (const Error&) {
    }
  })};
  EXPECT_THROW(call_around(chain, point, []() -> int { throw InvalidInput("no"); }), Error);
}

TEST(CallAround, gives_what_the_function_returns) {
  const InterceptorChain chain{twice()};
  int calls = 0;
  EXPECT_EQ(call_around(chain, point, [&] { return ++calls; }), 2);
}

TEST(CallAround, gives_back_what_can_only_be_moved) {
  const InterceptorChain chain{std::make_shared<Ad>([](const auto& proceed) { proceed(); })};
  EXPECT_EQ(*call_around(chain, point, [] { return std::make_unique<int>(7); }), 7);
}

TEST(CallAround, gives_back_a_reference_as_that_reference) {
  const InterceptorChain chain{std::make_shared<Ad>([](const auto& proceed) { proceed(); })};
  std::string kept = "here";
  const auto call = [&]() -> std::string& { return kept; };
  static_assert(std::is_same_v<decltype(call_around(chain, point, call)), std::string&>);
  EXPECT_EQ(&call_around(chain, point, call), &kept);
}

}  // namespace
}  // namespace annal
