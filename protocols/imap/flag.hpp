/// Message flags: system flags as bits, keywords by name or by their number in a mailbox.
///
/// Source: RFC 9051 §2.3.2 (meaning), §9 `flag`, `flag-keyword`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::imap {

/// A message's flags in one word. Bits 0..4 are stored system flags; bit 5 is the session's
/// own \Recent and never stored; bit 8+k is keyword k of the mailbox.
namespace flag {
inline constexpr std::uint64_t seen = 1, answered = 2, flagged = 4, deleted = 8, draft = 16, recent = 32;
inline constexpr std::uint64_t stored_mask = 31; ///< system flags that a client may change
inline constexpr unsigned first_keyword_bit = 8;
inline constexpr std::size_t keywords_max = 56;
inline constexpr std::uint64_t keyword_bit(std::size_t k) noexcept { return std::uint64_t{1} << (first_keyword_bit + k); }
} // namespace flag

/// Kinds of flags for which a guest needs a right each.
namespace flag_right {
inline constexpr std::uint8_t seen = 1, deleted = 2, others = 4, all = 7;
} // namespace flag_right

/// Flags as a client named them. \Recent is never in it.
struct flag_list {
  std::uint64_t system = 0;          ///< bits of `flag::stored_mask`
  std::vector<std::string> keywords; ///< each once (ASCII case ignored), as written
  bool operator==(const flag_list&) const = default;
};

/// The kinds among them.
std::uint8_t kinds_of(const flag_list&) noexcept;
/// Without those of other kinds than `may`.
flag_list allowed(flag_list, std::uint8_t may);
/// The bit of "\Seen" and so on (ASCII case is ignored), \Recent included; 0 for others.
std::uint64_t find_system_flag(std::string_view name) noexcept;
/// Number of the keyword in a mailbox's list, ASCII case ignored, or `keywords.size()`.
std::size_t find_keyword(const std::vector<std::string>& keywords, std::string_view name) noexcept;

/// Prints flag words of one mailbox fast: all combinations of system flags are made once
/// for the whole program; keywords are copied from their list.
///
/// Keeps a pointer to the list of keywords: the list outlives the printer.
class flag_printer {
public:
  explicit flag_printer(const std::vector<std::string>& keywords);
  /// Octets that `print` writes at most.
  std::size_t room() const noexcept { return room_; }
  /// Writes "(\Seen $Junk)" at `to` and gives the end; there must be `room()` octets.
  char* print(char* to, std::uint64_t flags) const noexcept;

private:
  const std::vector<std::string>* keywords_;
  std::size_t room_ = 0;
};

} // namespace rookery::imap
