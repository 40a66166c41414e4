#include "actors/root/process_parts.hpp"

#include "actors/config/config_follower.hpp"
#include "actors/queue/destination_board.hpp"
#include "actors/queue/outgoing.hpp"
#include "actors/shard/log_actor.hpp"
#include "actors/shard/machine_actor.hpp"
#include "actors/shard/maintenance_actor.hpp"
#include "actors/system/config_guard.hpp"
#include "base/log.hpp"
#include "protocols/smtp/dsn/text_book.hpp"

#include <algorithm>
#include <thread>

namespace rookery::actors {
namespace {

/// Reads that may wait: each belongs to one connection, so this is a bound on strangers too.
constexpr std::size_t reads_waiting_max = 50'000;
constexpr std::size_t password_threads = 2;
/// At about 20 ms a hash two threads do these in ten seconds; more must try later.
constexpr std::size_t passwords_waiting_max = 1000;
/// Who is logged in goes first: thousands of new clients would take both cores for their hashes.
constexpr int passwords_nice = 10;

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

/// The configuration alone; a store from before gets its parts apart first.
base::result<std::unique_ptr<storage::node_store>> open_configuration(const node_options& options) {
  const auto of = storage::read_store_identity(options.data_directory);
  if (!of) return base::fail(of.error());
  auto settings = options.store;
  if (of->format < storage::config_log_format)
    if (const auto whole = storage::node_store::open(options.data_directory, false, settings); !whole) return base::fail(whole.error());
  settings.volume = false;
  return storage::node_store::open(options.data_directory, false, settings);
}

} // namespace

base::result<std::unique_ptr<process_parts>> process_parts::start(node_options options) {
  const auto cores = std::max(1u, std::thread::hardware_concurrency());
  if (options.reactors == 0) options.reactors = cores;
  auto store = open_configuration(options);
  if (!store) return base::fail(store.error());
  std::unique_ptr<process_parts> self(new process_parts(std::move(options)));
  self->config = std::make_unique<caf::actor_system_config>();
  self->config->set("scheduler.policy", caf::atom("sharing"));
  self->config->set("scheduler.max-threads", std::size_t{cores});
  self->system = std::make_unique<caf::actor_system>(*self->config);
  for (unsigned i = 0; i < self->options.reactors; ++i) self->reactors.push_back(std::make_unique<net::reactor>(*self->system, i));
  self->store_ = std::move(*store);
  self->uuid = self->store_->identity.uuid;
  self->start_configuration();
  return self;
}

process_parts::~process_parts() {
  // A clean end of the actor system is not relied on: serve ends the process.
  for (auto& r : reactors) r->stop();
}

void process_parts::start_configuration() {
  face = std::make_shared<node>();
  auto& n = *face;
  n.system = system.get();
  n.host_name = options.host_name;
  n.data_directory = options.data_directory;
  n.version = options.version;
  n.started = base::system_clock().now();
  n.mail_shards = store_->identity.mail_shards;
  n.readers = std::make_shared<worker_pool>(*system, reader_threads, reads_waiting_max);
  n.passwords = std::make_shared<worker_pool>(*system, password_threads, passwords_waiting_max, passwords_nice);
  n.configuration = store_->config.get();
  n.secrets = store_->secrets;
  n.report_texts = std::make_shared<published<smtp::dsn::text_book>>();
  n.gate->close(); // there is no volume behind it

  const auto cell = store_->config->cell();
  n.config = cell;
  share->destinations = std::make_shared<destination_board>();
  set_share(n, share);
  auto follower = std::make_shared<config::config_follower>();
  const auto& first = follower->follow(cell->table());
  n.directory = std::make_shared<published<routing::directory_view>>(first.directory);
  n.settings = std::make_shared<published<config::settings>>(first.values);
  n.delivery = std::make_shared<published<delivery::delivery_view>>(first.delivery);
  n.archives = std::make_shared<published<archiving::archive_book>>(first.archives);
  collections = std::make_shared<published<collection::collection_view>>(first.collections);
  tell_faults(*follower);
  n.trust = std::make_shared<login_trust>(*n.clock);
  n.trust->load(*first.values);
  n.login = std::make_shared<login_service>(n.directory, n.passwords, n.trust);
  start_lookups(*system, n);

  auto parts = std::make_shared<machine_actor_parts>();
  parts->directory = options.data_directory;
  parts->machine = std::move(store_->config);
  parts->published = [this, cell, follower] {
    auto& to = *face;
    const auto& now = follower->follow(cell->table());
    to.trust->load(*now.values);
    to.directory->put(now.directory);
    to.delivery->put(now.delivery);
    to.archives->put(now.archives);
    to.settings->put(now.values); // behind what services make their own settings from
    configured::news news;
    news.collections = collections->get() != now.collections;
    collections->put(now.collections);
    tell_faults(*follower);
    follow_settings(*now.table, *now.values);
    configure_lookups(to);
    if (guard_) caf::anon_send(guard_, config_seen{});
    for (const auto account : follower->closed()) news.closed.push_back(account);
    const std::lock_guard hold(lock_);
    for (auto* t : told_) t->configure(news);
  };
  n.machines.push_back(spawn_machine(*system, parts));

  auto log = std::make_shared<log_actor_parts>();
  log->writer = std::move(store_->config_log);
  log->gate = share->config_gate;
  log->machines = n.machines;
  log->shared = {parts};
  log->on_failure = options.on_failure;
  share->config_log = spawn_log(*system, log);
  follow_settings(*cell->table(), *n.settings->get());

  auto keeping = std::make_shared<maintenance_parts>();
  keeping->log = share->config_log;
  keeping->machines = n.machines;
  keeping->names_bodies = false;
  keeping->folder = "config-log";
  keeping->gate = share->config_gate;
  keeping->bodies = std::make_shared<storage::body_reader>(storage::posix_file_system(), store_->config_log_directory());
  keeping->interval = options.maintenance_interval;
  config_maintenance = spawn_maintenance(*system, keeping);
  guard_ = spawn_config_guard(*system, n);
  caf::anon_send(guard_, config_seen{});
}

/// Settings that no session derives for itself. At start, and in the configuration's thread.
void process_parts::follow_settings(const storage::directory::config_table& table, const config::settings& values) {
  net::connection_limits limits;
  limits.total = limits.loopback = static_cast<std::uint32_t>(values.connections_max);
  limits.an_address = static_cast<std::uint32_t>(values.connections_address_max);
  counts->limit(limits);
  follow_log_level(table, values);
  caf::anon_send(share->config_log, set_reserve{values.storage_reserve_octets});
}

std::shared_ptr<node> process_parts::make_node() const {
  auto out = std::make_shared<node>();
  auto& n = *out;
  const auto& f = *face;
  n.system = f.system;
  n.host_name = f.host_name;
  n.data_directory = f.data_directory;
  n.version = f.version;
  n.started = f.started;
  n.machines = f.machines;
  n.config = f.config;
  n.directory = f.directory;
  n.settings = f.settings;
  n.delivery = f.delivery;
  n.archives = f.archives;
  n.report_texts = f.report_texts;
  n.configuration = f.configuration;
  n.resolver = f.resolver;
  n.fetcher = f.fetcher;
  n.login = f.login;
  n.trust = f.trust;
  n.secrets = f.secrets;
  n.readers = f.readers;
  n.passwords = f.passwords;
  return out;
}

void process_parts::tell(configured* who) {
  const std::lock_guard hold(lock_);
  told_.push_back(who);
}

void process_parts::forget(configured* who) {
  const std::lock_guard hold(lock_);
  std::erase(told_, who);
}

void process_parts::stop(std::chrono::milliseconds limit) {
  caf::scoped_actor self{*system};
  // What is under way is written first: the log answers in order.
  self->request(share->config_log, limit, list_segments{}).receive([](const log_segments&) {}, [](const caf::error&) {});
  share->config_gate->close();
  self->request(face->machines.front(), limit, flush_now{true})
      .receive([](std::uint64_t) {}, [](const caf::error&) { base::log_event(base::severity::warning, "stop.not_flushed"); });
}

} // namespace rookery::actors
