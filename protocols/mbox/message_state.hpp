/// What mailbox files keep of a message beside its octets: flags and keywords, as header fields of
/// their own (Status, X-Status, X-Keywords) in mbox, as letters in the file's name in Maildir.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::mbox {

namespace flag {
inline constexpr std::uint64_t seen = 1, answered = 2, flagged = 4, deleted = 8, draft = 16; ///< as imap::flag
} // namespace flag

struct message_state {
  std::uint64_t system = 0;
  std::vector<std::string> keywords;
  bool operator==(const message_state&) const = default;
};

/// Keywords of one message; more are read over. Octets of one.
inline constexpr std::size_t keywords_max = 56, keyword_octets_max = 200;

/// May it be a keyword of IMAP (RFC 9051 §9, `flag-keyword`) of a length that is kept?
bool is_keyword(std::string_view) noexcept;

/// Takes the fields of the state out of a header (lines with LF or CRLF). When the header begins with
/// Status, as `state_fields` writes it, only the fields in one piece at its beginning are taken: what
/// follows was the message's own. Else every Status, X-Status, X-Keywords, X-UID, X-IMAP and X-IMAPbase
/// goes, and Content-Length with `content_length`.
message_state take_state(std::string& header, bool content_length);
/// The fields at the front of a message, lines with LF: all three, be they empty, so that `take_state`
/// knows where the message begins.
std::string state_fields(const message_state&);

} // namespace rookery::mbox
