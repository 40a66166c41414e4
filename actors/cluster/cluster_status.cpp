// How a cluster is doing: the status, what a node says of itself, alarms and figures.
#include "actors/cluster/agreed_level.hpp"
#include "actors/cluster/cluster_certificates.hpp"
#include "actors/cluster/cluster_service.hpp"
#include "actors/queue/destination_board.hpp"
#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "storage/queue/spool_machine.hpp"

#include <algorithm>

#include <sys/statvfs.h>

namespace rookery::actors {
namespace dir = storage::directory;

cluster::node_vitals cluster_service::own_vitals() const {
  const std::lock_guard hold(lock_);
  return vitals_;
}

json::array cluster_service::alarm_texts() const {
  const std::lock_guard hold(lock_);
  json::array out;
  for (const auto& a : alarms_) out.emplace_back(a.text);
  return out;
}

/// Once a second, in the keeper's thread.
void cluster_service::look_at_vitals() {
  cluster::node_vitals now;
  struct ::statvfs disk {};
  if (::statvfs(options_.data_directory.c_str(), &disk) == 0) {
    now.disk_free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    now.disk_total = std::uint64_t{disk.f_blocks} * disk.f_frsize;
  }
  now.sessions = running_.connections();
  if (const auto own = running_.own_volume(); own && own->node().spool != nullptr)
    for (const auto& q : own->node().spool->view()->counts()) {
      now.queued += q.messages;
      now.queue_held += q.held;
    }
  now.report = print(own_report());
  const std::lock_guard hold(lock_);
  vitals_ = std::move(now);
}

std::map<std::uint64_t, node_report> cluster_service::reports() const {
  std::shared_ptr<cluster::control_plane> plane;
  {
    const std::lock_guard hold(lock_);
    plane = plane_;
  }
  std::map<std::uint64_t, node_report> out;
  if (!plane) return out;
  const auto s = plane->status();
  out.emplace(s.self, own_report());
  for (const auto& p : s.peers)
    if (p.vitals && !p.vitals->report.empty())
      if (auto r = read_node_report(p.vitals->report)) out.emplace(p.id, std::move(*r));
  return out;
}

/// Figures of all replicas of the cluster, and who is behind for too long.
void cluster_service::look_at_replicas(std::vector<alarm>& now, const std::vector<alarm>& before) {
  std::map<std::uint64_t, std::string> names;
  for (const auto& k : known_nodes()) names[k.entry.id] = k.name.empty() ? k.entry.host : k.name;
  const auto name = [&](std::uint64_t id) {
    const auto at = names.find(id);
    return at == names.end() ? "node " + std::to_string(id) : at->second;
  };
  std::vector<replica_condition> replicas;
  std::set<std::string> shown;
  const auto show = [](const std::string& label, std::uint64_t octets, std::uint64_t records, std::uint64_t milliseconds) {
    base::gauge_named("rookery_cluster_replica_behind_octets", label, "Octets of the volume's log that the node's copy has not").set(static_cast<std::int64_t>(octets));
    base::gauge_named("rookery_cluster_replica_behind_records", label, "Records of the volume's log that the node's copy has not").set(static_cast<std::int64_t>(records));
    base::gauge_named("rookery_cluster_replica_behind_milliseconds", label, "Since the first of them was written").set(static_cast<std::int64_t>(milliseconds));
  };
  for (const auto& [leader, report] : reports())
    for (const auto& v : report.volumes)
      for (const auto& r : v.replicas) {
        if (r.copying) continue;
        const auto label = "volume=\"" + std::to_string(v.volume) + "\",node=\"" + std::to_string(r.node) + '"';
        if (!shown.insert(label).second) continue; // two say that they lead it: one of them does no more
        show(label, r.octets, r.records, r.milliseconds);
        replicas.push_back({v.volume, r.node, name(v.volume), name(r.node), std::chrono::milliseconds(r.milliseconds), r.records});
      }
  for (const auto& label : shown_replicas_)
    if (!shown.contains(label)) show(label, 0, 0, 0);
  shown_replicas_ = std::move(shown);
  const auto limit = std::chrono::seconds(options_now().lag_alarm_seconds);
  for (auto& a : lag_alarms_of(replicas, limit, before)) now.push_back(std::move(a));
}

/// Alarms begin and end with a line in the log of each node that sees them.
void cluster_service::look_at_conditions() {
  std::shared_ptr<cluster::control_plane> plane;
  std::vector<alarm> before;
  {
    const std::lock_guard hold(lock_);
    plane = plane_;
    before = alarms_;
  }
  if (!plane) return;
  const auto s = plane->status();
  const auto ca = agreed_authorities();
  std::vector<node_condition> nodes;
  for (const auto& k : known_nodes()) {
    node_condition c{k.entry.id, k.name.empty() ? k.entry.host : k.name, {}, 0, 0, k.certificates.ends};
    const auto peer = std::find_if(s.peers.begin(), s.peers.end(), [&](const auto& p) { return p.id == k.entry.id; });
    auto vitals = k.entry.id == s.self ? std::optional(own_vitals()) : std::nullopt;
    const bool linked = peer != s.peers.end() && peer->linked;
    if (linked) {
      vitals = peer->vitals;
      c.clock_offset = peer->clock_offset;
    }
    if (vitals) {
      c.disk_free = vitals->disk_free;
      c.disk_total = vitals->disk_total;
    }
    const auto label = "node=\"" + std::to_string(c.id) + '"';
    const auto show = [&](const char* what, const char* help, std::int64_t value) { base::gauge_named(what, label, help).set(value); };
    show("rookery_cluster_reached", "Whether this node reaches the other (1), or is it", linked || c.id == s.self);
    show("rookery_cluster_configuration", "Version of the configuration that the node follows", static_cast<std::int64_t>(c.id == s.self ? s.configuration : linked ? peer->configuration : 0));
    if (linked && peer->round_trip) show("rookery_cluster_round_trip_microseconds", "The way to the node and back", peer->round_trip->count());
    if (c.clock_offset) show("rookery_cluster_clock_offset_microseconds", "What the node's clock shows more than this one's", c.clock_offset->count());
    if (c.disk_total != 0) show("rookery_cluster_disk_free_octets", "Free space where the node's data is", static_cast<std::int64_t>(c.disk_free));
    if (vitals) show("rookery_cluster_queued_messages", "Messages in the node's spool", static_cast<std::int64_t>(vitals->queued));
    if (vitals) show("rookery_cluster_sessions", "Open connections of the node", static_cast<std::int64_t>(vitals->sessions));
    if (c.certificate_ends != base::wall_time{})
      show("rookery_cluster_certificate_seconds", "Until the node's certificate of the cluster ends", base::to_seconds(c.certificate_ends) - base::to_seconds(running_.face().clock->wall()));
    nodes.push_back(std::move(c));
  }
  const auto shared = destinations()->count();
  base::gauge_named("rookery_cluster_destinations", "", "Destinations of outgoing mail that this node has work for, or has claimed connections to").set(static_cast<std::int64_t>(shared.destinations));
  base::gauge_named("rookery_cluster_destinations_waiting", "", "Of these, those that wait until other nodes leave connections to them").set(static_cast<std::int64_t>(shared.waiting));
  const auto lent = destinations()->count_lent();
  base::gauge_named("rookery_cluster_lent_connections", "", "Connections to other servers that other nodes have for queues of this one").set(lent.lent);
  base::gauge_named("rookery_cluster_borrowed_connections", "", "Connections to other servers that this node has for queues of others").set(lent.borrowed);
  base::gauge_named("rookery_cluster_leads", "", "Whether this node leads the cluster's configuration").set(s.leader == s.self);
  auto now = alarms_of(nodes, ca ? certificate_end(ca->newest).value_or(base::wall_time{}) : base::wall_time{}, running_.face().clock->wall(), before);
  look_at_replicas(now, before);
  base::gauge_named("rookery_cluster_alarms", "", "Alarms of the cluster that this node sees").set(static_cast<std::int64_t>(now.size()));
  const auto among = [](const alarm& a, const std::vector<alarm>& all) { return std::any_of(all.begin(), all.end(), [&](const alarm& o) { return a.is(o); }); };
  for (const auto& a : now)
    if (!among(a, before)) base::log_event(base::severity::warning, "cluster.alarm").number("member", static_cast<std::int64_t>(a.node)).text("text", a.text);
  for (const auto& a : before)
    if (!among(a, now)) base::log_event(base::severity::notice, "cluster.alarm_over").number("member", static_cast<std::int64_t>(a.node)).text("text", a.text);
  const std::lock_guard hold(lock_);
  alarms_ = std::move(now);
}

json::value cluster_service::status() const {
  std::shared_ptr<cluster::control_plane> plane;
  member_facts m;
  {
    const std::lock_guard hold(lock_);
    plane = plane_;
    m = member_;
  }
  json::value out{json::object{}};
  out.set("member", plane != nullptr);
  out.set("configuration", running_.face().config->table()->version());
  if (!plane) return out;
  const auto s = plane->status();
  const auto role_of = [&](std::uint64_t id) -> std::string {
    for (const auto& member : s.members)
      if (member.id == id) return member.what == consensus::role::voter ? "voter" : member.what == consensus::role::standby ? "standby" : "joining";
    return "joining";
  };
  out.set("cluster", m.cluster);
  out.set("self", s.self);
  out.set("leader", s.leader);
  out.set("standing", removed_ ? "removed" : s.standing);
  out.set("term", s.term);
  out.set("committed", s.committed);
  out.set("waiting", s.waiting);
  out.set("level", agreed_level(*running_.face().config->table()));
  const auto lent = destinations()->count_lent();
  out.set("lends", lends());
  out.set("lent_connections", std::uint64_t{lent.lent});
  out.set("borrowed_connections", std::uint64_t{lent.borrowed});
  std::size_t voters = 0, alive = 0;
  json::array items;
  for (const auto& known : known_nodes()) {
    const auto& e = known.entry;
    json::value row{json::object{}};
    const bool self = e.id == s.self;
    const auto peer = std::find_if(s.peers.begin(), s.peers.end(), [&](const auto& p) { return p.id == e.id; });
    const bool linked = self || (peer != s.peers.end() && peer->linked);
    const auto role = role_of(e.id);
    voters += role == "voter";
    alive += role == "voter" && linked;
    row.set("id", e.id);
    row.set("name", known.name);
    row.set("uuid", e.uuid);
    row.set("host", e.host);
    row.set("port", e.port);
    row.set("role", role);
    row.set("wanted", std::string(name(e.role)));
    row.set("witness", e.witness);
    row.set("leader", e.id == s.leader);
    row.set("linked", linked);
    row.set("self", self);
    row.set("configuration", self ? s.configuration : peer != s.peers.end() ? peer->configuration : 0);
    row.set("agreed", self ? s.agreed : peer != s.peers.end() ? peer->agreed : 0);
    row.set("version", self ? options_.version : peer != s.peers.end() ? peer->software : "");
    if (const auto knows = self ? std::optional(own_levels()) : peer != s.peers.end() ? peer->levels : std::nullopt) row.set("level_newest", knows->newest);
    row.set("silent_milliseconds", self ? 0 : peer != s.peers.end() ? peer->silent_ms : -1);
    row.set("certificate_ends", base::to_milliseconds(known.certificates.ends));
    row.set("certificate", known.certificates.used);
    row.set("certificate_next", known.certificates.next);
    const auto vitals = self ? std::optional(own_vitals()) : linked && peer != s.peers.end() ? peer->vitals : std::nullopt;
    if (vitals) {
      if (vitals->disk_total != 0) row.set("disk_free", vitals->disk_free);
      if (vitals->disk_total != 0) row.set("disk_total", vitals->disk_total);
      row.set("sessions", vitals->sessions);
      row.set("queued", vitals->queued);
      row.set("queue_held", vitals->queue_held);
    }
    if (!self && linked && peer->round_trip) row.set("round_trip_microseconds", peer->round_trip->count());
    if (!self && linked && peer->clock_offset) row.set("clock_offset_microseconds", peer->clock_offset->count());
    row.set("fault", peer != s.peers.end() ? peer->fault : "");
    add_home_members(row, e.id);
    items.push_back(std::move(row));
  }
  out.set("taken_sessions", relays_of(running_.node())->now().taken);
  if (const auto streams = this->streams()) out.set("streams_refused", streams->refused());
  out.set("voters", voters);
  out.set("voters_linked", alive);
  out.set("items", std::move(items));
  out.set("volumes", show_volumes());
  show_keys(out);
  out.set("alarms", alarm_texts());
  if (const auto ca = agreed_authorities()) {
    out.set("authority", certificate_fingerprint(ca->newest));
    out.set("authority_ends", base::to_milliseconds(certificate_end(ca->newest).value_or(base::wall_time{})));
    if (!ca->previous.empty()) out.set("authority_waits_for", unsettled_nodes(*ca));
  }
  return out;
}

} // namespace rookery::actors
