/// What one host must fulfil before mail is given to it, and what follows from what it did.
///
/// Source: RFC 7672 §2.1, §2.2 (DANE for SMTP), RFC 8461 §2, §3.3, §5 (MTA-STS), RFC 8689 §3, §4.2.1
/// (REQUIRETLS, TLS-Required: No), RFC 8460 §4.3 (names of results), RFC 7435 (opportunistic). Pure; thread-safe.
#pragma once

#include "policy/delivery/delivery_view.hpp"
#include "policy/delivery/outcome.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace rookery::delivery {

/// What name servers say of a host's TLSA records.
enum class tlsa_state : std::uint8_t {
  unasked,  ///< the host's own records are not validated: there is no DANE
  none,     ///< there are none, and that is validated
  usable,   ///< at least one that we understand (RFC 7672 §3.1)
  unusable, ///< only ones that we do not
  failed    ///< bogus or no answer: the host must not be used (RFC 7672 §2.1.2)
};
enum class sts_state : std::uint8_t {
  none,        ///< not published, or mode none
  unavailable, ///< announced, but neither to be fetched nor in the cache: as if there were none
  testing,
  enforce
};

struct tls_facts {
  tls_use route = tls_use::when_offered;   ///< the strictest of route and relay
  bool tls_at_once = false;
  dane_use dane = dane_use::as_published;
  bool follow_sts = true;
  bool named = false;                      ///< an administrator named the host: no name server chose it
  bool mx_secure = false;                  ///< MX answer validated by DNSSEC
  bool host_secure = false;                ///< so are the host's addresses
  tlsa_state tlsa = tlsa_state::unasked;
  sts_state sts = sts_state::none;
  bool sts_names_host = false;             ///< the policy's mx patterns match it
  bool require_tls = false;                ///< of the message
  bool tls_optional = false;               ///< "TLS-Required: No", and no REQUIRETLS
};

enum class tls_start : std::uint8_t { never, when_offered, required, at_once };
enum class tls_proof : std::uint8_t {
  nothing,
  name,     ///< a certificate for the host's name, from an authority that we trust
  dane      ///< one that a TLSA record names
};
/// Whose wish it was; `policy_type` gives RFC 8460's word.
enum class tls_policy : std::uint8_t { none, route, sts, dane, message };
std::string_view policy_type(tls_policy) noexcept;

struct tls_demand {
  bool skip = false;                       ///< not this host: `otherwise` says why
  trouble otherwise = trouble::certificate;///< what it comes to when no host is left
  std::string_view result_type;            ///< for the report (RFC 8460 §4.3), whatever the session brings; or ""
  tls_start start = tls_start::when_offered;
  tls_proof proof = tls_proof::nothing;
  bool enforced = true;                    ///< false: a failed proof is counted, and mail goes on (testing)
  bool keyword = false;                    ///< the server must offer REQUIRETLS
  tls_policy policy = tls_policy::none;
};
tls_demand demand_for(const tls_facts&) noexcept;

/// How TLS went with the host.
struct tls_result {
  bool offered = false;                    ///< STARTTLS was, or TLS was there from the first octet
  bool established = false;
  tls_proof proved = tls_proof::nothing;
  std::string_view failure;                ///< why nothing was proved, as RFC 8460's result-type; or ""
  bool keyword = false;                    ///< REQUIRETLS was offered after TLS
};

enum class tls_step : std::uint8_t {
  go_on,
  in_the_clear, ///< the handshake failed and nobody asked for TLS: dial again without (RFC 7435)
  next_host
};
struct tls_verdict {
  tls_step what = tls_step::go_on;
  trouble otherwise = trouble::tls;        ///< if no host is left
  std::string_view result_type;            ///< "" is a success for the report
};
tls_verdict judge(const tls_demand&, const tls_result&) noexcept;

/// What the session counts as in a report (RFC 8460 §4.3): a result type, or "" for one with TLS and all that
/// was asked of it. Nothing when no TLS was wanted. Also of a host that was not dialed.
std::optional<std::string_view> counted_as(const tls_demand&, const tls_result&) noexcept;

/// What becomes of the mail when all hosts were tried: what may pass with time wins over what
/// will not. `all`: one a host, not empty.
trouble last_word(const std::vector<trouble>& all) noexcept;

} // namespace rookery::delivery
