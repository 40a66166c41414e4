/// The rights on a mailbox, as a set of letters: read, printed, and what each command wants.
///
/// Pure; thread-safe.
///
/// Source: RFC 4314 §2.1 (rights), §2.1.1 (the old c and d), §4 (commands), §5.2 (flags).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::rights {

/// One bit a right. Stored with mailboxes: never renumber.
namespace right {
inline constexpr std::uint32_t
    lookup = 1,             ///< l: LIST shows it, SUBSCRIBE
    read = 2,               ///< r: SELECT, STATUS, FETCH, SEARCH, COPY from it
    seen = 4,               ///< s: \Seen
    write = 8,              ///< w: flags but \Seen and \Deleted
    insert = 16,            ///< i: APPEND, COPY into it
    post = 32,              ///< p: mail to its address
    create = 64,            ///< k: mailboxes below it
    remove_mailbox = 128,   ///< x: DELETE, RENAME
    remove_messages = 256,  ///< t: \Deleted
    expunge = 512,          ///< e: EXPUNGE
    administer = 1024;      ///< a: the list of rights
} // namespace right

using rights_set = std::uint32_t;
inline constexpr rights_set all_rights = 2047;
/// What RFC 2086 called c and d; here d has x, which DELETE wants.
inline constexpr rights_set old_create = right::create;
inline constexpr rights_set old_delete = right::remove_mailbox | right::remove_messages | right::expunge;

/// Value of the capability RIGHTS=: the rights that RFC 2086 did not have (§2.2).
inline constexpr std::string_view capability_rights = "texk";
/// A list of rights may be so long, repeats included.
inline constexpr std::size_t letters_max = 64;

/// "lrs", also c and d for their members. Nothing for another letter (capitals too), or too many.
std::optional<rights_set> read_rights(std::string_view letters) noexcept;
/// "lrswipkxtea", without c and d.
std::string print_rights(rights_set);
/// The same and, where any of their members is there, c and d (§2.1.1): what ACL and MYRIGHTS say.
std::string print_with_old(rights_set);

/// Argument of SETACL: "lr" replaces, "+lr" adds, "-lr" takes (§3.1).
struct rights_change {
  enum class kind : std::uint8_t { replace = 0, add = 1, remove = 2 } how = kind::replace;
  rights_set rights = 0;
};
std::optional<rights_change> read_change(std::string_view text) noexcept;
rights_set changed(rights_set before, const rights_change&) noexcept;

inline bool has(rights_set have, rights_set wanted) noexcept { return (have & wanted) == wanted; }

/// SELECT answers READ-WRITE (§5.2): something in the mailbox may be changed.
inline bool may_change(rights_set r) noexcept {
  return (r & (right::seen | right::write | right::remove_messages | right::expunge | right::insert)) != 0;
}
/// MYRIGHTS (§4): one of l, r, i, k, x, a.
inline bool may_ask_own(rights_set r) noexcept {
  return (r & (right::lookup | right::read | right::insert | right::create | right::remove_mailbox | right::administer)) != 0;
}
/// Annotations (RFC 5464 §3.3): l, and one of r, s, w, i, p.
inline bool may_see_metadata(rights_set r) noexcept {
  return has(r, right::lookup) && (r & (right::read | right::seen | right::write | right::insert | right::post)) != 0;
}

} // namespace rookery::rights
