#include "actors/system/config_commit.hpp"

#include "actors/shard/log_actor.hpp"
#include "actors/system/config_agreement.hpp"
#include "actors/system/process_share.hpp"

#include <utility>

namespace rookery::actors {

bool commit_configuration(caf::local_actor& from, const node& n, std::string payload, std::uint64_t token) {
  if (const auto with = agreement_of(n)) {
    with->propose(std::move(payload), [to = caf::actor_cast<caf::strong_actor_ptr>(from.ctrl()), token](base::result<storage::command_result> r) {
      const auto done = std::make_shared<commit_done>();
      done->token = token;
      if (r) done->results.push_back(std::move(*r));
      else done->error = r.error();
      caf::anon_send(caf::actor_cast<caf::actor>(to), commit_done_ptr(done));
    });
    return true;
  }
  auto request = std::make_shared<commit_request>();
  request->group.commands.push_back({storage::config_shard, 1, std::move(payload), {}});
  request->when = ack::applied;
  request->token = token;
  const auto share = share_of(n);
  return share != nullptr && submit_commit(from, share->config_log, *share->config_gate, std::move(request));
}

} // namespace rookery::actors
