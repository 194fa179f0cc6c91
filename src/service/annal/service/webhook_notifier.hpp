// Notifications by HTTP: each is posted to an address as JSON.
//
//   annal::notify_by_webhook(store->handlers(), {.url = "https://chat.example.org/hooks/42"});
#pragma once

#include "annal/effects/handlers.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace annal {

struct Webhook {
  std::string url;  // `http://host:port/path`, or https
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::chrono::milliseconds timeout{10'000};  // for all of it
  std::string authorities = {};  // a file of certificates (PEM) to trust; the system's when empty
};

// Handles Notification: returns once the other side has answered with a status of 2xx. It is sent
// `{"recipient": …, "subject": …, "message": …}`, and the key of the effect, where it has one, as
// Idempotency-Key. Redirections are not followed.
//   throws    InvalidInput for a url that is none, or no time. The handler: effects::Transient where the
//             other side cannot be reached, hangs up, or answers 408, 425, 429 or 5xx;
//             effects::EffectFailed for its timeout, or when the run is asked to stop, though a look-up of
//             the host's name is waited for; Error for any other answer, and a certificate that cannot be
//             trusted; InvalidInput for text that is no UTF-8
//   cost      a connection each
//   threads   any number of callers
void notify_by_webhook(effects::Handlers& handlers, Webhook webhook);

}  // namespace annal
