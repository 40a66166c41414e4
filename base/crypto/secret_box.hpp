/// Seals secrets that must be given out again (passwords for other servers), so that who reads
/// the store without the key file learns nothing.
///
/// AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits; a sealed secret is a version octet,
/// the nonce, the ciphertext and the tag of 16 octets. `purpose` is authenticated with it: what was
/// sealed for one purpose does not open for another. Immutable and thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::base {

inline constexpr std::size_t sealing_key_octets = 32;

class secret_box {
public:
  /// `key` has `sealing_key_octets`.
  explicit secret_box(std::string key);
  ~secret_box();
  secret_box(const secret_box&) = delete;
  secret_box& operator=(const secret_box&) = delete;

  std::string seal(std::string_view secret, std::string_view purpose) const;
  /// Nothing when it was sealed with another key, for another purpose, or was changed. The caller
  /// wipes it after use.
  std::optional<std::string> open(std::string_view sealed, std::string_view purpose) const;

  /// A key of 32 octets for another purpose; the same whenever asked.
  std::string derive(std::string_view purpose) const;

private:
  std::string key_;
};

} // namespace rookery::base
