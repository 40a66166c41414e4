/// The words of a command: atoms, strings, numbers, read one after the other.
///
/// Source: RFC 9051 §4, §9. Tolerance: several spaces count as one; a quoted string may hold
/// 8-bit octets (whoever needs UTF-8 checks it).
#pragma once

#include "protocols/imap/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::imap {

/// ATOM-CHAR: printable ASCII but ( ) { SP % * " \ ].
bool is_atom_char(char) noexcept;
/// ASTRING-CHAR: ATOM-CHAR or ].
inline bool is_astring_char(char c) noexcept { return c == ']' || is_atom_char(c); }
/// TAG-CHAR: ASTRING-CHAR but +.
inline bool is_tag_char(char c) noexcept { return c != '+' && is_astring_char(c); }

/// Why a command is refused.
enum class parse_fault : std::uint8_t {
  none,
  syntax,   ///< BAD
  limit,    ///< NO [LIMIT]: more of something than server_limits allows
  read_only, ///< NO [READ-ONLY]
  mailbox,  ///< NO [CANNOT]: no name that a mailbox can have
  charset,  ///< NO [BADCHARSET]
  charset_saving, ///< the same, and the saved result is empty now (RFC 5182 §2.1)
  use_attribute, ///< NO [USEATTR] (RFC 6154 §3)
  flag,     ///< NO [CANNOT]: no flag that can be stored
  uid_required, ///< BAD [UIDREQUIRED] (RFC 9586 §3)
  client_bug,   ///< BAD [CLIENTBUG] (RFC 5530)
  event,     ///< NO [BADEVENT ...] (RFC 5465 §3.1)
  too_few, too_many ///< NO [TOOFEW], NO [TOOMANY] (UIDBATCHES)
};

/// Reads a command's text from front to back. The text holds its literals in place:
/// "a1 LOGIN {3}\r\nann secret". The first fault sticks; every reader then gives "nothing".
class word_reader {
public:
  word_reader(std::string_view text, parse_limits limits) : text_(text), limits_(limits) {}

  const server_limits& limits() const noexcept { return *limits_.limits; }
  bool utf8() const noexcept { return limits_.utf8; }
  bool uid_only() const noexcept { return limits_.uid_only; }
  bool at_end() const noexcept { return at_ >= text_.size(); }
  std::size_t position() const noexcept { return at_; }
  std::string_view rest() const noexcept { return text_.substr(at_); }
  char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }
  void skip(std::size_t octets) noexcept { at_ += octets; }
  void back_to(std::size_t position) noexcept { at_ = position; }

  /// One octet, if it stands next.
  bool take(char c) noexcept {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  /// One or more spaces.
  bool space() noexcept;
  /// The octets up to the first that is no ASTRING-CHAR; may be empty.
  std::string_view word() noexcept;
  /// The same for ATOM-CHARs.
  std::string_view atom() noexcept;
  /// Looks at the next word (ATOM-CHARs) without taking it.
  std::string_view peek_atom() const noexcept;
  /// Takes the next word if it is `upper`, ASCII case ignored.
  bool keyword(std::string_view upper) noexcept;
  bool astring(std::string& out);  ///< atom, quoted or literal
  bool string(std::string& out);   ///< quoted or literal
  /// String or NIL (then `out` has nothing).
  bool nstring(std::optional<std::string>& out);
  bool number(std::uint64_t& out) noexcept;
  bool number(std::uint32_t& out) noexcept;
  bool mailbox(std::string& out, bool trailing_separator = false);
  /// A LIST pattern: may hold wildcards unquoted.
  bool pattern(std::string& out);

  /// Notes the first fault; always false, to be returned.
  bool fail(parse_fault why, const char* text) noexcept {
    if (fault_ == parse_fault::none) {
      fault_ = why;
      fault_text_ = text;
    }
    return false;
  }
  bool syntax(const char* text) noexcept { return fail(parse_fault::syntax, text); }
  parse_fault fault() const noexcept { return fault_; }
  const char* fault_text() const noexcept { return fault_text_; }

private:
  bool quoted(std::string& out);
  bool literal_text(std::string& out);

  std::string_view text_;
  parse_limits limits_;
  std::size_t at_ = 0;
  parse_fault fault_ = parse_fault::none;
  const char* fault_text_ = "";
};

} // namespace rookery::imap
