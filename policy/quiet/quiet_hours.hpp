/// Do not disturb: hours in which the users of a domain are not served, while mail for them is
/// taken as always.
///
/// Pure; thread-safe.
#pragma once

#include "base/clock.hpp"
#include "policy/delivery/schedule.hpp"
#include "policy/routing/directory_view.hpp"

#include <cstdint>
#include <map>
#include <memory>
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

/// By the rule of the account's domain.
quiet_verdict judge(const routing::directory_view&, const routing::account_record&, service, base::wall_time now);
/// "imap", "pop3", "smtp" (submission), as sessions are called.
service service_named(std::string_view protocol) noexcept;

/// Sees when hours begin, so that sessions which are open end then. One thread.
class quiet_clock {
public:
  struct look_result {
    bool begun = false;                    ///< since the last look: sessions are to be judged again
    std::optional<base::wall_time> next;   ///< when to look again; nothing: not before the directory changes
  };
  look_result look(const routing::directory_view&, base::wall_time now);

private:
  std::map<std::string, std::shared_ptr<const quiet_rule>, std::less<>> open_; ///< domains whose hours run
};

/// What the client is told: a literal, fit for any protocol.
inline constexpr std::string_view quiet_text = "Quiet hours of your domain; mail is kept for you";

} // namespace rookery::quiet
