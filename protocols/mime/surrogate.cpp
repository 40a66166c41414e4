#include "protocols/mime/surrogate.hpp"

#include "base/text.hpp"
#include "protocols/charset/idna.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/encoding/encoded_word.hpp"
#include "protocols/encoding/parameters.hpp"
#include "protocols/mime/address.hpp"
#include "protocols/mime/builder.hpp"
#include "protocols/mime/header.hpp"

#include <algorithm>
#include <array>

namespace rookery::mime {
namespace {

/// RFC 6858 §2.1: an address that leads nowhere (RFC 2606 §2).
constexpr std::string_view nowhere = "<invalid@internationalized-address.invalid>";

constexpr std::array<std::string_view, 11> address_fields{"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Resent-From",
                                                          "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Bcc"};
constexpr std::array<std::string_view, 3> text_fields{"Subject", "Comments", "Content-Description"};
constexpr std::array<std::string_view, 2> parameter_fields{"Content-Type", "Content-Disposition"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [name](auto n) { return base::iequals(n, name); });
}

void append_mailbox(std::string& out, const address& a) {
  const auto name = a.display_name();
  std::string reachable;
  if (charset::is_ascii(a.mailbox)) {
    auto plain = a;
    if (charset::is_ascii(a.domain)) {
      reachable = plain.text();
    } else if (auto domain = charset::domain_to_ascii(a.domain)) {
      plain.domain = std::move(*domain);
      reachable = plain.text();
    }
  }
  if (reachable.empty()) {
    out += phrase(name.empty() ? a.text() : name + ' ' + a.text());
    out += ' ';
    out += nowhere;
    return;
  }
  if (!name.empty()) out += phrase(name) + ' ';
  out += '<' + reachable + '>';
}

std::string address_list(std::string_view value) {
  std::string out;
  bool first = true;
  for (const auto& a : read_addresses(value)) {
    if (a.kind == address_kind::group_end) {
      out += ';';
      first = false;
      continue;
    }
    if (!first) out += ", ";
    first = a.kind == address_kind::group_begin;
    if (first) out += phrase(a.display_name()) + ": ";
    else append_mailbox(out, a);
  }
  return out;
}

/// "" when not even the value itself is ASCII.
std::string with_parameters(std::string_view value) {
  const auto text = unfold(value);
  const auto end = std::min(text.find(';'), text.size());
  std::string out(base::trim(std::string_view(text).substr(0, end)));
  if (!charset::is_ascii(out)) return {};
  for (const auto& p : encoding::read_parameters(std::string_view(text).substr(end)))
    if (charset::is_ascii(p.name)) encoding::append_parameter(out, p.name, p.decoded());
  return out;
}

} // namespace

std::string surrogate_header(std::string_view header) {
  std::string out;
  out.reserve(header.size() + header.size() / 4);
  std::size_t read = 0;
  header_reader reader(header);
  while (const auto field = reader.next()) {
    read = static_cast<std::size_t>(field->raw.data() - header.data()) + field->raw.size();
    if (charset::is_ascii(field->raw) || !charset::valid_utf8(field->raw)) {
      out += field->raw;
    } else if (among(address_fields, field->name)) {
      out += folded_field(field->name, address_list(field->value));
    } else if (among(text_fields, field->name)) {
      out += folded_field(field->name, encoding::encode_words(encoding::decode_words(base::trim(field->value))));
    } else if (among(parameter_fields, field->name)) {
      if (const auto value = with_parameters(field->value); !value.empty()) out += folded_field(field->name, value);
    }
  }
  out += header.substr(read); // the empty line
  return out;
}

} // namespace rookery::mime
