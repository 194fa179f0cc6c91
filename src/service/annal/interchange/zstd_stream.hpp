// Streams that compress what is written to them and decompress what is read from them: zstd frames
// (RFC 8878) of about 4 MiB of content, each with a checksum of it.
#pragma once

#include <istream>
#include <memory>
#include <ostream>

namespace annal::interchange {

//   threads   one
class ZstdOutput : public std::ostream {
 public:
  // `sink` must outlive it.
  explicit ZstdOutput(std::ostream& sink);
  ~ZstdOutput() override;
  // Ends the last frame. Without it what was written cannot be read as a whole.
  void finish();

 private:
  class Buffer;
  std::unique_ptr<Buffer> buffer_;
};

//   threads   one
class ZstdInput : public std::istream {
 public:
  // Reading throws InvalidInput for what is no zstd, was damaged, or ends inside of a frame.
  // `source` must outlive it.
  explicit ZstdInput(std::istream& source);
  ~ZstdInput() override;

 private:
  class Buffer;
  std::unique_ptr<Buffer> buffer_;
};

}  // namespace annal::interchange
