// Notifications by a program of the machine: a mailer, a script.
//
//   annal::notify_by_command(store->handlers(), {.command = {"/usr/local/bin/tell"}});
#pragma once

#include "annal/effects/handlers.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace annal {

struct NotifyingCommand {
  // The program, found as a shell finds it, and its first arguments; recipient and subject come behind
  // them, and the message is its standard input. No shell looks at any of it.
  std::vector<std::string> command;
  std::chrono::milliseconds timeout{10'000};  // then it is killed, with what it has started
};

// Handles Notification: returns once the program has ended with 0. The key of the effect, where it has
// one, is ANNAL_IDEMPOTENCY_KEY in its environment.
//   throws    InvalidInput for no command, or no time. The handler: effects::Transient if it ends with 75
//             (EX_TEMPFAIL), or nothing can be started now; effects::EffectFailed for its timeout, or when
//             the run is asked to stop; Error for whatever else, with the first line that it writes to
//             its standard error
//   threads   any number of callers, one process each
void notify_by_command(effects::Handlers& handlers, NotifyingCommand command);

}  // namespace annal
