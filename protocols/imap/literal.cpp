#include "protocols/imap/literal.hpp"

#include "base/text.hpp"

namespace rookery::imap {

std::optional<literal> find_literal(std::string_view line) noexcept {
  if (line.size() < 3 || line.back() != '}') return {};
  const auto open = line.rfind('{');
  if (open == std::string_view::npos) return {};
  auto digits = line.substr(open + 1, line.size() - open - 2);
  literal found;
  found.begin = open;
  if (!digits.empty() && digits.back() == '+') {
    found.sync = false;
    digits.remove_suffix(1);
  }
  constexpr std::size_t digits_max = 20;
  if (digits.size() > digits_max) return {};
  const auto octets = base::parse_u64(digits);
  if (!octets || *octets > static_cast<std::uint64_t>(INT64_MAX)) return {};
  found.octets = *octets;
  if (open > 0 && line[open - 1] == '~') {
    found.binary = true;
    --found.begin;
  }
  return found;
}

} // namespace rookery::imap
