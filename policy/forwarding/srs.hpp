/// Senders of forwarded mail, rewritten so that the next server's SPF check finds us, and read
/// back when a report comes (the Sender Rewriting Scheme: SRS0, and SRS1 of what others rewrote).
///
///     ann@a.example        →  SRS0=k3xq7a=Z4=a.example=ann@us.example
///     SRS0=…=ann@b.example →  SRS1=p2w9tm=b.example==…=ann@us.example
///
/// The mark is a keyed digest, so that nobody can make us send reports where he likes. Local parts may
/// lose their case on the way: all that is compared ignores it. Pure; thread-safe.
///
/// Source: RFC 7208 §2.4, Appendix D (forwarders and SPF), RFC 5321 §4.5.3.1.1 (64 octets of local part),
/// RFC 2104 (HMAC).
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::forwarding {

inline constexpr std::size_t srs_local_octets_max = 64;
inline constexpr std::chrono::days srs_valid{21};

struct srs_settings {
  /// The first one makes marks; all are tried when reading, so that a key can be replaced.
  std::vector<std::string> keys;
  std::string domain;            ///< ours, that takes the reports: canonical
};

/// The sender to forward with. The null sender and senders that `is_ours` knows stay as they are.
/// Nothing when it does not fit into 64 octets, is no address, or there is no key: then the forwarding
/// account's own address is the sender.
std::optional<std::string> srs_forward(const srs_settings&, std::string_view sender,
                                       const std::function<bool(std::string_view domain)>& is_ours, base::wall_time now);

enum class srs_error : std::uint8_t {
  not_srs,   ///< an ordinary local part
  malformed, ///< SRS, but cut or mixed up
  forged,    ///< the mark is not ours
  expired    ///< older than `srs_valid`
};
/// To whom mail for this local part of our SRS domain goes: the sender of before, or (SRS1) the server
/// that rewrote first.
base::result<std::string, srs_error> srs_reverse(const srs_settings&, std::string_view local_part, base::wall_time now);

} // namespace rookery::forwarding
