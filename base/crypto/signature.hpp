/// Public keys and the signatures that they verify, over OpenSSL.
///
/// Source: RFC 8017 §8.2 (RSASSA-PKCS1-v1_5 with SHA-256), FIPS 186-5 §6 (ECDSA over P-256 with SHA-256).
/// Immutable once read; thread-safe.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace rookery::base {

enum class key_kind : std::uint8_t { rsa, ec_p256 };

/// Shorter RSA keys are not read.
inline constexpr int rsa_bits_least = 2048;

class public_key {
public:
  /// All keys of a PEM text, as "PUBLIC KEY" or within a "CERTIFICATE" (whose dates and names do not matter);
  /// at least one. `invalid` when a block cannot be read, or has another kind of key or a short one.
  static result<std::vector<public_key>> read_all(std::string_view pem);

  key_kind kind() const noexcept { return kind_; }
  /// RSA: the signature of PKCS #1. P-256: R and S, 32 octets each (RFC 7518 §3.4).
  bool verifies(std::string_view octets, std::string_view signature) const;

private:
  std::shared_ptr<void> key_;
  key_kind kind_ = key_kind::rsa;
};

} // namespace rookery::base
