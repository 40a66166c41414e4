/// Which messages ask for name servers' answers that are validated, by their header.
///
/// A setting's text has a rule a line (or between ';'): "require Subject: *[dnssec]*",
/// "request X-Security: high". In patterns * is any text and ? any character; case does not
/// matter. Source: RFC 4033 (what validated means), RFC 5322 §2.2 (fields). Thread-safe.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::delivery {

enum class dnssec_wish : std::uint8_t {
  none,
  requested, ///< preferred; an answer without it is used, and that is said in the log
  required   ///< without it the message goes back
};

inline constexpr std::size_t dnssec_rules_max = 100, dnssec_rules_octets_max = 10000;

class dnssec_rules {
public:
  /// The error names the rule: "rule 2 has no pattern".
  static base::result<dnssec_rules, std::string> parse(std::string_view text);
  /// One header field of a message, its value unfolded. The strongest of all fields' answers counts.
  dnssec_wish of_field(std::string_view name, std::string_view value) const noexcept;
  bool empty() const noexcept { return rules_.empty(); }

private:
  struct rule {
    dnssec_wish wish = dnssec_wish::none;
    std::string field, pattern;
  };
  std::vector<rule> rules_;
};

/// Does all of `text` match? O(text × pattern) at worst. ASCII case does not matter.
bool matches(std::string_view pattern, std::string_view text) noexcept;

} // namespace rookery::delivery
