#include "protocols/charset/precis.hpp"

#include "base/text.hpp"
#include "protocols/charset/utf8.hpp"

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <algorithm>

namespace rookery::charset {
namespace {

constexpr std::size_t octets_max = 1023;

enum class string_class { identifier, freeform };

const icu::Normalizer2* nfc() {
  UErrorCode code = U_ZERO_ERROR;
  return icu::Normalizer2::getNFCInstance(code);
}
const icu::Normalizer2* nfkc() {
  UErrorCode code = U_ZERO_ERROR;
  return icu::Normalizer2::getNFKCInstance(code);
}

UScriptCode script_of(UChar32 c) {
  UErrorCode code = U_ZERO_ERROR;
  return uscript_getScript(c, &code);
}

bool is_virama(UChar32 c) { return u_getCombiningClass(c) == 9; }

bool joins(UChar32 c, UJoiningType a, UJoiningType b) {
  const auto type = u_getIntPropertyValue(c, UCHAR_JOINING_TYPE);
  return type == a || type == b;
}

/// RFC 5892 appendix A.1: between letters that join, over transparent ones.
bool non_joiner_allowed(const icu::UnicodeString& text, std::int32_t at) {
  if (at > 0 && is_virama(text.char32At(text.moveIndex32(at, -1)))) return true;
  const auto transparent = [](UChar32 c) { return u_getIntPropertyValue(c, UCHAR_JOINING_TYPE) == U_JT_TRANSPARENT; };
  auto before = at;
  do {
    if (before == 0) return false;
    before = text.moveIndex32(before, -1);
  } while (transparent(text.char32At(before)));
  if (!joins(text.char32At(before), U_JT_LEFT_JOINING, U_JT_DUAL_JOINING)) return false;
  auto after = at;
  do {
    after = text.moveIndex32(after, 1);
    if (after >= text.length()) return false;
  } while (transparent(text.char32At(after)));
  return joins(text.char32At(after), U_JT_RIGHT_JOINING, U_JT_DUAL_JOINING);
}

/// RFC 5892 appendix A. Nothing: no rule speaks of this character.
std::optional<bool> contextual(const icu::UnicodeString& text, std::int32_t at, UChar32 c) {
  const auto before = [&]() -> UChar32 { return at > 0 ? text.char32At(text.moveIndex32(at, -1)) : 0; };
  const auto after = [&]() -> UChar32 {
    const auto next = text.moveIndex32(at, 1);
    return next < text.length() ? text.char32At(next) : 0;
  };
  const auto has = [&](UChar32 first, UChar32 last) {
    for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1))
      if (const auto x = text.char32At(i); x >= first && x <= last) return true;
    return false;
  };
  switch (c) {
  case 0x200c: return non_joiner_allowed(text, at);
  case 0x200d: return at > 0 && is_virama(before());
  case 0x00b7: return before() == 'l' && after() == 'l';
  case 0x0375: return after() != 0 && script_of(after()) == USCRIPT_GREEK;
  case 0x05f3:
  case 0x05f4: return before() != 0 && script_of(before()) == USCRIPT_HEBREW;
  case 0x30fb:
    for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
      const auto script = script_of(text.char32At(i));
      if (script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA || script == USCRIPT_HAN) return true;
    }
    return false;
  default: break;
  }
  if (c >= 0x0660 && c <= 0x0669) return !has(0x06f0, 0x06f9);
  if (c >= 0x06f0 && c <= 0x06f9) return !has(0x0660, 0x0669);
  return {};
}

/// RFC 8264 §8 with §9.6: characters that stand as exceptions.
std::optional<bool> exceptional(UChar32 c) {
  switch (c) {
  case 0x00df: case 0x03c2: case 0x06fd: case 0x06fe: case 0x0f0b: case 0x3007: return true;
  case 0x0640: case 0x07fa: case 0x302e: case 0x302f: case 0x3031: case 0x3032: case 0x3033: case 0x3034: case 0x3035:
  case 0x303b: return false;
  default: return {};
  }
}

bool old_hangul_jamo(UChar32 c) {
  const auto type = u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE);
  return type == U_HST_LEADING_JAMO || type == U_HST_VOWEL_JAMO || type == U_HST_TRAILING_JAMO;
}

/// In the order of RFC 8264 §8.
bool allowed(const icu::UnicodeString& text, std::int32_t at, UChar32 c, string_class of) {
  if (const auto known = exceptional(c)) return *known;
  const auto type = u_charType(c);
  if (type == U_UNASSIGNED) return false;
  if (c >= 0x21 && c <= 0x7e) return true;
  if (const auto rule = contextual(text, at, c)) return *rule;
  if (old_hangul_jamo(c)) return false;
  if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) || u_hasBinaryProperty(c, UCHAR_NONCHARACTER_CODE_POINT)) return false;
  if (type == U_CONTROL_CHAR) return false;
  const bool freeform = of == string_class::freeform;
  const icu::UnicodeString alone(c);
  UErrorCode code = U_ZERO_ERROR;
  if (nfkc()->normalize(alone, code) != alone) return freeform;
  switch (type) {
  case U_LOWERCASE_LETTER: case U_UPPERCASE_LETTER: case U_OTHER_LETTER: case U_DECIMAL_DIGIT_NUMBER: case U_MODIFIER_LETTER:
  case U_NON_SPACING_MARK: case U_COMBINING_SPACING_MARK: return true;
  case U_TITLECASE_LETTER: case U_LETTER_NUMBER: case U_OTHER_NUMBER: case U_ENCLOSING_MARK: case U_SPACE_SEPARATOR:
  case U_MATH_SYMBOL: case U_CURRENCY_SYMBOL: case U_MODIFIER_SYMBOL: case U_OTHER_SYMBOL: case U_CONNECTOR_PUNCTUATION:
  case U_DASH_PUNCTUATION: case U_START_PUNCTUATION: case U_END_PUNCTUATION: case U_INITIAL_PUNCTUATION:
  case U_FINAL_PUNCTUATION: case U_OTHER_PUNCTUATION: return freeform;
  default: return false;
  }
}

