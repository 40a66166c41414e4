/// TLSRPT: who wants to hear how TLS to a domain went, and what is counted for it.
///
/// Source: RFC 8460 §3 (record), §4.2 (policies), §4.3 (results). Pure. The report itself: tls_report.hpp.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::mailauth {

/// "_smtp._tls.example.org": where the TXT record is.
std::string tls_rpt_record_name(std::string_view domain);

struct rpt_target {
  bool mail = false;                ///< else HTTPS
  std::string address;              ///< "reports@example.org", or a whole https URL
  friend bool operator==(const rpt_target&, const rpt_target&) = default;
};
inline constexpr std::size_t rpt_targets_max = 8; ///< further ones are left out

/// RFC 8460 §3: where reports go, by the one valid TXT record. Targets of other kinds are left out;
/// empty when there is no record, more than one, or an invalid one.
std::vector<rpt_target> read_rpt_records(const std::vector<std::string>& texts);

/// Words of RFC 8460 §4.2 and §4.3; "" is a success.
enum class rpt_policy : std::uint8_t { tlsa, sts, none };
std::string_view name(rpt_policy) noexcept;
std::optional<rpt_policy> rpt_policy_named(std::string_view) noexcept;
bool rpt_result_type(std::string_view) noexcept;

/// One kind of session on one day, and what it is counted under (a note of the spool).
struct rpt_subject {
  std::string day;                  ///< "2026-11-21", UTC (RFC 8460 §4.1)
  std::string domain;               ///< the policy's, lower case
  rpt_policy policy = rpt_policy::none;
  std::string result;               ///< a result type; "" a session without a fault
  std::string host;                 ///< of a failure: the mail host's name
  std::string sent_from, sent_to;   ///< of a failure: addresses; may be empty
  friend auto operator<=>(const rpt_subject&, const rpt_subject&) = default;
};

/// At most `rpt_key_octets_max` octets; keys sort by day, then by domain. What is too long is cut.
inline constexpr std::size_t rpt_key_octets_max = 900;
std::string rpt_key(const rpt_subject&);
/// Nothing when the octets are no such key.
std::optional<rpt_subject> read_rpt_key(std::string_view);
/// The beginning of all keys of a day, and of a domain on it.
std::string rpt_key_prefix(std::string_view day, std::string_view domain = {});

/// "2026-11-21" of a moment, UTC.
std::string rpt_day(base::wall_time);
/// Midnight at its beginning; nothing when it is no day.
std::optional<base::wall_time> rpt_day_begin(std::string_view day);

} // namespace rookery::mailauth
