/// Small messages and fields that the house writes itself: bounces, notices, trace fields.
#pragma once

#include "base/clock.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rookery::mime {

/// Puts a message together field by field; lines end with CRLF and stay within 78 octets where
/// they can be folded. A CR, LF or NUL in a value becomes a space: no value can add a field.
class message_builder {
public:
  /// Unstructured: `utf8` is encoded when it is not ASCII, and folded at spaces.
  message_builder& text_field(std::string_view name, std::string_view utf8);
  /// As it stands (addresses, ids, dates), folded at spaces when long.
  message_builder& field(std::string_view name, std::string_view value);
  /// `display` may be empty; `mailbox` is "local@domain".
  message_builder& address_field(std::string_view name, std::string_view display, std::string_view mailbox);
  message_builder& date(base::wall_time t, int zone_minutes = 0);
  /// `id` without brackets, for instance from `new_message_id`.
  message_builder& message_id(std::string_view id);

  /// Ends the header with MIME-Version, the type ("text/plain") and the encoding the text needs,
  /// and gives the whole message. `utf8` may have LF or CRLF line ends.
  std::string with_text(std::string_view utf8, std::string_view type = "text/plain");
  /// Ends the header with nothing more; `body` follows as it stands.
  std::string with_body(std::string_view body);

  /// multipart/`subtype` ("report; report-type=delivery-status"): parts are header and body each,
  /// added by `part`; then `with_parts` closes. `boundary` must not occur in them: 1..70 letters and digits.
  message_builder& part(std::string_view content_fields, std::string_view body);
  std::string with_parts(std::string_view subtype, std::string_view boundary);

private:
  std::string out_;
  std::vector<std::string> parts_;
};

/// "20031231235959.k3j2x@example.org" from the moment, something unique and our domain.
std::string new_message_id(base::wall_time t, std::string_view unique, std::string_view domain);

/// A display name for an address field: as atoms, quoted, or as encoded words.
std::string phrase(std::string_view utf8);

/// `name: value` CRLF, folded before 78 octets at the spaces of `value`, never within a word.
std::string folded_field(std::string_view name, std::string_view value);

} // namespace rookery::mime
