#include "actors/root/running_node.hpp"

#include "actors/account/quiet_actor.hpp"
#include "actors/account/sent_today.hpp"
#include "actors/collection/collector.hpp"
#include "actors/config/config_follower.hpp"
#include "actors/mailboxes/keeper.hpp"
#include "actors/search/indexer.hpp"
#include "actors/shard/log_actor.hpp"
#include "actors/shard/machine_actor.hpp"
#include "actors/shard/maintenance_actor.hpp"
#include "actors/system/config_guard.hpp"
#include "actors/xmpp/archive_keeper.hpp"
#include "actors/xmpp/rooms/room_gateway.hpp"
#include "actors/xmpp/user_search.hpp"
#include "base/log.hpp"
#include "protocols/smtp/dsn/text_book.hpp"

#include <algorithm>
#include <thread>

namespace rookery::actors {
namespace {

/// Detached readers: enough to keep a disk busy, few enough not to fight for two cores.
constexpr std::size_t reader_threads = 3;
constexpr std::size_t password_threads = 2;
/// Reads that may wait: each belongs to one connection, so this is a bound on strangers too.
constexpr std::size_t reads_waiting_max = 50'000;
/// At about 20 ms a hash two threads do these in ten seconds; more must try later.
constexpr std::size_t passwords_waiting_max = 1000;
/// Who is logged in goes first: thousands of new clients would take both cores for their hashes.
constexpr int passwords_nice = 10;
/// How long the machines may take to write what they have when the node stops.
constexpr std::chrono::seconds flush_time{20};

void tell_faults(const config::config_follower& follower) {
  for (const auto& f : follower.faults())
    base::log_event(base::severity::error, "config.unreadable_document").text("fault", f);
}

base::severity level_of(std::string_view name) {
  static constexpr std::string_view names[] = {"debug", "info", "notice", "warning", "error"};
  const auto at = std::find(std::begin(names), std::end(names), name);
  return at == std::end(names) ? base::severity::info : static_cast<base::severity>(at - std::begin(names));
}

/// The node file's level counts until somebody sets one.
void follow_log_level(const storage::directory::config_table& table, const config::settings& values) {
  if (table.find(storage::directory::document_kind::setting, "log.level") != nullptr)
    base::log_least(level_of(values.log_level));
}

} // namespace

base::result<std::unique_ptr<running_node>> running_node::start(node_options options) {
  auto store = storage::node_store::open(options.data_directory, false, options.store);
  if (!store) return base::fail(store.error());
  std::unique_ptr<running_node> self(new running_node);
  self->config_ = std::make_unique<caf::actor_system_config>();
  self->config_->set("scheduler.policy", caf::atom("sharing"));
  const auto cores = std::max(1u, std::thread::hardware_concurrency());
  self->config_->set("scheduler.max-threads", std::size_t{cores});
  self->system_ = std::make_unique<caf::actor_system>(*self->config_);
  self->counts_ = std::make_shared<net::connection_counts>(net::connection_limits{});
  if (options.reactors == 0) options.reactors = cores;
  for (unsigned i = 0; i < options.reactors; ++i)
    self->reactors_.push_back(std::make_unique<net::reactor>(*self->system_, i));
  self->start_actors(std::move(*store), options);
  for (auto& r : self->reactors_) r->start();
  return self;
}

void running_node::start_actors(std::unique_ptr<storage::node_store> store, const node_options& options) {
  node_ = std::make_shared<actors::node>();
  auto& n = *node_;
  n.system = system_.get();
  n.host_name = options.host_name;
  n.data_directory = options.data_directory;
  n.version = options.version;
  n.started = base::system_clock().now();
  n.mail_shards = store->identity.mail_shards;
  n.bodies = std::make_shared<storage::body_reader>(storage::posix_file_system(), store->log_directory());
  n.readers = std::make_shared<worker_pool>(*system_, reader_threads, reads_waiting_max);
  n.passwords = std::make_shared<worker_pool>(*system_, password_threads, passwords_waiting_max, passwords_nice);
  n.spool = store->spool.get();
  n.configuration = store->config.get();
  n.secrets = store->secrets;
  n.report_texts = std::make_shared<published<smtp::dsn::text_book>>();

  const auto cell = store->config->cell();
  n.config = cell;
  set_share(n, process_);
  auto follower = std::make_shared<config::config_follower>();
  const auto& first = follower->follow(cell->table());
  n.directory = std::make_shared<published<routing::directory_view>>(first.directory);
  n.settings = std::make_shared<published<config::settings>>(first.values);
  n.delivery = std::make_shared<published<delivery::delivery_view>>(first.delivery);
  n.archives = std::make_shared<published<archiving::archive_book>>(first.archives);
  const auto collections = std::make_shared<published<collection::collection_view>>(first.collections);
  tell_faults(*follower);
  n.trust = std::make_shared<login_trust>(*n.clock);
  n.trust->load(*first.values);
  n.login = std::make_shared<login_service>(n.directory, n.passwords, n.trust);
  n.sent = std::make_shared<sent_today>();
  n.sent->load(*n.spool->view(), n.clock->wall());

  std::vector<std::shared_ptr<machine_actor_parts>> shared;
  auto config_parts = std::make_shared<machine_actor_parts>();
  config_parts->directory = options.data_directory;
  config_parts->machine = std::move(store->config);
  config_parts->published = [this, cell, follower, directory = n.directory, settings = n.settings,
                             delivery = n.delivery, archives = n.archives, collections, trust = n.trust] {
    const auto& now = follower->follow(cell->table());
    trust->load(*now.values);
    directory->put(now.directory);
    delivery->put(now.delivery);
    archives->put(now.archives);
    settings->put(now.values); // behind what services make their own settings from
    const bool other_collections = collections->get() != now.collections;
    collections->put(now.collections);
    if (other_collections) caf::anon_send(collector_, collections_changed{});
    tell_faults(*follower);
    follow_settings(*now.table, *now.values);
    if (quiet_) caf::anon_send(quiet_, quiet_changed{});
    if (guard_) caf::anon_send(guard_, config_seen{});
    if (outgoing_) outgoing_->configured();
    for (const auto account : follower->closed()) caf::anon_send(node_->shard_actor(account), end_sessions{account});
  };
  n.machines.push_back(spawn_machine(*system_, config_parts));
  shared.push_back(config_parts);

  auto spool_parts = std::make_shared<machine_actor_parts>();
  spool_parts->directory = options.data_directory;
  spool_parts->spool = store->spool.get();
  spool_parts->machine = std::move(store->spool);
  n.machines.push_back(spawn_machine(*system_, spool_parts));
  shared.push_back(spool_parts);

  n.search = std::make_shared<search_service>(storage::posix_file_system(), options.data_directory + "/search", store->identity.uuid,
                                              store->log->end(), n.mail_shards);
  for (auto& m : store->mail) {
    auto parts = std::make_shared<machine_actor_parts>();
    parts->board = n.search->boards[shared.size() - storage::first_mail_shard];
    parts->board->reached(store->log->end());
    parts->directory = options.data_directory;
    parts->mail = m.get();
    n.shares.push_back(m->shares());
    parts->machine = std::move(m);
    n.machines.push_back(spawn_machine(*system_, parts));
    shared.push_back(parts);
  }
  store->mail.clear();
  for (auto& m : store->chat) {
    auto parts = std::make_shared<machine_actor_parts>();
    parts->directory = options.data_directory;
    n.chat.push_back(m->view());
    parts->machine = std::move(m);
    n.machines.push_back(spawn_machine(*system_, parts));
    shared.push_back(parts);
  }
  store->chat.clear();
  start_indexers(options);

  auto config_log = std::make_shared<log_actor_parts>();
  config_log->writer = std::move(store->config_log);
  config_log->gate = process_->config_gate;
  config_log->machines = {n.machines.front()};
  config_log->shared = {config_parts};
  config_log->on_failure = options.on_failure;
  process_->config_log = spawn_log(*system_, config_log);
  auto log_parts = std::make_shared<log_actor_parts>();
  log_parts->writer = std::move(store->log);
  log_parts->gate = n.gate;
  log_parts->machines = n.machines;
  log_parts->shared = std::move(shared);
  log_parts->on_failure = options.on_failure;
  n.log = spawn_log(*system_, log_parts);
  follow_settings(*cell->table(), *n.settings->get());

  auto keeping_config = std::make_shared<maintenance_parts>();
  keeping_config->log = process_->config_log;
  keeping_config->machines = {n.machines.front()};
  keeping_config->names_bodies = false;
  keeping_config->folder = "config-log";
  keeping_config->gate = process_->config_gate;
  keeping_config->bodies = std::make_shared<storage::body_reader>(storage::posix_file_system(), store->config_log_directory());
  keeping_config->interval = options.maintenance_interval;
  auto keeping = std::make_shared<maintenance_parts>();
  keeping->configuration = spawn_maintenance(*system_, keeping_config);
  keeping->log = n.log;
  keeping->machines.assign(n.machines.begin() + 1, n.machines.end());
  keeping->gate = n.gate;
  keeping->bodies = n.bodies;
  keeping->interval = options.maintenance_interval;
  maintenance_ = spawn_maintenance(*system_, keeping);
  quiet_ = spawn_quiet(*system_, n);
  caf::anon_send(quiet_, quiet_changed{});
  guard_ = spawn_config_guard(*system_, n);
  caf::anon_send(guard_, config_seen{});
  stanzas_ = std::make_unique<chat_router>(n);
  rooms_ = open_rooms(n, *stanzas_);
  open_user_search(n, *stanzas_);
  spawn_archive_keeper(*system_, n, *stanzas_);
  n.mailbox_keeper = spawn_mailbox_keeper(*system_, n);
  outgoing_ = std::make_unique<outgoing>(*system_, n, reactors_);
  auto collecting = std::make_shared<collector_parts>();
  collecting->in = &n;
  collecting->view = collections;
  collecting->board = collection_states_;
  for (auto& r : reactors_) collecting->reactors.push_back(r.get());
  collector_ = spawn_collector(*system_, collecting);
  transfers_ = std::make_unique<transfer_service>(n, collecting->reactors);
  store_ = std::move(store);
  process_->volumes->opened(node_, 0);
}

void running_node::start_indexers(const node_options& options) {
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
    parts->directory = options.data_directory;
    parts->clock = n.clock;
    parts->pace = options.index_pace;
    n.search->indexers.push_back(spawn_indexer(*system_, std::move(parts)));
  }
}

