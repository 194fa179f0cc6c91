#include "annal/log/receipt.hpp"

#include <charconv>

namespace annal {

std::string Receipt::to_string() const {
  return std::to_string(position.value) + ':' + hash.to_hex();
}

std::optional<Receipt> Receipt::parse(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  Receipt receipt;
  const char* const end = text.data() + colon;
  const auto read = std::from_chars(text.data(), end, receipt.position.value);
  const auto hash = Hash::from_hex(text.substr(colon + 1));
  if (colon == 0 || read.ec != std::errc{} || read.ptr != end || !hash) return std::nullopt;
  receipt.hash = *hash;
  return receipt;
}

Receipt receipt_of(const Appended& appended) { return {appended.last, appended.hash}; }

Receipt receipt_of(const Verification& verification) {
  return {verification.head, verification.head_hash};
}

Receipt head_receipt(const EventLog& log) {
  const Position head = log.head();
  return head.value == 0 ? Receipt{} : Receipt{head, log.commit_at(head).hash};
}

ReceiptAnswer check(const EventLog& log, const Receipt& receipt) {
  const Position head = log.head();
  if (receipt.position > head) return LogTruncated{head};
  Receipt there;
  if (receipt.position.value > 0) {
    const CommitInfo commit = log.commit_at(receipt.position);
    there = {commit.last, commit.hash};
  }
  if (there == receipt) return ReceiptHolds{};
  return LogRewritten{there};
}

std::string message(const Receipt& receipt, const ReceiptAnswer& answer) {
  const std::string position = std::to_string(receipt.position.value);
  if (const auto* truncated = std::get_if<LogTruncated>(&answer))
    return "the log ends at position " + std::to_string(truncated->head.value) +
           ", but a receipt was given for " + position +
           ": it has lost its newest events, or an older copy lies in its place";
  if (const auto* rewritten = std::get_if<LogRewritten>(&answer))
    return "the commit at position " + position + " ends at " +
           std::to_string(rewritten->instead.position.value) + " and has the hash " +
           rewritten->instead.hash.to_hex() + ", not that of the receipt, " +
           receipt.hash.to_hex() + ": this is another log, or its past was written anew";
  return {};
}

}  // namespace annal
