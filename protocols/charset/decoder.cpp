#include "protocols/charset/decoder.hpp"

#include "base/text.hpp"
#include "protocols/charset/utf8.hpp"

#include <unicode/ucnv.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace rookery::charset {
namespace {

constexpr std::size_t name_octets_max = 64;
constexpr std::size_t kept_converters = 16;

enum class kind : std::uint8_t { ascii, utf8, latin1, windows1252, other };

struct close_converter {
  void operator()(UConverter* c) const noexcept { ucnv_close(c); }
};
using converter = std::unique_ptr<UConverter, close_converter>;

/// What the octets 0x80..0x9f mean in windows-1252; 0 where it has none.
constexpr std::array<char16_t, 32> windows1252_upper = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

std::string normal(std::string_view name) {
  name = base::trim(name);
  // RFC 2231 §5: a language may follow an asterisk.
  name = name.substr(0, name.find('*'));
  return name.size() > name_octets_max ? std::string() : base::to_lower(name);
}

std::optional<kind> kind_of(std::string_view n) {
  if (n == "utf-8" || n == "utf8" || n == "unicode-1-1-utf-8") return kind::utf8;
  if (n == "us-ascii" || n == "ascii" || n == "ansi_x3.4-1968" || n == "646") return kind::ascii;
  if (n == "iso-8859-1" || n == "latin1" || n == "iso8859-1" || n == "iso_8859-1" || n == "latin-1") return kind::latin1;
  if (n == "windows-1252" || n == "cp1252" || n == "ansi") return kind::windows1252;
  return {};
}

/// Labels of the wild that ICU does not know or reads too narrowly: HTML's encoding standard and
/// mail agree that the wider set is meant.
std::string_view icu_name(std::string_view n) {
  static constexpr std::pair<std::string_view, const char*> aliases[] = {
      {"gb2312", "gb18030"},        {"gb_2312-80", "gb18030"},   {"gbk", "gb18030"},
      {"x-gbk", "gb18030"},         {"ks_c_5601-1987", "windows-949"}, {"ks_c_5601", "windows-949"},
      {"euc-kr", "windows-949"},    {"cp-850", "cp850"},         {"x-sjis", "windows-31j"},
      {"shift_jis", "windows-31j"}, {"shift-jis", "windows-31j"}, {"sjis", "windows-31j"},
      {"iso-8859-9", "windows-1254"}, {"iso-8859-8-i", "iso-8859-8"}, {"iso-8859-6-i", "iso-8859-6"},
      {"tis-620", "windows-874"},   {"iso-8859-11", "windows-874"}, {"unicode-1-1-utf-7", "utf-7"},
      {"x-unknown", ""},            {"unknown-8bit", ""},        {"unknown", ""}, {"x-user-defined", ""}};
  for (const auto& [from, to] : aliases)
    if (from == n) return to;
  return n;
}

converter open_converter(std::string_view normal_name) {
  const std::string name(icu_name(normal_name));
  if (name.empty() || name.find_first_of(", \t=") != std::string::npos) return {};
  UErrorCode error = U_ZERO_ERROR;
  converter c(ucnv_open(name.c_str(), &error));
  if (U_FAILURE(error)) return {};
  return c;
}

void append_utf16(std::string& out, const UChar* from, const UChar* end, char16_t& high) {
  for (; from < end; ++from) {
    const char32_t u = static_cast<char16_t>(*from);
    if (high != 0) {
      if (u >= 0xDC00 && u < 0xE000) {
        append_code_point(out, 0x10000 + ((static_cast<char32_t>(high) - 0xD800) << 10) + (u - 0xDC00));
        high = 0;
        continue;
      }
      append_code_point(out, 0xFFFD);
      high = 0;
    }
    if (u >= 0xD800 && u < 0xDC00) high = static_cast<char16_t>(u);
    else append_code_point(out, u);
  }
}

/// False when the converter itself failed; malformed input is U+FFFD, not a failure.
bool convert(UConverter* c, std::string_view in, bool flush, std::string& out, char16_t& high) {
  std::array<UChar, 1024> block;
  const char* source = in.data();
  const char* const end = source + in.size();
  for (;;) {
    UErrorCode error = U_ZERO_ERROR;
    UChar* target = block.data();
    ucnv_toUnicode(c, &target, block.data() + block.size(), &source, end, nullptr, flush, &error);
    append_utf16(out, block.data(), target, high);
    if (error == U_BUFFER_OVERFLOW_ERROR) continue;
    if (flush && high != 0) {
      append_code_point(out, 0xFFFD);
      high = 0;
    }
    return U_SUCCESS(error);
  }
}

void append_one_octet_set(std::string& out, std::string_view octets, bool upper_controls_too) {
  out.reserve(out.size() + octets.size() + octets.size() / 8);
  for (const char c : octets) {
    char32_t u = static_cast<unsigned char>(c);
    // HTML and mail agree: what calls itself latin1 and has these octets is windows-1252.
    if (upper_controls_too && u >= 0x80 && u < 0xA0 && windows1252_upper[u - 0x80] != 0) u = windows1252_upper[u - 0x80];
    append_code_point(out, u);
  }
}

void append_guessed(std::string& out, std::string_view octets) {
  if (valid_utf8(octets)) out += octets;
  else append_one_octet_set(out, octets, true);
}

/// The thread's converters, the most recently used at the end.
class cache {
public:
  UConverter* get(const std::string& name) {
    for (auto i = kept_.size(); i-- > 0;)
      if (kept_[i].first == name) {
        std::rotate(kept_.begin() + static_cast<std::ptrdiff_t>(i), kept_.begin() + static_cast<std::ptrdiff_t>(i) + 1, kept_.end());
        ucnv_reset(kept_.back().second.get());
        return kept_.back().second.get();
      }
    auto c = open_converter(name);
    if (!c) return nullptr;
    if (kept_.size() == kept_converters) kept_.erase(kept_.begin());
    kept_.emplace_back(name, std::move(c));
    return kept_.back().second.get();
  }

private:
  std::vector<std::pair<std::string, converter>> kept_;
};

cache& converters() {
  thread_local cache c;
  return c;
}

} // namespace

