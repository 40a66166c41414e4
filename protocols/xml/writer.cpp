#include "protocols/xml/writer.hpp"

#include "base/text.hpp"
#include "protocols/charset/utf8.hpp"

namespace rookery::xml {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

void append_plain(std::string& out, std::string_view text, bool in_attribute) {
  std::size_t plain = 0;
  const auto replace = [&](std::size_t at, std::string_view with) {
    out.append(text.substr(plain, at - plain));
    out.append(with);
    plain = at + 1;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    switch (c) {
    case '&': replace(i, "&amp;"); break;
    case '<': replace(i, "&lt;"); break;
    case '>': replace(i, "&gt;"); break;
    case '\'': replace(i, "&apos;"); break;
    case '"': replace(i, "&quot;"); break;
    case '\r': replace(i, "&#13;"); break; // XML 1.0 §2.11: readers make LF of a bare one
    case '\t':
      if (in_attribute) replace(i, "&#9;"); // §3.3.3: readers make a space of it
      break;
    case '\n':
      if (in_attribute) replace(i, "&#10;");
      break;
    default:
      if (c < 0x20) {
        replace(i, replacement);
      } else if (c == 0xef && i + 2 < text.size() && text[i + 1] == '\xbf' && (text[i + 2] == '\xbe' || text[i + 2] == '\xbf')) {
        replace(i, replacement); // §2.2: U+FFFE and U+FFFF are no characters
        plain = i + 3;
        i += 2;
      }
    }
  }
  out.append(text.substr(plain));
}

void append_text(std::string& out, std::string_view text, bool in_attribute) {
  if (charset::valid_utf8(text))
    append_plain(out, text, in_attribute);
  else
    append_plain(out, charset::repaired_utf8(text), in_attribute);
}

} // namespace

void append_escaped(std::string& out, std::string_view text) { append_text(out, text, true); }

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

void write(std::string& out, const element& e, std::string_view default_space) {
  out += '<';
  out += e.name;
  if (e.space != default_space) {
    out += " xmlns='";
    append_text(out, e.space, true);
    out += '\'';
  }
  std::size_t declared = 0;
  for (const auto& a : e.attributes) {
    out += ' ';
    if (a.space == xml_space) {
      out += "xml:";
    } else if (!a.space.empty()) {
      std::string prefix = "n";
      base::append_number(prefix, declared++);
      out.append("xmlns:").append(prefix).append("='");
      append_text(out, a.space, true);
      out.append("' ").append(prefix).append(":");
    }
    out.append(a.name).append("='");
    append_text(out, a.value, true);
    out += '\'';
  }
  if (e.children.empty()) {
    out += "/>";
    return;
  }
  out += '>';
  for (const auto& c : e.children) {
    if (c.is_text())
      append_text(out, c.text, false);
    else
      write(out, c.inner(), e.space);
  }
  out.append("</").append(e.name).append(">");
}

std::string to_text(const element& e, std::string_view default_space) {
  std::string out;
  write(out, e, default_space);
  return out;
}

} // namespace rookery::xml
