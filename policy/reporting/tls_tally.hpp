/// Counts the sessions of outgoing mail for the reports about TLS, until somebody writes the counts down.
///
/// Source: RFC 8460 §4.1 (days), §4.3 (what is counted). Servers of others can make names and failures
/// without end: bounds below. One thread.
#pragma once

#include "protocols/mailauth/tls_rpt.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::reporting {

inline constexpr std::size_t subjects_a_day_max = 20'000;   ///< counters; what would be a further one is not counted
inline constexpr std::size_t details_a_domain_max = 30;     ///< failures with host and address on a day; further ones are counted without
inline constexpr std::size_t tally_days_max = 2;            ///< that are remembered; older ones go

class tls_tally {
public:
  /// A counter that is written down already, and the text of a policy.
  void known(const mailauth::rpt_subject&);
  void known_lines(std::string_view day, std::string_view domain, mailauth::rpt_policy, std::string_view text);

  /// Counts one session. False: there are too many counters on this day.
  bool add(mailauth::rpt_subject);
  /// Is this another text than was last seen of the policy on this day? It is remembered then. False also
  /// for a domain that nothing is counted of.
  bool new_lines(std::string_view day, std::string_view domain, mailauth::rpt_policy, std::string_view text);

  /// Counts by their keys (mailauth::rpt_key) that were added since, at most `max`; they are forgotten.
  std::vector<std::pair<std::string, std::uint64_t>> take(std::size_t max);
  /// They could not be written down: they wait again.
  void put_back(std::vector<std::pair<std::string, std::uint64_t>>);
  bool empty() const noexcept { return waiting_.empty(); }

private:
  struct domain_of_a_day {
    std::size_t details = 0;
    std::map<mailauth::rpt_policy, std::string> lines; ///< their digests
  };
  struct one_day {
    std::set<std::string, std::less<>> keys;
    std::map<std::string, domain_of_a_day, std::less<>> domains;
  };
  one_day& day(std::string_view);
  static void remember(one_day&, const mailauth::rpt_subject&, std::string key);

  std::map<std::string, one_day, std::less<>> days_;
  std::map<std::string, std::uint64_t> waiting_;
};

} // namespace rookery::reporting
