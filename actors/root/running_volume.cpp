#include "actors/root/running_volume.hpp"

#include "actors/account/quiet_actor.hpp"
#include "actors/account/sent_today.hpp"
#include "actors/collection/collector.hpp"
#include "actors/mailboxes/keeper.hpp"
#include "actors/search/indexer.hpp"
#include "actors/shard/log_actor.hpp"
#include "actors/shard/machine_actor.hpp"
#include "actors/shard/maintenance_actor.hpp"
#include "actors/xmpp/federation/peer_service.hpp"
#include "actors/xmpp/archive_keeper.hpp"
#include "actors/xmpp/links/stanza_links.hpp"
#include "actors/xmpp/rooms/room_gateway.hpp"
#include "actors/xmpp/user_search.hpp"
#include "actors/xmpp/web/upload_service.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>

namespace rookery::actors {
namespace {

/// Between two looks whether sessions have gone.
constexpr std::chrono::milliseconds look_pause{10};
/// For sessions to say good-bye, and for results of deliveries to be written, when another node waits to serve the volume.
constexpr std::chrono::milliseconds farewell_time{1500}, settle_time{2000};

using steady = std::chrono::steady_clock;

std::chrono::milliseconds left(steady::time_point until) {
  return std::max(std::chrono::milliseconds(1), std::chrono::duration_cast<std::chrono::milliseconds>(until - steady::now()));
}

} // namespace

base::result<std::shared_ptr<running_volume>> running_volume::start(process_parts& process, volume_options options) {
  auto settings = process.options.store;
  settings.configuration = false;
  settings.locked = options.own;
  auto store = storage::node_store::open(options.directory, false, settings);
  if (!store) return base::fail(store.error());
  std::shared_ptr<running_volume> self(new running_volume(process, std::move(options)));
  self->store_ = std::move(*store);
  if (auto begun = self->start_actors(); !begun) return base::fail(begun.error());
  process.tell(self.get());
  // What was published before it was told of.
  self->configure({true, {}});
  process.share->volumes->opened(self->node_);
  base::log_event(base::severity::notice, "volume.open").number("volume", static_cast<std::int64_t>(self->options_.id)).text("directory", self->options_.directory);
  return self;
}

running_volume::~running_volume() = default;

base::result<void> running_volume::start_actors() {
  node_ = process_.make_node();
  auto& n = *node_;
  auto& system = *process_.system;
  process_.share->volumes->opening(n, options_.id, sessions_, options_.lead ? options_.lead->epoch : 0);
  n.data_directory = options_.directory;
  n.mail_shards = store_->identity.mail_shards;
  n.bodies = std::make_shared<storage::body_reader>(storage::posix_file_system(), store_->log_directory());
  n.spool = store_->spool.get();
  n.sent = std::make_shared<sent_today>();
  n.sent->load(*n.spool->view(), n.clock->wall());

  machine_parts_.push_back(nullptr); // the configuration is not the volume's
  auto spool_parts = std::make_shared<machine_actor_parts>();
  spool_parts->directory = options_.directory;
  spool_parts->spool = store_->spool.get();
  spool_parts->machine = std::move(store_->spool);
  n.machines.push_back(spawn_machine(system, spool_parts));
  machine_parts_.push_back(spool_parts);

  n.search = std::make_shared<search_service>(storage::posix_file_system(), options_.directory + "/search", store_->identity.uuid,
                                              store_->log->end(), n.mail_shards);
  for (auto& m : store_->mail) {
    auto parts = std::make_shared<machine_actor_parts>();
    parts->board = n.search->boards[machine_parts_.size() - storage::first_mail_shard];
    parts->board->reached(store_->log->end());
    parts->directory = options_.directory;
    parts->mail = m.get();
    n.shares.push_back(m->shares());
    parts->machine = std::move(m);
    n.machines.push_back(spawn_machine(system, parts));
    machine_parts_.push_back(parts);
  }
  store_->mail.clear();
  for (auto& m : store_->chat) {
    auto parts = std::make_shared<machine_actor_parts>();
    parts->directory = options_.directory;
    n.chat.push_back(m->view());
    parts->machine = std::move(m);
    n.machines.push_back(spawn_machine(system, parts));
    machine_parts_.push_back(parts);
  }
  store_->chat.clear();
  start_indexers();

  log_parts_ = std::make_shared<log_actor_parts>();
  log_parts_->writer = std::move(store_->log);
  log_parts_->gate = n.gate;
  log_parts_->machines = n.machines;
  log_parts_->machines.front() = nullptr;
  log_parts_->shared = machine_parts_;
  log_parts_->on_failure = process_.options.on_failure;
  n.log = spawn_log(system, log_parts_);
  if (options_.lead)
    if (auto begun = lead(*options_.lead); !begun) return base::fail(begun.error());

  auto keeping = std::make_shared<maintenance_parts>();
  if (options_.own) keeping->configuration = process_.config_maintenance;
  keeping->log = n.log;
  keeping->machines.assign(n.machines.begin() + 1, n.machines.end());
  keeping->gate = n.gate;
  keeping->bodies = n.bodies;
  keeping->interval = process_.options.maintenance_interval;
  maintenance_ = spawn_maintenance(system, keeping);
  quiet_ = spawn_quiet(system, n);
  stanzas_ = std::make_unique<chat_router>(n);
  rooms_ = open_rooms(n, *stanzas_);
  open_user_search(n, *stanzas_);
  uploads_ = std::make_shared<upload_service>(n, *stanzas_);
  peer_options peers{{}, process_.options.own_certificate};
  for (auto& r : process_.reactors) peers.reactors.push_back(r.get());
  links_ = std::make_shared<stanza_links>(n, *stanzas_, peers.reactors, [router = stanzas_.get(), rooms = rooms_](std::uint64_t volume) {
    router->tell_home_lost(volume);
    rooms->lose([router, volume](const xmpp::jid& client) { return router->away(client) == volume; });
  });
  stanzas_->set_other_homes(links_);
  links_->begin();
  peers_ = open_federation(n, *stanzas_, std::move(peers));
  archive_keeper_ = spawn_archive_keeper(system, n, *stanzas_);
  n.mailbox_keeper = spawn_mailbox_keeper(system, n);
  outgoing_ = std::make_unique<outgoing>(system, n, process_.reactors);
  auto collecting = std::make_shared<collector_parts>();
  collecting->in = &n;
  collecting->view = process_.collections;
  collecting->board = process_.collection_states;
  for (auto& r : process_.reactors) collecting->reactors.push_back(r.get());
  collector_ = spawn_collector(system, collecting);
  transfers_ = std::make_unique<transfer_service>(n, collecting->reactors);
  return {};
}

base::result<storage::log_position> running_volume::lead(const begin_lead& how) {
  process_.share->volumes->leads(*node_, how.epoch);
  sessions_->serve_while([sink = how.sink] { return sink->may_serve(); });
  caf::scoped_actor self{*process_.system};
  self->request(node_->log, caf::infinite, how).receive([&](const lead_begun& l) { log_end_ = l.end; }, [&](const caf::error&) { log_end_ = {}; });
  if (log_end_ == storage::log_position{}) return base::fail(base::error_kind::io, "The server's disk does not work.", "the log in " + options_.directory + " has failed");
  return log_end_;
}

/// What has passed the gate is written; with replicas it is theirs too, or nobody was told of it.
void running_volume::end_log(volume_end how, std::chrono::milliseconds limit) {
  caf::scoped_actor self{*process_.system};
  const auto end = [this](const lead_ended& l) { log_end_ = l.end; };
  bool in_order = false;
  if (how == volume_end::handed)
    self->request(node_->log, limit, finish_serving{}).receive([&](const lead_ended& l) { in_order = true, end(l); }, [](const caf::error&) {});
  if (!in_order) self->request(node_->log, caf::infinite, stop_serving{}).receive(end, [](const caf::error&) {});
}

void running_volume::start_indexers() {
  auto& n = *node_;
  for (std::uint32_t i = 0; i < n.mail_shards; ++i) {
    auto parts = std::make_shared<indexer_parts>();
    parts->search = n.search;
    parts->shard = i;
    parts->machine = n.machines[storage::first_mail_shard + i];
    parts->gate = n.gate;
    parts->bodies = n.bodies;
    parts->known = [directory = n.directory](base::account_id a) { return directory->get()->account(a) != nullptr; };
    parts->settings = [settings = n.settings] {
      const auto now = settings->get();
      return indexer_settings{now->search_index, static_cast<std::size_t>(now->search_text_octets_max), now->storage_reserve_octets};
    };
    parts->directory = options_.directory;
    parts->clock = n.clock;
    parts->pace = process_.options.index_pace;
    n.search->indexers.push_back(spawn_indexer(*process_.system, std::move(parts)));
  }
}

void running_volume::configure(const news& what) {
  caf::anon_send(node_->log, set_reserve{node_->settings->get()->storage_reserve_octets});
  if (what.collections) caf::anon_send(collector_, collections_changed{});
  caf::anon_send(quiet_, quiet_changed{});
  outgoing_->configured();
  peers_->configured();
  for (const auto account : what.closed) caf::anon_send(node_->shard_actor(account), actors::end_sessions{account});
}

void running_volume::drain() {
  node_->draining = true;
  outgoing_->drain();
  rooms_->shut_down();
}

base::result<void> running_volume::flush(std::chrono::milliseconds limit) {
  outgoing_->settle(limit);
  caf::scoped_actor self{*process_.system};
  // What is under way is written first: the log answers in order.
  self->request(node_->log, limit, list_segments{}).receive([](const log_segments&) {}, [](const caf::error&) {});
  node_->gate->close();
  bool whole = true;
  for (std::size_t i = 1; i < node_->machines.size(); ++i)
    self->request(node_->machines[i], limit, flush_now{true})
        .receive([](std::uint64_t) {},
                 [&](const caf::error&) {
                   whole = false;
                   base::log_event(base::severity::warning, "stop.not_flushed").number("shard", static_cast<std::int64_t>(i));
                 });
  if (!whole) return base::fail(base::error_kind::io, "the volume was not written as a whole; the next start replays its log");
  return {};
}

bool running_volume::wait_for_sessions(steady::time_point until) const {
  while (sessions_->count() > 0 && steady::now() < until) std::this_thread::sleep_for(look_pause);
  return sessions_->count() == 0;
}

bool running_volume::wait_for_transfers(steady::time_point until) const {
  const auto runs = [this] {
    const auto all = transfers_->all();
    return std::any_of(all.begin(), all.end(), [](const auto& r) { return r->state().status == transfer_status::running; });
  };
  while (runs() && steady::now() < until) std::this_thread::sleep_for(look_pause);
  return !runs();
}

/// Every reader has done what was put to it before: tasks look into the volume.
bool running_volume::wait_for_readers(steady::time_point until) const {
  struct seen_threads {
    std::mutex lock;
    std::set<std::thread::id> seen;
  };
  const auto all = std::make_shared<seen_threads>();
  const auto count = [&] {
    const std::lock_guard hold(all->lock);
    return all->seen.size();
  };
  while (count() < process_parts::reader_threads && steady::now() < until) {
    // Their turns go round, but others take turns too.
    for (std::size_t i = 0; i < process_parts::reader_threads; ++i)
      (void)node_->readers->run([all] {
        const std::lock_guard hold(all->lock);
        all->seen.insert(std::this_thread::get_id());
      });
    std::this_thread::sleep_for(look_pause);
  }
  return count() >= process_parts::reader_threads;
}

bool running_volume::end_actors(std::vector<caf::actor> all, steady::time_point until) {
  std::erase_if(all, [](const caf::actor& a) { return !a; });
  caf::scoped_actor self{*process_.system};
  for (const auto& a : all) {
    self->monitor(a);
    self->send_exit(a, caf::exit_reason::user_shutdown);
  }
  std::size_t waits = all.size();
  while (waits > 0 && steady::now() < until) {
    bool in_time = true;
    self->receive([&](const caf::down_msg&) { --waits; }, caf::after(left(until)) >> [&] { in_time = false; });
    if (!in_time) break;
  }
  return waits == 0;
}

base::result<void> running_volume::close(std::chrono::milliseconds limit, volume_end how) {
  const auto until = steady::now() + limit;
  auto& n = *node_;
  process_.forget(this);
  process_.share->volumes->closing(n);
  if (how == volume_end::lost) end_log(how, {});
  drain();
  sessions_->drain();
  const auto linking = links_->actor();
  links_->end();
  const auto busy = [this](std::string_view what) {
    base::log_event(base::severity::error, "volume.still_busy").number("volume", static_cast<std::int64_t>(options_.id)).text("with", what);
    return base::fail(base::error_kind::conflict, "the volume in " + options_.directory + " is still busy with " + std::string(what));
  };
  // A commit of theirs may still be under way: the gate is open for it.
  if (!wait_for_sessions(steady::now() + (how == volume_end::alone ? limit / 2 : std::min<std::chrono::milliseconds>(limit / 2, farewell_time)))) {
    base::log_event(base::severity::warning, "volume.sessions_cut").number("volume", static_cast<std::int64_t>(options_.id)).number("sessions", static_cast<std::int64_t>(sessions_->count()));
    sessions_->abort();
    if (!wait_for_sessions(until)) return busy("a session");
  }
  if (!wait_for_transfers(until)) return busy("a transfer");
  if (how == volume_end::handed) {
    outgoing_->settle(std::min(left(until), settle_time));
    end_log(how, left(until) / 2);
  }
  const auto flushed = flush(how == volume_end::alone ? left(until) : std::min(left(until), settle_time));

  // From those who ask to those who answer.
  std::vector<caf::actor> asking{collector_, quiet_, archive_keeper_, uploads_->actor(), n.mailbox_keeper};
  for (const auto& a : outgoing_->actors()) asking.push_back(a);
  for (const auto& a : rooms_->actors()) asking.push_back(a);
  asking.push_back(linking);
  for (const auto& [address, a] : stanzas_->accounts()) asking.push_back(a);
  if (!end_actors(std::move(asking), until)) return busy("its queue");
  std::vector<caf::actor> working = n.search->indexers;
  working.push_back(maintenance_);
  if (!end_actors(std::move(working), until)) return busy("its index");
  if (!wait_for_readers(until)) return busy("a read");
  std::vector<caf::actor> storing{n.machines.begin() + 1, n.machines.end()};
  storing.push_back(n.log);
  if (!end_actors(std::move(storing), until)) return busy("its log");

  process_.share->volumes->closed(n);
  // Nobody is left who reads these: sessions, chat and readers have ended.
  n.chat.clear();
  n.search->indexers.clear(); // they hold it too
  for (auto& b : n.search->boards) b->wake_with({});
  n.search.reset();
  // A detached actor's thread ends with the last handle of it.
  for (auto* a : {&n.log, &n.sts, &n.tls_counter, &n.tls_reporter, &n.mailbox_keeper, &n.dispatch, &n.verifier, &maintenance_, &quiet_, &collector_, &archive_keeper_}) *a = nullptr;
  n.machines.clear();
  uploads_->forget();
  outgoing_->forget();
  log_parts_->writer.reset();
  log_parts_->machines.clear();
  for (auto& p : machine_parts_)
    if (p) p->machine.reset();
  store_.reset();
  base::log_event(base::severity::notice, "volume.closed").number("volume", static_cast<std::int64_t>(options_.id)).flag("flushed", flushed.ok());
  return {};
}

} // namespace rookery::actors
