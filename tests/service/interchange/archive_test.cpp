// Parts of a log put away in compressed files, and read, checked and imported again.
#include "annal/interchange/archive.hpp"

#include "annal/error.hpp"
#include "annal/interchange/archive_content.hpp"
#include "annal/log/receipt.hpp"
#include "seed.hpp"
#include "service/interchange/imported.hpp"
#include "thoroughness.hpp"

#include <gtest/gtest.h>

#include <random>

namespace annal::test {
namespace {

using interchange::ArchiveHeader;
using interchange::ArchiveReader;
using interchange::ExportOptions;

class Archive : public testing::Test {
 protected:
  Archive() {
    const auto key = [](int i) { return DocumentKey::of("c", std::to_string(i % 3)); };
    for (int i = 0; i < 10; ++i) {
      whole.clock.advance(std::chrono::seconds{1});
      whole->documents().put(key(i), {"Document", {std::to_string(i)}, "ann"});
    }
    Commit commit;  // of events 11 to 13
    for (int i = 0; i < 3; ++i) {
      commit.events.emplace_back();
      commit.events.back().stream = "wall/1";
      commit.events.back().type = "wall.painted";
      commit.events.back().tags = {"colour:red"};
    }
    commit.idempotency_key = "once";
    whole->log().append(std::move(commit));
  }

  std::string archived(std::uint64_t from = 1, std::uint64_t to = 13) {
    std::ostringstream out;
    ExportOptions options;
    options.from = Position{from};
    options.to = Position{to};
    interchange::write_archive(whole->log(), out, options);
    return out.str();
  }

  // The events of an archive; what is wrong with it, where that is all there is.
  static std::vector<Envelope> read(const std::string& archive) {
    std::istringstream in(archive);
    ArchiveReader reader(in);
    std::vector<Envelope> events;
    while (auto commit = reader.next())
      for (auto& event : *commit) events.push_back(std::move(event));
    return events;
  }
  static std::string fault_of(const std::string& archive) {
    try {
      read(archive);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  static std::string content_of_archive(const std::string& archive) {
    std::istringstream in(archive);
    interchange::ZstdInput content(in);
    std::ostringstream text;
    text << content.rdbuf();
    return text.str();
  }
  static std::string compressed(const std::string& content) {
    std::ostringstream out;
    interchange::ZstdOutput stream(out);
    stream << content;
    stream.finish();
    return out.str();
  }

  static interchange::ImportReport import(Store& store, const std::string& archive) {
    std::istringstream in(archive);
    return interchange::import_archive(store, in);
  }

  MemoryStore whole;
};

}  // namespace

TEST_F(Archive, holds_the_events_as_they_are_in_the_log) {
  const auto events = read(archived());
  const auto expected = all_events(whole->log());
  ASSERT_EQ(events.size(), expected.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].hash, expected[i].hash);
    EXPECT_EQ(events[i].position, expected[i].position);
    EXPECT_EQ(events[i].version, expected[i].version);
    EXPECT_EQ(events[i].recorded_at, expected[i].recorded_at);
    EXPECT_EQ(events[i].data, expected[i].data);
    EXPECT_EQ(events[i].tags, expected[i].tags);
  }
}

TEST_F(Archive, says_first_what_it_holds) {
  const std::string archive = archived(4, 12);
  std::istringstream in(archive);
  const ArchiveReader reader(in);
  const auto before = whole->log().commit_at({3}), first = whole->log().commit_at({4}),
             last = whole->log().commit_at({13});
  EXPECT_EQ(reader.header(), (ArchiveHeader{Position{4}, Position{13}, before.hash, last.hash,
                                            first.recorded_at, last.recorded_at}))
      << "whole commits";
  EXPECT_EQ(reader.header().events(), 10u);
}

TEST_F(Archive, is_an_export_behind_its_first_line) {
  const std::string content = content_of_archive(archived());
  const auto first = content.find('\n');
  EXPECT_EQ(content.substr(first + 1), export_lines(whole->log()));
}

TEST_F(Archive, of_a_log_in_parts_makes_an_identical_log) {
  MemoryStore made;
  made.clock.advance(std::chrono::hours{1});
  EXPECT_EQ(import(*made, archived(1, 4)).events, 4u);
  EXPECT_EQ(import(*made, archived(5, 10)).events, 6u);
  EXPECT_EQ(import(*made, archived(11, 13)).events, 3u);
  EXPECT_EQ(head_receipt(made->log()), head_receipt(whole->log()));
  EXPECT_EQ(export_lines(made->log()), export_lines(whole->log()));
  EXPECT_EQ(documents(*made), documents(*whole));
  EXPECT_TRUE(made->documents().verify_rows().empty());
  EXPECT_EQ(import(*made, archived()).events, 0u) << "nothing is added twice";
}

// A bit of a frame that says nothing may change: then the content is what it was.
TEST_F(Archive, with_any_byte_changed_or_cut_off_is_refused) {
  const std::string archive = archived(), content = content_of_archive(archive);
  std::mt19937_64 random(seed());
  std::size_t refused = 0;
  for (std::size_t byte = 0; byte < archive.size(); byte += fault_stride) {
    std::string changed = archive;
    changed[byte] = static_cast<char>(changed[byte] ^ (1 << random() % 8));
    const bool harmless = fault_of(changed).empty();
    if (harmless) {
      ASSERT_EQ(content_of_archive(changed), content) << "byte " << byte;
    }
    refused += harmless ? 0 : 1;
    ASSERT_NE(fault_of(archive.substr(0, byte)), "") << "cut at " << byte;
  }
  // A few bits mean nothing to zstd: what it gives is the same without them.
  EXPECT_GE(refused, archive.size() / fault_stride * 99 / 100);
  EXPECT_EQ(fault_of(archive), "");
}

// Each in a sound frame: it is not the compression that notices.
TEST_F(Archive, whose_commits_are_left_out_is_refused) {
  std::vector<std::string> lines;
  std::istringstream content(content_of_archive(archived(1, 10)));
  for (std::string line; std::getline(content, line);) lines.push_back(line + '\n');
  const std::size_t first_event = lines.size() - 10;
  const auto without = [&](std::size_t line) {
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i)
      if (i != line) text += lines[i];
    return fault_of(compressed(text));
  };
  for (std::size_t line = first_event; line < lines.size(); ++line)
    EXPECT_NE(without(line), "") << line;
  EXPECT_NE(without(lines.size() - 1).find("ends at position 9, and not, as it says, at 10"),
            std::string::npos);
  EXPECT_NE(without(0).find("is no archive"), std::string::npos);
  EXPECT_EQ(without(lines.size()), "");
}

