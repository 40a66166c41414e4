#include "protocols/encoding/parameters.hpp"

#include "base/text.hpp"
#include "protocols/charset/decoder.hpp"
#include "protocols/encoding/encoded_word.hpp"

#include <algorithm>
#include <cstdint>

namespace rookery::encoding {
namespace {

/// One "name=value" before continuations are joined.
struct piece {
  std::string name; ///< Lower case, without the section and the asterisks.
  std::string value;
  std::uint32_t section = 0;
  bool sectioned = false;
  bool extended = false;
};

class reader {
public:
  explicit reader(std::string_view in) : in_(in) {}

  bool next(piece& out) {
    for (;;) {
      skip_space();
      while (at_ < in_.size() && in_[at_] == ';') {
        ++at_;
        skip_space();
      }
      if (at_ == in_.size()) return false;
      const auto name = token("=;\" \t\r\n(");
      skip_space();
      if (at_ < in_.size() && in_[at_] == '=') {
        ++at_;
        skip_space();
        out = {};
        read_value(out.value);
        if (!name.empty() && read_name(name, out)) return true;
        continue;
      }
      if (name.empty()) skip_odd();
      // A word without a value: skipped.
    }
  }

private:
  void skip_space() {
    for (; at_ < in_.size(); ++at_) {
      if (in_[at_] == '(') skip_comment();
      else if (!base::is_space(in_[at_])) return;
      if (at_ >= in_.size()) return;
    }
  }
  /// Ends on the closing parenthesis, or before the end of the input.
  void skip_comment() {
    std::size_t depth = 0, i = at_;
    for (; i < in_.size(); ++i) {
      if (in_[i] == '\\') ++i;
      else if (in_[i] == '(') ++depth;
      else if (in_[i] == ')' && --depth == 0) break;
    }
    at_ = std::min(i, in_.size() - 1);
  }
  /// Steps over what can begin nothing; always moves.
  void skip_odd() {
    if (in_[at_] == '"') {
      std::string unused;
      quoted(unused);
    } else {
      ++at_;
    }
  }
  std::string_view token(std::string_view ends) {
    const auto begin = at_;
    at_ = std::min(in_.find_first_of(ends, at_), in_.size());
    return in_.substr(begin, at_ - begin);
  }
  void quoted(std::string& out) {
    for (++at_; at_ < in_.size(); ++at_) {
      char c = in_[at_];
      if (c == '"') {
        ++at_;
        return;
      }
      if (c == '\r' || c == '\n') continue; // folds; the white space of the next line stays
      if (c == '\\' && at_ + 1 < in_.size()) c = in_[++at_];
      if (out.size() < parameter_octets_max) out.push_back(c);
    }
  }
  void read_value(std::string& out) {
    if (at_ == in_.size()) return;
    if (in_[at_] == '"') return quoted(out);
    // Unquoted values with spaces and parentheses are common in file names: up to ";", a comment
    // after a space, or what looks like the next "name=" (a missing semicolon).
    while (at_ < in_.size() && in_[at_] != ';') {
      if (!base::is_space(in_[at_])) {
        if (out.size() < parameter_octets_max) out.push_back(in_[at_]);
        ++at_;
        continue;
      }
      if (name_follows()) break;
      const auto begin = at_;
      while (at_ < in_.size() && base::is_space(in_[at_])) ++at_;
      if (at_ == in_.size() || in_[at_] == ';' || in_[at_] == '(') break;
      for (auto i = begin; i < at_ && out.size() < parameter_octets_max; ++i)
        if (in_[i] == ' ' || in_[i] == '\t') out.push_back(in_[i]);
    }
  }
  bool name_follows() const {
    auto i = at_;
    while (i < in_.size() && base::is_space(in_[i])) ++i;
    const auto begin = i;
    while (i < in_.size() && (base::is_alnum(in_[i]) || in_[i] == '-' || in_[i] == '*' || in_[i] == '_')) ++i;
    return i > begin && i < in_.size() && in_[i] == '=';
  }
  static bool read_name(std::string_view raw, piece& out) {
    auto name = raw;
    if (name.ends_with('*')) {
      out.extended = true;
      name.remove_suffix(1);
    }
    if (const auto star = name.rfind('*'); star != std::string_view::npos) {
      const auto number = base::parse_u32(name.substr(star + 1));
      if (number && *number < 1'000) {
        out.section = *number;
        out.sectioned = true;
        name = name.substr(0, star);
      }
    }
    out.name = base::to_lower(base::trim(name));
    return !out.name.empty();
  }

