/// Digests, keyed digests, key derivation and the random source, over OpenSSL.
///
/// All functions are thread-safe and never log. Lengths are in octets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rookery::base {

using sha256_digest = std::array<unsigned char, 32>;

inline std::string_view view(const sha256_digest& d) { return {reinterpret_cast<const char*>(d.data()), d.size()}; }

/// SHA-256 (FIPS 180-4).
sha256_digest sha256(std::string_view octets);
/// The same over octets that come in pieces. Not thread-safe.
class sha256_stream {
public:
  sha256_stream();
  sha256_stream(sha256_stream&&) noexcept = default;
  sha256_stream& operator=(sha256_stream&&) noexcept = default;
  void update(std::string_view octets);
  /// The digest of everything since the beginning or the last `finish`; then it begins anew.
  sha256_digest finish();

private:
  struct release { void operator()(void* context) const noexcept; };
  std::unique_ptr<void, release> context_;
};
/// SHA-1; only where a standard asks for it (SCRAM-SHA-1, WebSocket).
std::string sha1(std::string_view octets);
/// HMAC (RFC 2104) with SHA-256.
sha256_digest hmac_sha256(std::string_view key, std::string_view octets);
/// HMAC and PBKDF2 with SHA-1, 20 octets; only for SCRAM-SHA-1 of old peers.
std::string hmac_sha1(std::string_view key, std::string_view octets);
std::string pbkdf2_sha1(std::string_view password, std::string_view salt, unsigned iterations);
/// PBKDF2 (RFC 8018 §5.2) with HMAC-SHA-256; slow on purpose: never in a reactor's thread.
sha256_digest pbkdf2_sha256(std::string_view password, std::string_view salt, unsigned iterations);
/// Octets from the operating system's generator.
std::string random_octets(std::size_t octets);
/// Letters and digits only, for ids and demo passwords: about 5.9 bits a character.
std::string random_token(std::size_t characters);
/// Takes the same time wherever the first difference is. Different lengths are unequal.
bool constant_time_equal(std::string_view a, std::string_view b) noexcept;
/// Overwrites a secret before its memory is given back.
void wipe(std::string& secret) noexcept;

} // namespace rookery::base
