// A log as lines of JSON.
#include "annal/interchange/cloud_event.hpp"
#include "annal/interchange/cloud_events.hpp"

#include <algorithm>

namespace annal::interchange {
namespace {

class Export {
 public:
  Export(const EventLog& log, std::ostream& out, const ExportOptions& options)
      : log_(log), out_(out), options_(options) {}

  ExportReport run() {
    const auto types = log_.type_descriptions();
    for (const auto& type : types) types_[{type.type, type.schema_version}] = type.fields;
    const bool any = choose_range();
    for (const auto& type : types) write(to_line(type));
    if (any) write_events();
    out_.flush();
    check_written();
    return report_;
  }

 private:
  // The range asked for, moved outwards to the bounds of its commits.
  //   returns   false if there is nothing to write
  bool choose_range() {
    const Position head = log_.head();
    const Position from = std::max(options_.from.value_or(Position{1}), Position{1});
    const Position to = options_.to.value_or(head);
    if (to > head || (options_.from && from > head))
      throw InvalidInput("position " + std::to_string(std::max(from, to).value) +
                         " is beyond the log, whose head is " + std::to_string(head.value));
    if (options_.from && options_.to && from > to)
      throw InvalidInput("position " + std::to_string(from.value) + " comes after " +
                         std::to_string(to.value) + ": nothing lies between them");
    if (from > to) return false;
    report_.from = log_.commit_at(from).first;
    report_.to = log_.commit_at(to).last;
    if (report_.from.value > 1) commit_ = log_.commit_at({report_.from.value - 1});
    return true;
  }

  void write_events() {
    ReadRequest request;
    request.from = report_.from;
    request.to = report_.to;
    request.limit = 1024;
    for (bool more = true; more;) {
      const auto page = log_.read(request);
      for (const auto& event : page.events) write(event);
      if (!page.events.empty()) request.from = next(page.events.back().position);
      more = page.more && !page.events.empty();
      check_written();
      if (options_.progress && !page.events.empty())
        options_.progress({report_.events, page.events.back().position, report_.to});
    }
  }

  void write(const Envelope& event) {
    if (event.position > commit_.last) {
      seal_.previous = commit_.hash;
      commit_ = log_.commit_at(event.position);
      seal_ = {commit_.hash, seal_.previous, commit_.idempotency_key, commit_.request_hash};
      ++report_.commits;
    }
    ++report_.events;
    const bool is_last = event.position == commit_.last;
    write(to_line(event, commit_.last, is_last ? std::optional(seal_) : std::nullopt, types_));
  }

  void write(const std::string& line) {
    out_ << line << '\n';
    report_.bytes_written += line.size() + 1;
  }

  void check_written() const {
    if (!out_)
      throw StorageError("the export cannot be written behind " + std::to_string(report_.events) +
                         " events: is the disk full, or the reader gone?");
  }

  const EventLog& log_;
  std::ostream& out_;
  const ExportOptions& options_;
  ExportReport report_;
  TypeBook types_;
  CommitInfo commit_;  // of the event written last, or the one before the first
  CommitSeal seal_;    // of the same
};

}  // namespace

ExportReport export_jsonl(const EventLog& log, std::ostream& out, const ExportOptions& options) {
  return Export(log, out, options).run();
}

}  // namespace annal::interchange
