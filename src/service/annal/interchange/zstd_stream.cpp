#include "annal/interchange/zstd_stream.hpp"

#include "annal/error.hpp"

#include <zstd.h>

#include <string>
#include <vector>

namespace annal::interchange {
namespace {

constexpr std::size_t frame_bytes = 4 * 1024 * 1024;  // of content

struct Free {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Of zstd's own mistakes, which only lack of memory can bring about.
std::size_t checked(std::size_t result) {
  if (ZSTD_isError(result) != 0)
    throw Error(std::string("zstd cannot compress: ") + ZSTD_getErrorName(result));
  return result;
}

}  // namespace

class ZstdOutput::Buffer : public std::streambuf {
 public:
  explicit Buffer(std::ostream& out)
      : out_(out),
        context_(ZSTD_createCCtx()),
        content_(frame_bytes),
        frame_(ZSTD_CStreamOutSize()) {
    checked(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1));
    setp(content_.data(), content_.data() + content_.size());
  }

  void end_frame() {
    ZSTD_inBuffer in{pbase(), static_cast<std::size_t>(pptr() - pbase()), 0};
    if (in.size == 0) return;
    for (std::size_t left = 1; left > 0;) {
      ZSTD_outBuffer out{frame_.data(), frame_.size(), 0};
      left = checked(ZSTD_compressStream2(context_.get(), &out, &in, ZSTD_e_end));
      out_.write(frame_.data(), static_cast<std::streamsize>(out.pos));
    }
    setp(content_.data(), content_.data() + content_.size());
  }

 protected:
  int_type overflow(int_type c) override {
    end_frame();
    if (!out_) return traits_type::eof();
    if (!traits_type::eq_int_type(c, traits_type::eof())) sputc(traits_type::to_char_type(c));
    return traits_type::not_eof(c);
  }
  int sync() override { return out_ ? 0 : -1; }  // a frame is as long as it is, not as often

 private:
  std::ostream& out_;
  const std::unique_ptr<ZSTD_CCtx, Free> context_;
  std::vector<char> content_, frame_;
};

ZstdOutput::ZstdOutput(std::ostream& sink)
    : std::ostream(nullptr), buffer_(std::make_unique<Buffer>(sink)) {
  rdbuf(buffer_.get());
}

ZstdOutput::~ZstdOutput() = default;

void ZstdOutput::finish() {
  buffer_->end_frame();
  flush();
}

class ZstdInput::Buffer : public std::streambuf {
 public:
  explicit Buffer(std::istream& in)
      : in_(in),
        context_(ZSTD_createDCtx()),
        frame_(ZSTD_DStreamInSize()),
        content_(ZSTD_DStreamOutSize()) {}

 protected:
  int_type underflow() override {
    ZSTD_outBuffer out{content_.data(), content_.size(), 0};
    while (out.pos == 0) {
      if (read_.pos == read_.size && !fill()) {
        if (inside_) throw InvalidInput("the archive ends inside of a frame: it was cut off");
        return traits_type::eof();
      }
      const std::size_t left = ZSTD_decompressStream(context_.get(), &out, &read_);
      if (ZSTD_isError(left) != 0)
        throw InvalidInput("the archive is damaged before its byte " + std::to_string(bytes_) +
                           ": " + ZSTD_getErrorName(left));
      inside_ = left > 0;
    }
    setg(content_.data(), content_.data(), content_.data() + out.pos);
    return traits_type::to_int_type(*gptr());
  }

 private:
  bool fill() {
    in_.read(frame_.data(), static_cast<std::streamsize>(frame_.size()));
    if (in_.bad())
      throw StorageError("the archive cannot be read behind byte " + std::to_string(bytes_));
    read_ = {frame_.data(), static_cast<std::size_t>(in_.gcount()), 0};
    bytes_ += read_.size;
    return read_.size > 0;
  }

  std::istream& in_;
  const std::unique_ptr<ZSTD_DCtx, Free> context_;
  std::vector<char> frame_, content_;
  ZSTD_inBuffer read_{nullptr, 0, 0};
  std::uint64_t bytes_ = 0;
  bool inside_ = false;  // of a frame
};

ZstdInput::ZstdInput(std::istream& source)
    : std::istream(nullptr), buffer_(std::make_unique<Buffer>(source)) {
  rdbuf(buffer_.get());
  exceptions(std::ios::badbit);  // what the buffer throws reaches the reader
}

ZstdInput::~ZstdInput() = default;

}  // namespace annal::interchange