  std::string_view in_;
  std::size_t at_ = 0;
};

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      if (const auto octet = base::from_hex(text.substr(i + 1, 2))) {
        out += *octet;
        i += 2;
        continue;
      }
    }
    out.push_back(text[i]);
  }
  return out;
}

void append_percent(std::string& out, char c) {
  static constexpr char digits[] = "0123456789ABCDEF";
  const auto o = static_cast<unsigned char>(c);
  out.push_back('%');
  out.push_back(digits[o >> 4]);
  out.push_back(digits[o & 15]);
}

} // namespace

std::vector<parameter> read_parameters(std::string_view text) {
  std::vector<parameter> out;
  std::vector<piece> sections;
  reader r(text);
  piece p;
  for (std::size_t count = 0; count < parameters_max && r.next(p); ++count) {
    if (p.sectioned) {
      sections.push_back(std::move(p));
      continue;
    }
    if (const auto* old = find_parameter(out, p.name)) {
      // RFC 2231 §4: where a plain and an extended form are both given, the extended one is meant.
      if (!p.extended || old->extended) continue;
      auto& there = out[static_cast<std::size_t>(old - out.data())];
      there.value = std::move(p.value);
      there.extended = true;
      continue;
    }
    out.push_back({std::move(p.name), std::move(p.value), p.extended});
  }
  std::stable_sort(sections.begin(), sections.end(), [](const piece& a, const piece& b) { return a.section < b.section; });
  for (std::size_t first = 0; first < sections.size(); ++first) {
    if (sections[first].name.empty()) continue;
    const auto name = sections[first].name;
    parameter joined{name, {}, false};
    std::uint32_t wanted = sections[first].section;
    for (std::size_t i = first; i < sections.size(); ++i) joined.extended = joined.extended || (sections[i].name == name && sections[i].extended);
    for (std::size_t i = first; i < sections.size(); ++i) {
      auto& s = sections[i];
      if (s.name != name) continue;
      s.name.clear();
      if (s.section != wanted) continue;
      ++wanted;
      if (joined.value.size() + s.value.size() > parameter_octets_max) continue;
      if (joined.extended && !s.extended) {
        if (i == first) joined.value += "''";
        // A plain section between extended ones: its percent signs mean themselves.
        for (const char c : s.value)
          if (c == '%') append_percent(joined.value, c);
          else joined.value.push_back(c);
      } else {
        joined.value += s.value;
      }
    }
    const auto* old = find_parameter(out, name);
    if (!old) out.push_back(std::move(joined));
    else if (!old->extended) out[static_cast<std::size_t>(old - out.data())] = std::move(joined);
  }
  return out;
}

std::string parameter::decoded() const {
  if (!extended) return needs_decoding(value) ? decode_words(value) : value;
  const auto charset_end = value.find('\'');
  const auto language_end = charset_end == std::string::npos ? charset_end : value.find('\'', charset_end + 1);
  if (language_end == std::string::npos) return decode_words(percent_decoded(value));
  const std::string_view all = value;
  auto text = charset::to_utf8(charset_end == 0 ? "us-ascii" : all.substr(0, charset_end), percent_decoded(all.substr(language_end + 1)));
  std::replace_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

const parameter* find_parameter(const std::vector<parameter>& all, std::string_view name) noexcept {
  for (const auto& p : all)
    if (p.name == name) return &p;
  return nullptr;
}

void append_parameter(std::string& out, std::string_view name, std::string_view utf8) {
  static constexpr std::string_view specials = "()<>@,;:\\\"/[]?= \t";
  out += "; ";
  out += name;
  const bool ascii = std::all_of(utf8.begin(), utf8.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (!ascii) {
    out += "*=utf-8''";
    for (const char c : utf8)
      if (base::is_alnum(c) || c == '-' || c == '.' || c == '_') out.push_back(c);
      else append_percent(out, c);
  } else if (utf8.empty() || utf8.find_first_of(specials) != std::string_view::npos) {
    out += "=\"";
    for (const char c : utf8) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    out.push_back('"');
  } else {
    out.push_back('=');
    out += utf8;
  }
}

} // namespace rookery::encoding
