/// The running node as the administration sees it, or one of its volumes, on behalf of one actor that asks.
#pragma once

#include "actors/admin/cluster_orders.hpp"
#include "actors/admin/node_access.hpp"
#include "actors/node.hpp"
#include "actors/system/volume_table.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace rookery::actors {
class chat_router;
}

namespace rookery::admin {

/// What only the program knows; made once at start, shared by all connections. An empty
/// function is answered with "unsupported".
struct node_services {
  std::string log_directory;
  std::shared_ptr<actors::worker_pool> workers;       ///< for what takes long; never the readers
  std::function<std::uint32_t()> connections;
  std::function<base::result<json::value>()> check;
  std::function<base::result<json::value>(const std::string& directory)> backup;
  std::function<base::result<json::value>()> certificates;
  std::function<base::result<json::value>()> reload_certificates;
  std::function<json::value(std::uint64_t id)> collection_state; ///< how a collection from elsewhere is doing; any thread
  std::function<void(std::uint64_t id)> collect;                 ///< runs one now
  std::function<base::result<actors::transfer_run_ptr>(actors::transfer_order)> start_transfer;
  std::function<std::vector<actors::transfer_run_ptr>()> transfers;
  // Of a volume; 0: of the node's own. Null: nobody chats here.
  std::function<actors::chat_router*(actors::volume_id)> stanzas;
  std::function<base::result<json::value>(const std::string& verb, const json::value& body)> cluster; ///< blocks
  std::shared_ptr<actors::worker_pool> cluster_workers; ///< for it alone: it may wait for other nodes
  std::function<base::result<json::value>(actors::volume_id, const actors::room_order&)> rooms;
  std::function<base::result<json::value>(actors::volume_id, const actors::chat_order&)> chat_work;
  std::function<base::result<json::value>(actors::volume_id, const std::string& end)> streams; ///< to other chat servers; or those of `end` are ended
  std::function<bool()> in_cluster;                   ///< `volumes` is asked then
  volume_asker volumes;
  std::shared_ptr<actors::worker_pool> order_workers; ///< for it alone
};

/// Who asks, and gets the answers: a connection, or an actor made for one order.
struct live_link {
  caf::event_based_actor* self = nullptr;
  /// The answer is a commit_done_ptr with the token. False: nothing is taken now.
  std::function<bool(const actors::node&, storage::commit_group, std::uint64_t token)> commit;
  /// `then` in the thread of `self`. False: the pool is full.
  std::function<bool(actors::worker_pool&, std::function<void()> task, std::function<void()> then)> run;
  actors::volume_id volume = 0;                       ///< that is asked; 0: the node's own
  std::shared_ptr<const void> keep;                   ///< what must live as long
};
live_link link_of(net::connection&);

class live_node final : public node_access {
public:
  /// `n` outlives it; `link` until `gone`.
  live_node(actors::node& n, std::shared_ptr<const node_services>, live_link link);

  std::shared_ptr<const storage::directory::config_table> table() const override { return node_.config->table(); }
  std::shared_ptr<const config::settings> values() const override { return node_.settings->get(); }
  std::vector<storage::directory::history_entry> history(std::size_t max) const override;
  std::shared_ptr<const storage::queue::spool_view> spool() const override;
  const base::secret_box* secrets() const override { return node_.secrets.get(); }
  base::wall_time now() const override { return node_.clock->wall(); }
  node_facts facts() const override;
  void change_config(storage::directory::config_command, committed) override;
  void change_spool(storage::queue::command, committed) override;
  void change_spool_together(std::vector<storage::queue::command>, all_committed) override;
  void destinations(destination_question, task_done) override;
  std::shared_ptr<const routing::directory_view> directory() const override { return node_.directory->get(); }
  void mailboxes_of(base::account_id, mailboxes_found) override;
  void change_mail(base::account_id, std::vector<storage::mail::any_command>, all_committed) override;
  void drop_mail(base::account_id, committed) override;
  void in_worker(task, task_done) override;
  void send_tls_reports(std::string day, task_done) override;
  json::value collection_state(std::uint64_t) const override;
  bool collect(std::uint64_t) override;
  void mailboxes(base::account_id, bool removed, task_done) override;
  void restore(base::account_id, std::string mailbox, base::wall_time as_of, bool pretend, task_done) override;
  void tidy_mailboxes(std::string rule, bool pretend, task_done) override;
  base::result<actors::transfer_run_ptr> start_transfer(actors::transfer_order) override;
  std::vector<actors::transfer_run_ptr> transfers() const override;
  void chat(chat_question, task_done) override;
  json::value search_state() const override;
  bool change_search(search_work, base::account_id) override;
  base::result<std::string> content(const storage::body_ref&, std::uint32_t offset, std::size_t octets) override;
  base::result<json::value> check() override;
  base::result<json::value> backup(const std::string& directory) override;
  base::result<json::value> certificates() override;
  base::result<json::value> reload_certificates() override;
  base::result<json::value> trace(const std::string& id) override;
  base::result<json::value> rooms(const actors::room_order&) override;
  base::result<json::value> chat_work(const actors::chat_order&) override;

  /// The answer to one of the commits above.
  void done(const actors::commit_done&);
  /// The connection ends: nobody waits any more.
  void gone();

private:
  struct chat_answers;
  /// Asks an actor of the node; `show` makes what the administration sees of its answer.
  template <class Answer, class Question, class Show>
  void ask(const caf::actor& whom, std::chrono::minutes time, Question, task_done, Show show);
  void commit(base::shard_id, std::string payload, committed);
  void commit(storage::commit_group, all_committed);
  void commit(const actors::node& volume, storage::commit_group, all_committed);
  /// The volume that has the account's mail; null: it is not open here.
  std::shared_ptr<actors::node> volume_of(base::account_id) const;

  actors::node& node_;
  std::shared_ptr<const node_services> services_;
  live_link link_;
  std::uint64_t last_token_ = 0;
  std::map<std::uint64_t, all_committed> waiting_;
};

} // namespace rookery::admin
