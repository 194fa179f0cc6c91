// `annal verify`: reads everything and says whether it is what was recorded.
#include "annal/error.hpp"
#include "annal/log/receipt.hpp"
#include "annal/server/json_object.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "commands/command.hpp"
#include "print/progress.hpp"

#include <algorithm>
#include <array>

namespace annal::cli {
namespace {

struct VerifyArguments {
  bool rebuild = false, seal = false;
  std::vector<std::string> receipts;
};

struct HeldReceipt {
  Receipt receipt;
  std::optional<ReceiptAnswer> answer;  // nothing where damage hides the commit
  bool holds() const { return answer && std::holds_alternative<ReceiptHolds>(*answer); }
};

struct Findings {
  Verification log;
  std::optional<std::uint64_t> rebuilt;  // documents whose rows were made anew
  std::vector<DocumentKey> rows;  // that differ from the fold of their events, if those are sound
  std::vector<HeldReceipt> receipts;
  bool log_is_sound() const { return log.faults.empty() && log.damaged.empty(); }
  bool receipts_hold() const {
    return std::all_of(receipts.begin(), receipts.end(),
                       [](const HeldReceipt& held) { return held.holds(); });
  }
  bool clean() const { return log_is_sound() && rows.empty() && receipts_hold(); }
  // Damage that touches no event.
  bool only_derived() const { return !log.damaged_pages.empty() && log.damaged.empty(); }
};

// Nothing where the newest events cannot be read; the check says why.
std::optional<std::uint64_t> head_of(const EventLog& log) {
  try {
    return log.head().value;
  } catch (const CorruptionError&) {
    return std::nullopt;
  }
}

std::vector<Receipt> receipts_of(const std::vector<std::string>& texts) {
  std::vector<Receipt> receipts;
  for (const auto& text : texts) {
    const auto receipt = Receipt::parse(text);
    if (!receipt)
      throw InvalidInput(text +
                         ": is no receipt; write POSITION:HASH, as `annal verify` prints it");
    receipts.push_back(*receipt);
  }
  return receipts;
}

std::optional<ReceiptAnswer> answer_of(const EventLog& log, const Receipt& receipt) {
  try {
    return check(log, receipt);
  } catch (const CorruptionError&) {
    return std::nullopt;
  }
}

Findings examine(Store& store, const std::vector<Receipt>& receipts, bool rebuild, Output& err) {
  ProgressLine progress(err);
  Findings findings;
  const auto head = head_of(store.log());
  findings.log = store.log().verify([&](Position position) {
    if (position.value > 0)
      progress.show(position.value, head, "checking @" + std::to_string(position.value));
  });
  progress.show(head.value_or(0), head, "checking the documents");
  for (const Receipt& receipt : receipts)
    findings.receipts.push_back({receipt, answer_of(store.log(), receipt)});
  if (!findings.log_is_sound()) return findings;
  if (rebuild) findings.rebuilt = store.documents().rebuild();
  findings.rows = store.documents().verify_rows();
  return findings;
}

std::string as_word(const ReceiptAnswer& answer) {
  constexpr std::array words = {"holds", "truncated", "rewritten"};
  static_assert(words.size() == std::variant_size_v<ReceiptAnswer>);
  return words[answer.index()];
}

std::string as_json(const Findings& findings) {
  std::vector<std::string> damaged, pages, rows, receipts;
  for (const auto& held : findings.receipts)
    receipts.push_back(server::JsonObject()
                           .text("receipt", held.receipt.to_string())
                           .text("answer", held.answer ? as_word(*held.answer) : "unreadable")
                           .str());
  for (const auto& position : findings.log.damaged)
    damaged.push_back(std::to_string(position.value));
  for (const auto page : findings.log.damaged_pages) pages.push_back(std::to_string(page));
  for (const auto& key : findings.rows) rows.push_back(key.to_string());
  server::JsonObject object;
  object.flag("clean", findings.clean())
      .number("head", findings.log.head)
      .number("commits", findings.log.commits)
      .text("head_hash", findings.log.head_hash.to_hex())
      .text("receipt", receipt_of(findings.log).to_string())
      .json("receipts", server::json_array(receipts))
      .json("faults", server::json_strings(findings.log.faults))
      .json("damaged", server::json_array(damaged))
      .json("damaged_pages", server::json_array(pages))
      .json("documents", server::json_strings(rows));
  if (findings.rebuilt) object.number("rebuilt", *findings.rebuilt);
  return object.str();
}

void complain(const Findings& findings, bool rebuild, Invocation& invocation) {
  const std::string store = invocation.store_path().string();
  for (const auto& fault : findings.log.faults) invocation.complain(store + ": " + fault);
  if (!findings.log.damaged.empty()) {
    std::string positions;
    for (const auto& position : findings.log.damaged)
      positions += (positions.empty() ? "@" : ", @") + std::to_string(position.value);
    invocation.complain(store + ": damaged at " + positions + "; bring back a backup of it");
  }
  if (findings.only_derived())
    invocation.complain(store +
                        ": every event is sound: `annal export jsonl` and `annal import jsonl` "
                        "into a new store keep them all");
  for (const auto& held : findings.receipts)
    if (!held.answer)
      invocation.complain(store + ": " + held.receipt.to_string() +
                          ": damage keeps the commit there from being read");
    else if (!held.holds())
      invocation.complain(store + ": " + message(held.receipt, *held.answer));
  if (rebuild && !findings.rebuilt)
    invocation.complain(store + ": no row was made anew, because the log itself is damaged");
  for (const auto& key : findings.rows)
    invocation.complain(
        key.to_string() +
        ": its row is not what its events say; `annal verify --rebuild` makes it anew of them");
}

std::string as_line(const Findings& findings, const Stopwatch& time) {
  const Verification& log = findings.log;
  std::string line = (findings.clean() ? "sound: " : "damaged: ") + std::to_string(log.head.value) +
                     " events in " + std::to_string(log.commits) + " commits, head @" +
                     std::to_string(log.head.value) + ", receipt " + receipt_of(log).to_string();
  if (findings.rebuilt)
    line += ", rows of " + std::to_string(*findings.rebuilt) + " documents made anew";
  return line + " (" + time.rate(log.head.value) + ")";
}

ExitCode verify(const VerifyArguments& arguments, Invocation& invocation) {
  const auto receipts = receipts_of(arguments.receipts);
  if (arguments.seal)
    invocation.note("pages without a checksum, taken as they are: " +
                    std::to_string(sqlite::seal(invocation.store_path())));
  const auto store = arguments.rebuild ? invocation.open_to_change() : invocation.open_to_read();
  const Stopwatch time;
  const Findings findings = examine(*store, receipts, arguments.rebuild, invocation.err);
  if (invocation.json)
    invocation.out.json(as_json(findings));
  else
    invocation.out.line(as_line(findings, time));
  complain(findings, arguments.rebuild, invocation);
  return findings.clean() ? ExitCode::ok : ExitCode::corrupt;
}

}  // namespace

void add_verify(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(
      program, invocation, "verify",
      "Check every hash, the chain of commits, positions, versions, indexes and documents",
      "  annal verify\n"
      "  annal verify --receipt 1234:5f0c…   as it was printed before, and kept elsewhere\n"
      "  annal verify --rebuild\n"
      "  annal verify --seal     of a copy that the sqlite3 shell made\n");
  auto arguments = std::make_shared<VerifyArguments>();
  command.add_flag("--rebuild", arguments->rebuild,
                   "Make every document's row anew of its events, if those are sound");
  command.add_flag("--seal", arguments->seal,
                   "First take pages that another program copied or wrote as they are");
  command
      .add_option("--receipt", arguments->receipts,
                  "What an earlier verify, change or backup printed: is that commit still there?")
      ->type_name("POSITION:HASH")
      ->take_all();
  add_json_option(command, invocation);
  runs(command, invocation, arguments, verify);
}

}  // namespace annal::cli
