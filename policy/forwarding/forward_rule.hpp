/// What happens to mail for an account that forwards: to whom it goes on, as whose mail, and
/// whether a copy stays.
///
/// Source: RFC 5321 §3.9 (aliases and lists), §6.3 (loops), RFC 3834 §2 (no answers of machines), RFC 7208 §2.4.
/// Pure; thread-safe.
#pragma once

#include "base/clock.hpp"
#include "policy/delivery/delivery_view.hpp"
#include "policy/delivery/schedule.hpp"
#include "policy/forwarding/srs.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::forwarding {

inline constexpr std::size_t forward_targets_max = 20;
/// A message that was forwarded so often already stays.
inline constexpr unsigned forward_hops_max = 10;

/// Places in a target's text: "{local}.{detail}@partner.example".
std::span<const std::string_view> target_macros() noexcept;

struct forward_rule {
  bool enabled = false;
  std::vector<std::string> targets;     ///< addresses, with macros
  bool keep_copy = true;
  delivery::schedule when;
  delivery::relay way;                  ///< own host and credentials; no host: as other mail
};

/// Notes of the spool by account id: when its forwarding was last used, in milliseconds; as old as the interval at most.
inline constexpr const char* last_used_space = "forward-used";
inline constexpr std::chrono::minutes last_used_interval{1};

/// What administrators allow.
struct forward_limits {
  bool foreign_domains = true;
  std::vector<std::string> foreign_allowed; ///< canonical domains that are allowed all the same
  srs_settings srs;
};

struct forward_facts {
  std::string_view account;             ///< canonical address of the account
  std::string_view recipient;           ///< as addressed: canonical, perhaps with +detail
  std::string_view sender;              ///< envelope sender
  unsigned hops = 0;                    ///< Delivered-To fields of this server
  bool delivered_to_account = false;    ///< one of them names the account: a loop
};

struct forward_decision {
  std::vector<std::string> targets;     ///< canonical, none twice
  std::string sender;                   ///< envelope sender of the forwarded copy
  bool keep_copy = true;
  struct refused_target {
    std::string address, why;           ///< `why` is for the operator
  };
  /// Forbidden ones: the mail for them goes to the queue "bad" with this reason.
  std::vector<refused_target> forbidden;
  /// Unusable ones: no address after filling in. They are only logged.
  std::vector<refused_target> faulty;
  bool used = false;                    ///< the rule applied: note the time
};

/// `is_ours` knows our domains. Without a target that is left, the copy is kept.
forward_decision forward(const forward_rule&, const forward_limits&, const forward_facts&,
                         const std::function<bool(std::string_view domain)>& is_ours, base::wall_time now);

/// When a rule is written: why this target cannot stand, or "".
std::string target_fault(std::string_view target, const forward_limits&, const std::function<bool(std::string_view domain)>& is_ours);

} // namespace rookery::forwarding
