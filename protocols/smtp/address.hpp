/// Mailboxes and paths of the envelope: parse, print, compare.
///
/// Source: RFC 5321 §4.1.2, §4.1.3 (address literals), §4.5.1 (Postmaster), RFC 6531 §3.3
/// (UTF-8). Host names may have underscores, as some do.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::smtp {

/// One mailbox. `local_part` has quotes and backslashes removed, octets otherwise as given;
/// `domain` is as given, or an address literal with its brackets, or empty ("Postmaster",
/// and any name on LMTP). Both empty: the null path.
struct mailbox {
  std::string local_part, domain;

  bool null() const noexcept { return local_part.empty() && domain.empty(); }
  bool literal() const noexcept { return !domain.empty() && domain.front() == '['; }
  bool has_utf8() const noexcept;
  /// The local part is quoted where it must be; the domain's ASCII letters are lower case.
  /// "" for the null path; never with angle brackets.
  std::string text() const;
  /// For comparison: as `text`, but the local part's ASCII letters are lower case too.
  std::string key() const;

  bool operator==(const mailbox&) const = default;
};

enum class address_error : std::uint8_t {
  syntax,      ///< No path, or characters that may not stand there.
  local_part,  ///< The local part is malformed.
  domain,      ///< The domain or address literal is malformed.
  too_long     ///< A part exceeds its limit (limits.hpp).
};

struct path_rules {
  bool null = false;          ///< "<>" may stand (MAIL).
  bool bare_postmaster = false; ///< "<Postmaster>" may stand (RCPT).
  bool bare_local_part = false; ///< any local part without a domain may stand (LMTP).
};

/// Reads "<…>" at the front of `text` and drops it there. A source route is read and
/// forgotten (RFC 5321 Appendix C). UTF-8 is taken wherever RFC 6531 allows it: whether the
/// transaction may have it is the session's question.
base::result<mailbox, address_error> read_path(std::string_view& text, path_rules rules);
/// Reads "local@domain" without brackets: all of `text`.
base::result<mailbox, address_error> read_mailbox(std::string_view text);

/// A domain name: labels of letters, digits, hyphens, underscores and UTF-8.
bool valid_domain(std::string_view domain) noexcept;
/// "[192.0.2.1]", "[IPv6:2001:db8::1]" or "[tag:content]", with the brackets.
bool valid_address_literal(std::string_view literal) noexcept;

} // namespace rookery::smtp
