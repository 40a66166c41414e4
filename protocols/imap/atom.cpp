#include "protocols/imap/atom.hpp"

#include "base/text.hpp"
#include "protocols/imap/mailbox_name.hpp"

#include <array>

namespace rookery::imap {

namespace {

constexpr std::array<bool, 256> atom_chars = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0x21; c < 0x7f; ++c) table[c] = true;
  for (const char c : {'(', ')', '{', '%', '*', '"', '\\', ']'}) table[static_cast<unsigned char>(c)] = false;
  return table;
}();

} // namespace

bool is_atom_char(char c) noexcept { return atom_chars[static_cast<unsigned char>(c)]; }

bool word_reader::space() noexcept {
  const auto before = at_;
  while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  return at_ > before;
}

std::string_view word_reader::word() noexcept {
  const auto begin = at_;
  while (at_ < text_.size() && is_astring_char(text_[at_])) ++at_;
  return text_.substr(begin, at_ - begin);
}

std::string_view word_reader::atom() noexcept {
  const auto found = peek_atom();
  at_ += found.size();
  return found;
}

std::string_view word_reader::peek_atom() const noexcept {
  auto end = at_;
  while (end < text_.size() && is_atom_char(text_[end])) ++end;
  return text_.substr(at_, end - at_);
}

bool word_reader::keyword(std::string_view upper) noexcept {
  if (!base::iequals(peek_atom(), upper)) return false;
  at_ += upper.size();
  return true;
}

bool word_reader::quoted(std::string& out) {
  out.clear();
  for (++at_; at_ < text_.size(); ++at_) {
    char c = text_[at_];
    if (c == '"') {
      ++at_;
      return true;
    }
    if (c == '\r' || c == '\n') break;
    if (c == '\\') {
      if (++at_ >= text_.size()) break;
      c = text_[at_];
      if (c == '\r' || c == '\n') break;
      // RFC 9051 §9 quoted-specials. Others are kept with their backslash: Windows clients
      // send "DOMAIN\user" unescaped.
      if (c != '"' && c != '\\') out.push_back('\\');
    }
    out.push_back(c);
  }
  return syntax("Unterminated quoted string");
}

bool word_reader::literal_text(std::string& out) {
  const auto line_end = text_.find("\r\n", at_);
  if (line_end == std::string_view::npos) return syntax("Invalid literal");
  auto digits = text_.substr(at_ + 1, line_end - at_ - 1);
  if (digits.empty() || digits.back() != '}') return syntax("Invalid literal");
  digits.remove_suffix(1);
  if (!digits.empty() && digits.back() == '+') digits.remove_suffix(1);
  const auto octets = base::parse_u64(digits);
  if (!octets || *octets > text_.size() - line_end - 2) return syntax("Invalid literal");
  out.assign(text_.substr(line_end + 2, static_cast<std::size_t>(*octets)));
  at_ = line_end + 2 + static_cast<std::size_t>(*octets);
  return true;
}

bool word_reader::string(std::string& out) {
  if (peek() == '"') return quoted(out);
  if (peek() == '{') return literal_text(out);
  return syntax("String expected");
}

bool word_reader::astring(std::string& out) {
  if (peek() == '"') return quoted(out);
  if (peek() == '{') return literal_text(out);
  const auto text = word();
  if (text.empty()) return syntax("Missing argument");
  out.assign(text);
  return true;
}

bool word_reader::nstring(std::optional<std::string>& out) {
  if (keyword("NIL")) {
    out.reset();
    return true;
  }
  return string(out.emplace());
}

bool word_reader::number(std::uint64_t& out) noexcept {
  auto end = at_;
  while (end < text_.size() && base::is_digit(text_[end])) ++end;
  const auto parsed = base::parse_u64(text_.substr(at_, end - at_));
  if (!parsed || *parsed > static_cast<std::uint64_t>(INT64_MAX)) return syntax("Number expected");
  out = *parsed;
  at_ = end;
  return true;
}

bool word_reader::number(std::uint32_t& out) noexcept {
  std::uint64_t wide = 0;
  if (!number(wide)) return false;
  if (wide > UINT32_MAX) return syntax("Number too large");
  out = static_cast<std::uint32_t>(wide);
  return true;
}

bool word_reader::mailbox(std::string& out, bool trailing_separator) {
  if (!astring(out)) return false;
  auto name = read_mailbox_name(out, utf8(), limits(), trailing_separator);
  if (!name) return fail(parse_fault::mailbox, "Invalid mailbox name");
  out = std::move(*name);
  return true;
}

bool word_reader::pattern(std::string& out) {
  if (peek() == '"' || peek() == '{') {
    if (!string(out)) return false;
  } else {
    const auto begin = at_;
    while (at_ < text_.size() && (is_astring_char(text_[at_]) || text_[at_] == '%' || text_[at_] == '*')) ++at_;
    if (at_ == begin) return syntax("Missing pattern");
    out.assign(text_.substr(begin, at_ - begin));
  }
  auto name = read_mailbox_pattern(out, utf8(), limits());
  if (!name) return fail(parse_fault::mailbox, "Invalid mailbox pattern");
  out = std::move(*name);
  return true;
}

} // namespace rookery::imap
