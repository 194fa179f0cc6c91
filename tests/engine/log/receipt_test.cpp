// What a caller kept of the log's answers, held against the log.
#include "annal/log/receipt.hpp"

#include "annal/memory/memory_log.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

class Receipts : public testing::Test {
 protected:
  Appended append(EventLog& to, int events, const std::string& data = "x") {
    Commit commit;
    for (int i = 0; i < events; ++i) {
      commit.events.emplace_back();
      commit.events.back().stream = "thing/1";
      commit.events.back().type = "thing.happened";
      commit.events.back().data = data;
    }
    return std::get<Appended>(to.append(std::move(commit)));
  }

  std::unique_ptr<EventLog> log = memory::open(), other = memory::open();
};

}  // namespace

TEST_F(Receipts, read_what_they_write_and_nothing_else) {
  const Receipt receipt = receipt_of(append(*log, 3));
  EXPECT_EQ(receipt.position, Position{3});
  EXPECT_EQ(Receipt::parse(receipt.to_string()), receipt);
  EXPECT_EQ(Receipt::parse(Receipt{}.to_string()), Receipt{});
  const std::string hash = receipt.hash.to_hex();
  const std::vector<std::string> others = {
      "", hash, "3", "3:", ":" + hash, "-3:" + hash, "3x:" + hash, "3:" + hash + "0", "3: " + hash};
  for (const std::string& text : others) EXPECT_EQ(Receipt::parse(text), std::nullopt) << text;
}

TEST_F(Receipts, of_commits_the_log_has_hold) {
  const Receipt first = receipt_of(append(*log, 2)), second = receipt_of(append(*log, 1));
  for (const Receipt& receipt : {Receipt{}, first, second})
    EXPECT_TRUE(std::holds_alternative<ReceiptHolds>(check(*log, receipt)))
        << message(receipt, check(*log, receipt));
  EXPECT_EQ(head_receipt(*log), second);
  EXPECT_EQ(receipt_of(log->verify()), second);
  EXPECT_EQ(head_receipt(*other), Receipt{});
}

TEST_F(Receipts, of_a_log_that_ends_earlier_tell_that_it_lost_events) {
  append(*log, 2);
  const Receipt lost = receipt_of(append(*log, 1));
  append(*other, 2);
  const auto answer = check(*other, lost);
  ASSERT_TRUE(std::holds_alternative<LogTruncated>(answer));
  EXPECT_EQ(std::get<LogTruncated>(answer).head, Position{2});
  EXPECT_NE(message(lost, answer).find("ends at position 2"), std::string::npos);
}

TEST_F(Receipts, of_another_past_tell_what_is_there_instead) {
  const Receipt receipt = receipt_of(append(*log, 2));
  const Receipt instead = receipt_of(append(*other, 2, "y"));
  append(*other, 1);
  const auto answer = check(*other, receipt);
  ASSERT_TRUE(std::holds_alternative<LogRewritten>(answer));
  EXPECT_EQ(std::get<LogRewritten>(answer).instead, instead);
  EXPECT_NE(message(receipt, answer).find(instead.hash.to_hex()), std::string::npos);
}

TEST_F(Receipts, name_the_end_of_a_commit_and_no_place_inside_it) {
  const Receipt whole = receipt_of(append(*log, 3));
  const auto answer = check(*log, {Position{2}, whole.hash});
  ASSERT_TRUE(std::holds_alternative<LogRewritten>(answer));
  EXPECT_EQ(std::get<LogRewritten>(answer).instead, whole);
}

}  // namespace annal::test
