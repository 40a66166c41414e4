/// Everything about a message that is asked for again and again, computed once at delivery.
#pragma once

#include "base/bytes.hpp"
#include "protocols/mime/limits.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::mime {

/// Wire forms contain quoted strings for ASCII and literals ("{12}" CRLF octets) for text with
/// 8-bit octets, so they are right for IMAP4rev1 and IMAP4rev2 clients alike. NUL octets of a
/// header are left out, as no IMAP string can carry them.
struct summary {
  std::string envelope;      ///< "(date subject from sender reply-to to cc bcc in-reply-to message-id)", RFC 9051 §7.5.2.
  std::string bodystructure; ///< BODYSTRUCTURE, with extension data.
  std::string body;          ///< BODY, without extension data.
  std::string parts;         ///< For `read_parts`.
  std::string sort_keys;     ///< For `read_sort_keys`.
  std::string preview;       ///< RFC 8970; UTF-8, white space collapsed, may be empty.
  std::string message_id;    ///< As written, with brackets; empty when absent.
  std::uint32_t header_octets = 0; ///< Of the message's header, with the empty line.
  std::uint32_t lines = 0;         ///< Of the whole message.
  bool has_8bit = false;
  bool has_nul = false;
  bool has_attachment = false;
};

/// Of a whole message. LF and CRLF line ends are both read; offsets are those of the octets given.
summary summarize(base::const_bytes message, const limits& = {});

/// What SORT, THREAD and SENT* searches compare (RFC 5256, RFC 5957). Views into the stored form.
/// All texts are folded (charset::fold_for_search): comparing the octets is i;unicode-casemap.
struct sort_keys_view {
  std::string_view base_subject;   ///< RFC 5256 §2.1.
  bool reply_or_forward = false;   ///< Something was taken off that says so.
  std::string_view from;           ///< Mailbox of the first address: SORT FROM.
  std::string_view to;
  std::string_view cc;
  std::string_view display_from;   ///< RFC 5957: name, else mailbox@host.
  std::string_view display_to;
  std::int64_t sent_milliseconds = 0; ///< UTC since 1970; 0 when there is no readable Date.
  std::int32_t sent_day = 0;          ///< Days since 1970 in the sender's zone (SENTSINCE); 0 with the above.
  bool has_date = false;
  std::string_view message_id;     ///< Normalized, without brackets; empty when absent.
  std::vector<std::string_view> references; ///< RFC 5256 §3: References, else the first id of In-Reply-To.
};
/// Nothing when `stored` is damaged.
std::optional<sort_keys_view> read_sort_keys(std::string_view stored);

/// The texts of the above, in the order in which they are stored.
enum class sort_text : std::uint8_t { base_subject, from, display_from, to, display_to, cc };
/// One of them, for who sorts ten thousand by it: reads no further. Empty when `stored` is damaged before its end.
std::string_view read_sort_text(std::string_view stored, sort_text);
/// `sent_milliseconds`. Nothing when there is no readable Date, or `stored` is damaged before it.
std::optional<std::int64_t> read_sort_date(std::string_view stored);

/// RFC 5256 §2.1 of a decoded subject: what remains, not folded, and whether it was a reply or forward.
struct base_subject_result {
  std::string text;
  bool reply_or_forward = false;
};
base_subject_result base_subject(std::string_view utf8_subject);

} // namespace rookery::mime
