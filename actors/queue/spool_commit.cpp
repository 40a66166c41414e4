#include "actors/queue/spool_commit.hpp"

#include "actors/shard/log_actor.hpp"

namespace rookery::actors {
namespace {

constexpr std::chrono::seconds commit_time{120};

} // namespace

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

base::result<std::uint64_t> commit_spool_and_wait(caf::scoped_actor& self, node& n,
                                                  std::vector<storage::queue::any_command> commands) {
  if (!commit_group_of(*self.ptr(), n, spool_group(n.clock->wall(), std::move(commands)), 1))
    return base::fail(base::error_kind::try_later, "The log takes nothing now");
  base::result<std::uint64_t> out = base::fail(base::error_kind::io, "The log did not answer");
  self->receive(
      [&](const commit_done_ptr& d) {
        if (d->error) {
          out = base::fail(*d->error);
          return;
        }
        std::uint64_t changed = 0;
        for (const auto& r : d->results) changed += r.what == storage::outcome::done ? 1 : 0;
        out = changed;
      },
      caf::after(commit_time) >> [] {});
  return out;
}

} // namespace rookery::actors
