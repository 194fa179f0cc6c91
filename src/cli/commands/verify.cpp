// `annal verify`: reads everything and says whether it is what was recorded.
#include "annal/server/json_object.hpp"
#include "commands/command.hpp"
#include "print/progress.hpp"

namespace annal::cli {
namespace {

struct VerifyArguments {};

struct Findings {
  Verification log;
  std::vector<DocumentKey> rows;  // that differ from the fold of their events, if those are sound
  bool clean() const { return log.faults.empty() && log.damaged.empty() && rows.empty(); }
};

Findings check(Store& store, Output& err) {
  ProgressLine progress(err);
  Findings findings;
  const std::uint64_t head = store.log().head().value;
  findings.log = store.log().verify([&](Position position) {
    progress.show(position.value, head, "checking @" + std::to_string(position.value));
  });
  progress.show(head, head, "checking the documents");
  if (findings.log.faults.empty() && findings.log.damaged.empty())
    findings.rows = store.documents().verify_rows();
  return findings;
}

std::string as_json(const Findings& findings) {
  std::vector<std::string> damaged, rows;
  for (const auto& position : findings.log.damaged)
    damaged.push_back(std::to_string(position.value));
  for (const auto& key : findings.rows) rows.push_back(key.to_string());
  return server::JsonObject()
      .flag("clean", findings.clean())
      .number("head", findings.log.head)
      .number("commits", findings.log.commits)
      .text("head_hash", findings.log.head_hash.to_hex())
      .json("faults", server::json_strings(findings.log.faults))
      .json("damaged", server::json_array(damaged))
      .json("documents", server::json_strings(rows))
      .str();
}

void complain(const Findings& findings, Invocation& invocation) {
  const std::string store = invocation.store_path().string();
  for (const auto& fault : findings.log.faults) invocation.complain(store + ": " + fault);
  if (!findings.log.damaged.empty()) {
    std::string positions;
    for (const auto& position : findings.log.damaged)
      positions += (positions.empty() ? "@" : ", @") + std::to_string(position.value);
    invocation.complain(store + ": damaged at " + positions + "; bring back a backup of it");
  }
  for (const auto& key : findings.rows)
    invocation.complain(
        key.to_string() +
        ": its row is not what its events say; `annal export jsonl`, imported into a new store, "
        "makes new rows of the events");
}

ExitCode verify(const VerifyArguments&, Invocation& invocation) {
  const auto store = invocation.open_to_read();
  const Stopwatch time;
  const Findings findings = check(*store, invocation.err);
  const Verification& log = findings.log;
  if (invocation.json)
    invocation.out.json(as_json(findings));
  else
    invocation.out.line((findings.clean() ? "sound: " : "damaged: ") +
                        std::to_string(log.head.value) + " events in " +
                        std::to_string(log.commits) + " commits, head @" +
                        std::to_string(log.head.value) + ", hash " + log.head_hash.to_hex() + " (" +
                        time.rate(log.head.value) + ")");
  complain(findings, invocation);
  return findings.clean() ? ExitCode::ok : ExitCode::corrupt;
}

}  // namespace

void add_verify(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(
      program, invocation, "verify",
      "Check every hash, the chain of commits, positions, versions, indexes and documents",
      "  annal verify\n"
      "  annal verify --json     its head_hash, kept elsewhere, holds the log to its past\n");
  add_json_option(command, invocation);
  runs(command, invocation, std::make_shared<VerifyArguments>(), verify);
}

}  // namespace annal::cli
