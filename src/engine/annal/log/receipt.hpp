// What a caller keeps of the log's answers to hold it to them later: the last position of a commit
// and the commit's hash, which covers everything before it. As text: `1234:5f0c…`.
//
//   keep(annal::receipt_of(appended).to_string());
//   const auto answer = annal::check(log, *annal::Receipt::parse(kept));
#pragma once

#include "annal/log/event_log.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace annal {

struct Receipt {
  Position position;  // of a commit's last event; 0 for an empty log
  Hash hash;          // of that commit; zeros for an empty log

  std::string to_string() const;
  // Nothing if the text does not read as one.
  static std::optional<Receipt> parse(std::string_view text);
  friend bool operator==(const Receipt&, const Receipt&) = default;
};

Receipt receipt_of(const Appended& appended);
Receipt receipt_of(const Verification& verification);
// Of the newest commit.
Receipt head_receipt(const EventLog& log);

// The log holds what the receipt was given for.
struct ReceiptHolds {};
// The log ends before the receipt's position: it lost its newest events, or an older copy lies in
// its place.
struct LogTruncated {
  Position head;
};
// Another commit is at the receipt's position: the log is another one, or was written anew.
struct LogRewritten {
  Receipt instead;
};
using ReceiptAnswer = std::variant<ReceiptHolds, LogTruncated, LogRewritten>;

// Compares the receipt with the hash the log keeps of that commit. That the events are those the
// hashes were made of is for EventLog::verify to say, and proven if both agree.
//   cost      one look-up
ReceiptAnswer check(const EventLog& log, const Receipt& receipt);

// One line that says what is wrong and what it may mean; empty if the receipt holds.
std::string message(const Receipt& receipt, const ReceiptAnswer& answer);

}  // namespace annal