TEST_F(Archive, of_another_beginning_or_end_than_it_says_is_refused) {
  const std::string content = content_of_archive(archived(5, 10));
  const auto with = [&](const std::string& member, const std::string& value) {
    std::string text = content;
    const auto at = text.find('"' + member + "\":\"") + member.size() + 4;
    return fault_of(compressed(text.replace(at, text.find('"', at) - at, value)));
  };
  const std::string other = whole->log().commit_at({2}).hash.to_hex();
  EXPECT_NE(with("previous", other).find("annalprevious"), std::string::npos);
  EXPECT_NE(with("last", other).find("ends at position 10"), std::string::npos);
  EXPECT_NE(with("from", "4"), "");
  EXPECT_NE(with("to", "11"), "");
  EXPECT_NE(with("since", "yesterday").find("is no archive"), std::string::npos);
  EXPECT_NE(with("since", "2001-01-01T00:00:00Z").find("the first commit was recorded at"),
            std::string::npos);
  EXPECT_NE(with("until", "2001-01-01T00:00:00Z").find("the last commit was recorded at"),
            std::string::npos);
  EXPECT_EQ(with("to", "10"), "");
}

TEST_F(Archive, of_a_newer_format_or_of_something_else_is_refused_as_that) {
  std::string content = content_of_archive(archived());
  EXPECT_NE(fault_of(compressed(content.replace(content.find(":1,"), 3, ":2,")))
                .find("format 2, newer than the 1"),
            std::string::npos);
  EXPECT_NE(fault_of(export_lines(whole->log())), "");
  EXPECT_NE(fault_of(compressed(export_lines(whole->log()))).find("is no archive"),
            std::string::npos);
  EXPECT_NE(fault_of("").find("is no archive"), std::string::npos);
}

TEST_F(Archive, that_is_damaged_imports_what_comes_before_and_says_so) {
  MemoryStore made;
  made.clock.advance(std::chrono::hours{1});
  const std::string archive = archived();
  EXPECT_THROW(import(*made, archive.substr(0, archive.size() - 5)), InvalidInput);
  EXPECT_TRUE(made->log().verify().faults.empty());
  import(*made, archive);
  EXPECT_EQ(head_receipt(made->log()), head_receipt(whole->log()));
}

TEST_F(Archive, of_no_events_is_refused) {
  EXPECT_THROW(archived(14, 20), InvalidInput);
  EXPECT_THROW(archived(5, 4), InvalidInput);
}

// Larger than a frame holds.
TEST_F(Archive, of_many_frames_is_one_stream) {
  std::string text;
  std::mt19937_64 random(seed());
  while (text.size() < 9'000'000) text += std::to_string(random()) + '\n';
  EXPECT_EQ(content_of_archive(compressed(text)), text);
}

}  // namespace annal::test
