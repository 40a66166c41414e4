/// "v=NAME1; key=value; key=value": the form that the TXT records of mail's policies share.
///
/// Source: RFC 8461 §3.1, RFC 8460 §3 (their ABNF is the same but for the fields).
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::mailauth {

using field = std::pair<std::string_view, std::string_view>;
inline constexpr std::size_t fields_max = 64;

/// The fields behind `version` ("v=STSv1"), which must come first, exactly. Nothing when the text is
/// another record or breaks the grammar. Views into `text`.
std::optional<std::vector<field>> read_fields(std::string_view text, std::string_view version);
/// The first with this key.
std::optional<std::string_view> find_field(const std::vector<field>&, std::string_view key) noexcept;

/// Of several TXT records the one that begins with `version` and a ';' (or ends there); nothing when
/// there is none or more than one.
template <class Texts>
const typename Texts::value_type* only_one(const Texts& texts, std::string_view version) {
  const typename Texts::value_type* found = nullptr;
  for (const auto& text : texts) {
    if (!std::string_view(text).starts_with(version)) continue;
    auto rest = std::string_view(text).substr(version.size());
    while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
    if (!rest.starts_with(';')) continue;
    if (found != nullptr) return nullptr;
    found = &text;
  }
  return found;
}

} // namespace rookery::mailauth
