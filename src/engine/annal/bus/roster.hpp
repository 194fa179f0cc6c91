// Members in the order they joined, and an immutable table of them to be walked without a lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace annal {

// Leaving allocates nothing, so destructors may do it; the table is made when it is asked for.
//   threads   one at a time; a table, once taken, belongs to its taker
template <class T>
class Roster {
 public:
  using Table = std::vector<std::shared_ptr<T>>;

  void join(std::uint64_t sequence, std::shared_ptr<T> member) {
    members_[sequence] = std::move(member);
    table_.reset();
  }

  // The one who leaves, for the caller to let go of outside its lock; null if it is no member.
  std::shared_ptr<T> leave(std::uint64_t sequence) noexcept {
    auto node = members_.extract(sequence);
    if (node.empty()) return nullptr;
    table_.reset();
    return std::move(node.mapped());
  }

  std::shared_ptr<const Table> table() {
    if (!table_) {
      auto table = std::make_shared<Table>();
      table->reserve(members_.size());
      for (const auto& [sequence, member] : members_) table->push_back(member);
      table_ = std::move(table);
    }
    return table_;
  }

  const std::map<std::uint64_t, std::shared_ptr<T>>& members() const { return members_; }
  bool empty() const { return members_.empty(); }

 private:
  std::map<std::uint64_t, std::shared_ptr<T>> members_;
  std::shared_ptr<const Table> table_;
};

}  // namespace annal
