// What is measured; one function a row of the table, which may say more than one thing.
#pragma once

#include "measure.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace annal::bench {

std::vector<Result> append_one(const Settings& settings);              // P1
std::vector<Result> put_one_document(const Settings& settings);        // P1d
std::vector<Result> append_together(const Settings& settings);         // P2
std::vector<Result> put_documents_together(const Settings& settings);  // P2d
std::vector<Result> append_batches(const Settings& settings);          // P3
std::vector<Result> append_on_condition(const Settings& settings);     // P4
std::vector<Result> scan(const Settings& settings);                    // P5
std::vector<Result> read_streams(const Settings& settings);            // P6
std::vector<Result> load_aggregates(const Settings& settings);         // P7
std::vector<Result> get_one_document(const Settings& settings);        // P8
std::vector<Result> get_past_document(const Settings& settings);       // P9
std::vector<Result> page_history(const Settings& settings);            // P10
std::vector<Result> open_after_crash(const Settings& settings);        // P11
std::vector<Result> tell_observer(const Settings& settings);           // P12
std::vector<Result> read_while_writing(const Settings& settings);      // P13

std::vector<Result> publish_to_subscribers(const Settings& settings);    // B1
std::vector<Result> publish_to_one_of_many(const Settings& settings);    // B2
std::vector<Result> ask_control(const Settings& settings);               // B3
std::vector<Result> notify_observers(const Settings& settings);          // B4
std::vector<Result> publish_from_two_threads(const Settings& settings);  // B5

std::vector<Result> run_programs(const Settings& settings);  // E1

// The shapes of event-store-benchmark, which have no goals of their own.
std::vector<Result> write_stream(const Settings& settings);               // W1
std::vector<Result> write_stream_on_condition(const Settings& settings);  // W2
std::vector<Result> write_and_read_tagged(const Settings& settings);      // W3, R1
std::vector<Result> flood(const Settings& settings);                      // F1

// What the same work costs in a log of so many events, and what that takes of disk and memory; in
// the same order whatever the size.
std::vector<Fact> measure_log_of(int events, const Settings& settings);

// P11's crash, for a process of its own: appends until the write-ahead log has so many bytes, and
// ends this process at once. `annal_bench --crash FILE --wal-bytes N`.
[[noreturn]] void crash(const std::filesystem::path& store, std::uintmax_t wal_bytes);

}  // namespace annal::bench
