// Whether the runs of the index lead to exactly what the log holds.
#pragma once

#include "annal/sqlite/index.hpp"
#include "annal/sqlite/index_scan.hpp"

#include <functional>
#include <string>

namespace annal::sqlite {

// Within one transaction. One pass over the log and one over the index; each run is compared by the
// number and the sum of its postings, and only one that differs is looked at posting by posting.
class IndexCheck {
 public:
  // Position 0: the fault has no place in the log.
  using Fault = std::function<void(Position, const std::string&)>;

  IndexCheck(SQLite::Database& database, Index& index, Fault fault);
  void check();

 private:
  struct Sum {
    std::uint64_t postings = 0, sum = 0;
    void add(const Posting& posting);
    friend bool operator==(const Sum&, const Sum&) = default;
  };

  Sum of_log(const Run& run);
  Sum of_index(const Run& run, const RunMap& map);
  void name_what_is_missing(const Run& run, std::int64_t named_to);

  SQLite::Database& database_;
  Index& index_;
  const Fault fault_;
  IndexScan scan_;
  bool misleading_ = false;  // the fences or filters of the run at hand
};

}  // namespace annal::sqlite
