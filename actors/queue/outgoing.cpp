#include "actors/queue/outgoing.hpp"

#include "actors/dns/resolver_actor.hpp"
#include "actors/http/fetcher.hpp"
#include "actors/queue/destination_actor.hpp"
#include "actors/queue/dispatch_actor.hpp"
#include "actors/queue/home_delivery.hpp"
#include "actors/queue/lent_connection.hpp"
#include "actors/queue/local_actor.hpp"
#include "actors/queue/record_actor.hpp"
#include "actors/queue/spool_commit.hpp"
#include "actors/queue/sts_actor.hpp"
#include "actors/queue/system_mail_actor.hpp"
#include "actors/tlsrpt/counter_actor.hpp"
#include "actors/tlsrpt/reporter_actor.hpp"
#include "actors/queue/verifier_actor.hpp"
#include "actors/system/volume_table.hpp"
#include "base/text.hpp"
#include "storage/queue/spool_machine.hpp"

namespace rookery::actors {
namespace {

resolver_settings resolver_settings_of(const config::settings& s) {
  resolver_settings out;
  for (const auto word : base::split(s.dns_servers, ' '))
    if (!word.empty()) out.servers.emplace_back(word);
  out.trust_anchor_file = s.dns_trust_anchor_file;
  out.time = std::chrono::seconds(s.dns_timeout_seconds);
  return out;
}

fetcher_settings fetcher_settings_of(const config::settings& s) {
  fetcher_settings out;
  out.ca_file = s.tls_ca_file;
  for (const auto word : base::split(s.http_connect_to, ' '))
    if (!word.empty()) out.connect_to.emplace_back(word);
  return out;
}

/// Policies of other domains are notes of the spool.
std::shared_ptr<sts_parts> sts_parts_of(node& n) {
  static constexpr const char* space = "mta-sts";
  auto out = std::make_shared<sts_parts>();
  out->resolver = n.resolver;
  out->fetcher = n.fetcher;
  out->clock = n.clock;
  out->recall = [&n](const std::string& domain) -> std::optional<std::string> {
    auto note = n.spool->view()->note(space, domain);
    if (!note) return std::nullopt;
    return std::move(note->value);
  };
  out->keep = [&n](caf::local_actor& from, const std::string& domain, std::string entry, base::wall_time until) {
    // Not kept when the log takes nothing now: then it is fetched again after a restart.
    commit_group_of(from, n, spool_group(n.clock->wall(), {storage::queue::put_note{space, domain, std::move(entry), until}}));
  };
  return out;
}

} // namespace

void start_lookups(caf::actor_system& system, node& n) {
  n.resolver = spawn_resolver(system, resolver_settings_of(*n.settings->get()));
  n.fetcher = spawn_fetcher(system, fetcher_settings_of(*n.settings->get()), n.resolver);
}

void configure_lookups(const node& n) {
  caf::anon_send(n.resolver, configure_resolver{resolver_settings_of(*n.settings->get())});
  caf::anon_send(n.fetcher, configure_fetcher{fetcher_settings_of(*n.settings->get())});
}

outgoing::outgoing(caf::actor_system& system, node& n, std::vector<std::unique_ptr<net::reactor>>& reactors)
    : system_(system), node_(n) {
  n.sts = spawn_sts(system, sts_parts_of(n));
  n.tls_counter = spawn_tls_counter(system, n);
  n.tls_reporter = spawn_tls_reporter(system, n);
  auto recording = std::make_shared<record_parts>();
  recording->of = &n;
  record_ = spawn_record(system, recording);
  auto locally = std::make_shared<local_parts>();
  locally->of = &n;
  locally->record = record_;
  auto parts = std::make_shared<dispatch_parts>();
  parts->system_mail = system_mail_ = spawn_system_mail(system, n);
  parts->of = &n;
  parts->record = record_;
  parts->local = local_ = spawn_local(system, locally);
  parts->make_destination = [&n, &reactors, record = record_](caf::local_actor& parent, const std::string& destination) {
    if (const auto volume = delivery::home_of_key(destination)) {
      auto to_home = std::make_shared<home_delivery_parts>();
      to_home->of = &n;
      to_home->destination = destination;
      to_home->volume = *volume;
      to_home->dispatch = caf::actor_cast<caf::actor>(&parent);
      to_home->record = record;
      return spawn_home_delivery(parent, std::move(to_home));
    }
    auto of = std::make_shared<destination_parts>();
    of->of = &n;
    of->destination = destination;
    of->dispatch = caf::actor_cast<caf::actor>(&parent);
    of->record = record;
    of->reactors = &reactors;
    return spawn_destination(parent, std::move(of));
  };
  parts->make_lent = [&n, record = record_](caf::local_actor& parent, std::uint64_t to, open_connection what) {
    const auto volumes = volumes_of(n);
    auto self = volumes ? volumes->find(volumes->id_of(n)) : nullptr;
    if (!self) return caf::actor(); // it opens, or closes
    auto lent = std::make_shared<lent_parts>();
    lent->of = std::move(self);
    lent->to = to;
    lent->dispatch = caf::actor_cast<caf::actor>(&parent);
    lent->record = record;
    lent->what = std::move(what);
    return spawn_lent_connection(parent, std::move(lent));
  };
  n.dispatch = spawn_dispatch(system, parts);
  auto verifying = std::make_shared<verifier_parts>();
  verifying->of = &n;
  verifying->reactors = &reactors;
  n.verifier = spawn_verifier(system, std::move(verifying));
  caf::anon_send(record_, tell_dispatch{n.dispatch});
}

void outgoing::configured() {
  caf::anon_send(node_.dispatch, delivery_configured{});
}

void outgoing::drain() { caf::anon_send(node_.dispatch, stop_dispatch{}); }

void outgoing::settle(std::chrono::milliseconds limit) {
  caf::scoped_actor self{system_};
  self->request(record_, limit, settle_records{}).receive([](bool) {}, [](const caf::error&) {});
}

std::vector<caf::actor> outgoing::actors() const {
  return {node_.verifier, node_.dispatch, local_, system_mail_, record_, node_.tls_reporter, node_.tls_counter, node_.sts};
}

} // namespace rookery::actors
