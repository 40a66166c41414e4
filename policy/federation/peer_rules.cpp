#include "policy/federation/peer_rules.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::federation {
namespace {

std::vector<std::string> read(std::string_view text) {
  std::vector<std::string> out;
  for (const auto word : base::split(text, ' '))
    if (!word.empty()) out.push_back(base::to_lower(word));
  return out;
}

bool on_list(const std::vector<std::string>& list, std::string_view domain) {
  return std::any_of(list.begin(), list.end(), [domain](const std::string& entry) {
    return domain == entry || (domain.size() > entry.size() && domain.ends_with(entry) && domain[domain.size() - entry.size() - 1] == '.');
  });
}

} // namespace

peer_rules::peer_rules(std::string_view allowed, std::string_view blocked) : allowed_(read(allowed)), blocked_(read(blocked)) {}

bool peer_rules::admits(std::string_view domain) const { return !on_list(blocked_, domain) && (allowed_.empty() || on_list(allowed_, domain)); }

} // namespace rookery::federation
