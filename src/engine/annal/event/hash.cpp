#include "annal/event/hash.hpp"

#include "annal/error.hpp"

#include <openssl/evp.h>

#include <memory>

namespace annal {
namespace {

struct Free {
  void operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

void check(bool done) {
  if (!done) throw Error("OpenSSL cannot compute SHA-256; check the installation of libcrypto");
}

// Fetched once: looking an algorithm up costs more than hashing an event.
const EVP_MD* sha256_algorithm() {
  static const std::unique_ptr<EVP_MD, Free> algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  return algorithm.get();
}

EVP_MD_CTX* context_of_this_thread() {
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  return context.get();
}

// The value of a hexadecimal digit, or 16.
unsigned hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

}  // namespace

std::string to_hex(std::span<const std::uint8_t> bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const auto byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string Hash::to_hex() const { return annal::to_hex(bytes); }

std::optional<Hash> Hash::from_hex(std::string_view text) {
  Hash hash;
  if (text.size() != 2 * hash.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < hash.bytes.size(); ++i) {
    const unsigned high = hex_value(text[2 * i]);
    const unsigned low = hex_value(text[2 * i + 1]);
    if (high > 15 || low > 15) return std::nullopt;
    hash.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return hash;
}

Hash sha256(std::initializer_list<std::string_view> parts) {
  EVP_MD_CTX* const context = context_of_this_thread();
  const EVP_MD* const algorithm = sha256_algorithm();
  check(context != nullptr && algorithm != nullptr);
  check(EVP_DigestInit_ex2(context, algorithm, nullptr) == 1);
  for (const auto part : parts) check(EVP_DigestUpdate(context, part.data(), part.size()) == 1);
  Hash hash;
  check(EVP_DigestFinal_ex(context, hash.bytes.data(), nullptr) == 1);
  return hash;
}

}  // namespace annal