/// Settings that no session derives for itself. At start, and in the configuration's thread.
void running_node::follow_settings(const storage::directory::config_table& table, const config::settings& values) {
  net::connection_limits limits;
  limits.total = limits.loopback = static_cast<std::uint32_t>(values.connections_max);
  limits.an_address = static_cast<std::uint32_t>(values.connections_address_max);
  counts_->limit(limits);
  follow_log_level(table, values);
  for (const auto& log : {node_->log, process_->config_log}) caf::anon_send(log, set_reserve{values.storage_reserve_octets});
}

running_node::~running_node() {
  // A clean end of the actor system is not relied on: serve ends the process.
  for (auto& r : reactors_) r->stop();
}

base::result<std::uint16_t> running_node::listen(std::shared_ptr<net::listener> l, const std::string& address,
                                                 std::uint16_t port, std::string refusal) {
  l->ended = [counts = counts_, ended = l->ended](const connection_facts& f) {
    counts->leave(f);
    if (ended) ended(f);
  };
  auto a = std::make_unique<net::acceptor>(*system_, reactors_, std::move(l), counts_, std::move(refusal));
  if (const auto opened = a->open(address, port); !opened) return base::fail(opened.error());
  const auto got = a->port();
  acceptors_.push_back(std::move(a));
  return got;
}

void running_node::accept() {
  for (auto& a : acceptors_) a->begin();
}

std::uint32_t running_node::drain(std::chrono::milliseconds limit) {
  node_->draining = true;
  outgoing_->drain();
  rooms_->shut_down();
  for (auto& a : acceptors_) a->end();
  for (auto& r : reactors_) r->drain_sources();
  const auto until = std::chrono::steady_clock::now() + limit;
  while (counts_->total() > 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return counts_->total();
}

void running_node::stop() {
  outgoing_->settle(flush_time);
  caf::scoped_actor self{*system_};
  // What is under way is written first: the log answers in order.
  for (const auto& log : {node_->log, process_->config_log})
    self->request(log, flush_time, list_segments{}).receive([](const log_segments&) {}, [](const caf::error&) {});
  node_->gate->close();
  process_->config_gate->close();
  for (const auto& m : node_->machines)
    self->request(m, flush_time, flush_now{true})
        .receive([](std::uint64_t) {},
                 [](const caf::error&) { base::log_event(base::severity::warning, "stop.not_flushed"); });
}

} // namespace rookery::actors
