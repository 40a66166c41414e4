#include "policy/delivery/dnssec_rule.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::delivery {

bool matches(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || base::ascii_lower(pattern[p]) == base::ascii_lower(text[t]))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

base::result<dnssec_rules, std::string> dnssec_rules::parse(std::string_view text) {
  if (text.size() > dnssec_rules_octets_max) return base::fail(std::string("too long"));
  dnssec_rules rules;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = std::min(text.find_first_of("\n;"), text.size());
    auto line = base::trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const auto fault = [&](std::string_view what) {
      return base::fail("rule " + std::to_string(number) + " " + std::string(what));
    };
    rule r;
    const auto space = line.find_first_of(" \t");
    const auto word = line.substr(0, space);
    if (base::iequals(word, "require")) r.wish = dnssec_wish::required;
    else if (base::iequals(word, "request")) r.wish = dnssec_wish::requested;
    else return fault("begins with neither \"require\" nor \"request\"");
    line = base::trim(line.substr(word.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return fault("has no field name with a colon");
    const auto field = base::trim(line.substr(0, colon));
    if (field.empty() || std::any_of(field.begin(), field.end(), [](char c) { return c <= ' ' || c > '~'; }))
      return fault("names no field");
    r.field = field;
    r.pattern = base::trim(line.substr(colon + 1));
    if (r.pattern.empty()) return fault("has no pattern");
    if (rules.rules_.size() == dnssec_rules_max) return fault("is one too many");
    rules.rules_.push_back(std::move(r));
  }
  return rules;
}

dnssec_wish dnssec_rules::of_field(std::string_view name, std::string_view value) const noexcept {
  auto wish = dnssec_wish::none;
  for (const auto& r : rules_)
    if (r.wish > wish && base::iequals(r.field, name) && matches(r.pattern, base::trim(value.substr(0, 2000)))) wish = r.wish;
  return wish;
}

} // namespace rookery::delivery
