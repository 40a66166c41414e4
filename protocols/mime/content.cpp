#include "protocols/mime/content.hpp"

#include "base/text.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/encoding/quoted_printable.hpp"
#include "protocols/mime/transfer_decoder.hpp"

#include <algorithm>

namespace rookery::mime {
namespace {

/// Steps over white space and comments.
std::string_view skip_cfws(std::string_view s) {
  while (!s.empty()) {
    if (base::is_space(s[0])) {
      s.remove_prefix(1);
      continue;
    }
    if (s[0] != '(') break;
    std::size_t depth = 0, i = 0;
    for (; i < s.size(); ++i) {
      if (s[i] == '\\') ++i;
      else if (s[i] == '(') ++depth;
      else if (s[i] == ')' && --depth == 0) break;
    }
    s.remove_prefix(std::min(i + 1, s.size()));
  }
  return s;
}

/// The token at the begin of `s`, which is moved behind it; quotes around it are tolerated.
std::string_view take_token(std::string_view& s) {
  s = skip_cfws(s);
  if (s.starts_with('"')) {
    const auto end = std::min(s.find('"', 1), s.size());
    const auto t = base::trim(s.substr(1, end - 1));
    s.remove_prefix(std::min(end + 1, s.size()));
    return t;
  }
  const auto n = std::min(s.find_first_of("()<>@,;:\\\"/[]?= \t\r\n"), s.size());
  const auto t = s.substr(0, n);
  s.remove_prefix(n);
  return t;
}

} // namespace

transfer_encoding read_transfer_encoding(std::string_view value) noexcept {
  const auto t = take_token(value);
  if (t.empty() || base::iequals(t, "7bit") || base::iequals(t, "7-bit")) return transfer_encoding::seven_bit;
  if (base::iequals(t, "8bit") || base::iequals(t, "8-bit")) return transfer_encoding::eight_bit;
  if (base::iequals(t, "binary")) return transfer_encoding::binary;
  if (base::iequals(t, "quoted-printable") || base::iequals(t, "quoted-printeable")) return transfer_encoding::quoted_printable;
  if (base::iequals(t, "base64")) return transfer_encoding::base64;
  if (base::iequals(t, "x-uuencode") || base::iequals(t, "x-uue") || base::iequals(t, "uuencode")) return transfer_encoding::uuencode;
  return transfer_encoding::unknown;
}

std::string_view name_of(transfer_encoding e) noexcept {
  switch (e) {
  case transfer_encoding::eight_bit: return "8bit";
  case transfer_encoding::binary: return "binary";
  case transfer_encoding::quoted_printable: return "quoted-printable";
  case transfer_encoding::base64: return "base64";
  case transfer_encoding::uuencode: return "x-uuencode";
  case transfer_encoding::seven_bit:
  case transfer_encoding::unknown: break;
  }
  return "7bit";
}

std::string decode_transfer(transfer_encoding e, std::string_view body) {
  std::string out;
  transfer_decoder d(e);
  d.decode(body, out);
  d.finish(out);
  return out;
}

content_type read_content_type(std::string_view value) {
  content_type out;
  const auto type = take_token(value);
  value = skip_cfws(value);
  if (type.empty() || !value.starts_with('/')) return out;
  value.remove_prefix(1);
  const auto subtype = take_token(value);
  if (subtype.empty()) return out;
  out.type = base::to_lower(type);
  out.subtype = base::to_lower(subtype);
  // "text/html/x": what stands up to the first parameter is nobody's.
  if (const auto odd = value.find_first_of(";\"("); odd != std::string_view::npos && value[odd] == ';') {
    if (value.substr(0, odd).find('=') == std::string_view::npos) value.remove_prefix(odd);
  }
  out.parameters = encoding::read_parameters(value);
  return out;
}

std::string_view content_type::value_of(std::string_view name) const noexcept {
  const auto* p = encoding::find_parameter(parameters, name);
  return p ? std::string_view(p->value) : std::string_view();
}

content_disposition read_content_disposition(std::string_view value) {
  content_disposition out;
  auto rest = value;
  const auto kind = take_token(rest);
  rest = skip_cfws(rest);
  // "filename=x" without a kind.
  if (rest.starts_with('=')) rest = value;
  else out.kind = base::to_lower(kind);
  if (out.kind.empty() && rest.empty()) return out;
  if (out.kind.empty()) out.kind = "attachment";
  out.parameters = encoding::read_parameters(rest);
  return out;
}

} // namespace rookery::mime
