#include "annal/effects/handlers.hpp"

#include "effects/shop.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace annal::effects::test {
namespace {

const auto charging = perform(Charge{"ann", 5});

TEST(Handlers, the_last_one_registered_for_a_type_performs_it) {
  Handlers handlers;
  handlers.on<Charge>([](const Charge&) { return 1; });
  handlers.on<Charge>([](const Charge&) { return 2; });
  EXPECT_EQ(charging.run(handlers), 2);
}

TEST(Handlers, one_that_was_removed_is_missing) {
  Handlers handlers;
  handlers.on<Charge>([](const Charge&) { return 1; });
  EXPECT_TRUE(handlers.handles<Charge>());
  EXPECT_TRUE(handlers.remove<Charge>());
  EXPECT_FALSE(handlers.remove<Charge>());
  EXPECT_FALSE(handlers.handles<Charge>());
  EXPECT_THROW(charging.run(handlers), MissingHandler);
}

struct Other {
  using result = int;
  static constexpr std::string_view name = "charge";
};

TEST(Handlers, types_that_look_alike_are_told_apart) {
  Handlers handlers;
  handlers.on<Other>([](const Other&) { return 1; });
  EXPECT_THROW(charging.run(handlers), MissingHandler);
}

TEST(Handlers, a_run_keeps_the_handlers_it_began_with) {
  Handlers handlers;
  handlers.on<Charge>([&](const Charge&) {
    handlers.on<Charge>([](const Charge&) { return 2; });
    return 1;
  });
  EXPECT_EQ(charging.then(charging).run(handlers), 1);
  EXPECT_EQ(charging.run(handlers), 2);
}

TEST(Handlers, a_replaced_handler_is_destroyed_once_no_run_uses_it) {
  const auto kept = std::make_shared<int>(1);
  Handlers handlers;
  long during = 0;
  handlers.on<Charge>([kept](const Charge&) { return *kept; });
  handlers.on<FindCustomer>([&](const FindCustomer&) {
    handlers.remove<Charge>();
    during = kept.use_count();
    return std::string("ann");
  });
  perform(FindCustomer{1}).run(handlers);
  EXPECT_EQ(during, 2);
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(Overlay, shadows_what_it_registers_and_leaves_the_rest) {
  Shop shop;
  Handlers test = shop.handlers.overlay();
  test.on<Charge>([](const Charge&) { return 42; });
  EXPECT_EQ(charging.run(test), 42);
  EXPECT_EQ(charging.run(shop.handlers), 1005);
  EXPECT_EQ(perform(FindCustomer{1}).run(test), "customer 1");
}

TEST(Overlay, brings_the_shadowed_handler_to_light_when_its_own_is_removed) {
  Shop shop;
  Handlers test = shop.handlers.overlay();
  test.on<Charge>([](const Charge&) { return 42; });
  EXPECT_TRUE(test.remove<Charge>());
  EXPECT_FALSE(test.remove<Charge>());
  EXPECT_EQ(charging.run(test), 1005);
}

TEST(Overlay, sees_later_changes_of_what_it_lies_on) {
  Shop shop;
  const Handlers test = shop.handlers.overlay().overlay();
  shop.handlers.on<Charge>([](const Charge&) { return 3; });
  EXPECT_EQ(charging.run(test), 3);
}

TEST(Overlay, outlives_the_handlers_it_was_made_of) {
  auto base = std::make_unique<Handlers>();
  base->on<Charge>([](const Charge&) { return 3; });
  const Handlers test = base->overlay();
  base.reset();
  EXPECT_EQ(charging.run(test), 3);
}

// Notes the calls it surrounds under its name.
class Note : public Interceptor {
 public:
  Note(std::string name, std::vector<std::string>& diary) : name_(std::move(name)), diary_(diary) {}
  void around(const JoinPoint& point, const std::function<void()>& proceed) override {
    diary_.push_back(name_ + ' ' + std::string(point.name) + '(' + std::string(point.arguments) +
                     ") for " + std::string(point.request_id));
    proceed();
  }

 private:
  std::string name_;
  std::vector<std::string>& diary_;
};

TEST(Surround, interceptors_see_every_effect_the_first_one_outermost) {
  Shop shop;
  std::vector<std::string> diary;
  shop.handlers.surround(
      {std::make_shared<Note>("outer", diary), std::make_shared<Note>("inner", diary)});
  const auto program = charging.with_effect(Tell{"hello"});
  EXPECT_EQ(program.run(shop.handlers, {.request_id = "r1"}), 1005);
  EXPECT_EQ(diary,
            (std::vector<std::string>{
                "outer effect::charge() for r1", "inner effect::charge() for r1",
                "outer effect::tell(\"hello\") for r1", "inner effect::tell(\"hello\") for r1"}));
}

TEST(Surround, an_overlays_interceptors_are_inside_those_below) {
  Shop shop;
  std::vector<std::string> diary;
  shop.handlers.surround({std::make_shared<Note>("below", diary)});
  Handlers test = shop.handlers.overlay();
  test.surround({std::make_shared<Note>("above", diary)});
  charging.run(test);
  EXPECT_EQ(diary, (std::vector<std::string>{"below effect::charge() for ",
                                             "above effect::charge() for "}));
  diary.clear();
  charging.run(shop.handlers);
  EXPECT_EQ(diary, std::vector<std::string>{"below effect::charge() for "});
}

TEST(Surround, with_nothing_takes_the_interceptors_off) {
  Shop shop;
  std::vector<std::string> diary;
  shop.handlers.surround({std::make_shared<Note>("only", diary)});
  shop.handlers.surround({});
  charging.run(shop.handlers);
  EXPECT_TRUE(diary.empty());
}

// Surrounds nothing until it is told to.
class Sleeper : public Interceptor {
 public:
  void around(const JoinPoint&, const std::function<void()>& proceed) override {
    ++surrounded;
    proceed();
  }
  bool idle() const override { return asleep; }

  bool asleep = true;
  int surrounded = 0;
};

TEST(Surround, idle_interceptors_leave_effects_to_their_handlers_which_may_take_them) {
  std::vector<const char*> texts;
  Handlers handlers;
  handlers.on<Tell>([&](Tell tell) { texts.push_back(tell.text.data()); });
  const auto sleeper = std::make_shared<Sleeper>();
  handlers.surround({sleeper});
  const char* given = nullptr;
  const auto program = effects::program([&given](auto perform) {
    Tell tell{"a text too long for a small string to keep"};
    given = tell.text.data();
    perform(std::move(tell));
  });
  program.run(handlers);
  EXPECT_EQ(texts.back(), given) << "it was moved, not copied";
  Trace trace;
  program.run(handlers, {.trace = &trace});
  EXPECT_EQ(texts.back(), given);
  EXPECT_EQ(sleeper->surrounded, 0);
  sleeper->asleep = false;
  program.run(handlers);
  EXPECT_EQ(sleeper->surrounded, 1);
}

// Proceeds until it goes well, three times at most.
class Retry : public Interceptor {
 public:
  void around(const JoinPoint&, const std::function<void()>& proceed) override {
    for (int attempt = 1;; ++attempt) {
      try {
        return proceed();
      } catch (const std::runtime_error&) {
        if (attempt == 3) throw;
      }
    }
  }
};

TEST(Surround, a_retried_effect_is_whole_though_its_handler_takes_it) {
  std::vector<std::string> texts;
  Handlers handlers;
  handlers.on<Tell>([&](Tell tell) {
    texts.push_back(std::move(tell.text));
    if (texts.size() < 3) throw std::runtime_error("try again");
  });
  handlers.surround({std::make_shared<Retry>()});
  program([](auto perform) {
    perform(Tell{"a text too long for a small string to keep"});
  }).run(handlers);
  EXPECT_EQ(texts, std::vector<std::string>(3, "a text too long for a small string to keep"));
}

}  // namespace
}  // namespace annal::effects::test
