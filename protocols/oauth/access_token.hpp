/// An access token that is a signed JWT: whose is it, and does it open this server?
///
/// Source: RFC 7515 (JWS, compact form), RFC 7518 §3.3 and §3.4 (RS256, ES256), RFC 7519 §4.1 (claims),
/// RFC 8725 §3 (what to look out for), RFC 9068 §2 (access tokens). Pure and thread-safe.
#pragma once

#include "base/clock.hpp"
#include "base/crypto/signature.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::oauth {

/// Larger ones are no tokens.
inline constexpr std::size_t token_octets_max = 8192;
/// Clocks differ so much.
inline constexpr std::chrono::seconds leeway{60};

struct token_rules {
  std::string issuer;            ///< `iss`, exactly
  std::string audience;          ///< `aud`, or one of them
  std::string claim = "email";   ///< has the account's address; for "email", `email_verified` must not be false
  std::string scope;             ///< a word of `scope`; empty: none is asked for
};

enum class token_fault : std::uint8_t {
  none,
  malformed,  ///< no JWT, or a claim has a wrong type
  algorithm,  ///< neither RS256 nor ES256, or with an extension that must be understood
  signature,  ///< by none of the keys
  expired,
  too_early,  ///< `nbf` or `iat` lies ahead
  issuer,
  audience,
  scope,
  nobody      ///< the claim is missing, or the address is not verified
};
/// For logs.
std::string_view name(token_fault) noexcept;

struct token_verdict {
  token_fault fault = token_fault::malformed;
  std::string user; ///< the claim, when there is no fault
};

/// The claims alone, as JSON, of a token whose signature was verified.
token_verdict judge_claims(std::string_view claims, const token_rules&, base::wall_time now);
token_verdict judge(std::string_view token, const std::vector<base::public_key>& keys, const token_rules&, base::wall_time now);

} // namespace rookery::oauth
