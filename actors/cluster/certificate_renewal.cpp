#include "actors/cluster/certificate_renewal.hpp"

#include <algorithm>

namespace rookery::actors {

renewal_step next_renewal_step(const renewal_facts& f) {
  using kind = renewal_step::kind;
  const auto& newest = f.authorities.front();
  if (f.here.trusted != f.authorities) return {kind::trust, {}};
  auto tell = f.agreed;
  tell.trusts = newest;
  tell.issuer = f.here.used_issuer;
  tell.ends = f.here.ends;
  if (!f.agreed.next.empty() && f.here.used == f.agreed.next) { // in use: the old one is nobody's any more
    tell.used = f.here.used;
    tell.next.clear();
    return {kind::announce, tell};
  }
  if (f.here.used != f.agreed.used) return {}; // files of another node: the others refuse it, and say what to do
  if (tell != f.agreed) return {kind::announce, tell};
  const auto left = f.here.ends - f.now;
  if (!f.agreed.next.empty()) {
    if (f.here.prepared != f.agreed.next) return {kind::prepare, {}}; // lost with its disk
    return {f.all_accept || left < last_moment ? kind::use : kind::nothing, {}};
  }
  // One of before this rule lasts for twenty years.
  const bool due = left < renewed_before || f.here.ends - f.here.begins > certificate_life * 2;
  if (!f.all_trust_newest || !(due || f.wanted || f.here.used_issuer != newest)) return {};
  if (f.here.prepared.empty() || f.here.prepared_issuer != newest) return {kind::prepare, {}};
  tell.next = f.here.prepared;
  return {kind::announce, tell};
}

bool authority_settled(const std::string& newest, const std::vector<certificates_agreed>& nodes) {
  return std::all_of(nodes.begin(), nodes.end(), [&](const auto& n) { return n.trusts == newest && n.issuer == newest && n.next.empty(); });
}

} // namespace rookery::actors
