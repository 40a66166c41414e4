#include "actors/admin/live_node.hpp"

#include "actors/admin/trace.hpp"
#include "actors/mailboxes/keeper.hpp"
#include "actors/queue/dispatch_actor.hpp"
#include "actors/queue/record_actor.hpp"
#include "actors/search/indexer.hpp"
#include "actors/system/volume_table.hpp"
#include "actors/tlsrpt/reporter_actor.hpp"
#include "actors/xmpp/router.hpp"
#include "base/metrics.hpp"
#include "base/text.hpp"
#include "storage/chat/command.hpp"
#include "storage/mail/command.hpp"

namespace rookery::admin {
namespace {

constexpr std::chrono::seconds dispatch_time{30}, shard_time{30};
/// Many domains are asked for, and what they name is posted to.
constexpr std::chrono::minutes reports_time{60};
/// All mailboxes of one account are read.
constexpr std::chrono::minutes account_time{10};
/// All accounts are.
constexpr std::chrono::minutes tidy_time{12 * 60};

base::failure<base::error> busy() {
  return base::fail(base::error_kind::try_later, "the server is too busy; try again");
}

base::failure<base::error> not_here() {
  return base::fail(base::error_kind::try_later, "the volume with this account's mail is not open on this node");
}

base::result<json::value> unsupported() {
  return base::fail(base::error_kind::unsupported, "this server does not offer it");
}

json::value items_body(json::array items) {
  json::value body{json::object{}};
  body.set("items", std::move(items));
  return body;
}

json::value show(const std::vector<queueing::destination_status>& all) {
  json::array items;
  for (const auto& d : all) {
    json::value one{json::object{}};
    one.set("destination", d.destination);
    one.set("state", queueing::word(d.state));
    if (!d.reason.empty()) one.set("reason", base::printable(d.reason, 500));
    if (d.next_try) one.set("next_try", base::to_milliseconds(*d.next_try));
    if (d.down_since) one.set("down_since", base::to_milliseconds(*d.down_since));
    one.set("failures", d.failures);
    one.set("connections", d.connections);
    one.set("connections_allowed", d.connections_allowed);
    if (d.share) {
      one.set("share", *d.share);
      one.set("nodes", d.nodes);
    }
    one.set("messages", d.messages);
    one.set("recipients", d.recipients);
    one.set("due", d.due);
    one.set("in_flight", d.in_flight);
    items.push_back(std::move(one));
  }
  return items_body(std::move(items));
}

/// The messages that these commands make due: dispatch asks their destinations anew, even those that are down.
std::vector<base::message_id> retried(const std::vector<storage::queue::command>& commands) {
  std::vector<base::message_id> ids;
  for (const auto& c : commands)
    if (const auto* r = std::get_if<storage::queue::retry_now>(&c.what)) ids.insert(ids.end(), r->ids.begin(), r->ids.end());
  return ids;
}

} // namespace

live_link link_of(net::connection& c) {
  return {&c,
          [&c](const actors::node& n, storage::commit_group group, std::uint64_t token) { return n.commit(c, std::move(group), actors::ack::applied, token); },
          [&c](actors::worker_pool& pool, std::function<void()> task, std::function<void()> then) { return pool.run(c, std::move(task), std::move(then)); }, 0, {}};
}

live_node::live_node(actors::node& n, std::shared_ptr<const node_services> services, live_link link)
    : node_(n), services_(std::move(services)), link_(std::move(link)) {}

std::vector<storage::directory::history_entry> live_node::history(std::size_t max) const {
  return node_.configuration == nullptr ? std::vector<storage::directory::history_entry>()
                                        : node_.configuration->history(max);
}

std::shared_ptr<const storage::queue::spool_view> live_node::spool() const {
  return node_.spool == nullptr ? nullptr : node_.spool->view();
}

node_facts live_node::facts() const {
  const auto up = std::chrono::duration_cast<std::chrono::milliseconds>(node_.clock->now() - node_.started);
  const auto& recorded = actors::recorded_histogram();
  std::uint64_t sent = 0;
  for (std::size_t b = 0; b < base::histogram::buckets; ++b) sent += recorded.count(b);
  return {node_.host_name, node_.version, 1, node_.clock->wall() - up,
          services_->connections ? services_->connections() : 0, node_.draining.load(),
          sent, std::chrono::nanoseconds(recorded.sum_nanoseconds())};
}

void live_node::commit(storage::commit_group group, all_committed done) { commit(node_, std::move(group), std::move(done)); }

void live_node::commit(const actors::node& volume, storage::commit_group group, all_committed done) {
  if (link_.self == nullptr) return;
  const auto token = ++last_token_;
  waiting_[token] = done;
  if (link_.commit(volume, std::move(group), token)) return;
  waiting_.erase(token);
  done(busy());
}

void live_node::commit(base::shard_id shard, std::string payload, committed done) {
  storage::commit_group group;
  group.commands.push_back({shard, 1, std::move(payload), {}});
  commit(std::move(group), [done = std::move(done)](base::result<std::vector<storage::command_result>> r) {
    if (!r) done(base::fail(r.error()));
    else if (r->size() != 1) done(base::fail(base::error_kind::io, "the change was not answered"));
    else done(std::move(r->front()));
  });
}

void live_node::change_config(storage::directory::config_command command, committed done) {
  auto payload = storage::directory::encode(command);
  if (!payload) return done(base::fail(payload.error()));
  commit(storage::config_shard, std::move(*payload), std::move(done));
}

void live_node::change_spool(storage::queue::command command, committed done) {
  commit(storage::spool_shard, storage::queue::encode(command), std::move(done));
}

void live_node::change_spool_together(std::vector<storage::queue::command> commands, all_committed done) {
  storage::commit_group group;
  for (const auto& c : commands) group.commands.push_back({storage::spool_shard, 1, storage::queue::encode(c), {}});
  auto ids = retried(commands);
  if (ids.empty()) return commit(std::move(group), std::move(done));
  commit(std::move(group), [dispatch = node_.dispatch, ids = std::move(ids), done = std::move(done)](auto r) {
    if (r && dispatch) caf::anon_send(dispatch, actors::retry_messages{ids});
    done(std::move(r));
  });
}

base::result<std::string> live_node::content(const storage::body_ref& body, std::uint32_t offset, std::size_t octets) {
  std::string out(octets, '\0');
  const auto got = node_.bodies->read(body, offset, out.data(), octets);
  if (!got) return base::fail(got.error());
  out.resize(*got);
  return out;
}

void live_node::destinations(destination_question q, task_done done) {
  using verb = destination_question::verb;
  if (link_.self == nullptr || !node_.dispatch) return done(unsupported());
  const auto failed = [done](const caf::error&) { done(busy()); };
  const auto counted = [done](std::uint64_t messages) {
    json::value body{json::object{}};
    body.set("messages", messages);
    done(std::move(body));
  };
  switch (q.what) {
  case verb::list:
    link_.self->request(node_.dispatch, dispatch_time, actors::list_destinations{q.after, q.max})
        .then([done](const actors::destination_list& l) { done(show(*l.items)); }, failed);
    return;
  case verb::retry:
    link_.self->request(node_.dispatch, dispatch_time, actors::retry_destination{q.destination}).then(counted, failed);
    return;
  case verb::pause:
  case verb::resume: break;
  }
  if (q.destination.empty() || q.destination.size() > storage::queue::note_key_octets_max)
    return done(base::fail(base::error_kind::invalid, "this names no destination"));
  // Written down first: dispatch reads it at the next start.
  storage::queue::command note{now(), storage::queue::drop_note{actors::paused_space, q.destination}};
  if (q.what == verb::pause) note.what = storage::queue::put_note{actors::paused_space, q.destination, q.because, {}};
  change_spool(std::move(note), [this, q, done, counted, failed](base::result<storage::command_result> r) {
    if (!r) return done(base::fail(r.error()));
    if (link_.self == nullptr) return;
    if (q.what == verb::pause)
      link_.self->request(node_.dispatch, dispatch_time, actors::pause_destination{q.destination, q.because}).then(counted, failed);
    else
      link_.self->request(node_.dispatch, dispatch_time, actors::resume_destination{q.destination}).then(counted, failed);
  });
}

/// Answers of many actors, put together when the last of them is in.
struct live_node::chat_answers {
  json::array items;
  std::uint64_t count = 0;
  std::size_t left = 0;
};

void live_node::chat(chat_question q, task_done done) {
  using verb = chat_question::verb;
  if (q.what == verb::streams || q.what == verb::end_streams) return done(services_->streams ? services_->streams(link_.volume, q.address) : unsupported());
  auto* stanzas = services_->stanzas ? services_->stanzas(link_.volume) : nullptr;
  if (link_.self == nullptr || stanzas == nullptr) return done(unsupported());
  const auto wanted = q.address.empty() ? std::nullopt : xmpp::read_jid(q.address);
  if (!q.address.empty() && !wanted) return done(base::fail(base::error_kind::invalid, "this is no address"));
  auto all = stanzas->accounts();
  std::erase_if(all, [&](const auto& a) {
    return (wanted && !a.first.same_bare(*wanted)) || (!q.domain.empty() && a.first.domain != q.domain);
  });
  const auto found = std::make_shared<chat_answers>();
  found->left = all.size();
  const auto finish = [found, done, what = q.what] {
    json::value body{json::object{}};
    if (what == verb::sessions) return done(items_body(std::move(found->items)));
    body.set(what == verb::kick ? "sessions" : "accounts", found->count);
    done(std::move(body));
  };
  if (all.empty()) return finish();
  const auto one_done = [found, finish] {
    if (--found->left == 0) finish();
  };
  const auto failed = [one_done](const caf::error&) { one_done(); }; // it has just ended: nobody is there
  for (const auto& [address, account] : all) {
    if (q.what == verb::announce) {
      auto message = xmpp::make_message("headline");
      message.set("from", address.domain).set("to", address.text());
      message.add("body").add_text(q.text);
      caf::anon_send(account, actors::announce{std::make_shared<const xmpp::element>(std::move(message))});
      ++found->count;
      one_done();
    } else if (q.what == verb::kick) {
      link_.self->request(account, dispatch_time, actors::kick_clients{wanted->resource, xmpp::stream_fault::policy_violation, q.text})
          .then([found, one_done](std::uint64_t ended) {
            found->count += ended;
            one_done();
          }, failed);
    } else {
      link_.self->request(account, dispatch_time, actors::list_clients{}).then([found, one_done](const actors::client_list& l) {
        for (const auto& c : *l.clients) {
          json::value one{json::object{}};
          one.set("address", c.address);
          one.set("peer", c.peer);
          one.set("session", c.session_id);
          one.set("state", !c.connected ? "lost" : !c.available ? "connected" : c.show.empty() ? "available" : base::printable(c.show, 20));
          one.set("priority", static_cast<std::int64_t>(c.priority));
          found->items.push_back(std::move(one));
        }
        one_done();
      }, failed);
    }
  }
}

std::shared_ptr<actors::node> live_node::volume_of(base::account_id account) const {
  const auto volumes = actors::volumes_of(node_);
  return volumes ? volumes->of(account) : nullptr;
}

void live_node::mailboxes_of(base::account_id account, mailboxes_found done) {
  if (link_.self == nullptr) return;
  const auto volume = volume_of(account);
  if (!volume) return done(not_here());
  link_.self->request(volume->shard_actor(account), shard_time, actors::look_at_account{account})
      .then([done](const actors::seen_account& seen) { done(seen.cell->view()); }, [done](const caf::error&) { done(busy()); });
}

void live_node::change_mail(base::account_id account, std::vector<storage::mail::any_command> commands, all_committed done) {
  const auto volume = volume_of(account);
  if (!volume) return done(not_here());
  storage::commit_group group;
  for (auto& c : commands)
    group.commands.push_back({volume->shard_of(account), 1, storage::mail::encode({account, now(), std::move(c)}), {}});
  commit(*volume, std::move(group), std::move(done));
}

void live_node::drop_mail(base::account_id account, committed done) {
  const auto volume = volume_of(account);
  if (!volume) return done(not_here());
  storage::commit_group group;
  group.commands.push_back({volume->shard_of(account), 1, storage::mail::encode({account, now(), storage::mail::drop_account{}}), {}});
  auto owner = storage::chat::account_owner(account);
  const auto chat_shard = volume->chat_shard_of(owner);
  group.commands.push_back({chat_shard, 1, storage::chat::encode({std::move(owner), now(), storage::chat::drop_owner{}}), {}});
  commit(*volume, std::move(group), [done = std::move(done)](base::result<std::vector<storage::command_result>> r) {
    if (!r) done(base::fail(r.error()));
    else done(std::move(r->front()));
  });
}

base::result<json::value> live_node::rooms(const actors::room_order& o) {
  if (!services_->rooms) return unsupported();
  return services_->rooms(link_.volume, o);
}

base::result<json::value> live_node::chat_work(const actors::chat_order& o) {
  if (!services_->chat_work) return unsupported();
  return services_->chat_work(link_.volume, o);
}

void live_node::in_worker(task what, task_done then) {
  if (link_.self == nullptr) return;
  auto result = std::make_shared<base::result<json::value>>(base::fail(base::error_kind::io, "the task failed; the log says why"));
  // `then` may hold the last reference to this object: it runs in the connection's thread.
  const bool taken = link_.run(
      *services_->workers, [result, what = std::move(what)] { *result = what(); }, [result, then] { then(std::move(*result)); });
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
  else then(answer.results);
}

void live_node::gone() {
  link_.self = nullptr;
  waiting_.clear();
}

template <class Answer, class Question, class Show>
void live_node::ask(const caf::actor& whom, std::chrono::minutes time, Question question, task_done done, Show show) {
  if (link_.self == nullptr || !whom) return done(unsupported());
  link_.self->request(whom, time, std::move(question))
      .then([done, show](const Answer& a) { done(show(a)); }, [done](const caf::error&) { done(busy()); });
}

void live_node::send_tls_reports(std::string day, task_done done) {
  ask<actors::tls_reports_sent>(node_.tls_reporter, reports_time, actors::send_tls_reports{std::move(day)}, std::move(done), [](const auto& s) {
    json::value body{json::object{}};
    body.set("domains", s.domains);
    body.set("before", s.before);
    body.set("unasked", s.unasked);
    body.set("unanswered", s.unanswered);
    body.set("mailed", s.mailed);
    body.set("posted", s.posted);
    body.set("failed", s.failed);
    return body;
  });
}

void live_node::mailboxes(base::account_id account, bool removed, task_done done) {
  const auto volume = volume_of(account);
  if (!volume) return done(not_here());
  ask<actors::mailbox_list>(volume->mailbox_keeper, account_time, actors::list_mailboxes{account, removed}, std::move(done), [removed](const auto& l) {
    json::array items;
    for (const auto& row : *l.rows) {
      json::value one{json::object{}};
      one.set("mailbox", row.status->name);
      one.set("messages", row.status->messages);
      one.set("octets", row.status->octets);
      if (removed) {
        one.set("first_removed", base::to_milliseconds(row.oldest));
        one.set("last_removed", base::to_milliseconds(row.newest));
      } else {
        one.set("unseen", row.status->unseen);
        if (!row.status->special_use.empty()) one.set("special_use", row.status->special_use);
        one.set("subscribed", row.status->subscribed);
      }
      items.push_back(std::move(one));
    }
    return items_body(std::move(items));
  });
}

void live_node::restore(base::account_id account, std::string mailbox, base::wall_time as_of, bool pretend, task_done done) {
  const auto volume = volume_of(account);
  if (!volume) return done(not_here());
  ask<actors::restored_mailboxes>(
      volume->mailbox_keeper, account_time, actors::restore_mailboxes{account, std::move(mailbox), as_of, pretend}, std::move(done), [](const auto& r) {
        json::array items;
        for (const auto& row : *r.rows) {
          json::value one{json::object{}};
          one.set("mailbox", row.mailbox);
          one.set("messages", row.messages);
          items.push_back(std::move(one));
        }
        auto body = items_body(std::move(items));
        body.set("failed", r.failed);
        return body;
      });
}

void live_node::tidy_mailboxes(std::string rule, bool pretend, task_done done) {
  ask<actors::tidied_mailboxes>(node_.mailbox_keeper, tidy_time, actors::tidy_mailboxes{std::move(rule), pretend}, std::move(done), [](const auto& t) {
    json::value body{json::object{}};
    body.set("accounts", t.accounts);
    body.set("mailboxes", t.mailboxes);
    body.set("messages", t.messages);
    body.set("forgotten", t.forgotten);
    body.set("failed", t.failed);
    return body;
  });
}

json::value live_node::search_state() const {
  if (!node_.search) return node_access::search_state();
  json::array items;
  for (const auto& s : node_.search->status()) {
    json::value one{json::object{}};
    one.set("shard", s.shard);
    one.set("state", s.state);
    one.set("position", std::to_string(s.position.segment) + ':' + std::to_string(s.position.offset));
    one.set("accounts", s.accounts);
    one.set("messages", s.messages);
    one.set("messages_left", s.messages_left);
    one.set("accounts_waiting", s.accounts_waiting);
    one.set("octets", s.octets);
    one.set("indexed", s.indexed);
    one.set("faults", s.faults);
    if (!s.last_fault.empty()) one.set("last_fault", base::printable(s.last_fault, 500));
    items.push_back(std::move(one));
  }
  auto body = node_access::search_state();
  body.set("total", items.size());
  body.set("items", std::move(items));
  return body;
}

bool live_node::change_search(search_work work, base::account_id account) {
  const auto volume = account ? volume_of(account) : nullptr;
  const auto& search = volume ? volume->search : node_.search;
  if (!search) return false;
  const auto send = [&](const caf::actor& to) {
    switch (work) {
    case search_work::rebuild: caf::anon_send(to, actors::rebuild_index{account}); return;
    case search_work::remove: caf::anon_send(to, actors::remove_index{account}); return;
    case search_work::tidy: caf::anon_send(to, actors::tidy_indexes{}); return;
    }
  };
  const auto& all = search->indexers;
  if (account) send(all[search->index_of(account)]);
  else
    for (const auto& to : all) send(to);
  return true;
}

json::value live_node::collection_state(std::uint64_t id) const {
  return services_->collection_state ? services_->collection_state(id) : json::value();
}

base::result<actors::transfer_run_ptr> live_node::start_transfer(actors::transfer_order order) {
  return services_->start_transfer ? services_->start_transfer(std::move(order)) : node_access::start_transfer(std::move(order));
}

std::vector<actors::transfer_run_ptr> live_node::transfers() const {
  return services_->transfers ? services_->transfers() : std::vector<actors::transfer_run_ptr>();
}

bool live_node::collect(std::uint64_t id) {
  if (!services_->collect) return false;
  services_->collect(id);
  return true;
}

} // namespace rookery::admin
