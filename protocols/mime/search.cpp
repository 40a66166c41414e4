#include "protocols/mime/search.hpp"

#include "base/text.hpp"
#include "protocols/charset/decoder.hpp"
#include "protocols/charset/fold.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/encoding/encoded_word.hpp"
#include "protocols/mime/address.hpp"
#include "protocols/mime/content.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/transfer_decoder.hpp"

#include <algorithm>
#include <optional>

namespace rookery::mime {
namespace {

/// Octets that are decoded at a time.
constexpr std::size_t window_octets = 16 * 1024;
constexpr auto value_octets_max = search_value_octets_max;

bool value_contains(std::string_view value, std::string_view needle) {
  std::string room;
  return charset::contains_folded(searched_value(value, room), needle);
}

/// As a person writes the addresses: without comments and spaces inside, words decoded, IDNA undone not.
bool addresses_contain(std::string_view value, std::string_view needle) {
  address_reader r(value.substr(0, value_octets_max));
  address a;
  while (r.next(a)) {
    if (a.kind == address_kind::group_end) continue;
    if (a.kind == address_kind::mailbox && charset::contains_folded(a.text(), needle)) return true;
    if (!a.name.empty() && charset::contains_folded(a.display_name(), needle)) return true;
  }
  return false;
}

bool header_contains(base::const_bytes header, std::string_view needle) {
  header_reader r(header);
  while (const auto f = r.next())
    if (value_contains(f->raw, needle)) return true;
  for (const auto& name : attachment_names(header))
    if (charset::contains_folded(name, needle)) return true;
  return false;
}

bool stands_as_it_is(transfer_encoding e) {
  return e == transfer_encoding::seven_bit || e == transfer_encoding::eight_bit || e == transfer_encoding::binary ||
         e == transfer_encoding::unknown;
}

/// Nothing: what the octets stand for must be decoded first.
std::optional<bool> contains_as_it_is(base::const_bytes body, const part& p, std::string_view needle) {
  if (!stands_as_it_is(p.encoding) || !charset::is_ascii(body) || !charset::keeps_ascii(p.charset)) return {};
  return charset::contains_folded(body, needle);
}

} // namespace

std::string_view searched_value(std::string_view value, std::string& room) {
  value = base::trim(value.substr(0, value_octets_max));
  const bool decode = encoding::needs_decoding(value);
  if (!decode && value.find('\t') == std::string_view::npos) return value;
  room = decode ? encoding::decode_words(value) : std::string(value);
  std::replace(room.begin(), room.end(), '\t', ' ');
  return room;
}

bool is_address_field(std::string_view name) noexcept {
  static constexpr std::string_view names[] = {"From", "To", "Cc", "Bcc", "Sender", "Reply-To"};
  return std::any_of(std::begin(names), std::end(names), [&](auto n) { return base::iequals(n, name); });
}

std::vector<std::string> attachment_names(base::const_bytes header) {
  std::vector<std::string> names;
  if (header.find('*') == base::const_bytes::npos) return names; // no extended parameter: the field says it
  header_reader r(header);
  while (const auto f = r.next()) {
    const bool disposition = base::iequals(f->name, "Content-Disposition");
    if (!disposition && !base::iequals(f->name, "Content-Type")) continue;
    const auto value = f->value.substr(0, value_octets_max);
    const auto parameters = disposition ? read_content_disposition(value).parameters : read_content_type(value).parameters;
    if (const auto* name = encoding::find_parameter(parameters, disposition ? "filename" : "name")) names.push_back(name->decoded());
  }
  return names;
}

bool search_header(base::const_bytes header, std::string_view name, std::string_view needle) {
  header_reader r(header);
  while (const auto f = r.next()) {
    if (!base::iequals(f->name, name)) continue;
    if (needle.empty() || value_contains(f->value, needle)) return true;
    if (is_address_field(name) && addresses_contain(f->value, needle)) return true;
  }
  return false;
}

bool decode_text(base::const_bytes message, const part& p, const std::function<bool(std::string_view)>& piece) {
  if (p.body_offset >= message.size()) return true;
  auto body = message.substr(p.body_offset, p.body_octets);
  transfer_decoder transfer(p.encoding);
  charset::decoder set(p.charset.empty() ? "us-ascii" : p.charset);
  const bool as_it_is = stands_as_it_is(p.encoding);
  std::string octets, text;
  for (bool more = true; more;) {
    const auto window = body.substr(0, window_octets);
    body.remove_prefix(window.size());
    more = !body.empty();
    octets.clear();
    text.clear();
    if (!as_it_is) {
      transfer.decode(window, octets);
      if (!more) transfer.finish(octets);
    }
    set.decode(as_it_is ? window : std::string_view(octets), text);
    if (!more) set.finish(text);
    if (!text.empty() && !piece(text)) return false;
  }
  return true;
}

std::string decoded_text(base::const_bytes message, const part& p, std::size_t octets_max) {
  std::string out;
  decode_text(message, p, [&](std::string_view piece) {
    out += piece.substr(0, charset::utf8_prefix(piece, octets_max - out.size()));
    return out.size() + 4 < octets_max;
  });
  return out;
}

bool search_text(base::const_bytes message, const part_tree& parts, std::string_view needle, bool headers_too) {
  if (needle.empty()) return true;
  std::string folded;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& p = parts[i];
    if (p.header_offset > message.size()) break;
    if ((i > 0 || headers_too) && header_contains(message.substr(p.header_offset, p.header_octets), needle)) return true;
    if (p.kind != part_kind::leaf || !p.type.starts_with("text/")) continue;
    if (p.body_offset >= message.size()) continue;
    if (const auto found = contains_as_it_is(message.substr(p.body_offset, p.body_octets), p, needle)) {
      if (*found) return true;
      continue;
    }
    folded.clear();
    const bool stopped = !decode_text(message, p, [&](std::string_view piece) {
      // What may begin a find that ends in this piece stays in front of it.
      if (folded.size() >= needle.size()) folded.erase(0, folded.size() - (needle.size() - 1));
      charset::append_folded(folded, piece);
      return folded.find(needle) == std::string::npos;
    });
    if (stopped) return true;
  }
  return false;
}

} // namespace rookery::mime
