/// Delivery status notifications: what a server says of a message that it has sent on, could not send, or
/// still tries to send.
///
/// Source: RFC 3461 §6, RFC 3464, RFC 3834 (Auto-Submitted), RFC 6522 (multipart/report), RFC 6533
/// (internationalised). To whom and whether a report goes is policy; nothing here sends one to the null path.
#pragma once

#include "base/clock.hpp"
#include "protocols/mime/text_template.hpp"
#include "protocols/smtp/address.hpp"
#include "protocols/smtp/parameters.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::smtp::dsn {

/// RFC 3464 §2.3.3, the gravest first.
enum class action : std::uint8_t { failed, delayed, expanded, relayed, delivered };
std::string_view name(action) noexcept;

struct recipient {
  mailbox address;                ///< as it was when the outcome became known
  std::string original_recipient; ///< ORCPT, "rfc822;ann@example.net" with its xtext as given; "" = none
  action what = action::failed;
  std::string status;             ///< "5.1.1"; what is none of the action's class becomes its class with ".0.0"
  std::string diagnostic;         ///< the words of the other server, "550 5.1.1 No such user", lines by '\n'; "" = none
  std::string explanation;        ///< our own words when there is no diagnostic; "" = by the status
  std::string remote_mta;         ///< host name; "" = none was reached
  std::optional<base::wall_time> last_attempt, retry_until;
};

enum class returned : std::uint8_t { nothing, headers, full };

/// What the report tells, and with what.
struct report {
  std::string reporting_mta;      ///< our host name
  std::string envelope_id;        ///< ENVID, xtext as given; "" = none
  std::optional<base::wall_time> arrival;
  std::string queue_id;           ///< the message's id in our logs; "" = none
  std::vector<recipient> recipients; ///< at least one

  mailbox from;                   ///< of the header; the envelope's sender is the null path
  mailbox to;                     ///< the sender of the message
  base::wall_time date{};
  std::string message_id;         ///< fresh, without brackets
  std::string boundary;           ///< fresh random letters and digits, 20 at least: must not occur in the message

  returned what = returned::headers;
  body_type original_body = body_type::eight_bit_mime; ///< of the whole message
  bool original_utf8 = false;     ///< it has UTF-8 in its header (SMTPUTF8)
  std::string original_message_id; ///< with brackets; "" = none
  std::string original_subject;   ///< UTF-8, decoded; "" = none
};

/// The report's octets are `before`, then the message or its header (as `report::what` says), then `after`.
struct written {
  std::string before, after;
  body_type body = body_type::seven_bit; ///< of the whole report
  bool smtputf8 = false;                 ///< its own header has UTF-8
};

/// One text for each language, the first one's subject; they stand below each other.
written write(const report&, std::span<const mime::text_template> texts, std::span<const std::string_view> languages);

/// The gravest action of the report, by which its text is chosen.
action gravest(const report&) noexcept;
/// Built-in text; languages "en" and "de", others are "en".
const mime::text_template& built_in_text(action, std::string_view language);
/// The macros that a text may use, for `mime::read_template`.
std::span<const std::string_view> text_macros() noexcept;
/// What a status means, in a sentence without its full stop. RFC 3463 and the IANA registry.
std::string_view reason(std::string_view status, std::string_view language) noexcept;

} // namespace rookery::smtp::dsn
