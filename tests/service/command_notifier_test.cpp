#include "annal/service/command_notifier.hpp"

#include "annal/effects/effect.hpp"
#include "annal/effects/kinds.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <sstream>

namespace annal::test {
namespace {

using namespace std::chrono_literals;
using effects::FailureKind;
using effects::Notification;

class CommandNotifier : public ::testing::Test {
 protected:
  // The program is a line of shell; recipient and subject are its $1 and $2.
  effects::Outcome<void> notify(const std::string& line, std::chrono::milliseconds timeout = 20s,
                                const effects::RunOptions& options = {}) {
    notify_by_command(handlers, {.command = {"sh", "-c", line, "tell"}, .timeout = timeout});
    return effects::perform(Notification{"ann", "Rates; rm -rf /", "They were\nupdated."})
        .outcome(handlers, options);
  }
  std::string told() {
    std::ostringstream text;
    text << std::ifstream(folder / "told").rdbuf();
    return text.str();
  }

  TemporaryFolder folder;
  const std::string told_file = (folder / "told").string();
  effects::Handlers handlers;
};

TEST_F(CommandNotifier, gives_the_program_recipient_subject_and_message) {
  EXPECT_TRUE(notify("{ echo \"$1|$2\"; cat; } > " + told_file).ok());
  EXPECT_EQ(told(), "ann|Rates; rm -rf /\nThey were\nupdated.");
}

TEST_F(CommandNotifier, says_how_the_program_failed) {
  const auto failed = notify("echo no mail today >&2; echo more >&2; exit 3");
  EXPECT_EQ(failed.failure().what, "sh ended with 3: no mail today");
  EXPECT_EQ(failed.failure().kind, FailureKind::permanent);
  EXPECT_EQ(notify("exit 75").failure().kind, FailureKind::transient);
  EXPECT_EQ(notify("kill -TERM $$").failure().what, "sh was ended by signal 15");
}

TEST_F(CommandNotifier, says_that_there_is_no_such_program) {
  notify_by_command(handlers, {.command = {"/nowhere/tell"}});
  const auto failed = effects::perform(Notification{"ann", "Rates", ""}).outcome(handlers);
  EXPECT_EQ(failed.failure().what, "/nowhere/tell: cannot be started: No such file or directory");
}

TEST_F(CommandNotifier, kills_what_takes_too_long_and_what_that_has_started) {
  const auto failed = notify("sleep 1000 & sleep 1000", 50ms);
  EXPECT_EQ(failed.failure().kind, FailureKind::timeout);
  EXPECT_EQ(failed.failure().what, "sh was killed after 50 ms");
}

TEST_F(CommandNotifier, kills_the_program_when_the_run_is_asked_to_stop) {
  std::stop_source stopping;
  std::jthread asking([&] {
    while (told().empty()) std::this_thread::yield();
    stopping.request_stop();
  });
  const auto failed =
      notify("echo begun > " + told_file + "; sleep 1000", 20s, {.stop = stopping.get_token()});
  EXPECT_EQ(failed.failure().kind, FailureKind::cancelled);
}

TEST_F(CommandNotifier, tells_the_program_the_key_of_the_effect) {
  notify_by_command(handlers,
                    {.command = {"sh", "-c", "printenv ANNAL_IDEMPOTENCY_KEY > " + told_file}});
  EXPECT_FALSE(effects::perform(Notification{"ann", "Rates", ""}).outcome(handlers).ok());
  EXPECT_EQ(told(), "") << "it has none";
}

TEST_F(CommandNotifier, refuses_what_could_never_work) {
  EXPECT_THROW(notify_by_command(handlers, {}), InvalidInput);
  EXPECT_THROW(notify_by_command(handlers, {.command = {""}}), InvalidInput);
  EXPECT_THROW(notify_by_command(handlers, {.command = {"true"}, .timeout = 0ms}), InvalidInput);
}

}  // namespace
}  // namespace annal::test
