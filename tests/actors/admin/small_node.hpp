/// What the administration sees of a node, without one: for its tests and its fuzz target.
#pragma once

#include "actors/admin/node_access.hpp"
#include "actors/config/config_follower.hpp"
#include "storage/tree/tree.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rookery::admin {

/// A node of a configuration machine in memory; everything is answered at once.
class small_node final : public node_access {
public:
  small_node() : machine_(storage::directory::config_machine::open(storage::tree::in_memory()).value()) {}
  std::shared_ptr<const storage::directory::config_table> table() const override { return machine_->cell()->table(); }
  std::shared_ptr<const config::settings> values() const override {
    return std::make_shared<const config::settings>(config::settings_of(*table()));
  }
  std::vector<storage::directory::history_entry> history(std::size_t max) const override { return machine_->history(max); }
  std::shared_ptr<const storage::queue::spool_view> spool() const override { return spool_; }
  base::wall_time now() const override { return base::from_milliseconds(1000); }
  node_facts facts() const override { return {"mx.test", "1.0", 1, base::from_milliseconds(0), 3, false}; }
  void change_config(storage::directory::config_command command, committed done) override {
    auto payload = storage::directory::encode(command);
    if (!payload) return done(base::fail(payload.error()));
    storage::committed_command c;
    c.lsn = ++lsn_;
    c.payload = std::move(*payload);
    auto r = machine_->apply(c);
    machine_->publish();
    done(std::move(r));
  }
  void change_spool(storage::queue::command command, committed done) override {
    spool_commands.push_back(std::move(command));
    done(storage::command_result{});
  }
  void drop_mail(base::account_id a, committed done) override {
    dropped.push_back(a);
    done(storage::command_result{});
  }
  void in_worker(task t, task_done done) override {
    ++tasks;
    done(t());
  }
  base::result<json::value> check() override { return json::value(json::object{}); }
  base::result<json::value> backup(const std::string&) override { return json::value(json::object{}); }
  base::result<json::value> certificates() override { return json::value(json::object{}); }
  base::result<json::value> reload_certificates() override { return json::value(json::object{}); }
  base::result<json::value> trace(const std::string& id) override { return json::value(id); }

  std::vector<storage::queue::command> spool_commands;
  std::vector<base::account_id> dropped;
  int tasks = 0;
  std::shared_ptr<const storage::queue::spool_view> spool_;

private:
  std::unique_ptr<storage::directory::config_machine> machine_;
  std::uint64_t lsn_ = 0;
};

} // namespace rookery::admin
