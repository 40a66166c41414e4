#include "actors/queue/spool_commit.hpp"

#include "actors/shard/log_actor.hpp"

namespace rookery::actors {
storage::commit_group spool_group(base::wall_time now, std::vector<storage::queue::any_command> commands) {
  storage::commit_group group;
  for (auto& what : commands) {
    storage::shard_command c;
    c.shard = storage::spool_shard;
    c.payload = storage::queue::encode({now, std::move(what)});
    group.commands.push_back(std::move(c));
  }
  return group;
}

bool commit_group_of(caf::local_actor& from, node& n, storage::commit_group group, std::uint64_t token, ack when,
                     std::shared_ptr<void> keep) {
  auto request = std::make_shared<commit_request>();
  request->group = std::move(group);
  request->when = when;
  request->token = token;
  request->keep = std::move(keep);
  return submit_commit(from, n.log, *n.gate, std::move(request));
}

} // namespace rookery::actors
