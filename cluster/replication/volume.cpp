#include "cluster/replication/volume.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace rookery::replication {
namespace {

void add(std::vector<node_number>& to, node_number n) {
  const auto at = std::lower_bound(to.begin(), to.end(), n);
  if (at == to.end() || *at != n) to.insert(at, n);
}

void drop(std::vector<node_number>& from, node_number n) { std::erase(from, n); }

void begin_epoch(volume& v, node_number leader, log_position start) {
  v.leader = leader;
  ++v.epoch;
  v.starts.push_back({v.epoch, start});
  if (v.starts.size() <= starts_max) return;
  const auto forgotten_epoch = v.starts.front().epoch;
  v.starts.erase(v.starts.begin());
  // Who has not followed since cannot be told where to cut: it must not be taken for one that has everything.
  if (v.proven < forgotten_epoch) {
    for (const auto n : v.in_sync)
      if (n != leader) add(v.learners, n);
    v.in_sync = {leader};
    v.proven = v.epoch;
  }
}

} // namespace

bool contains(const std::vector<node_number>& in, node_number n) noexcept { return std::binary_search(in.begin(), in.end(), n); }

volume found_volume(node_number id, unsigned copies) {
  volume v;
  v.id = v.leader = id;
  v.in_sync = {id};
  v.copies = copies;
  v.starts = {{1, {}}};
  return v;
}

common_part common_with(const volume& v, std::uint64_t epoch) {
  common_part out;
  if (epoch >= v.epoch) return out;
  if (v.starts.empty() || v.starts.front().epoch > epoch + 1) return {false, {}};
  for (const auto& s : v.starts)
    if (s.epoch > epoch && (!out.cut || s.at < *out.cut)) out.cut = s.at;
  return out;
}

volume claimed(volume v, node_number by, log_position start, bool gone_leader) {
  const auto before = v.leader;
  if (gone_leader && before != by) {
    drop(v.in_sync, before);
    add(v.learners, before);
  }
  begin_epoch(v, by, start);
  return v;
}

volume handed_over(volume v, node_number to, log_position start, std::chrono::milliseconds paused_until) {
  v.paused_until = paused_until;
  begin_epoch(v, to, start);
  return v;
}

volume grown(volume v, node_number n) {
  drop(v.learners, n);
  add(v.in_sync, n);
  v.proven = v.epoch;
  v.copied = true;
  return v;
}

volume shrunk(volume v, node_number n) {
  drop(v.in_sync, n);
  add(v.learners, n);
  return v;
}

volume with_learner(volume v, node_number n) {
  if (!contains(v.in_sync, n)) add(v.learners, n);
  v.shared = true;
  return v;
}

volume without_learner(volume v, node_number n) {
  drop(v.learners, n);
  return v;
}

volume proven_now(volume v) {
  v.proven = v.epoch;
  return v;
}

volume forgotten(volume v, node_number n) {
  base::check(v.leader != n && !only_holder(v, n), "a volume's leader or last holder cannot be forgotten");
  drop(v.in_sync, n);
  drop(v.learners, n);
  return v;
}

bool only_holder(const volume& v, node_number n) noexcept { return v.in_sync.size() == 1 && v.in_sync.front() == n; }

bool first_copy(const volume& v) noexcept { return !v.copied && v.in_sync.size() == 1 && !v.learners.empty(); }

bool never_shared(const volume& v) noexcept {
  return !v.shared && v.epoch == 1 && v.in_sync.size() == 1 && v.in_sync.front() == v.leader;
}

} // namespace rookery::replication
