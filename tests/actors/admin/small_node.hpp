/// What the administration sees of a node, without one: for its tests and its fuzz target.
#pragma once

#include "actors/admin/node_access.hpp"
#include "actors/config/config_follower.hpp"
#include "storage/mail/mail_machine.hpp"
#include "storage/tree/tree.hpp"

#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rookery::admin {

/// Machines of configuration, spool and one mail shard in memory; everything is answered at once.
class small_node final : public node_access {
public:
  small_node()
      : machine_(storage::directory::config_machine::open(storage::tree::in_memory()).value()),
        queue_(storage::queue::spool_machine::open(storage::tree::in_memory()).value()),
        mail_(storage::mail::mail_machine::open(base::shard_id{2}, storage::tree::in_memory(), {}).value()) {}
  std::shared_ptr<const storage::directory::config_table> table() const override { return machine_->cell()->table(); }
  std::shared_ptr<const config::settings> values() const override {
    return std::make_shared<const config::settings>(config::settings_of(*table()));
  }
  std::vector<storage::directory::history_entry> history(std::size_t max) const override { return machine_->history(max); }
  std::shared_ptr<const storage::queue::spool_view> spool() const override { return spool_open ? queue_->view() : nullptr; }
  const base::secret_box* secrets() const override { return &box_; }
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
    change_spool_together({std::move(command)}, [&](auto r) { done(std::move(r->front())); });
  }
  void change_spool_together(std::vector<storage::queue::command> commands, all_committed done) override {
    ++groups;
    if (groups > groups_taken) return done(base::fail(base::error_kind::try_later, "busy"));
    std::vector<storage::command_result> results;
    for (auto& c : commands) results.push_back(put_in_spool(c));
    std::move(commands.begin(), commands.end(), std::back_inserter(spool_commands));
    done(std::move(results));
  }
  storage::command_result put_in_spool(const storage::queue::command& what) {
    storage::committed_command c;
    c.shard = storage::spool_shard;
    c.lsn = ++lsn_;
    c.payload = storage::queue::encode(what);
    if (std::holds_alternative<storage::queue::accepted>(what.what)) c.bodies.push_back({{}, 1, 64, 10});
    return queue_->apply(c);
  }
  base::result<std::string> content(const storage::body_ref&, std::uint32_t offset, std::size_t octets) override {
    return std::string("0123456789").substr(offset, octets);
  }
  base::result<actors::transfer_run_ptr> start_transfer(actors::transfer_order order) override {
    runs.push_back(std::make_shared<actors::transfer_run>(runs.size() + 1, std::make_shared<const actors::transfer_order>(std::move(order)), now()));
    return runs.back();
  }
  std::vector<actors::transfer_run_ptr> transfers() const override { return runs; }
  void destinations(destination_question q, task_done done) override {
    questions.push_back(q);
    json::value body{json::object{}};
    if (q.what == destination_question::verb::list) {
      json::array items;
      for (const auto* name : {"a.example", "b.example"}) {
        json::value one{json::object{}};
        one.set("destination", name);
        if (q.after < name && items.size() < q.max) items.push_back(std::move(one));
      }
      body.set("items", std::move(items));
    } else {
      body.set("messages", 7);
    }
    done(std::move(body));
  }
  void mailboxes_of(base::account_id a, mailboxes_found done) override { done(mail_->open_account(a)->view()); }
  void change_mail(base::account_id a, std::vector<storage::mail::any_command> commands, all_committed done) override {
    std::vector<storage::command_result> results;
    for (auto& what : commands) {
      storage::committed_command c;
      c.shard = base::shard_id{2};
      c.lsn = ++lsn_;
      c.payload = storage::mail::encode({a, now(), std::move(what)});
      results.push_back(mail_->apply(c));
    }
    mail_->publish();
    done(std::move(results));
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
  std::vector<destination_question> questions;
  std::vector<base::account_id> dropped;
  int tasks = 0;
  std::vector<actors::transfer_run_ptr> runs; ///< what was begun
  bool spool_open = true;
  int groups = 0, groups_taken = 1'000'000;

private:
  std::unique_ptr<storage::directory::config_machine> machine_;
  std::unique_ptr<storage::queue::spool_machine> queue_;
  std::unique_ptr<storage::mail::mail_machine> mail_;
  base::secret_box box_{std::string(base::sealing_key_octets, 'k')};
  std::uint64_t lsn_ = 0;
};

} // namespace rookery::admin
