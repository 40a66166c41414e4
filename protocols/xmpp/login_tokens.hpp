/// The tokens that a client was given for later logins, and when they end.
///
/// Source: XEP-0484 §3.5 (rotation), §3.6 (invalidation). Times are given; the tokens themselves are sealed by who keeps them.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::xmpp {

/// A login with an older token brings a fresh one along.
inline constexpr std::chrono::hours token_rotation{24};
/// Clients of one account that have tokens; the one whose tokens end first loses them.
inline constexpr std::size_t token_clients_max = 100;

struct login_token {
  std::string id;        ///< names it among those of its client
  std::string sealed;    ///< octets
  std::string mechanism; ///< the only one it can be used with
  std::string password;  ///< what shows that the account has the password still with which it was earned
  base::wall_time issued{}, expires{};
  bool operator==(const login_token&) const = default;
};

/// Of one client: the one it uses and the one that it was given then, by their age.
class login_tokens {
public:
  /// Two at most. For the record; nothing when it is none of ours.
  std::string encode() const;
  static std::optional<login_tokens> decode(std::string_view);

  const std::vector<login_token>& all() const noexcept { return all_; }
  bool empty() const noexcept { return all_.empty(); }
  /// When the last of them ends.
  base::wall_time until() const;

  /// This one was used: those that end earlier end now. True: something changed.
  bool used(std::string_view id);
  /// It is not to be used again.
  bool forget(std::string_view id);
  /// Is a login with it to bring a fresh one along?
  bool is_due(std::string_view id, base::wall_time now) const;
  /// A fresh one; others than `in_use` that were never used end now.
  void add(login_token, std::string_view in_use);
  /// Those that have ended, or were earned with another password.
  bool drop_ended(base::wall_time now, std::string_view password);

private:
  std::vector<login_token> all_;
};

} // namespace rookery::xmpp
