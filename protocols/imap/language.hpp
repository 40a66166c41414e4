/// The texts of answers in languages that people read.
///
/// Source: RFC 5255 §3 (LANGUAGE), RFC 4647 §3.4 (which language fits a range), RFC 2277 §4.5 (i-default).
/// A text is written in English where it is said, and translated when it is sent. A language is one table from
/// English in a file of its own (texts_de.cpp), an enumerator here and a row in language.cpp. What a table
/// does not have stays English; a test wants the texts of refusals and good-byes in all of them.
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::imap {

enum class language : std::uint8_t { english, german };
inline constexpr language all_languages[] = {language::english, language::german};

struct translation { std::string_view english, text; };

/// "EN", "DE".
std::string_view language_tag(language) noexcept;
/// The language that the first of the ranges with any fits: "de-AT" falls back to "de"; "*", "default" and
/// "i-default" are English. Nothing when none fits.
std::optional<language> choose_language(const std::vector<std::string>& ranges) noexcept;
/// Appends the text in this language, as UTF-8.
void say(base::buffer& out, language, std::string_view english);

/// The table of a language, in the order of the English texts; none for English.
std::span<const translation> texts(language) noexcept;
std::span<const translation> texts_de() noexcept;

} // namespace rookery::imap
