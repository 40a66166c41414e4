/// Do not disturb: hours in which the users of a domain are not served, while mail for them is
/// taken as always.
///
/// Pure; thread-safe.
#pragma once

#include "base/clock.hpp"
#include "policy/delivery/schedule.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::quiet {

enum class service : std::uint8_t { imap = 1, pop3 = 2, submission = 4, web = 8, chat = 16 };
inline constexpr std::uint8_t all_services = 31;

struct quiet_rule {
  delivery::schedule hours = delivery::schedule::never(); ///< quiet while open
  std::uint8_t services = all_services;                   ///< those that refuse
  std::vector<std::string> exempt;                        ///< canonical addresses of accounts that are served on
  bool administrators_exempt = true;
};

struct quiet_verdict {
  bool refused = false;
  std::optional<base::wall_time> until;                   ///< the end of the quiet hours, if there is one
};

/// At login, and for sessions that run (`until` of an answer that is not a refusal: when to ask again).
quiet_verdict judge(const quiet_rule&, service, std::string_view account, bool administrator, base::wall_time now);

/// What the client is told: a literal, fit for any protocol.
inline constexpr std::string_view quiet_text = "Quiet hours of your domain; mail is kept for you";

} // namespace rookery::quiet
