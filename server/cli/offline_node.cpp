#include "server/cli/offline_node.hpp"

#include "actors/admin/admin_api.hpp"
#include "actors/cluster/member_file.hpp"
#include "server/store_check.hpp"
#include "server/version.hpp"
#include "storage/chat/command.hpp"
#include "storage/chat/owner.hpp"
#include "storage/mail/command.hpp"

namespace rookery::cli {

std::shared_ptr<const config::settings> offline_node::values() const {
  return std::make_shared<const config::settings>(config::settings_of(*table()));
}

admin::node_facts offline_node::facts() const {
  return {"", server::version, store_->identity.node, now(), 0, false};
}

base::result<json::value> offline_node::unsupported() {
  return base::fail(base::error_kind::unsupported, "only a running server does this");
}

void offline_node::commit(base::shard_id shard, std::string payload, const committed& done) {
  storage::commit_group group;
  group.commands.push_back({shard, 1, std::move(payload), {}});
  auto results = store_->commit(group);
  if (!results) return done(base::fail(results.error()));
  done(std::move(results->front()));
}

void offline_node::change_config(storage::directory::config_command command, committed done) {
  if (actors::is_member(store_->directory))
    return done(base::fail(base::error_kind::denied, "this node belongs to a cluster: its configuration changes while it runs, or on another node"));
  auto payload = storage::directory::encode(command);
  if (!payload) return done(base::fail(payload.error()));
  commit(storage::config_shard, std::move(*payload), done);
}

void offline_node::change_spool(storage::queue::command command, committed done) {
  commit(storage::spool_shard, storage::queue::encode(command), done);
}

void offline_node::change_spool_together(std::vector<storage::queue::command> commands, all_committed done) {
  storage::commit_group group;
  for (const auto& c : commands) group.commands.push_back({storage::spool_shard, 1, storage::queue::encode(c), {}});
  done(store_->commit(group));
}

void offline_node::drop_mail(base::account_id account, committed done) {
  const base::shard_id shard{storage::first_mail_shard + static_cast<std::uint32_t>(account.value % store_->identity.mail_shards)};
  storage::commit_group group;
  group.commands.push_back({shard, 1, storage::mail::encode({account, now(), storage::mail::drop_account{}}), {}});
  auto owner = storage::chat::account_owner(account);
  const auto index = storage::chat::shard_index(owner, store_->identity.chat_shards);
  group.commands.push_back({base::shard_id{store_->identity.first_chat_shard() + index}, 1,
                            storage::chat::encode({std::move(owner), now(), storage::chat::drop_owner{}}), {}});
  auto results = store_->commit(group);
  if (!results) return done(base::fail(results.error()));
  done(std::move(results->front()));
}

base::result<json::value> offline_node::check() { return server::check_machines(*store_); }

base::result<json::value> ask_offline(const std::shared_ptr<offline_node>& node, std::string_view method,
                                      const std::string& target, json::value body) {
  admin::request what;
  what.method = method;
  what.body = std::move(body);
  what.author = "rookery init";
  base::result<json::value> got = base::fail(base::error_kind::invalid, "the path cannot be read");
  if (!admin::parse_target(target, what)) return got;
  admin::handle(node, std::move(what), [&](admin::response r) {
    if (r.status < 300) {
      got = std::move(r.body);
      return;
    }
    auto kind = base::error_kind::invalid;
    for (const auto k : {base::error_kind::not_found, base::error_kind::exists, base::error_kind::conflict, base::error_kind::denied,
                         base::error_kind::over_limit, base::error_kind::try_later, base::error_kind::no_space, base::error_kind::io,
                         base::error_kind::damaged, base::error_kind::unsupported})
      if (r.body.get_string("/error/kind") == admin::kind_name(k)) kind = k;
    got = base::fail(kind, std::string(r.body.get_string("/error/text").value_or("refused")));
  });
  return got;
}

} // namespace rookery::cli
