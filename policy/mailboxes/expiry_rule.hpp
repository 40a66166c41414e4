/// Which messages are old enough to go, by rules of the operator.
///
/// Pure; thread-safe. Addresses and mailbox names are canonical.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::mailboxes {

inline constexpr std::size_t expiry_rules_max = 10000;
inline constexpr std::uint64_t expiry_days_max = 36500;

struct expiry_rule {
  std::string name;             ///< for the operator
  std::string scope;            ///< an account's address, a domain of ours, or "*"
  std::string mailbox;          ///< its name, or "*" for all
  bool children = false;        ///< those below it too
  std::chrono::days after{0};
  bool by_arrival = false;      ///< age since INTERNALDATE; else since it was put into the mailbox (SAVEDATE, RFC 8514)
  bool flagged = false;         ///< those with \Flagged too
  bool unseen = true;           ///< those without \Seen too
};

struct message_facts {
  base::wall_time arrived{}, saved{};
  bool flagged = false, seen = false;
};

bool concerns(const expiry_rule&, std::string_view account) noexcept;
bool covers(const expiry_rule&, std::string_view mailbox) noexcept;
bool expired(const expiry_rule&, const message_facts&, base::wall_time now) noexcept;

} // namespace rookery::mailboxes
