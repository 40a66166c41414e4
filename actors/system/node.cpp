#include "actors/node.hpp"

#include "actors/shard/log_actor.hpp"
#include "actors/system/config_agreement.hpp"
#include "actors/system/config_commit.hpp"
#include "actors/system/process_share.hpp"
#include "base/check.hpp"

#include <algorithm>
#include <map>
#include <mutex>

namespace rookery::actors {
namespace {

bool changes_configuration(const storage::commit_group& g) {
  return std::any_of(g.commands.begin(), g.commands.end(), [](const auto& c) { return c.shard == storage::config_shard; });
}

/// By configuration: all volumes of a process have the same. A server has one.
struct agreements {
  std::atomic<bool> any{false};
  std::mutex lock;
  std::map<const storage::directory::config_cell*, std::shared_ptr<config_agreement>> of;
};
agreements& all_agreements() {
  static agreements all;
  return all;
}

} // namespace

void set_agreement(const node& n, std::shared_ptr<config_agreement> a) {
  auto& all = all_agreements();
  const std::lock_guard hold(all.lock);
  if (a) all.of[n.config.get()] = std::move(a);
  else all.of.erase(n.config.get());
  all.any.store(!all.of.empty());
}

std::shared_ptr<config_agreement> agreement_of(const node& n) {
  auto& all = all_agreements();
  if (!all.any.load(std::memory_order_acquire)) return nullptr;
  const std::lock_guard hold(all.lock);
  const auto at = all.of.find(n.config.get());
  return at == all.of.end() ? nullptr : at->second;
}

bool node::commit(net::connection& from, storage::commit_group group, ack when, std::uint64_t token,
                  std::shared_ptr<void> keep) const {
  const bool configures = changes_configuration(group);
  for (const auto& c : group.commands) base::check((c.shard == storage::config_shard) == configures, "a group changes the configuration or the volume");
  if (configures && agreement_of(*this) != nullptr)
    // What one node alone decides cannot be in one group with it.
    return group.commands.size() == 1 && commit_configuration(from, *this, std::move(group.commands.front().payload), token);
  auto request = std::make_shared<commit_request>();
  request->group = std::move(group);
  request->when = when;
  request->token = token;
  request->keep = std::move(keep);
  if (!configures) return submit_commit(from, log, *gate, std::move(request));
  const auto process = share_of(*this);
  return process != nullptr && submit_commit(from, process->config_log, *process->config_gate, std::move(request));
}

namespace {

struct shares {
  std::mutex lock;
  std::map<const storage::directory::config_cell*, std::shared_ptr<const process_share>> of;
};
shares& all_shares() {
  static shares all;
  return all;
}

} // namespace

void set_share(const node& n, std::shared_ptr<const process_share> s) {
  auto& all = all_shares();
  const std::lock_guard hold(all.lock);
  if (s) all.of[n.config.get()] = std::move(s);
  else all.of.erase(n.config.get());
}

std::shared_ptr<const process_share> share_of(const node& n) {
  auto& all = all_shares();
  const std::lock_guard hold(all.lock);
  const auto at = all.of.find(n.config.get());
  return at == all.of.end() ? nullptr : at->second;
}

base::message_id node::next_message_id() {
  // Milliseconds and a counter in one word: grows over restarts without being stored. The clock of who leads the volume next
  // may be behind: each lead counts in its own part of a millisecond.
  const auto volumes = volumes_of(*this);
  const auto lead = volumes ? volumes->epoch_of(*this) % 1024 : 0;
  // Operators name a message by its number in the whole cluster: volumes begin at different places.
  const auto place = volumes ? volumes->id_of(*this) % 32 * 32 : 0;
  const auto floor = static_cast<std::uint64_t>(base::to_milliseconds(clock->wall())) << 20 | lead << 10 | place;
  auto last = last_message_id_.load(std::memory_order_relaxed);
  std::uint64_t next;
  do next = std::max(last + 1, floor);
  while (!last_message_id_.compare_exchange_weak(last, next, std::memory_order_relaxed));
  return base::message_id{next};
}

} // namespace rookery::actors
