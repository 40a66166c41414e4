/// The report about a day of TLS: as a value, as JSON, and as mail; ours written, others' read.
///
/// Source: RFC 8460 §4.4 (JSON), §5.3 (mail), §5.4 (HTTPS); RFC 8259; RFC 1952. Pure.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "protocols/mailauth/tls_rpt.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::mailauth {

struct tls_failure {
  std::string result;               ///< kept as it came, also when nobody has defined it
  std::string sending_ip, receiving_host, receiving_helo, receiving_ip, information, reason;
  std::uint64_t sessions = 0;
  friend bool operator==(const tls_failure&, const tls_failure&) = default;
};

struct tls_policy_report {
  std::string type;                 ///< "tlsa", "sts", "no-policy-found"
  std::vector<std::string> lines;   ///< of the policy: TLSA records, or the lines of the file
  std::string domain;
  std::vector<std::string> hosts;
  std::uint64_t successes = 0, failures = 0;
  std::vector<tls_failure> details;
  friend bool operator==(const tls_policy_report&, const tls_policy_report&) = default;
};

struct tls_report {
  std::string organization, contact, id;
  std::string begin, end;           ///< RFC 3339 times, as written
  std::vector<tls_policy_report> policies;
  friend bool operator==(const tls_report&, const tls_report&) = default;
};

inline constexpr std::size_t report_octets_max = 4u << 20;      ///< of the JSON, unpacked
inline constexpr std::size_t report_packed_octets_max = 1u << 20;
inline constexpr std::size_t report_policies_max = 1000;
inline constexpr std::size_t report_details_max = 5000;         ///< of all policies together

std::string print_tls_report(const tls_report&);
/// Fails with `invalid`, or `over_limit`. Unknown members are left out; counts that are missing are 0.
base::result<tls_report> read_tls_report(std::string_view json);

/// A day of one domain from what was counted. `lines`: of each policy, as they were last seen.
struct policy_lines {
  rpt_policy policy{};
  std::vector<std::string> lines, hosts;
};
tls_report make_tls_report(std::string_view day, std::string_view domain, const std::vector<std::pair<rpt_subject, std::uint64_t>>& counted,
                           const std::vector<policy_lines>& lines, std::string organization, std::string contact, std::string id);

/// RFC 8460 §5.3: the mail that carries a report: multipart/report with the JSON packed. Lines end with CRLF.
struct report_mail {
  std::string from, to;             ///< addresses
  std::string submitter;            ///< our domain
  std::string domain;               ///< the one reported about
  std::string message_id;           ///< without brackets
  std::string boundary;             ///< 1 to 70 letters and digits
  base::wall_time now{};
};
std::string write_report_mail(const report_mail&, const tls_report&);

/// The report in a mail, or in the front of one: its first part of type application/tlsrpt+gzip or
/// +json. `not_found` when there is none.
base::result<tls_report> read_report_mail(std::string_view message);
/// Is this header that of a report? Cheap: asked for each message to the address for reports.
bool is_report_mail(std::string_view header);

} // namespace rookery::mailauth
