#include "actors/queue/spool_commit.hpp"

#include "actors/shard/log_actor.hpp"
#include "actors/system/config_commit.hpp"
#include "base/check.hpp"
#include "base/crypto/crypto.hpp"

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

void add_written(storage::commit_group& group, base::wall_time now, storage::queue::envelope e, std::string octets) {
  storage::body_source body;
  body.length = static_cast<std::uint32_t>(octets.size());
  body.id = base::sha256(octets);
  body.octets = std::make_shared<const std::string>(std::move(octets));
  group.bodies.push_back(std::move(body));
  storage::shard_command c;
  c.shard = storage::spool_shard;
  c.payload = storage::queue::encode({now, storage::queue::accepted{std::move(e)}});
  c.bodies = {static_cast<std::uint32_t>(group.bodies.size() - 1)};
  group.commands.push_back(std::move(c));
}

bool commit_group_of(caf::local_actor& from, node& n, storage::commit_group group, std::uint64_t token, ack when,
                     std::shared_ptr<void> keep) {
  // The configuration has a log of its own, and in a cluster an agreement in front of it (commit_configuration).
  for (const auto& c : group.commands) base::check(c.shard != storage::config_shard, "a group changes the volume");
  auto request = std::make_shared<commit_request>();
  request->group = std::move(group);
  request->when = when;
  request->token = token;
  request->keep = std::move(keep);
  return submit_commit(from, n.log, *n.gate, std::move(request));
}

commit_done_ptr commit_and_wait(node& n, storage::commit_group group, std::chrono::milliseconds most, std::uint64_t token, std::shared_ptr<void> keep) {
  caf::scoped_actor self{*n.system};
  commit_done_ptr out;
  if (!commit_group_of(*self, n, std::move(group), token, ack::applied, std::move(keep))) return out;
  self->receive([&](const commit_done_ptr& d) { out = d; }, caf::after(most) >> [] {});
  return out;
}

void awaited_commits::send(caf::local_actor& from, node& n, storage::commit_group group, continuation then) {
  const auto token = ++last_token_;
  waiting_.emplace(token, std::move(then));
  if (commit_group_of(from, n, std::move(group), token)) return;
  refused(token);
}

void awaited_commits::send_configuration(caf::local_actor& from, const node& n, std::string payload, continuation then) {
  const auto token = ++last_token_;
  waiting_.emplace(token, std::move(then));
  if (!commit_configuration(from, n, std::move(payload), token)) refused(token);
}

void awaited_commits::refused(std::uint64_t token) {
  commit_done answer;
  answer.token = token;
  answer.error = base::make_error(base::error_kind::try_later, "the log takes nothing now");
  done(answer);
}

void awaited_commits::done(const commit_done& answer) {
  const auto at = waiting_.find(answer.token);
  if (at == waiting_.end()) return;
  const auto then = std::move(at->second);
  waiting_.erase(at);
  then(answer);
}

} // namespace rookery::actors
