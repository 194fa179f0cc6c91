// Imported commits on their way to the log, several at a time so that they share its fsyncs, each
// with the document rows that follow from it.
#pragma once

#include "annal/interchange/report.hpp"
#include "annal/service/fold.hpp"
#include "annal/service/store.hpp"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace annal::interchange {

// Every commit demands that the one submitted before it is in the log, and that the streams it
// writes to are where the pipeline believes them to be: whatever fails, what is in the log is a
// beginning of what was submitted.
//   threads   one
class RecordingPipeline {
 public:
  // What may be under way at a time; one commit always may.
  struct Bounds {
    std::size_t commits = 64;
    std::size_t bytes = 32 * 1024 * 1024;
  };

  // Counts into the report what the log has taken.
  RecordingPipeline(Store& store, ImportReport& report)
      : RecordingPipeline(store, report, Bounds{}) {}
  RecordingPipeline(Store& store, ImportReport& report, Bounds bounds);
  // Waits for what is under way.
  ~RecordingPipeline();
  RecordingPipeline(const RecordingPipeline&) = delete;
  RecordingPipeline& operator=(const RecordingPipeline&) = delete;

  // Hands a commit to the log, completed by rows, snapshots and conditions;
  // waits while the bounds are reached.
  //   label     what messages call it: `the commit 1f3a…`
  //   sealed    the hash the commit must get; another one stops the import, when the commit and
  //             those under way behind it are in the log all the same
  //   throws    InvalidInput for an event no document can follow; ImportStopped if the log has not
  //             taken a commit before this one, when nothing is under way any more
  void submit(Commit commit, std::string label, std::optional<Hash> sealed = {});

  // Waits until everything submitted is in the log. Throws ImportStopped.
  void finish();

 private:
  struct Answers;
  struct Slot {
    std::uint64_t number = 0;
    std::string label;
    std::size_t events = 0, bytes = 0;
    std::vector<std::string> streams;
    std::optional<Hash> sealed;
    std::optional<AppendOutcome> outcome;  // guarded by Answers::mutex
  };
  // A stream as it will be when what is under way is in the log.
  struct Moving {
    Folded folded;
    std::uint64_t number = 0;  // of the newest commit that writes to it
  };
  struct Touched {
    std::optional<DocumentKey> key;  // of documents' streams
    std::size_t last_event = 0;
  };

  void add_what_follows(Commit& commit, Slot& slot);
  Folded& stream(const std::string& name, const std::optional<DocumentKey>& key,
                 const Envelope& event);
  Folded load(const std::string& name, const std::optional<DocumentKey>& key) const;
  std::optional<document::Event> read(const Envelope& event) const;
  void wait_for(std::uint64_t number);
  void settle_front();
  void wait_for_all();
  bool is_busy(const Commit& commit, const std::shared_ptr<Slot>& slot);
  void count(const Slot& slot);
  [[noreturn]] void stop(AppendOutcome outcome, const std::string& why);

  Store& store_;
  ImportReport& report_;
  const Bounds bounds_;
  std::shared_ptr<Answers> answers_;
  std::deque<std::shared_ptr<Slot>> under_way_;
  std::size_t bytes_ = 0;
  std::uint64_t numbers_ = 0;
  std::unordered_map<std::string, Moving> moving_;
  std::optional<StreamCondition> before_;  // holds once the commit submitted last is in the log
};

}  // namespace annal::interchange
