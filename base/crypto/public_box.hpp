/// Seals a secret so that only the holder of a private key opens it: whoever knows the public key can give him one.
///
/// X25519 (RFC 7748) with a key pair of its own for each box, HKDF (RFC 5869) with SHA-256 over the shared secret and both
/// public keys, and AES-256-GCM with what comes out (base/crypto/secret_box.hpp). A box is a version octet, the 32 octets
/// of its own public key, and the sealed secret. `purpose` is authenticated. It says nothing of who made the box. Thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::base {

inline constexpr std::size_t box_key_octets = 32;

struct box_keys {
  std::string private_key, public_key; ///< `box_key_octets` each; the caller wipes the first
};
box_keys make_box_keys();
/// Of a private key; nothing when that has another size.
std::optional<std::string> public_key_of(std::string_view private_key);

/// Nothing when `public_key` is none.
std::optional<std::string> seal_for(std::string_view public_key, std::string_view secret, std::string_view purpose);
/// Nothing when it is for another key or purpose, was changed, or is no box. The caller wipes it after use.
std::optional<std::string> open_sealed_for(std::string_view private_key, std::string_view box, std::string_view purpose);

} // namespace rookery::base
