/// How many messages an account may send in a day.
///
/// The count is kept elsewhere under `count_key`, durably; a day is one of the calendar in the
/// given zone. Source: RFC 5321 §4.2.3 (450), RFC 3463 (4.7.1: policy). Pure; thread-safe.
#pragma once

#include "base/clock.hpp"
#include "base/id.hpp"
#include "policy/delivery/time_zone.hpp"
#include "policy/routing/recipient_route.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace rookery::submission {

struct send_quota {
  std::uint64_t messages_a_day = 0;            ///< the general setting; 0: no limit
  std::optional<std::uint64_t> of_account;     ///< its own, which wins; 0: no limit
  bool counts_recipients = false;              ///< each recipient counts as a message
};

inline constexpr routing::refusal quota_reached{450, "4.7.1", "You have sent as many messages as you may in a day"};

/// At each RCPT with what was sent before today, and with `counts_recipients` the recipients taken so far
/// added. Null when it may be sent.
const routing::refusal* send_refusal(const send_quota&, std::uint64_t sent_today) noexcept;
/// What a message adds.
std::uint64_t send_cost(const send_quota&, std::size_t recipients) noexcept;

/// "17/2026-11-21": account and local day.
std::string count_key(base::account_id, base::wall_time now, const delivery::time_zone& = {});
/// From when on the count is of no use: the end of that day.
base::wall_time count_until(base::wall_time now, const delivery::time_zone& = {});

} // namespace rookery::submission
