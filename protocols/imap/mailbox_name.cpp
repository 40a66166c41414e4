#include "protocols/imap/mailbox_name.hpp"

#include "base/text.hpp"
#include "protocols/charset/normal_form.hpp"
#include "protocols/charset/utf7.hpp"
#include "protocols/charset/utf8.hpp"

#include <algorithm>

namespace rookery::imap {

namespace {

/// UTF-8 from the wire, in Normalization Form C (RFC 9051 §5.1), still with any shape.
std::optional<std::string> decode(std::string_view wire, bool utf8) {
  if (wire.find('&') == std::string_view::npos || utf8) {
    // A client that has not asked for UTF-8 and sends it nevertheless is understood.
    if (!charset::valid_utf8(wire)) return {};
    return charset::to_nfc(wire);
  }
  const auto name = charset::from_modified_utf7(wire);
  if (!name) return {};
  return charset::to_nfc(*name);
}

bool has_control(std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    if (c < 0x20 || c == 0x7f) return true;
    // RFC 5198 §2: no C1 controls (U+0080..U+009F), no line or paragraph separator.
    if (c == 0xc2 && static_cast<unsigned char>(name[i + 1]) < 0xa0) return true;
    if (c == 0xe2 && static_cast<unsigned char>(name[i + 1]) == 0x80 &&
        (static_cast<unsigned char>(name[i + 2]) == 0xa8 || static_cast<unsigned char>(name[i + 2]) == 0xa9))
      return true;
  }
  return false;
}

/// INBOX in any case is INBOX, and so is the first level of what lies below it.
void capitalize_inbox(std::string& name) {
  if (base::istarts_with(name, "INBOX") && (name.size() == 5 || name[5] == hierarchy_separator)) name.replace(0, 5, "INBOX");
}

} // namespace

std::optional<std::string> read_mailbox_name(std::string_view wire, bool utf8, const server_limits& limits,
                                             bool trailing_separator) {
  auto name = decode(wire, utf8);
  if (!name) return {};
  if (trailing_separator && name->size() > 1 && name->back() == hierarchy_separator) name->pop_back();
  if (name->empty() || name->size() > limits.mailbox_octets || has_control(*name)) return {};
  if (name->front() == hierarchy_separator || name->back() == hierarchy_separator ||
      name->find("//") != std::string::npos)
    return {};
  const auto levels = static_cast<std::size_t>(std::count(name->begin(), name->end(), hierarchy_separator)) + 1;
  if (levels > limits.mailbox_levels) return {};
  capitalize_inbox(*name);
  return name;
}

std::optional<std::string> read_mailbox_pattern(std::string_view wire, bool utf8, const server_limits& limits) {
  if (wire.size() > limits.mailbox_octets) return {};
  auto name = decode(wire, utf8);
  if (!name || name->size() > limits.mailbox_octets || has_control(*name)) return {};
  capitalize_inbox(*name);
  return name;
}

bool may_be_created(std::string_view name) noexcept {
  return !name.empty() && name.front() != '~' && name.front() != '#' &&
         name.find_first_of("*%") == std::string_view::npos;
}

std::string namespace_name(std::string_view name) {
  auto read = read_mailbox_name(name, true, server_limits{});
  if (!read || !may_be_created(*read) || *read == "INBOX" || read->find(hierarchy_separator) != std::string::npos) return {};
  return std::move(*read);
}

std::string to_wire(std::string_view name, bool utf8) {
  if (utf8) return std::string(name);
  if (charset::is_ascii(name) && name.find('&') == std::string_view::npos) return std::string(name);
  return charset::to_modified_utf7(name).value_or(std::string(name));
}

} // namespace rookery::imap
