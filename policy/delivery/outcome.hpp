/// From what happened to what becomes of a recipient: done, tried again, or given up, with the
/// status that a report gives.
///
/// Source: RFC 3463 (status), RFC 5321 §4.2.1, §4.2.4, §4.5.3.1.10 (552 for too many recipients),
/// RFC 2034 §4 (a status fits its code), RFC 3464 §2.3.4, §2.3.6, RFC 7504 (521, 556), RFC 7505 §3
/// (null MX), RFC 8689 §4.2.1, §5 (REQUIRETLS). Pure; thread-safe.
#pragma once

#include "protocols/smtp/reply.hpp"
#include "protocols/smtp/transaction.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::delivery {

enum class fate : std::uint8_t {
  done,     ///< the other server has it
  at_once,  ///< nothing is wrong: again in another transaction
  deferred, ///< tried again by the plan
  failed    ///< goes back
};

struct verdict {
  fate what = fate::deferred;
  std::string status;      ///< RFC 3463: "5.1.1"
  std::string diagnostic;  ///< for Diagnostic-Code: "smtp; 550 5.1.1 no such user", "x-local; …"; or ""
  std::string answer;      ///< one line for lists and records, at most `answer_octets_max`
};
inline constexpr std::size_t answer_octets_max = 500;

/// What can go wrong without a word of the other server.
enum class trouble : std::uint8_t {
  no_domain,          ///< NXDOMAIN: failed 5.1.2
  no_host,            ///< the domain has no host for mail: failed 5.4.4
  null_mx,            ///< failed 5.1.10
  loop,               ///< its mail leads back to us: failed 5.4.6
  dns,                ///< name servers did not answer: deferred 4.4.3
  dns_bogus,          ///< DNSSEC validation failed: deferred 4.7.0
  dns_unsigned,       ///< DNSSEC is required for this message and missing: failed 5.7.0
  unreachable,        ///< refused, no route, timed out: deferred 4.4.1
  lost,               ///< the connection broke: deferred 4.4.2
  tls,                ///< handshake failed, and there is no way in the clear: deferred 4.7.5
  tls_missing,        ///< the server offers none where a policy wants it: deferred 4.7.10
  certificate,        ///< not the one that a policy wants: deferred 4.7.5
  sts_fetch,          ///< a policy exists, and cannot be had: deferred 4.7.0
  require_tls,        ///< no host fulfils REQUIRETLS: failed 5.7.30
  no_credentials,     ///< the password cannot be had or read: deferred 4.7.8
  local,              ///< our own disk, limit, shutdown: deferred 4.3.0
  misconfigured,      ///< a route leads nowhere: deferred 4.3.5
  eight_bit,          ///< cannot be converted for a server that wants seven bits: failed 5.6.3
  expired,            ///< failed 5.4.7
  deliver_by_over,    ///< DELIVERBY: failed 5.4.7
  foreign_forward     ///< forwarding to others' domains is forbidden: failed 5.7.1
};

verdict of_trouble(trouble, std::string_view text);
/// An answer within a transaction.
verdict of_outcome(const smtp::recipient_outcome&);

/// A session that ended before it could take mail, when no other host is left to try: what
/// becomes of every message for it.
verdict of_session(smtp::stage, const std::optional<smtp::reply>& said, std::string_view text);
/// May the next host of the destination be tried after that? False: all speak for the domain.
bool try_next_host(smtp::stage, const std::optional<smtp::reply>& said) noexcept;

/// The status that a report gives for a reply: the server's own if it fits the code, else one
/// made from code and stage.
std::string status_of(const smtp::reply&, smtp::stage);
/// "2.1.5": three numbers, the first 2, 4 or 5, the others of at most three digits.
bool valid_status(std::string_view) noexcept;

} // namespace rookery::delivery
