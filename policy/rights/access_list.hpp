/// Who has which rights on a mailbox: identifiers, and what they come to for one person.
///
/// A list says nothing of the owner, who has every right always. Identifiers stand in it as
/// they are stored: "#17" is the account with that id (so that a new account of the same name
/// gets nothing of the old one's), "$staff@example.org" the members of a group, "anyone",
/// "authenticated"; with '-' in front the rights are denied.
///
/// Pure; thread-safe.
///
/// Source: RFC 4314 §2 (identifiers, negative rights).
#pragma once

#include "policy/rights/rights.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace rookery::rights {

/// An address and its two signs.
inline constexpr std::size_t identifier_octets_max = 330;
/// Identifiers on one mailbox.
inline constexpr std::size_t entries_max = 500;

struct identifier {
  enum class kind : std::uint8_t {
    user,         ///< `name` as written
    group,        ///< `name` without '$'
    anyone,       ///< everybody, also who sends mail from elsewhere
    authenticated ///< everybody who has logged in
  } what = kind::user;
  bool negative = false;
  std::string_view name; ///< a view into what was read
};
/// Nothing for what is empty, too long, or has control characters.
std::optional<identifier> read_identifier(std::string_view text) noexcept;

/// One line of a list. Views.
struct entry {
  std::string_view who;
  rights_set rights = 0;
};

/// For whom rights are asked.
struct person {
  std::string_view user;                                ///< "#17"; empty: somebody elsewhere, who never logged in
  std::function<bool(std::string_view group)> member;   ///< asked for each group in the list; may be empty: of none
};

/// Does the line concern him (whether it gives or denies)?
bool concerns(const identifier&, const person&);
/// All that is given to him in any way but what is denied him in any way (§2).
rights_set effective(std::span<const entry>, const person&);

} // namespace rookery::rights
