#include "actors/xmpp/web/bosh_sessions.hpp"

#include <utility>

namespace rookery::actors {

bool bosh_sessions::has_room(const std::string& peer) const {
  const std::lock_guard hold(lock_);
  if (sessions_.size() >= bosh_sessions_max) return false;
  const auto found = of_address_.find(peer);
  return peer.empty() || found == of_address_.end() || found->second < bosh_sessions_of_address_max;
}

void bosh_sessions::add(const std::string& sid, entry e) {
  const std::lock_guard hold(lock_);
  if (!e.peer.empty()) ++of_address_[e.peer];
  sessions_.emplace(sid, std::move(e));
}

void bosh_sessions::remove(const std::string& sid) {
  const std::lock_guard hold(lock_);
  const auto found = sessions_.find(sid);
  if (found == sessions_.end()) return;
  if (const auto counted = of_address_.find(found->second.peer); counted != of_address_.end() && --counted->second == 0) of_address_.erase(counted);
  sessions_.erase(found);
}

bosh_sessions::entry bosh_sessions::find(const std::string& sid) const {
  const std::lock_guard hold(lock_);
  const auto found = sessions_.find(sid);
  return found == sessions_.end() ? entry{} : found->second;
}

} // namespace rookery::actors
