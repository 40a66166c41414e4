#include "protocols/encoding/encoded_word.hpp"

#include "base/text.hpp"
#include "protocols/charset/decoder.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/encoding/base64.hpp"

#include <algorithm>

namespace rookery::encoding {
namespace {

constexpr std::size_t word_octets_max = 75; // RFC 2047 §2, for those we write.
/// Those we read may be longer: agents write whole subjects as one word.
constexpr std::size_t read_word_octets_max = 2 * 1024;

struct word {
  std::string_view charset;
  std::string_view text;
  std::size_t octets = 0;
  bool base64 = false;
};

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// The word that begins at `text` with "=?"; `octets` is 0 when there is none.
word read_word(std::string_view text) {
  text = text.substr(0, read_word_octets_max);
  const auto charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end == 2 || charset_end + 2 >= text.size()) return {};
  const auto charset = text.substr(2, charset_end - 2);
  if (charset.find_first_of(" \t\r\n\"<>()") != std::string_view::npos || charset.size() > 64) return {};
  const char e = base::ascii_lower(text[charset_end + 1]);
  if ((e != 'q' && e != 'b') || text[charset_end + 2] != '?') return {};
  const auto begin = charset_end + 3;
  // A Q-word may have "?" unencoded before something else, as some agents write it.
  const auto end = e == 'b' ? text.find('?', begin) : text.find("?=", begin);
  if (end == std::string_view::npos || end + 1 >= text.size() || text[end + 1] != '=') return {};
  return {charset, text.substr(begin, end - begin), end + 2, e == 'b'};
}

void append_word_octets(std::string& out, const word& w) {
  if (w.base64) {
    base64_decoder d;
    d.decode(w.text, out);
    d.finish(out);
    return;
  }
  const auto hex = [](char c) { return base::is_digit(c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (std::size_t i = 0; i < w.text.size(); ++i) {
    const char c = w.text[i];
    if (c == '_') {
      out.push_back(' ');
    } else if (c == '=' && i + 2 < w.text.size() && hex(w.text[i + 1]) >= 0 && hex(w.text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex(w.text[i + 1]) << 4 | hex(w.text[i + 2])));
      i += 2;
    } else if (c != '\r' && c != '\n') {
      out.push_back(c);
    }
  }
}

/// Text between words: folds undone, controls made spaces, 8-bit octets made UTF-8.
void append_plain(std::string& out, std::string_view text) {
  const auto begin = out.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (c == '\n') {
      if (i + 1 < text.size() && text[i + 1] != ' ' && text[i + 1] != '\t') out.push_back(' ');
      continue;
    }
    out.push_back((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f ? ' ' : c);
  }
  const std::string_view made(out.data() + begin, out.size() - begin);
  if (!charset::valid_utf8(made)) {
    const auto fixed = charset::to_utf8("us-ascii", made);
    out.replace(begin, std::string::npos, fixed);
  }
}

/// Decoded text may not carry controls into a header either.
void append_text(std::string& out, std::string_view charset, std::string_view octets) {
  const auto begin = out.size();
  charset::append_utf8(out, charset, octets);
  for (auto i = begin; i < out.size(); ++i)
    if ((static_cast<unsigned char>(out[i]) < 0x20 && out[i] != '\t') || out[i] == 0x7f) out[i] = ' ';
}

} // namespace

bool needs_decoding(std::string_view value) noexcept {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto c = static_cast<unsigned char>(value[i]);
    if (c >= 0x7f || (c < 0x20 && c != '\t')) return true;
    if (c == '=' && i + 1 < value.size() && value[i + 1] == '?') return true;
  }
  return false;
}

void append_decoded_words(std::string& out, std::string_view value) {
  if (!needs_decoding(value)) {
    out += value;
    return;
  }
  std::string octets;
  std::string_view pending_charset;
  const auto flush = [&] {
    if (!octets.empty()) append_text(out, pending_charset, octets);
    octets.clear();
    pending_charset = {};
  };
  bool after_word = false;
  std::size_t plain_begin = 0;
  for (std::size_t i = 0; i < value.size();) {
    const auto at = value.find("=?", i);
    const auto w = at == std::string_view::npos ? word{} : read_word(value.substr(at));
    if (at == std::string_view::npos) break;
    if (w.octets == 0) {
      i = at + 2;
      continue;
    }
    const auto between = value.substr(plain_begin, at - plain_begin);
    const bool joined = after_word && std::all_of(between.begin(), between.end(), blank);
    if (!joined) {
      flush();
      append_plain(out, between);
    } else if (!base::iequals(w.charset, pending_charset)) {
      flush();
    }
    pending_charset = w.charset;
    append_word_octets(octets, w);
    i = plain_begin = at + w.octets;
    after_word = true;
  }
  flush();
  append_plain(out, value.substr(plain_begin));
}

std::string decode_words(std::string_view value) {
  std::string out;
  append_decoded_words(out, value);
  return out;
}

std::string encode_words(std::string_view utf8) {
  const bool plain = std::all_of(utf8.begin(), utf8.end(), [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\t'; });
  if (plain && utf8.find("=?") == std::string_view::npos) return std::string(utf8);
  const auto text = charset::repaired_utf8(utf8);
  const auto awkward = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !base::is_alnum(c) && c != ' '; }));
  const bool q = awkward * 2 < text.size();
  static constexpr char digits[] = "0123456789ABCDEF";
  constexpr std::size_t room = word_octets_max - std::string_view("=?utf-8?q?").size() - 2;
  std::string out, body;
  std::string group; // for base64
  const auto flush = [&] {
    const auto& shown = q ? body : (body = base64_encode(group));
    if (shown.empty()) return;
    if (!out.empty()) out.push_back(' ');
    out += q ? "=?utf-8?q?" : "=?utf-8?b?";
    out += shown;
    out += "?=";
    body.clear();
    group.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = at;
    charset::next_code_point(text, at);
    const std::string_view character(text.data() + begin, at - begin);
    if (q) {
      std::string coded;
      for (const char c : character) {
        const auto o = static_cast<unsigned char>(c);
        if (base::is_alnum(c)) coded.push_back(c);
        else if (c == ' ') coded.push_back('_');
        else (((coded += '=') += digits[o >> 4]) += digits[o & 15]);
      }
      if (body.size() + coded.size() > room) flush();
      body += coded;
    } else {
      if ((group.size() + character.size() + 2) / 3 * 4 > room) flush();
      group += character;
    }
  }
  flush();
  return out;
}

} // namespace rookery::encoding
