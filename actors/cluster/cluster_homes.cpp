// Where accounts are at home, and the streams on which nodes speak of them: what cluster_service does for mail.
#include "actors/cluster/cluster_service.hpp"

#include "actors/cluster/agreed_level.hpp"
#include "actors/cluster/volume_documents.hpp"
#include "actors/cluster/volume_keeper.hpp"
#include "actors/config/homes.hpp"
#include "actors/queue/borrowed_connection.hpp"
#include "actors/queue/dispatch_actor.hpp"
#include "actors/queue/home_mail.hpp"
#include "actors/queue/home_recall.hpp"
#include "actors/queue/home_reception.hpp"
#include "actors/queue/lent_frames.hpp"
#include "actors/queue/recall_reception.hpp"
#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "actors/shard/log_actor.hpp"
#include "actors/system/held_session.hpp"
#include "actors/xmpp/links/stanza_links.hpp"
#include "actors/xmpp/web/foreign_files.hpp"
#include "actors/xmpp/web/upload_service.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "storage/chat/chat_view.hpp"
#include "storage/chat/command.hpp"
#include "storage/chat/owner.hpp"
#include "storage/directory/config_mark.hpp"
#include "storage/mail/account_list.hpp"
#include "storage/mail/command.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <unordered_set>

namespace rookery::actors {
namespace dir = storage::directory;
namespace {

/// Without a leader of the cluster for so long a node passes no sessions on.
constexpr std::chrono::seconds leader_patience{10};

} // namespace

base::result<void> cluster_service::make_identity(const member_facts& m, const std::string& certificate, const std::string& key) {
  cluster::stream_identity::parts parts{m.cluster, m.member, authorities(), certificate, key, [weak = weak_from_this()] {
                                          std::vector<cluster::stream_member> out;
                                          if (const auto self = weak.lock())
                                            for (auto& known : self->known_nodes())
                                              // A volume of another node that is led here is reached as all others are.
                                              out.push_back({known.entry.id, known.entry.id == self->running_.volumes()->own() ? "localhost" : std::move(known.entry.host), static_cast<std::uint16_t>(known.entry.port + cluster::stream_port_offset), std::move(known.entry.fingerprint), std::move(known.entry.next_fingerprint)});
                                          return out;
                                        }};
  auto made = cluster::stream_identity::make(std::move(parts));
  if (!made) return base::fail(made.error());
  const std::lock_guard hold(lock_);
  identity_ = std::move(*made);
  return {};
}

base::result<void> cluster_service::open_streams(const member_facts& m) {
  const auto identity = this->identity();
  auto listener = cluster::stream_listener::open(identity, static_cast<std::uint16_t>(m.port + cluster::stream_port_offset));
  if (!listener) return base::fail(listener.error());
  const auto relays = relays_of(running_.face());
  relays->identity(identity);
  (*listener)->handle(session_stream, [relays](std::unique_ptr<cluster::node_stream> s, const cluster::stream_opening& o) { relays->take(std::move(s), o); });
  (*listener)->handle(delivery_stream, [&running = running_](std::unique_ptr<cluster::node_stream> s, const cluster::stream_opening& o) {
    const auto volume = running.find(base::parse_u64(o.field("volume")).value_or(0));
    if (volume) take_home_mail(volume->node(), std::move(s), o);
    else s->refuse("this node does not serve that volume now");
  });
  (*listener)->handle(recall_stream, [&running = running_](std::unique_ptr<cluster::node_stream> s, const cluster::stream_opening& o) {
    const auto volume = running.find(base::parse_u64(o.field("volume")).value_or(0));
    if (volume) take_recall(volume->node(), std::move(s), o);
    else s->refuse("this node does not serve that volume now");
  });
  (*listener)->handle(attempt_stream, [&running = running_, board = destinations()](std::unique_ptr<cluster::node_stream> s, const cluster::stream_opening&) {
    const auto open = running.volumes()->all();
    take_lent_connection(open.empty() ? nullptr : open.front(), running.reactors(), *board, std::move(s));
  });
  (*listener)->handle(chat_stream, [&running = running_](std::unique_ptr<cluster::node_stream> s, const cluster::stream_opening& o) {
    const auto volume = running.find(base::parse_u64(o.field("volume")).value_or(0));
    if (volume) volume->links().take(std::move(s), o);
    else s->refuse("this node does not serve that volume now");
  });
  (*listener)->handle(file_stream, [&running = running_, self = m.member](std::unique_ptr<cluster::node_stream> s, const cluster::stream_opening&) {
    give_files(
        [&running, self] {
          file_volumes out;
          // What is led from now on, and not open yet, or not any more, may have the file.
          for (const auto& v : agreed_volumes(*running.face().config->table()))
            if (v.is.leader == self && !running.find(v.is.id)) out.complete = false;
          for (const auto& opened : running.opened())
            if (const auto v = running.find(opened.id)) out.open.push_back({v->handle(), {v, &v->uploads()}});
          return out;
        },
        std::move(s));
  });
  auto keeper = keep_volumes(m, identity);
  (*listener)->handle(replica_stream, [keeper](std::unique_ptr<cluster::node_stream> s, const cluster::stream_opening& o) { keeper->take(std::move(s), o); });
  const std::lock_guard hold(lock_);
  streams_ = std::move(*listener);
  volumes_ = keeper;
  keeper->followed();
  return {};
}

/// A node that has no mail, or is to have none, opens no connections for others.
bool cluster_service::lends() const {
  member_facts m;
  {
    const std::lock_guard hold(lock_);
    m = member_;
  }
  const auto table = running_.face().config->table();
  return !removed_ && !m.witness && agreed_level(*table) >= lending_level && options_now().lend_connections && !config::is_drained(*table, m.member);
}

/// A volume is served by its leader as soon as that has it open. A node that was removed keeps what it knew; one that left is alone.
void cluster_service::publish_homes() {
  const std::lock_guard one(publishing_);
  if (removed_) return;
  std::uint64_t self = 0;
  {
    const std::lock_guard hold(lock_);
    if (plane_) self = member_.member;
  }
  auto& n = running_.face();
  const auto table = n.config->table();
  std::vector<routing::volume_place> places;
  if (self != 0) {
    const auto nodes = config::volumes_of(*table);
    const auto place = [&](std::uint64_t volume, std::uint64_t leader, std::uint64_t epoch) {
      routing::volume_place p{volume, leader, epoch, {}, leader == self && running_.volumes()->find(volume) != nullptr};
      const auto at = std::find_if(nodes.begin(), nodes.end(), [&](const auto& known) { return known.id == leader; });
      if (at == nodes.end() || (leader == self && !p.local)) p.leader = 0;
      else p.address = at->host + ':' + std::to_string(at->port);
      places.push_back(std::move(p));
    };
    // Volumes outlive the nodes that have brought them; a node that has just joined has no document of its own yet.
    const auto volumes = agreed_volumes(*table);
    for (const auto& v : volumes) place(v.is.id, v.is.leader, v.is.epoch);
    for (const auto& known : nodes)
      if (std::none_of(volumes.begin(), volumes.end(), [&](const auto& v) { return v.is.id == known.id; })) place(known.id, known.id, 1);
  }
  const auto before = homes_of(n);
  auto chosen = places.empty() ? nullptr : config::chosen_homes_of(*table, homes_table_.get(), before->chosen());
  homes_table_ = places.empty() ? nullptr : table;
  if (before->places() == places && before->chosen() == chosen) return;
  const auto view = std::make_shared<const routing::home_view>(std::move(places), std::move(chosen));
  set_homes(n, view);
  relays_of(n)->followed(*view);
  // For orders of this node's operator: what is led elsewhere is looked for in the own volume.
  running_.volumes()->set_homes(!view->alone() ? volume_table::home_rule([view, self, directory = n.directory](base::account_id a) {
    const auto account = directory->get()->account(a);
    return account && view->here(*account) ? view->volume_of(*account) : self;
  }) : nullptr);
  for (const auto& opened : running_.opened())
    if (const auto v = running_.find(opened.id)) v->links().followed(*view);
  for (const auto& v : running_.volumes()->all()) { // mail may go another way now
    const volume_work here(*v);
    if (here) caf::anon_send(v->dispatch, delivery_configured{});
  }
}

/// While a node's own volume is led elsewhere its clients are served there, as soon as it has heard who leads what: it follows a leader, and has
/// what that has agreed on. A leader that is lost for a moment closes no port: logins wait. A node that is drained or goes down closes its ports before
/// it gives anything away, so that who has to log in anew finds another one; but not when nobody else could serve its volume.
void cluster_service::look_at_clients() {
  std::shared_ptr<cluster::control_plane> plane;
  member_facts self;
  {
    const std::lock_guard hold(lock_);
    plane = plane_;
    self = member_;
  }
  const std::lock_guard one(clients_);
  const auto table = running_.face().config->table();
  const bool member = plane && named_ && !removed_ && !self.witness;
  const bool goes = leaving_ || (member && config::is_drained(*table, self.member));
  using clients = running_node::clients;
  if (!member || goes) {
    heard_ = {};
    const auto own = find_volume(*table, self.member);
    return running_.take(member && goes && own && !replication::only_holder(own->is, self.member) ? clients::none : clients::of_own_volume);
  }
  if (const auto s = plane->status(); s.leader != 0 && (s.agreed >= s.committed || heard_ != decltype(heard_){})) heard_ = std::chrono::steady_clock::now();
  running_.take(heard_ != decltype(heard_){} && std::chrono::steady_clock::now() - heard_ < leader_patience ? clients::all : clients::of_own_volume);
}

/// What is at home on a node, and the sessions that this node has given to it.
void cluster_service::add_home_members(json::value& row, std::uint64_t node) const {
  const auto& n = running_.face();
  const auto homes = homes_of(n);
  const auto directory = n.directory->get();
  std::size_t domains = 0;
  for (const auto& [name, d] : directory->domains()) domains += homes->volume_of_domain(name) == node;
  const auto sessions = relays_of(n)->now();
  const auto given = sessions.given.find(node);
  row.set("domains", domains);
  row.set("given_sessions", given == sessions.given.end() ? std::size_t{0} : given->second);
}

/// An account that the cluster removed has mail in its home alone; from every volume is taken away what it has.
void cluster_service::drop_removed_accounts() {
  const auto volumes = running_.volumes()->all();
  const auto now = running_.face().config->table();
  std::shared_ptr<const dir::config_table> before;
  {
    const std::lock_guard hold(lock_);
    before = std::exchange(seen_table_, now);
  }
  if (volumes.empty() || !before || before == now) return;
  std::vector<base::account_id> gone;
  dir::config_table::for_each_change(*before, *now, [&](const dir::document* was, const dir::document_ptr&) {
    if (was != nullptr && was->kind == dir::document_kind::account) gone.push_back(base::account_id{was->id});
  });
  const auto directory = running_.face().directory->get();
  std::erase_if(gone, [&](const auto account) { return directory->account(account) != nullptr; }); // changed or renamed
  for (const auto& v : volumes) drop_accounts(*v, gone);
}

namespace {

constexpr std::uint64_t removed_part = std::uint64_t{1} << 63; ///< what was expunged from an account is kept beside it
constexpr std::chrono::minutes shard_time{10};
constexpr std::size_t chat_owners_at_once = 500;

/// Accounts that chat; one may have no mail.
void each_chatting(const node& n, const std::function<void(std::uint64_t)>& visit) {
  const std::string letter = storage::chat::account_owner(base::account_id{0}).substr(0, 1);
  for (const auto& shard : n.chat)
    for (std::string after;;) {
      const auto page = shard->owners(letter, chat_owners_at_once, after);
      for (const auto& o : page)
        if (const auto id = base::parse_u64(std::string_view(o.owner).substr(letter.size()))) visit(*id);
      if (page.size() < chat_owners_at_once) break;
      after = page.back().owner;
    }
}

/// Numbers are given once: one below the next that is nobody's was taken away. Nothing when a shard does not answer.
std::optional<std::vector<base::account_id>> without_document(const node& n, const dir::marked_table& now) {
  std::unordered_set<std::uint64_t> known;
  dir::config_table::for_each_change(dir::config_table{}, *now.table, [&](const dir::document*, const dir::document_ptr& d) { known.insert(d->id); });
  std::set<base::account_id> gone;
  const auto look_at = [&](std::uint64_t id) {
    if (id != 0 && id < now.mark.next_id && !known.contains(id)) gone.insert(base::account_id{id});
  };
  each_chatting(n, look_at);
  caf::scoped_actor self{*n.system};
  for (std::uint32_t shard = 0; shard < n.mail_shards; ++shard) {
    const auto& machine = n.machines[storage::first_mail_shard + shard];
    const storage::tree* records = nullptr;
    bool flushed = false;
    self->request(machine, shard_time, flush_now{false}).receive([&](std::uint64_t) { flushed = true; }, [](const caf::error&) {});
    self->request(machine, shard_time, get_records{}).receive([&](const machine_records& r) { records = r.tree; }, [](const caf::error&) {});
    if (!flushed || records == nullptr) return {};
    const auto read = storage::mail::list_accounts(*records, {}, [&](const storage::mail::account_use& use) {
      if (use.messages != 0 || use.octets != 0) look_at(use.account.value & ~removed_part);
      return true;
    });
    if (!read) return {};
  }
  return std::vector<base::account_id>(gone.begin(), gone.end());
}

} // namespace

/// Accounts may be removed while nobody leads the volume that has their mail. Whoever opens it looks once.
void cluster_service::sweep_opened_volumes() {
  std::set<volume_id> opened;
  {
    const std::lock_guard hold(lock_);
    if (!plane_ || removed_ || !named_) return;
    opened.swap(to_sweep_);
  }
  for (const auto id : opened) {
    const auto volume = running_.volumes()->find(id);
    if (!volume) continue; // it closed; the next opening looks
    std::optional<std::vector<base::account_id>> gone;
    {
      const volume_work here(*volume);
      if (here && may_serve(*volume)) gone = without_document(*volume, *dir::marked_table_of(*running_.face().configuration));
    }
    if (gone) {
      for (const auto account : *gone)
        base::log_event(base::severity::notice, "volume.account_dropped").number("volume", static_cast<std::int64_t>(id)).number("account", static_cast<std::int64_t>(account.value));
      drop_accounts(*volume, *gone);
      continue;
    }
    const std::lock_guard hold(lock_);
    to_sweep_.insert(id);
  }
}

void cluster_service::drop_accounts(node& n, const std::vector<base::account_id>& gone) {
  const volume_work here(n);
  if (!here) return;
  for (const auto account : gone) {
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