bool known(std::string_view name) {
  const auto n = normal(name);
  return !n.empty() && (kind_of(n) || converters().get(n));
}

bool keeps_ascii(std::string_view name) {
  const auto n = normal(name);
  return n.empty() || kind_of(n).has_value();
}

void append_utf8(std::string& out, std::string_view name, std::string_view octets) {
  if (is_ascii(octets)) {
    // ISO-2022, UTF-7, HZ and UTF-16 mean something else by ASCII octets.
    const auto first = name.empty() ? ' ' : base::ascii_lower(name[0]);
    if (first != 'i' && first != 'u' && first != 'h' && first != 'c' && first != 'e' && first != 'k' && first != 'x') {
      out += octets;
      return;
    }
  }
  const auto n = normal(name);
  switch (kind_of(n).value_or(kind::other)) {
  case kind::utf8:
    if (valid_utf8(octets)) out += octets;
    else out += repaired_utf8(octets);
    return;
  case kind::ascii: return append_guessed(out, octets);
  case kind::latin1:
  case kind::windows1252: return append_one_octet_set(out, octets, true);
  case kind::other: break;
  }
  auto* c = n.empty() ? nullptr : converters().get(n);
  if (!c) return append_guessed(out, octets);
  char16_t high = 0;
  convert(c, octets, true, out, high);
}

std::string to_utf8(std::string_view name, std::string_view octets) {
  std::string out;
  append_utf8(out, name, octets);
  return out;
}

std::optional<std::string> to_utf8_strict(std::string_view name, std::string_view octets) {
  const auto n = normal(name);
  switch (kind_of(n).value_or(kind::other)) {
  case kind::utf8: return valid_utf8(octets) ? std::optional(std::string(octets)) : std::nullopt;
  case kind::ascii: return is_ascii(octets) ? std::optional(std::string(octets)) : std::nullopt;
  case kind::latin1: {
    std::string out;
    append_one_octet_set(out, octets, false);
    return out;
  }
  default: break;
  }
  auto* c = n.empty() ? nullptr : converters().get(n);
  if (!c) return {};
  UErrorCode error = U_ZERO_ERROR;
  UConverterToUCallback old = nullptr;
  const void* context = nullptr;
  ucnv_setToUCallBack(c, UCNV_TO_U_CALLBACK_STOP, nullptr, &old, &context, &error);
  std::string out;
  char16_t high = 0;
  const bool good = U_SUCCESS(error) && convert(c, octets, true, out, high);
  error = U_ZERO_ERROR;
  ucnv_setToUCallBack(c, old, context, nullptr, nullptr, &error);
  ucnv_reset(c);
  if (!good) return {};
  return out;
}

struct decoder::state {
  kind k = kind::other;
  bool guess = false;
  converter icu;
  char16_t high = 0;
  std::string held; ///< The begin of a UTF-8 character, at most 3 octets.
};

decoder::decoder(std::string_view name) : state_(std::make_unique<state>()) {
  const auto n = normal(name);
  state_->k = kind_of(n).value_or(kind::other);
  if (state_->k == kind::ascii) state_->guess = true;
  if (state_->k == kind::other) {
    if (!n.empty()) state_->icu = open_converter(n);
    if (!state_->icu) {
      state_->k = kind::ascii;
      state_->guess = true;
    }
  }
}

decoder::~decoder() = default;
decoder::decoder(decoder&&) noexcept = default;
decoder& decoder::operator=(decoder&&) noexcept = default;

namespace {

/// How many octets at the end of `s` begin a UTF-8 character that is not complete.
std::size_t cut_tail(std::string_view s) {
  for (std::size_t back = 1; back <= 3 && back <= s.size(); ++back) {
    const auto o = static_cast<unsigned char>(s[s.size() - back]);
    if ((o & 0xC0) == 0x80) continue;
    const std::size_t wants = o >= 0xF0 ? 4 : o >= 0xE0 ? 3 : o >= 0xC2 ? 2 : 1;
    return wants > back ? back : 0;
  }
  return 0;
}

} // namespace

void decoder::decode(std::string_view octets, std::string& out) {
  auto& s = *state_;
  switch (s.k) {
  case kind::latin1:
  case kind::windows1252: return append_one_octet_set(out, octets, true);
  case kind::other: convert(s.icu.get(), octets, false, out, s.high); return;
  case kind::ascii:
  case kind::utf8: break;
  }
  if (s.held.empty() && is_ascii(octets)) {
    out += octets;
    return;
  }
  std::string joined;
  if (!s.held.empty()) {
    joined = std::move(s.held);
    joined += octets;
    octets = joined;
  }
  const auto tail = cut_tail(octets);
  const auto whole = octets.substr(0, octets.size() - tail);
  if (valid_utf8(whole)) out += whole;
  else if (s.guess) append_one_octet_set(out, whole, true);
  else out += repaired_utf8(whole);
  s.held.assign(octets.substr(octets.size() - tail));
}

void decoder::finish(std::string& out) {
  auto& s = *state_;
  if (s.k == kind::other) {
    convert(s.icu.get(), {}, true, out, s.high);
    ucnv_reset(s.icu.get());
  } else if (!s.held.empty()) {
    if (s.guess) append_one_octet_set(out, s.held, true);
    else out += repaired_utf8(s.held);
    s.held.clear();
  }
}

} // namespace rookery::charset
