// The streams as the transaction at hand finds and leaves them, and the numbers of names in it.
#pragma once

#include "annal/sqlite/index.hpp"
#include "annal/sqlite/index_tail.hpp"
#include "annal/sqlite/names.hpp"
#include "annal/sqlite/stream_cache.hpp"

#include <string>
#include <string_view>

namespace annal::sqlite {

// Belongs to the writer; everything within its transaction.
//   cost      of a stream that was used lately, some 50 ns; of another, some microseconds
// Source: docs/decisions/0018-what-the-writer-remembers.md
class Streams {
 public:
  Streams(Names& names, Index& index, const IndexTail& tail);

  // Says that these are about to be asked for.
  void expect(const std::vector<Envelope>& events) const;
  Version version(std::string_view stream);
  // The version of the stream's next event, which counts as there from now on.
  Version next_version(std::string_view stream);
  // The number of its name, given now if need be.
  std::int64_t number(const std::string& stream);
  // The same of a type, tag, source or whatever else has a name. It may be a stream's as well.
  std::int64_t number_of_name(const std::string& name);

  // After the transaction was committed, and the index knows what it wrote.
  void settle() { cache_.age(); }
  // After it was rolled back.
  void forget() noexcept { cache_.clear(); }

 private:
  StreamCache::Stream& find(std::string_view stream);

  Names& names_;
  Index& index_;
  const IndexTail& tail_;
  StreamCache cache_;
};

}  // namespace annal::sqlite
