#include "policy/quiet/quiet_hours.hpp"

#include <algorithm>

namespace rookery::quiet {

quiet_verdict judge(const quiet_rule& rule, service what, std::string_view account, bool administrator, base::wall_time now) {
  const bool meant = (rule.services & static_cast<std::uint8_t>(what)) != 0 && !(administrator && rule.administrators_exempt) &&
                     std::find(rule.exempt.begin(), rule.exempt.end(), account) == rule.exempt.end();
  if (!meant) return {};
  return {rule.hours.open(now), rule.hours.next_change(now)};
}

} // namespace rookery::quiet
