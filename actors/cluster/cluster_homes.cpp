// Where accounts are at home, and the streams on which nodes speak of them: what cluster_service does for mail.
#include "actors/cluster/cluster_service.hpp"

#include "actors/config/homes.hpp"
#include "actors/queue/dispatch_actor.hpp"
#include "actors/queue/home_mail.hpp"
#include "actors/queue/home_reception.hpp"
#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "actors/shard/log_actor.hpp"
#include "base/log.hpp"
#include "storage/chat/command.hpp"
#include "storage/mail/command.hpp"

namespace rookery::actors {
namespace dir = storage::directory;

base::result<void> cluster_service::open_streams(const member_facts& m, const std::string& certificate, const std::string& key) {
  cluster::stream_identity::parts parts{m.cluster, m.member, authorities(), certificate, key, [weak = weak_from_this()] {
                                          std::vector<cluster::stream_member> out;
                                          if (const auto self = weak.lock())
                                            for (auto& known : self->known_nodes())
                                              out.push_back({known.entry.id, std::move(known.entry.host), static_cast<std::uint16_t>(known.entry.port + cluster::stream_port_offset), std::move(known.entry.fingerprint), std::move(known.entry.next_fingerprint)});
                                          return out;
                                        }};
  auto identity = cluster::stream_identity::make(std::move(parts));
  if (!identity) return base::fail(identity.error());
  auto listener = cluster::stream_listener::open(*identity, static_cast<std::uint16_t>(m.port + cluster::stream_port_offset));
  if (!listener) return base::fail(listener.error());
  const auto relays = relays_of(running_.node());
  relays->identity(*identity);
  (*listener)->handle(session_stream, [relays](std::unique_ptr<cluster::node_stream> s, const cluster::stream_opening& o) { relays->take(std::move(s), o); });
  (*listener)->handle(delivery_stream, [&running = running_](std::unique_ptr<cluster::node_stream> s, const cluster::stream_opening& o) {
    if (const auto volume = running.own_volume()) take_home_mail(volume->node(), std::move(s), o);
    else s->refuse("this node does not serve its volume now");
  });
  const std::lock_guard hold(lock_);
  identity_ = std::move(*identity);
  streams_ = std::move(*listener);
  return {};
}

/// The leader of a volume is the node that brought it. A node that was removed keeps what it knew; one that left is alone.
void cluster_service::publish_homes() {
  const std::lock_guard one(publishing_);
  if (removed_) return;
  std::uint64_t self = 0;
  {
    const std::lock_guard hold(lock_);
    if (plane_) self = member_.member;
  }
  auto& n = running_.node();
  const auto table = n.config->table();
  std::vector<routing::volume_place> places;
  if (self != 0)
    for (const auto& v : config::volumes_of(*table)) places.push_back({v.id, v.id, 1, v.host + ':' + std::to_string(v.port), v.id == self});
  const auto before = homes_of(n);
  auto chosen = places.empty() ? nullptr : config::chosen_homes_of(*table, homes_table_.get(), before->chosen());
  homes_table_ = places.empty() ? nullptr : table;
  if (before->places() == places && before->chosen() == chosen) return;
  const auto view = std::make_shared<const routing::home_view>(std::move(places), std::move(chosen));
  set_homes(n, view);
  relays_of(n)->followed(*view);
  if (n.dispatch) caf::anon_send(n.dispatch, delivery_configured{}); // mail may go another way now
}

/// What is at home on a node, and the sessions that this node has given to it.
void cluster_service::add_home_members(json::value& row, std::uint64_t node) const {
  const auto& n = running_.node();
  const auto homes = homes_of(n);
  const auto directory = n.directory->get();
  std::size_t domains = 0;
  for (const auto& [name, d] : directory->domains()) domains += homes->volume_of_domain(name) == node;
  const auto sessions = relays_of(n)->now();
  const auto given = sessions.given.find(node);
  row.set("domains", domains);
  row.set("given_sessions", given == sessions.given.end() ? std::size_t{0} : given->second);
}

/// An account that the cluster removed has mail on its home alone; every node takes away what it has.
void cluster_service::drop_removed_accounts() {
  const auto volume = running_.own_volume();
  auto& n = running_.node();
  const auto now = n.config->table();
  std::shared_ptr<const dir::config_table> before;
  {
    const std::lock_guard hold(lock_);
    before = std::exchange(seen_table_, now);
  }
  if (!volume || !before || before == now) return;
  std::vector<base::account_id> gone;
  dir::config_table::for_each_change(*before, *now, [&](const dir::document* was, const dir::document_ptr&) {
    if (was != nullptr && was->kind == dir::document_kind::account) gone.push_back(base::account_id{was->id});
  });
  const auto directory = n.directory->get();
  for (const auto account : gone) {
    if (directory->account(account)) continue; // changed or renamed
    const auto time = n.clock->wall();
    auto request = std::make_shared<commit_request>();
    auto owner = storage::chat::account_owner(account);
    const auto chat_shard = n.chat_shard_of(owner);
    request->group.commands.push_back({n.shard_of(account), 1, storage::mail::encode({account, time, storage::mail::drop_account{}}), {}});
    request->group.commands.push_back({chat_shard, 1, storage::chat::encode({std::move(owner), time, storage::chat::drop_owner{}}), {}});
    caf::scoped_actor self{*n.system};
    const bool sent = submit_commit(*self, n.log, *n.gate, std::move(request));
    base::log_event(sent ? base::severity::notice : base::severity::error, "cluster.account_dropped").number("account", static_cast<std::int64_t>(account.value)).flag("ok", sent);
  }
}

} // namespace rookery::actors
