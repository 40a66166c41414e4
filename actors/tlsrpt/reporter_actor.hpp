/// Sends each domain that asks for it one report a day about TLS to its mail hosts: one actor a node.
///
/// Source: RFC 8460 §3 (who asks), §4.1 (a day of UTC, spread), §5.3 (mail), §5.4 (HTTPS). A report and the
/// note that it was sent are one commit group, so that no day of a domain is reported twice, whatever happens
/// between; what is posted is noted before (policy/reporting/report_state.hpp). Works while the setting
/// `tlsrpt.reports` is "send", and on `send_tls_reports` whatever it is.
#pragma once

#include "actors/node.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <string>

namespace rookery::actors {

/// Send what is not sent yet of this day ("2026-11-21") now. Answered with tls_reports_sent when all that can
/// be done now is done.
struct send_tls_reports {
  std::string day;
};
struct tls_reports_sent {
  std::uint64_t domains = 0;         ///< with counters on this day
  std::uint64_t before = 0;          ///< of these: reported, or asked in vain, before
  std::uint64_t unasked = 0;         ///< ask for no report
  std::uint64_t unanswered = 0;      ///< their name servers do not answer: later
  std::uint64_t mailed = 0;          ///< reports that are in the queue now
  std::uint64_t posted = 0;
  std::uint64_t failed = 0;          ///< posts that were refused, reports that could not be written down
};

/// Look whether reports of the last two days are due. It does so by itself every five minutes. Not answered.
struct look_for_tls_reports {};

inline constexpr std::size_t tls_reports_at_once_max = 8;  ///< domains
inline constexpr std::size_t tls_requests_waiting_max = 8; ///< send_tls_reports; further ones are refused

/// `node` must outlive it.
caf::actor spawn_tls_reporter(caf::actor_system&, node&);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::look_for_tls_reports)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::send_tls_reports)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::tls_reports_sent)
