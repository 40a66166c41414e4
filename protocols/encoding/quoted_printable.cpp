#include "protocols/encoding/quoted_printable.hpp"

#include <cstring>

namespace rookery::encoding {
namespace {

constexpr std::size_t held_octets_max = 998;
constexpr std::size_t line_octets_max = 76;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool blank(char c) { return c == ' ' || c == '\t'; }

} // namespace

void quoted_printable_decoder::decode(std::string_view text, std::string& out) {
  out.reserve(out.size() + text.size());
  std::size_t i = 0;
  while (i < text.size()) {
    if (held_.empty()) {
      auto end = i;
      while (end < text.size() && text[end] != '=' && !blank(text[end]) && text[end] != '\r') ++end;
      out.append(text.substr(i, end - i));
      i = end;
      if (i == text.size()) return;
      // The common cases at once: a whole "=xy", and a space before something else than a line end.
      if (text[i] == '=' && text.size() - i >= 3) {
        const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
        if (high >= 0 && low >= 0) {
          out.push_back(static_cast<char>(high << 4 | low));
          i += 3;
          continue;
        }
      } else if (blank(text[i]) && i + 1 < text.size() && !blank(text[i + 1]) && text[i + 1] != '\r' && text[i + 1] != '\n') {
        out.push_back(text[i++]);
        continue;
      }
      held_.push_back(text[i++]);
      continue;
    }
    const char c = text[i];
    const bool escape = held_[0] == '=';
    if (c == '\n') {
      if (escape && (held_.size() == 1 || held_[1] == '\r' || blank(held_[1]))) {
        // A soft line end, white space before it or not.
      } else if (escape) {
        damaged_ = true;
        out += held_;
        out.push_back('\n');
      } else {
        if (held_.back() == '\r') out.push_back('\r');
        out.push_back('\n');
      }
      held_.clear();
      ++i;
      continue;
    }
    if (held_.back() == '\r') {
      // A CR that ends no line.
      out += held_;
      held_.clear();
      continue;
    }
    if (escape && held_.size() == 1 && hex_value(c) >= 0) {
      held_.push_back(c);
      ++i;
      continue;
    }
    if (escape && held_.size() == 2 && hex_value(held_[1]) >= 0) {
      if (hex_value(c) >= 0) {
        out.push_back(static_cast<char>(hex_value(held_[1]) << 4 | hex_value(c)));
        ++i;
      } else {
        damaged_ = true;
        out += held_;
      }
      held_.clear();
      continue;
    }
    if ((blank(c) || c == '\r') && held_.size() < held_octets_max) {
      held_.push_back(c);
      ++i;
      continue;
    }
    if (escape) damaged_ = true;
    out += held_;
    held_.clear();
  }
}

void quoted_printable_decoder::finish(std::string& out) {
  // "=" at the very end is a soft line end; white space there ends a line and is dropped.
  if (held_.size() > 1 && held_[0] == '=' && hex_value(held_[1]) >= 0) out += held_;
  else if (!held_.empty() && held_.back() == '\r' && held_[0] != '=') out.push_back('\r');
  held_.clear();
}

std::string quoted_printable_decode(std::string_view text) {
  std::string out;
  quoted_printable_decoder d;
  d.decode(text, out);
  d.finish(out);
  return out;
}

std::string quoted_printable_encode(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n')) {
      if (c == '\r') ++i;
      out += "\r\n";
      column = 0;
      continue;
    }
    const auto o = static_cast<unsigned char>(c);
    const auto line_ends = [&](std::size_t at) {
      return at == text.size() || text[at] == '\n' || (text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n');
    };
    const bool as_is = blank(c) ? !line_ends(i + 1)
                                : o > 0x20 && o < 0x7f && c != '=' && !(column == 0 && (c == '.' || text.substr(i, 5) == "From "));
    const std::size_t wants = as_is ? 1 : 3;
    const bool last = line_ends(i + 1);
    if (column + wants > (last ? line_octets_max : line_octets_max - 1)) {
      out += "=\r\n";
      column = 0;
      --i;
      continue;
    }
    if (as_is) {
      out.push_back(c);
    } else {
      out.push_back('=');
      out.push_back(digits[o >> 4]);
      out.push_back(digits[o & 15]);
    }
    column += wants;
  }
  return out;
}

void quoted_printable_encoder::put(char c, bool as_is, std::string& out) {
  static constexpr char digits[] = "0123456789ABCDEF";
  const auto o = static_cast<unsigned char>(c);
  if (column_ + (as_is ? 1 : 3) > line_octets_max - 1) {
    out += "=\r\n";
    column_ = 0;
  }
  if (c == '.' && column_ == 0) as_is = false;
  if (as_is) {
    out.push_back(c);
  } else {
    out.push_back('=');
    out.push_back(digits[o >> 4]);
    out.push_back(digits[o & 15]);
  }
  column_ += as_is ? 1 : 3;
}

void quoted_printable_encoder::encode(std::string_view octets, std::string& out) {
  out.reserve(out.size() + octets.size() + octets.size() / 8);
  for (const char c : octets) {
    if (cr_ && c == '\n') {
      if (blank_ != 0) put(blank_, false, out);
      out += "\r\n";
      column_ = 0;
      blank_ = 0;
      cr_ = false;
      continue;
    }
    if (blank_ != 0 && (cr_ || c != '\r')) {
      put(blank_, true, out);
      blank_ = 0;
    }
    if (cr_) {
      put('\r', false, out);
      cr_ = false;
    }
    if (c == '\r') cr_ = true;
    else if (blank(c)) blank_ = c;
    else put(c, static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f && c != '=', out);
  }
}

void quoted_printable_encoder::finish(std::string& out) {
  if (blank_ != 0) put(blank_, false, out);
  if (cr_) put('\r', false, out);
  *this = {};
}

} // namespace rookery::encoding
