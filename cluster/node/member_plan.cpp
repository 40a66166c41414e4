#include "cluster/node/member_plan.hpp"

#include <algorithm>

namespace rookery::cluster {

using consensus::member;
using consensus::role;

std::optional<member_change> next_change(const std::vector<member_facts>& wanted, const std::vector<member>& present, consensus::member_id self) {
  using kind = member_change::kind;
  const auto facts = [&](consensus::member_id id) -> const member_facts* {
    const auto at = std::find_if(wanted.begin(), wanted.end(), [&](const auto& w) { return w.id == id; });
    return at == wanted.end() ? nullptr : &*at;
  };
  const auto here = [&](consensus::member_id id) -> const member* {
    const auto at = std::find_if(present.begin(), present.end(), [&](const auto& m) { return m.id == id; });
    return at == present.end() ? nullptr : &*at;
  };
  for (const auto& m : present)
    if (facts(m.id) == nullptr && m.id != self) return member_change{kind::remove, m.id, {}};
  for (const auto& w : wanted)
    if (here(w.id) == nullptr) return member_change{kind::add, w.id, {}};
  for (const auto& m : present)
    if (const auto* f = facts(m.id); m.what == role::spare && f != nullptr && f->alive) return member_change{kind::assign, m.id, role::standby};

  std::size_t voters = 0, may = 0, must = 0;
  for (const auto& m : present) voters += m.what == role::voter;
  for (const auto& w : wanted) {
    const auto* m = here(w.id);
    const bool votes = m != nullptr && m->what == role::voter;
    // One that is away keeps its vote and gets none.
    may += w.role != wish::standby && (votes || w.alive);
    must += w.role == wish::voter;
  }
  const auto odd = may == 0 ? 1 : may % 2 == 1 ? may : may - 1;
  const auto target = std::max(std::min(odd, voters_wanted_max), must);
  for (const auto& m : present) {
    const auto* f = facts(m.id);
    if (f == nullptr || m.what != role::standby || !f->alive || f->role == wish::standby) continue;
    if (f->role == wish::voter || voters < target) return member_change{kind::assign, m.id, role::voter};
  }
  // Only while everybody is there: an absent voter is not a reason to take votes away.
  const bool complete = std::all_of(present.begin(), present.end(), [&](const member& m) {
    const auto* f = facts(m.id);
    return m.what != role::voter || m.id == self || (f != nullptr && f->alive);
  });
  if (!complete) return {};
  for (auto m = present.rbegin(); m != present.rend(); ++m) {
    const auto* f = facts(m->id);
    if (f == nullptr || m->what != role::voter || m->id == self || f->role == wish::voter) continue;
    if (f->role == wish::standby || voters > target) return member_change{kind::assign, m->id, role::standby};
  }
  return {};
}

} // namespace rookery::cluster
