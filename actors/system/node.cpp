#include "actors/node.hpp"

#include "actors/shard/log_actor.hpp"

namespace rookery::actors {

bool node::commit(net::connection& from, storage::commit_group group, ack when, std::uint64_t token,
                  std::shared_ptr<void> keep) const {
  auto request = std::make_shared<commit_request>();
  request->group = std::move(group);
  request->when = when;
  request->token = token;
  request->keep = std::move(keep);
  return submit_commit(from, log, *gate, std::move(request));
}

base::message_id node::next_message_id() {
  // Milliseconds and a counter in one word: grows over restarts without being stored.
  const auto floor = static_cast<std::uint64_t>(base::to_milliseconds(clock->wall())) << 20;
  auto last = last_message_id_.load(std::memory_order_relaxed);
  std::uint64_t next;
  do next = std::max(last + 1, floor);
  while (!last_message_id_.compare_exchange_weak(last, next, std::memory_order_relaxed));
  return base::message_id{next};
}

} // namespace rookery::actors
