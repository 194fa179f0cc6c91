#include "commands/change.hpp"

#include "annal/server/json_object.hpp"

namespace annal::cli {
namespace {

std::string remedy(const document::Refusal& reason, const DocumentKey& key) {
  if (std::holds_alternative<document::NotFound>(reason))
    return "; `annal list " + key.collection + "` shows what is";
  if (std::holds_alternative<document::AlreadyExists>(reason))
    return "; `annal put` without --expect none replaces it";
  if (std::holds_alternative<document::NotDeleted>(reason))
    return "; `annal get " + key.to_string() + "` shows it";
  if (std::holds_alternative<document::AlreadyPurged>(reason))
    return "; `annal put " + key.to_string() + "` makes it anew";
  if (std::holds_alternative<document::AlreadyDeleted>(reason))
    return "; `annal undelete " + key.to_string() + "` brings it back";
  return {};
}

// One line about a change that was not made, or may not have been.
struct WhyNot {
  const DocumentKey& key;
  const ChangeArguments& arguments;

  std::string operator()(const Changed&) const { return {}; }
  std::string operator()(const Refused& refused) const {
    return document::to_string(refused.reason) + remedy(refused.reason, key);
  }
  std::string operator()(const StaleVersion& stale) const {
    const std::string actual = stale.actual.value == 0
                                   ? "is not there"
                                   : "is at version " + std::to_string(stale.actual.value);
    return actual + ", and --expect asks for " + stale.expected.to_string() +
           "; read it again and decide anew";
  }
  std::string operator()(const Rejected& rejected) const { return rejected.message(); }
  std::string operator()(const Unknown& unknown) const {
    const std::string again = arguments.idempotency_key
                                  ? "run the same command again, its --idempotency-key tells"
                                  : "`annal log " + key.to_string() + "` tells";
    return "may or may not have been changed: " + unknown.what + "; " + again;
  }
};

std::string as_json(const Changed& changed) {
  return server::JsonObject()
      .text("collection", changed.key.collection)
      .text("id", changed.key.id)
      .number("version", changed.version)
      .number("position", changed.position)
      .time("recorded_at", changed.recorded_at)
      .text("durability", to_string(changed.durability))
      .text("commit", changed.commit.to_hex())
      .flag("replayed", changed.replayed)
      .str();
}

std::string as_line(const Changed& changed) {
  return changed.key.to_string() + "@v" + std::to_string(changed.version.value) + " at @" +
         std::to_string(changed.position.value) + ' ' + to_iso8601(changed.recorded_at) +
         (changed.replayed ? " (an earlier request with this key did it)" : "");
}

}  // namespace

ChangeOptions ChangeArguments::options() const {
  const Expectation expected = expectation();
  if (expected.kind == Expectation::Kind::none || expected.kind == Expectation::Kind::exists)
    throw InvalidInput("--expect " + *expect + ": is for put alone; expect a version");
  return options(expected);
}

ChangeOptions ChangeArguments::options(const Expectation& expectation) const {
  ChangeOptions options;
  if (expectation.kind == Expectation::Kind::version)
    options.expected = ExpectedVersion::exactly(expectation.version);
  options.idempotency_key = idempotency_key;
  options.source = "annal";
  return options;
}

void add_expected_version(CLI::App& command, ChangeArguments& arguments) {
  command.add_option("--expect", arguments.expect, "Only if the document is at this version")
      ->type_name("VERSION");
}

void add_expectation(CLI::App& command, ChangeArguments& arguments) {
  command
      .add_option("--expect", arguments.expect,
                  "Only if the document is at this version, or is not there, or is there")
      ->type_name("VERSION|none|exists");
}

void add_idempotency_key(CLI::App& command, ChangeArguments& arguments) {
  command
      .add_option("--idempotency-key", arguments.idempotency_key,
                  "Done once, however often it is asked for with this key")
      ->type_name("KEY");
}

void add_change_options(CLI::App& command, Invocation& invocation, ChangeArguments& arguments) {
  command.add_option("NAME", arguments.name, "The document, COLLECTION/ID")->required();
  command.add_flag("--literal", arguments.literal,
                   "Take NAME as it stands, also if it ends like a point in time");
  add_idempotency_key(command, arguments);
  add_json_option(command, invocation);
}

ExitCode report(const ChangeOutcome& outcome, const DocumentKey& key,
                const ChangeArguments& arguments, Invocation& invocation) {
  if (const auto* changed = std::get_if<Changed>(&outcome)) {
    if (invocation.json)
      invocation.out.json(as_json(*changed));
    else
      invocation.out.line(invocation.out.shown(as_line(*changed)));
  } else {
    invocation.complain(key.to_string() + ": " + std::visit(WhyNot{key, arguments}, outcome));
  }
  return exit_code_of(outcome);
}

}  // namespace annal::cli
