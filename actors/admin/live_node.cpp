#include "actors/admin/live_node.hpp"

#include "actors/admin/trace.hpp"
#include "storage/mail/command.hpp"

namespace rookery::admin {
namespace {

base::failure<base::error> busy() {
  return base::fail(base::error_kind::try_later, "the server is too busy; try again");
}

base::result<json::value> unsupported() {
  return base::fail(base::error_kind::unsupported, "this server does not offer it");
}

} // namespace

live_node::live_node(actors::node& n, std::shared_ptr<const node_services> services, net::connection& link)
    : node_(n), services_(std::move(services)), link_(&link) {}

std::vector<storage::directory::history_entry> live_node::history(std::size_t max) const {
  return node_.configuration == nullptr ? std::vector<storage::directory::history_entry>()
                                        : node_.configuration->history(max);
}

std::shared_ptr<const storage::queue::spool_view> live_node::spool() const {
  return node_.spool == nullptr ? nullptr : node_.spool->view();
}

node_facts live_node::facts() const {
  const auto up = std::chrono::duration_cast<std::chrono::milliseconds>(node_.clock->now() - node_.started);
  return {node_.host_name, node_.version, 1, node_.clock->wall() - up,
          services_->connections ? services_->connections() : 0, node_.draining.load()};
}

void live_node::commit(base::shard_id shard, std::string payload, committed done) {
  if (link_ == nullptr) return;
  storage::commit_group group;
  group.commands.push_back({shard, 1, std::move(payload), {}});
  const auto token = ++last_token_;
  waiting_[token] = done;
  if (node_.commit(*link_, std::move(group), actors::ack::applied, token)) return;
  waiting_.erase(token);
  done(busy());
}

void live_node::change_config(storage::directory::config_command command, committed done) {
  auto payload = storage::directory::encode(command);
  if (!payload) return done(base::fail(payload.error()));
  commit(storage::config_shard, std::move(*payload), std::move(done));
}

void live_node::change_spool(storage::queue::command command, committed done) {
  commit(storage::spool_shard, storage::queue::encode(command), std::move(done));
}

void live_node::drop_mail(base::account_id account, committed done) {
  commit(node_.shard_of(account), storage::mail::encode({account, now(), storage::mail::drop_account{}}), std::move(done));
}

void live_node::in_worker(task what, task_done then) {
  if (link_ == nullptr) return;
  auto result = std::make_shared<base::result<json::value>>(base::fail(base::error_kind::io, "the task failed; the log says why"));
  // `then` may hold the last reference to this object: it runs in the connection's thread.
  const bool taken = services_->workers->run(
      *link_, [result, what = std::move(what)] { *result = what(); }, [result, then] { then(std::move(*result)); });
  if (!taken) then(busy());
}

base::result<json::value> live_node::check() { return services_->check ? services_->check() : unsupported(); }

base::result<json::value> live_node::backup(const std::string& directory) {
  return services_->backup ? services_->backup(directory) : unsupported();
}

base::result<json::value> live_node::certificates() {
  return services_->certificates ? services_->certificates() : unsupported();
}

base::result<json::value> live_node::reload_certificates() {
  return services_->reload_certificates ? services_->reload_certificates() : unsupported();
}

base::result<json::value> live_node::trace(const std::string& id) { return admin::trace(services_->log_directory, id); }

void live_node::done(const actors::commit_done& answer) {
  const auto found = waiting_.find(answer.token);
  if (found == waiting_.end()) return;
  const auto then = std::move(found->second);
  waiting_.erase(found);
  if (answer.error) then(base::fail(*answer.error));
  else if (answer.results.size() != 1) then(base::fail(base::error_kind::io, "the change was not answered"));
  else then(answer.results.front());
}

void live_node::gone() {
  link_ = nullptr;
  waiting_.clear();
}

} // namespace rookery::admin
