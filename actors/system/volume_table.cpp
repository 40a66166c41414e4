#include "actors/system/volume_table.hpp"

#include "actors/system/process_share.hpp"

namespace rookery::actors {

volume_ptr volume_table::find(volume_id id) const {
  const std::lock_guard hold(lock_);
  const auto at = open_.find(id);
  return at == open_.end() ? nullptr : at->second;
}

std::vector<volume_ptr> volume_table::all() const {
  const std::lock_guard hold(lock_);
  std::vector<volume_ptr> out;
  for (const auto& [id, v] : open_) out.push_back(v);
  return out;
}

volume_id volume_table::home_of(base::account_id a) const {
  std::shared_ptr<const home_rule> rule;
  {
    const std::lock_guard hold(lock_);
    if (!homes_) return own_;
    rule = homes_;
  }
  return (*rule)(a);
}

void volume_table::set_homes(home_rule rule) {
  auto now = rule ? std::make_shared<const home_rule>(std::move(rule)) : nullptr;
  const std::lock_guard hold(lock_);
  homes_.swap(now);
}

void volume_table::watch(watcher w) {
  const std::lock_guard hold(lock_);
  watchers_.push_back(std::make_shared<const watcher>(std::move(w)));
}

volume_id volume_table::id_of(const node& n) const {
  const std::lock_guard hold(lock_);
  const auto at = known_.find(&n);
  return at == known_.end() ? own_ : at->second.id;
}

std::shared_ptr<session_list> volume_table::sessions_of(const node& n) const {
  const std::lock_guard hold(lock_);
  const auto at = known_.find(&n);
  return at == known_.end() ? nullptr : at->second.sessions;
}

void volume_table::set_own(volume_id id) {
  const std::lock_guard hold(lock_);
  if (const auto at = open_.find(own_); at != open_.end() && own_ != id) {
    auto v = std::move(at->second);
    open_.erase(at);
    known_[v.get()].id = id;
    open_[id] = std::move(v);
  }
  own_ = id;
}

void volume_table::opening(const node& n, volume_id id, std::shared_ptr<session_list> sessions, std::uint64_t epoch) {
  const std::lock_guard hold(lock_);
  known_[&n] = {id, std::move(sessions), epoch};
}

void volume_table::leads(const node& n, std::uint64_t epoch) {
  const std::lock_guard hold(lock_);
  if (const auto at = known_.find(&n); at != known_.end()) at->second.epoch = epoch;
}

std::uint64_t volume_table::epoch_of(const node& n) const {
  const std::lock_guard hold(lock_);
  const auto at = known_.find(&n);
  return at == known_.end() ? 0 : at->second.epoch;
}

void volume_table::opened(volume_ptr v) {
  const auto id = id_of(*v);
  {
    const std::lock_guard hold(lock_);
    open_[id] = std::move(v);
  }
  tell({id, true});
}

void volume_table::closing(const node& n) {
  const auto id = id_of(n);
  volume_ptr gone;
  {
    const std::lock_guard hold(lock_);
    const auto at = open_.find(id);
    if (at == open_.end() || at->second.get() != &n) return;
    gone = std::move(at->second);
    open_.erase(at);
  }
  tell({id, false});
}

void volume_table::closed(const node& n) {
  const std::lock_guard hold(lock_);
  known_.erase(&n);
}

void volume_table::tell(const event& e) {
  std::vector<std::shared_ptr<const watcher>> to;
  {
    const std::lock_guard hold(lock_);
    to = watchers_;
  }
  for (const auto& w : to) (*w)(e);
}

std::shared_ptr<volume_table> volumes_of(const node& n) {
  const auto process = share_of(n);
  return process ? process->volumes : nullptr;
}

} // namespace rookery::actors
