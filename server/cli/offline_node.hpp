/// A store that is open in this process, as the administration sees a node: for `init` and
/// for tests. Everything is answered at once.
#pragma once

#include "actors/admin/node_access.hpp"
#include "storage/node/node_store.hpp"

#include <memory>

namespace rookery::cli {

class offline_node final : public admin::node_access {
public:
  explicit offline_node(std::unique_ptr<storage::node_store> store) : store_(std::move(store)) {}
  storage::node_store& store() noexcept { return *store_; }

  std::shared_ptr<const storage::directory::config_table> table() const override { return store_->config->cell()->table(); }
  std::shared_ptr<const config::settings> values() const override;
  std::vector<storage::directory::history_entry> history(std::size_t max) const override { return store_->config->history(max); }
  std::shared_ptr<const storage::queue::spool_view> spool() const override { return store_->spool->view(); }
  const base::secret_box* secrets() const override { return store_->secrets.get(); }
  base::wall_time now() const override { return base::system_clock().wall(); }
  admin::node_facts facts() const override;
  void change_config(storage::directory::config_command, committed) override;
  void change_spool(storage::queue::command, committed) override;
  void change_spool_together(std::vector<storage::queue::command>, all_committed) override;
  void destinations(admin::destination_question, task_done done) override { done(unsupported()); }
  void drop_mail(base::account_id, committed) override;
  void in_worker(task what, task_done done) override { done(what()); }
  base::result<std::string> content(const storage::body_ref&, std::uint32_t, std::size_t) override {
    return base::fail(base::error_kind::unsupported, "only a running server does this");
  }
  base::result<json::value> check() override;
  base::result<json::value> backup(const std::string&) override { return unsupported(); }
  base::result<json::value> certificates() override { return unsupported(); }
  base::result<json::value> reload_certificates() override { return unsupported(); }
  base::result<json::value> trace(const std::string&) override { return unsupported(); }

private:
  static base::result<json::value> unsupported();
  void commit(base::shard_id, std::string payload, const committed&);
  std::unique_ptr<storage::node_store> store_;
};

/// Asks the store directly what a server would be asked: method, target, body.
/// An error carries the refusal's kind and text.
base::result<json::value> ask_offline(const std::shared_ptr<offline_node>&, std::string_view method, const std::string& target,
                                      json::value body);

} // namespace rookery::cli
