/// What a client wants to know about the server's certificate, and what came out.
///
/// Source: RFC 6125 §6 (names), RFC 5280 (chains), RFC 6698 and RFC 7671 (DANE), RFC 7672 §3
/// (DANE for SMTP), RFC 8460 §4.3 (the words for what failed).
#pragma once

#include "base/clock.hpp"
#include "protocols/dns/records.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rookery::tls {

enum class check_mode : std::uint8_t {
  none,  ///< any certificate will do: encryption without a check (RFC 7435)
  names, ///< a chain to the context's trusted certificates, and one of `names` in it
  chain, ///< a chain to them; for whom it is, `connection_facts::tls_server` says
  dane   ///< one of `tlsa` matches; for usage 2 one of `names` too (RFC 7672 §3.1, §3.2)
};

struct peer_check {
  check_mode mode = check_mode::none;
  /// Reference identifiers, A-labels. A certificate's "*.example" fits one label at its left end;
  /// other wildcards fit nothing. For DANE the TLSA base domain comes first (RFC 7672 §3.2.2).
  std::vector<std::string> names;
  std::vector<dns::tlsa> tlsa;      ///< a validated set
  /// The handshake ends (`tls_error::bad_certificate`) when the check fails; else it goes on and the
  /// host decides by the facts.
  bool required = false;
  base::wall_time now{};            ///< for the chain's validity; the epoch takes the machine's clock
};

/// RFC 7672 §3.1: may this record be used by SMTP? Usage 2 or 3, a known selector, a known digest of its size.
bool usable(const dns::tlsa&) noexcept;
/// RFC 7672 §2.2: with a set that has none, TLS is still required, but nothing can be checked.
bool any_usable(const std::vector<dns::tlsa>&) noexcept;

/// The word of RFC 8460 §4.3 for a result of OpenSSL's verification (X509_V_ERR_…); empty for X509_V_OK.
std::string_view failure_word(long verify_result) noexcept;

} // namespace rookery::tls
