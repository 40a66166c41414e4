/// Where reports about TLS are kept: notes of the spool, and what stands in them.
///
/// | space | key | value |
/// |---|---|---|
/// | `tlsrpt` | mailauth::rpt_key | sessions, a decimal number |
/// | `tlsrpt-policy` | day, domain, policy | JSON: the policy as it was last seen |
/// | `tlsrpt-sent` | day, domain | reporting::encode(report_state) |
/// | `tlsrpt-in` | id of the mail | JSON: a received report in short |
/// | `tlsrpt-in-whole` | id of the mail | JSON: the report (RFC 8460 §4.4) |
#pragma once

#include "actors/config/settings.hpp"
#include "base/clock.hpp"
#include "policy/routing/directory_view.hpp"
#include "protocols/json/value.hpp"
#include "protocols/mailauth/tls_report.hpp"
#include "storage/queue/command.hpp"
#include "storage/queue/spool_machine.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::actors {

inline constexpr const char* tls_counted_space = "tlsrpt";
inline constexpr const char* tls_lines_space = "tlsrpt-policy";
inline constexpr const char* tls_sent_space = "tlsrpt-sent";
inline constexpr const char* tls_received_space = "tlsrpt-in";
inline constexpr const char* tls_received_whole_space = "tlsrpt-in-whole";

inline constexpr std::chrono::hours tls_counters_kept{24 * 9};    ///< after the end of their day
inline constexpr std::chrono::hours tls_states_kept{24 * 30};     ///< the same; longer than the counters, or a report would go twice
inline constexpr std::chrono::hours tls_received_kept{24 * 90};
inline constexpr std::size_t tls_received_max = 1000;             ///< reports; the oldest go first
inline constexpr std::size_t tls_received_octets_max = 32 * 1024; ///< of one; details are left out until it fits
inline constexpr std::size_t tls_report_mail_octets_max = 3u << 20; ///< a longer mail is not read as a report

/// The policy as it stood, for a report: bounded in number and length of its lines.
std::string encode(const mailauth::policy_lines&);
std::optional<mailauth::policy_lines> decode_policy_lines(std::string_view);
/// Key of a policy's lines, or of a report's state (without a policy).
std::string tls_day_key(std::string_view day, std::string_view domain, std::optional<mailauth::rpt_policy> = std::nullopt);

/// Domains with a counter on this day, in order. Reads the disk.
std::vector<std::string> tls_domains_of(const storage::queue::spool_view&, std::string_view day);
/// The day's report about a domain from the notes. Reads the disk.
mailauth::tls_report tls_report_of(const storage::queue::spool_view&, std::string_view day, std::string_view domain,
                                   std::string organization, std::string contact, std::string id);

/// Does this address take reports to us? A setting names it, for one of our domains or for each.
bool takes_tls_reports(const config::settings&, const routing::directory_view&, std::string_view address);

/// What is kept of a mail that came to it. A report that cannot be read is kept as a fault.
struct kept_tls_report {
  std::string shown;                 ///< JSON, a few hundred octets
  std::string whole;                 ///< JSON of at most `tls_received_octets_max` octets; "" of what cannot be read
};
kept_tls_report kept_of(std::string_view message, std::string_view sender, base::wall_time now);
/// The commands for it, with room made for it. Counts what is there: reads the disk.
std::vector<storage::queue::any_command> keep_tls_report(const storage::queue::spool_view&, std::string_view message, std::string_view sender,
                                                         base::message_id, base::wall_time now);

} // namespace rookery::actors
