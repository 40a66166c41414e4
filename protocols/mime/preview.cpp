#include "protocols/mime/preview.hpp"

#include "base/text.hpp"
#include "protocols/charset/utf8.hpp"

#include <algorithm>
#include <utility>

namespace rookery::mime {
namespace {

/// Takes characters until there are enough of them.
class collector {
public:
  explicit collector(std::uint32_t characters_max) : left_(characters_max) {}
  bool full() const { return left_ == 0; }
  void put(char32_t c) {
    if (left_ == 0) return;
    if (c <= 0x20 || c == 0x7f || c == 0xA0 || c == 0x3000 || c == 0x2028 || c == 0x2029 || (c >= 0x2000 && c <= 0x200A) ||
        (c >= 0x80 && c < 0xA0)) {
      space_ = !out.empty();
      return;
    }
    // Soft hyphen, joiners, marks of direction, byte order mark: mailings pad their previews with them.
    if (c == 0xAD || c == 0x34F || c == 0x61C || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
        (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF)
      return;
    if (space_) {
      space_ = false;
      if (left_ == 1) {
        left_ = 0;
        return;
      }
      out.push_back(' ');
      --left_;
    }
    charset::append_code_point(out, c);
    --left_;
  }
  void put_space() { space_ = !out.empty(); }
  std::string out;

private:
  std::uint32_t left_;
  bool space_ = false;
};

constexpr std::pair<std::string_view, char32_t> references[] = {
    {"amp", '&'},      {"lt", '<'},       {"gt", '>'},       {"quot", '"'},     {"apos", '\''},    {"nbsp", ' '},
    {"copy", 0xA9},    {"reg", 0xAE},     {"euro", 0x20AC},  {"hellip", 0x2026}, {"ndash", 0x2013}, {"mdash", 0x2014},
    {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"ldquo", 0x201C}, {"rdquo", 0x201D}, {"bull", 0x2022},  {"middot", 0xB7},
    {"laquo", 0xAB},   {"raquo", 0xBB},   {"trade", 0x2122}, {"szlig", 0xDF},   {"auml", 0xE4},    {"ouml", 0xF6},
    {"uuml", 0xFC},    {"Auml", 0xC4},    {"Ouml", 0xD6},    {"Uuml", 0xDC},    {"eacute", 0xE9},  {"egrave", 0xE8},
    {"agrave", 0xE0},  {"aacute", 0xE1},  {"ccedil", 0xE7},  {"ecirc", 0xEA},   {"ocirc", 0xF4},   {"ntilde", 0xF1},
    {"iacute", 0xED},  {"oacute", 0xF3},  {"uacute", 0xFA},  {"zwnj", 0x200C},  {"zwj", 0x200D},   {"shy", 0xAD}};

/// The reference "&...;" at the begin of `s`: its octets, 0 when it is none.
std::size_t reference_at(std::string_view s, char32_t& out) {
  const auto end = s.substr(0, 12).find(';');
  if (end == std::string_view::npos || end < 2) return 0;
  const auto name = s.substr(1, end - 1);
  if (name[0] == '#') {
    const bool hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
    char32_t value = 0;
    const auto digits = name.substr(hex ? 2 : 1);
    if (digits.empty()) return 0;
    for (const char c : digits) {
      const char l = base::ascii_lower(c);
      const int v = base::is_digit(c) ? c - '0' : hex && l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
      if (v < 0) return 0;
      value = value * (hex ? 16 : 10) + static_cast<char32_t>(v);
    }
    out = value > 0x10FFFF ? 0xFFFD : value;
    return end + 1;
  }
  for (const auto& [known, value] : references)
    if (known == name) {
      out = value;
      return end + 1;
    }
  return 0;
}

/// Behind the tag whose "<" is at `at`: quotes are respected.
std::size_t behind_tag(std::string_view html, std::size_t at) {
  char quote = 0;
  for (auto i = at + 1; i < html.size(); ++i) {
    const char c = html[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if ((c == '"' || c == '\'') && html[i - 1] == '=') {
      quote = c;
    } else if (c == '>') {
      return i + 1;
    }
  }
  return html.size();
}

std::string_view tag_name(std::string_view html, std::size_t at) {
  auto end = at;
  while (end < html.size() && end - at < 12 && base::is_alnum(html[end])) ++end;
  return html.substr(at, end - at);
}

/// Behind the end tag of `name`, searched from `at`.
std::size_t behind_element(std::string_view html, std::size_t at, std::string_view name) {
  for (;;) {
    at = html.find("</", at);
    if (at == std::string_view::npos) return html.size();
    if (base::iequals(tag_name(html, at + 2), name)) return behind_tag(html, at);
    at += 2;
  }
}

} // namespace

std::string preview_of_text(std::string_view utf8, std::uint32_t characters_max) {
  collector c(characters_max);
  for (std::size_t at = 0; at < utf8.size() && !c.full();) c.put(charset::next_code_point(utf8, at));
  return std::move(c.out);
}

std::string preview_of_html(std::string_view html, std::uint32_t characters_max) {
  static constexpr std::string_view unseen[] = {"head", "style", "script", "title", "noscript", "template"};
  static constexpr std::string_view inlines[] = {"a", "b", "i", "u", "s", "em", "strong", "span", "font", "small", "big", "sub", "sup", "code", "tt"};
  collector c(characters_max);
  for (std::size_t at = 0; at < html.size() && !c.full();) {
    if (html[at] == '<') {
      if (html.substr(at).starts_with("<!--")) {
        const auto end = html.find("-->", at + 4);
        at = end == std::string_view::npos ? html.size() : end + 3;
        continue;
      }
      const bool closing = at + 1 < html.size() && html[at + 1] == '/';
      const auto name = tag_name(html, at + (closing ? 2 : 1));
      if (name.empty() && !closing && !(at + 1 < html.size() && (html[at + 1] == '!' || html[at + 1] == '?'))) {
        c.put('<');
        ++at;
        continue;
      }
      const auto is = [&](std::string_view n) { return base::iequals(n, name); };
      at = behind_tag(html, at);
      if (!closing && std::any_of(std::begin(unseen), std::end(unseen), is)) at = behind_element(html, at, name);
      if (std::none_of(std::begin(inlines), std::end(inlines), is)) c.put_space();
      continue;
    }
    if (html[at] == '&') {
      char32_t value = 0;
      if (const auto n = reference_at(html.substr(at), value); n > 0) {
        c.put(value);
        at += n;
        continue;
      }
    }
    c.put(charset::next_code_point(html, at));
  }
  return std::move(c.out);
}

} // namespace rookery::mime