bool all_allowed(const icu::UnicodeString& text, string_class of) {
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1))
    if (!allowed(text, i, text.char32At(i), of)) return false;
  return true;
}

/// RFC 5893 §2, for a text that has right-to-left characters.
bool keeps_bidi_rule(const icu::UnicodeString& text) {
  const auto direction = [](UChar32 c) { return u_charDirection(c); };
  bool right_to_left = false;
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const auto d = direction(text.char32At(i));
    right_to_left = right_to_left || d == U_RIGHT_TO_LEFT || d == U_RIGHT_TO_LEFT_ARABIC || d == U_ARABIC_NUMBER;
  }
  if (!right_to_left) return true;
  const auto first = direction(text.char32At(0));
  if (first != U_RIGHT_TO_LEFT && first != U_RIGHT_TO_LEFT_ARABIC) return false;
  bool european = false, arabic = false, ends_well = false;
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    switch (direction(text.char32At(i))) {
    case U_EUROPEAN_NUMBER: european = ends_well = true; break;
    case U_ARABIC_NUMBER: arabic = ends_well = true; break;
    case U_RIGHT_TO_LEFT: case U_RIGHT_TO_LEFT_ARABIC: ends_well = true; break;
    case U_EUROPEAN_NUMBER_SEPARATOR: case U_COMMON_NUMBER_SEPARATOR: case U_EUROPEAN_NUMBER_TERMINATOR:
    case U_OTHER_NEUTRAL: case U_BOUNDARY_NEUTRAL: ends_well = false; break;
    case U_DIR_NON_SPACING_MARK: break;
    default: return false;
    }
  }
  return ends_well && !(european && arabic);
}

/// Wide and narrow forms as the characters they stand for (RFC 8265 §3.3.2.1).
icu::UnicodeString narrowed(const icu::UnicodeString& text) {
  icu::UnicodeString out;
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const auto c = text.char32At(i);
    const auto width = u_getIntPropertyValue(c, UCHAR_DECOMPOSITION_TYPE);
    UErrorCode code = U_ZERO_ERROR;
    if (width == U_DT_WIDE || width == U_DT_NARROW)
      out += nfkc()->normalize(icu::UnicodeString(c), code);
    else
      out += c;
  }
  return out;
}

std::optional<std::string> finished(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  if (out.empty() || out.size() > octets_max) return {};
  return out;
}

bool plausible(std::string_view utf8) { return !utf8.empty() && utf8.size() <= octets_max && valid_utf8(utf8); }

} // namespace

std::optional<std::string> username_case_mapped(std::string_view utf8) {
  if (!plausible(utf8)) return {};
  if (is_ascii(utf8)) {
    if (!std::all_of(utf8.begin(), utf8.end(), [](char c) { return c >= 0x21 && c <= 0x7e; })) return {};
    return base::to_lower(utf8);
  }
  UErrorCode code = U_ZERO_ERROR;
  auto text = narrowed(icu::UnicodeString::fromUTF8({utf8.data(), static_cast<std::int32_t>(utf8.size())}));
  text.toLower(icu::Locale::getRoot());
  text = nfc()->normalize(text, code);
  if (U_FAILURE(code) || text.isEmpty() || !all_allowed(text, string_class::identifier) || !keeps_bidi_rule(text)) return {};
  return finished(text);
}

std::optional<std::string> opaque_string(std::string_view utf8) {
  if (!plausible(utf8)) return {};
  if (is_ascii(utf8)) {
    if (!std::all_of(utf8.begin(), utf8.end(), [](char c) { return c >= 0x20 && c <= 0x7e; })) return {};
    return std::string(utf8);
  }
  UErrorCode code = U_ZERO_ERROR;
  const auto text = icu::UnicodeString::fromUTF8({utf8.data(), static_cast<std::int32_t>(utf8.size())});
  icu::UnicodeString spaced;
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const auto c = text.char32At(i);
    spaced += u_charType(c) == U_SPACE_SEPARATOR ? UChar32{0x20} : c;
  }
  spaced = nfc()->normalize(spaced, code);
  for (std::int32_t i = 0; i < spaced.length(); i = spaced.moveIndex32(i, 1)) {
    const auto c = spaced.char32At(i);
    if (c != 0x20 && !allowed(spaced, i, c, string_class::freeform)) return {};
  }
  if (U_FAILURE(code)) return {};
  return finished(spaced);
}

} // namespace rookery::charset
