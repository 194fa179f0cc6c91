#include "annal/aggregate/scenario.hpp"
#include "annal/document/document.hpp"

#include <gtest/gtest.h>

namespace annal::document {
namespace {

State deleted_state() {
  return given<Aggregate>(Created{"Rates", {"{}"}, "ann"}, Updated{"R", {}, "bob"},
                          Deleted{"old", {}})
      .state();
}

TEST(StateBytes, give_the_state_back) {
  EXPECT_EQ(decode_state(encode_state(deleted_state())), deleted_state());
  const auto fresh = given<Aggregate>(Created{"Rates", {"{}"}, "ann"}).state();
  EXPECT_EQ(decode_state(encode_state(fresh)), fresh);
  EXPECT_EQ(decode_state(encode_state(State{})), State{});
}

TEST(StateBytes, leave_out_the_times_of_their_commit_and_take_them_from_the_stamp) {
  State state = deleted_state();
  const auto created_at = state.created_at;
  state.modified_at = at_commit;
  state.deleted_at = at_commit;
  const Timestamp stamp{std::chrono::seconds{1800000000}};
  const auto read = decode_state(encode_state(state), stamp);
  EXPECT_EQ(read.created_at, created_at);
  EXPECT_EQ(read.modified_at, stamp);
  EXPECT_EQ(read.deleted_at, stamp);
}

TEST(StateBytes, are_the_same_whether_the_stamp_was_known_or_not) {
  State before = deleted_state();
  before.modified_at = at_commit;
  before.deleted_at = at_commit;
  const State after = deleted_state();
  EXPECT_EQ(encode_state(before), encode_state(after, after.modified_at));
}

TEST(StateBytes, that_are_damaged_are_refused) {
  const auto bytes = encode_state(deleted_state());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THROW(decode_state(bytes.substr(0, size)), DecodeError) << size;
  EXPECT_THROW(decode_state(bytes + '\0'), DecodeError);
}

}  // namespace
}  // namespace annal::document
