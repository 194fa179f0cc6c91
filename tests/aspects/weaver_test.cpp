#include "annal/aspects/weaver.hpp"

#include "annal/error.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <type_traits>

namespace annal {
namespace {

using Names = std::vector<std::string>;

// Notes what it surrounds.
class Note : public Interceptor {
 public:
  Note(std::string name, Names& diary) : name_(std::move(name)), diary_(diary) {}
  void around(const JoinPoint& point, const std::function<void()>& proceed) override {
    diary_.push_back(name_ + ' ' + std::string(point.name) + '(' + std::string(point.arguments) +
                     ')');
    last = {std::string(point.request_id), point.call, point.where.line()};
    proceed();
  }

  struct Last {
    std::string request_id;
    std::uint64_t call = 0;
    std::uint_least32_t line = 0;
  } last;

 private:
  std::string name_;
  Names& diary_;
};

class Woven : public testing::Test {
 protected:
  Woven() {
    weaver_.add("a", note_);
    weaver_.add("b", std::make_shared<Note>("b", diary_));
  }

  Names diary_;
  std::shared_ptr<Note> note_ = std::make_shared<Note>("a", diary_);
  Weaver weaver_;
};

TEST_F(Woven, a_callable_is_called_inside_what_is_applied_to_its_name) {
  const auto add = weaver_.weave("Sum::add", [](int left, int right) { return left + right; });
  EXPECT_EQ(add(1, 2), 3);
  EXPECT_EQ(diary_, Names{});
  weaver_.apply("a", "Sum::add");
  EXPECT_EQ(add(3, 4), 7);
  EXPECT_EQ(diary_, Names{"a Sum::add(3, 4)"});
}

TEST_F(Woven, an_aspect_that_was_removed_surrounds_nothing_more) {
  const auto call = weaver_.weave("Sum::add", [] {});
  weaver_.apply("a", "Sum::add");
  EXPECT_TRUE(weaver_.remove("a", "Sum::add"));
  EXPECT_FALSE(weaver_.remove("a", "Sum::add"));
  call();
  EXPECT_EQ(diary_, Names{});
  EXPECT_FALSE(weaver_.point("Sum::add").woven());
}

TEST_F(Woven, a_pattern_applies_to_points_there_are_and_points_to_come) {
  const auto before = weaver_.weave("Sum::add", [] {});
  weaver_.apply("a", "Sum::*");
  const auto after = weaver_.weave("Sum::subtract", [] {});
  const auto other = weaver_.weave("Product::times", [] {});
  before();
  after();
  other();
  EXPECT_EQ(diary_, (Names{"a Sum::add()", "a Sum::subtract()"}));
}

TEST_F(Woven, a_star_stands_for_any_text_anywhere) {
  for (const char* pattern :
       {"*", "Sum::*", "*::add", "S*::*d", "Sum::add*", "*Sum::add", "S*m*dd"})
    EXPECT_EQ((ScopedAspect(weaver_, "a", pattern), weaver_.applied_to("Sum::add")), Names{"a"})
        << pattern;
  for (const char* pattern : {"Sum::ad", "um::add", "Sum", "*x*", "Sum::add?", "*::ad"})
    EXPECT_EQ((ScopedAspect(weaver_, "a", pattern), weaver_.applied_to("Sum::add")), Names{})
        << pattern;
}

TEST_F(Woven, what_is_applied_first_is_outermost_and_listed_first) {
  weaver_.apply("b", "Sum::*");
  weaver_.apply("a", "Sum::add");
  EXPECT_EQ(weaver_.applied_to("Sum::add"), (Names{"b", "a"}));
  weaver_.point("Sum::add").call([] {});
  EXPECT_EQ(diary_, (Names{"b Sum::add()", "a Sum::add()"}));
}

TEST_F(Woven, a_lower_order_is_further_out) {
  weaver_.apply("b", "Sum::*", 10);
  weaver_.apply("a", "Sum::*", -10);
  EXPECT_EQ(weaver_.applied_to("Sum::add"), (Names{"a", "b"}));
  weaver_.apply("a", "Sum::*", 20);
  EXPECT_EQ(weaver_.applied_to("Sum::add"), (Names{"b", "a"}));
}

TEST_F(Woven, an_aspect_surrounds_a_point_once_however_many_patterns_name_it) {
  weaver_.apply("a", "Sum::*");
  weaver_.apply("a", "*::add");
  weaver_.point("Sum::add").call([] {});
  EXPECT_EQ(diary_, Names{"a Sum::add()"});
  weaver_.remove("a", "Sum::*");
  EXPECT_EQ(weaver_.applied_to("Sum::add"), Names{"a"});
}

TEST_F(Woven, an_aspect_that_is_forgotten_is_taken_off_everything_and_destroyed) {
  weaver_.point("Sum::add");
  weaver_.apply("a", "Sum::*");
  const std::weak_ptr<Note> watched = note_;
  note_.reset();
  EXPECT_TRUE(weaver_.remove("a"));
  EXPECT_FALSE(weaver_.remove("a"));
  EXPECT_TRUE(watched.expired());
  EXPECT_EQ(weaver_.aspects(), Names{"b"});
  EXPECT_EQ(weaver_.applied_to("Sum::add"), Names{});
}

TEST_F(Woven, a_scoped_aspect_ends_with_its_scope) {
  {
    const ScopedAspect scoped(weaver_, "a", "Sum::*");
    EXPECT_EQ(weaver_.applied_to("Sum::add"), Names{"a"});
  }
  EXPECT_EQ(weaver_.applied_to("Sum::add"), Names{});
}

TEST_F(Woven, scopes_that_overlap_do_not_end_each_other) {
  auto first = std::make_unique<ScopedAspect>(weaver_, "a", "Sum::*");
  auto second = std::make_unique<ScopedAspect>(weaver_, "a", "Sum::*");
  first.reset();
  EXPECT_EQ(weaver_.applied_to("Sum::add"), Names{"a"});
  weaver_.remove("a", "Sum::*");
  EXPECT_EQ(weaver_.applied_to("Sum::add"), Names{"a"}) << "the second scope is not over";
  second.reset();
  EXPECT_EQ(weaver_.applied_to("Sum::add"), Names{});
}

TEST_F(Woven, a_scope_leaves_what_was_applied_before_it_in_its_order) {
  weaver_.apply("a", "Sum::*", 5);
  weaver_.apply("b", "Sum::*", 3);
  {
    const ScopedAspect scoped(weaver_, "a", "Sum::*", 1);
    EXPECT_EQ(weaver_.applied_to("Sum::add"), (Names{"a", "b"}));
  }
  EXPECT_EQ(weaver_.applied_to("Sum::add"), (Names{"b", "a"}));
}

TEST_F(Woven, wrong_names_are_refused) {
  EXPECT_THROW(weaver_.add("a", std::make_shared<Note>("a", diary_)), ConfigurationError);
  EXPECT_THROW(weaver_.add("", std::make_shared<Note>("", diary_)), ConfigurationError);
  EXPECT_THROW(weaver_.add("c", nullptr), ConfigurationError);
  EXPECT_THROW(weaver_.apply("c", "Sum::*"), ConfigurationError);
  EXPECT_THROW(weaver_.apply("a", ""), ConfigurationError);
  EXPECT_EQ(weaver_.aspects(), (Names{"a", "b"}));
}

TEST_F(Woven, an_exception_passes_on) {
  weaver_.apply("a", "*");
  const auto call = weaver_.weave("Sum::add", [] { throw std::runtime_error("overflow"); });
  EXPECT_THROW(call(), std::runtime_error);
}

TEST_F(Woven, a_point_tells_the_request_the_arguments_the_place_and_the_number_of_the_call) {
  weaver_.apply("a", "Sum::add");
  const WeavingPoint point = weaver_.point("Sum::add");
  point.call([] {});
  EXPECT_EQ(point.call("r1", "3, 4", [] { return 7; }), 7);
  EXPECT_EQ(note_->last.line, static_cast<unsigned>(__LINE__ - 1));
  EXPECT_EQ(note_->last.request_id, "r1");
  EXPECT_EQ(note_->last.call, 2u);
  EXPECT_EQ(diary_.back(), "a Sum::add(3, 4)");
}

TEST_F(Woven, arguments_are_put_into_words_only_where_an_aspect_is_applied) {
  const WeavingPoint point = weaver_.point("Sum::add");
  int texts = 0;
  const auto arguments = [&] {
    ++texts;
    return std::string("words");
  };
  point.call("", arguments, [] {});
  EXPECT_EQ(texts, 0);
  weaver_.apply("a", "Sum::add");
  point.call("", arguments, [] {});
  EXPECT_EQ(texts, 1);
  EXPECT_EQ(diary_, Names{"a Sum::add(words)"});
}

TEST_F(Woven, a_call_through_a_join_point_finds_its_aspects_by_name) {
  EXPECT_EQ(weaver_.call({.name = "Sum::add"}, [] { return 1; }), 1);
  weaver_.apply("a", "Sum::*");
  EXPECT_EQ(
      weaver_.call({.name = "Sum::add", .request_id = "r2", .arguments = "x"}, [] { return 2; }),
      2);
  EXPECT_EQ(note_->last.request_id, "r2");
  EXPECT_EQ(diary_, Names{"a Sum::add(x)"});
}

TEST_F(Woven, a_chain_kept_elsewhere_is_woven_by_the_name_of_its_join_points) {
  const InterceptorChain elsewhere{weaver_.interceptor()};
  int calls = 0;
  call_through(elsewhere, {.name = "effect::charge"}, [&] { ++calls; });
  EXPECT_EQ(diary_, Names{});
  weaver_.apply("a", "effect::*");
  call_through(elsewhere, {.name = "effect::charge"}, [&] { ++calls; });
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(diary_, Names{"a effect::charge()"});
  EXPECT_EQ(note_->last.call, 1u);
  call_through(elsewhere, {.name = "effect::charge"}, [&] { ++calls; });
  EXPECT_EQ(note_->last.call, 2u);
}

TEST_F(Woven, a_chain_kept_elsewhere_is_idle_while_nothing_is_applied_to_its_names) {
  const auto woven = weaver_.interceptor("effect::");
  EXPECT_TRUE(woven->idle());
  weaver_.apply("a", "Sum::*");
  weaver_.apply("a", "effect");
  EXPECT_TRUE(woven->idle());
  for (const char* pattern : {"effect::charge", "effect::*", "eff*", "*", "*::charge"}) {
    const ScopedAspect applied(weaver_, "a", pattern);
    EXPECT_FALSE(woven->idle()) << pattern;
  }
  EXPECT_TRUE(woven->idle());
  weaver_.apply("b", "effect::*");
  EXPECT_FALSE(woven->idle());
  weaver_.remove("b");
  EXPECT_TRUE(woven->idle());
}

TEST_F(Woven, results_that_move_or_refer_are_given_back_as_they_are) {
  weaver_.apply("a", "*");
  const auto make = weaver_.weave("Shop::make", [](std::unique_ptr<int> given) { return given; });
  EXPECT_EQ(*make(std::make_unique<int>(5)), 5);
  std::string kept;
  const auto refer = weaver_.weave("Shop::refer", [&kept]() -> std::string& { return kept; });
  static_assert(std::is_same_v<decltype(refer()), std::string&>);
  EXPECT_EQ(&refer(), &kept);
}

// Takes an aspect off everything while it surrounds a call.
class Remover : public Interceptor {
 public:
  explicit Remover(Weaver& weaver) : weaver_(weaver) {}
  void around(const JoinPoint&, const std::function<void()>& proceed) override {
    weaver_.remove("b");
    proceed();
  }

 private:
  Weaver& weaver_;
};

TEST_F(Woven, a_call_under_way_finishes_with_the_aspects_it_began_with) {
  weaver_.add("remover", std::make_shared<Remover>(weaver_));
  weaver_.apply("remover", "*");
  weaver_.apply("b", "*");
  const WeavingPoint point = weaver_.point("Sum::add");
  point.call([] {});
  EXPECT_EQ(diary_, Names{"b Sum::add()"});
  point.call([] {});
  EXPECT_EQ(diary_, Names{"b Sum::add()"});
}

TEST(Weaving, a_point_outlives_its_weaver) {
  Names diary;
  auto weaver = std::make_unique<Weaver>();
  weaver->add("a", std::make_shared<Note>("a", diary));
  weaver->apply("a", "*");
  const auto call = weaver->weave("Sum::add", [] { return 1; });
  weaver.reset();
  EXPECT_EQ(call(), 1);
  EXPECT_EQ(diary, Names{"a Sum::add()"});
}

}  // namespace
}  // namespace annal
