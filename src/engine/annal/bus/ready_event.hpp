// An event that passed middleware and control, and is to be recorded or told.
#pragma once

#include "annal/bus/recorder.hpp"
#include "annal/event/envelope.hpp"
#include "annal/event/ulid.hpp"

#include <string>
#include <string_view>

namespace annal {

struct ReadyEvent {
  Envelope event;
  Ulid given;   // the id it was published with; nil if it had none
  bool is_new;  // its id was made here: nobody knows it yet
  unsigned depth;
  RecordingPolicy policy;
  // Under which it is recorded once; that of its id, where it came with one, when empty.
  std::string idempotency_key = {};
  std::string replaced_by = {};  // the control handler whose fallback it is
};

// What the bus itself notes in an event's metadata: in the place of what stands there under the key.
void note_in(Envelope& event, std::string_view key, std::string value);

// Notes how deep the chain of causes is that an event about to be recorded ends; nothing at depth 1.
void note_depth(Envelope& event, unsigned depth);
// That, and 1 where nothing is noted.
unsigned recorded_depth(const Envelope& event);

}  // namespace annal
