/// Who may have the mail that waits for a gateway's domain: ETRN from anybody who asks, ATRN for
/// accounts that the gateway names.
///
/// Source: RFC 1985 §5, §6 (what ETRN may start, and for whom); RFC 2645 §5.2.1 (which domains ATRN
/// stands for, and its codes). Pure; thread-safe.
#pragma once

#include "policy/delivery/delivery_view.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::gateway {

/// Setting gateway.etrn.
enum class etrn_rule : std::uint8_t {
  anyone,         ///< mail goes where the administrator has said, so that asking for it gives nothing away
  dequeuers,      ///< only accounts that the gateway names
  off
};
etrn_rule etrn_rule_named(std::string_view word) noexcept; ///< an unknown word is `off`

/// What the argument of ETRN names (RFC 1985 §5.1, §5.2.1).
enum class etrn_target : std::uint8_t {
  domain,          ///< "branch.example"
  with_subdomains, ///< "@branch.example": it and all below it
  queue            ///< "#name"
};

struct etrn_choice {
  std::vector<std::string> domains; ///< gateways that may be started; sorted
  bool known = false;               ///< there are some of this name, whoever may ask for them
  bool trusted = false;             ///< the account may dequeue all of them: it may ask as often as it likes
};
/// `account` is a canonical address, or "" when nobody has logged in. `name` is lower case.
etrn_choice choose_for_etrn(const delivery::delivery_view&, etrn_rule, etrn_target, std::string_view name, std::string_view account);

struct atrn_choice {
  std::vector<std::string> domains; ///< sorted; none: refuse with 450, nothing of it is given out
};
/// No `asked`: all that the account may have. One that it may not have refuses all (RFC 2645 §5.2.1).
atrn_choice choose_for_atrn(const delivery::delivery_view&, std::span<const std::string> asked, std::string_view account);

} // namespace rookery::gateway
