#include "policy/queueing/header_priority.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace rookery::queueing {
namespace {

constexpr std::size_t value_octets_max = 100;
constexpr std::int8_t number_most = 9;

/// The value's first word: "1" of "1 (Highest)".
std::string_view first_word(std::string_view value) noexcept {
  value = base::trim(value.substr(0, value_octets_max));
  return base::trim(value.substr(0, value.find_first_of(" \t\r\n;(")));
}

struct meaning {
  std::string_view word;
  std::int8_t number;
};

template <std::size_t N>
std::optional<std::int8_t> find(const std::array<meaning, N>& known, std::string_view word) noexcept {
  for (const auto& m : known)
    if (base::iequals(m.word, word)) return m.number;
  return std::nullopt;
}

constexpr std::array<meaning, 3> priority_words{{{"urgent", urgent_number}, {"normal", 0}, {"non-urgent", bulk_number}}};
constexpr std::array<meaning, 3> importance_words{{{"high", urgent_number}, {"normal", 0}, {"low", bulk_number}}};
constexpr std::array<meaning, 5> x_priority_words{{{"1", urgent_number}, {"2", urgent_number}, {"3", 0}, {"4", bulk_number}, {"5", bulk_number}}};
constexpr std::array<meaning, 2> precedence_words{{{"special-delivery", urgent_number}, {"first-class", urgent_number}}};

std::optional<std::int8_t> read_number(std::string_view word) noexcept {
  const bool minus = word.starts_with('-');
  const auto digits = word.substr(minus ? 1 : 0);
  if (digits.size() != 1 || digits[0] < '0' || digits[0] > '0' + number_most) return std::nullopt;
  const auto n = static_cast<std::int8_t>(digits[0] - '0');
  return minus ? static_cast<std::int8_t>(-n) : n;
}

} // namespace

void priority_reader::field(std::string_view name, std::string_view value) noexcept {
  const auto is = [&](std::string_view known) { return base::iequals(name, known); };
  std::optional<std::int8_t> n;
  if (is("Priority")) {
    n = find(priority_words, first_word(value));
  } else if (is("Importance") || is("X-MSMail-Priority")) {
    n = find(importance_words, first_word(value));
  } else if (is("X-Priority")) {
    n = find(x_priority_words, first_word(value));
  } else if (is("MT-Priority")) {
    n = read_number(first_word(value));
  } else if (is("Precedence")) {
    const auto word = first_word(value);
    bulk_ = bulk_ || base::iequals(word, "bulk") || base::iequals(word, "list") || base::iequals(word, "junk");
    n = find(precedence_words, word);
  }
  if (n) said_ = said_ ? std::max(*said_, *n) : n;
}

std::int8_t priority_reader::number(bool may_raise) const noexcept {
  if (bulk_) return bulk_number;
  const auto n = said_.value_or(std::int8_t{0});
  return may_raise ? n : std::min(n, std::int8_t{0});
}

} // namespace rookery::queueing
