// The volumes of a cluster: their documents, and what cluster_service does about them.
#include "actors/cluster/cluster_service.hpp"

#include "actors/cluster/volume_documents.hpp"
#include "actors/cluster/volume_keeper.hpp"
#include "actors/config/homes.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "storage/directory/agreed_command.hpp"
#include "storage/log/log_writer.hpp"
#include "storage/replica/volume_folder.hpp"

#include <algorithm>

namespace rookery::actors {
namespace dir = storage::directory;
namespace {

constexpr const char* copies_key = "copies";
constexpr std::string_view kept_prefix = "volume-"; ///< what rules keep beside a volume

/// Octets of a log between two places of it, about: of the segments between nothing is known but their usual size.
std::uint64_t behind(storage::log_position from, storage::log_position to) {
  if (to <= from) return 0;
  if (to.segment == from.segment) return to.offset - from.offset;
  return std::uint64_t{to.segment - from.segment} * storage::log_settings().segment_octets + to.offset;
}

/// As the leader sees it.
replica_report report_of(const volume_runner::view& v, const replication::replica_view& r) {
  const auto lag = v.lags.contains(r.id) ? v.lags.at(r.id) : replication::lag{};
  return {r.id, r.in_sync, r.connected, r.copying, lag.at_least ? std::max(lag.octets, behind(r.durable, v.end)) : lag.octets, lag.records, static_cast<std::uint64_t>(lag.time.count()), lag.at_least};
}

json::value show(const replica_report& r) {
  json::value one{json::object{}};
  one.set("node", r.node);
  one.set("in_sync", r.in_sync);
  one.set("connected", r.connected);
  one.set("copying", r.copying);
  one.set("behind_octets", r.octets);
  one.set("behind_records", r.records);
  one.set("behind_milliseconds", r.milliseconds);
  if (r.at_least) one.set("at_least", true);
  return one;
}

/// What this node knows of a volume in which it has a part.
void add_view(json::value& row, const volume_runner::view& v) {
  row.set("state", std::string(replication::name(v.state)));
  if (v.copied_octets != 0) row.set("copied_octets", v.copied_octets);
}

} // namespace

/// Each member has one; a cluster made before there were volumes gets them now. What is proposed twice is refused once.
void cluster_service::make_own_volume() {
  std::uint64_t self = 0;
  {
    const std::lock_guard hold(lock_);
    if (plane_ && !member_.witness) self = member_.member;
  }
  auto& n = running_.node();
  if (self == 0 || !named_ || removed_ || find_volume(*n.config->table(), self) || making_volume_.exchange(true)) return;
  dir::config_command command;
  command.author = "cluster";
  command.time = n.clock->wall();
  command.changes = {dir::require{dir::document_kind::node, running_.store_uuid(), dir::expect::present},
                     dir::put{dir::volume_document, volume_key(self), dir::expect::absent, print_volume(replication::found_volume(self, copies()))}};
  auto payload = dir::encode(command);
  if (!payload) return;
  propose(std::move(*payload), [weak = weak_from_this()](const base::result<storage::command_result>& r) {
    const auto service = weak.lock();
    if (!service) return;
    service->making_volume_ = false; // tried again with the next change that is followed
    if (!r) base::log_event(base::severity::notice, "cluster.volume_waits").text("error", r.error().log.value);
  });
}

std::shared_ptr<volume_keeper> cluster_service::kept_volumes() const {
  const std::lock_guard hold(lock_);
  return volumes_;
}

std::shared_ptr<volume_keeper> cluster_service::keep_volumes(const member_facts& m, std::shared_ptr<const cluster::stream_identity> identity) {
  volume_keeper::parts p;
  p.running = &running_;
  p.self = m.member;
  p.directory = cluster_directory(options_.data_directory);
  p.identity = std::move(identity);
  const auto weak = weak_from_this();
  p.propose = [weak](std::uint64_t expected, const replication::volume& next) {
    const auto service = weak.lock();
    if (!service) return;
    dir::config_command command;
    command.author = "cluster";
    command.time = service->running_.face().clock->wall();
    command.changes = {dir::put{dir::volume_document, volume_key(next.id), expected, print_volume(next)}};
    // What became of it is seen in the document.
    if (auto payload = dir::encode(command)) service->propose(std::move(*payload), [](const base::result<storage::command_result>&) {});
  };
  p.nodes = [weak] {
    const auto service = weak.lock();
    return service ? service->facts_of_nodes() : std::vector<replication::node_facts>();
  };
  p.home_return = [weak] {
    const auto service = weak.lock();
    return std::chrono::seconds(service ? service->options_now().home_return_seconds : 0);
  };
  p.drained = [weak, self = m.member] {
    const auto service = weak.lock();
    return service && config::is_drained(*service->running_.face().config->table(), self);
  };
  p.copy_octets_a_second = [weak] {
    const auto service = weak.lock();
    return service ? service->options_now().copy_octets_a_second : 0;
  };
  p.freezes = [weak] {
    const auto service = weak.lock();
    return service && service->options_now().freeze_joining_queues;
  };
  p.copies = [weak] {
    const auto service = weak.lock();
    return service ? service->copies() : replication::copies_standard;
  };
  return std::make_shared<volume_keeper>(std::move(p));
}

std::vector<replication::node_facts> cluster_service::facts_of_nodes() const {
  std::shared_ptr<cluster::control_plane> plane;
  {
    const std::lock_guard hold(lock_);
    plane = plane_;
  }
  std::vector<replication::node_facts> out;
  if (!plane) return out;
  const auto s = plane->status();
  for (const auto& known : known_nodes()) {
    replication::node_facts f;
    f.id = known.entry.id;
    f.data = !known.entry.witness;
    f.leaving = config::is_drained(*running_.face().config->table(), f.id);
    const auto peer = std::find_if(s.peers.begin(), s.peers.end(), [&](const auto& p) { return p.id == f.id; });
    f.alive = f.id == s.self || (peer != s.peers.end() && peer->linked);
    // Since when a node is silent that was never heard is not known: not long, as far as we can tell.
    if (!f.alive && peer != s.peers.end() && peer->silent_ms > 0) f.silent = std::chrono::milliseconds(peer->silent_ms);
    out.push_back(std::move(f));
  }
  return out;
}

unsigned cluster_service::copies() const {
  const auto* d = running_.face().config->table()->find(dir::cluster_document, copies_key);
  const auto v = d != nullptr ? json::parse(d->content) : base::result<json::value>(base::fail(base::error_kind::not_found, ""));
  if (!v) return replication::copies_standard;
  return static_cast<unsigned>(std::clamp<std::uint64_t>(v->get_unsigned("copies").value_or(replication::copies_standard), 1, replication::copies_max));
}

/// Of each volume; shown when nothing is said.
base::result<json::value> cluster_service::change_copies(const json::value& body) {
  if (const auto wanted = body.get_unsigned("copies")) {
    if (*wanted == 0 || *wanted > replication::copies_max) return base::fail(base::error_kind::invalid, "copies is between 1 and " + std::to_string(replication::copies_max));
    json::value v{json::object{}};
    v.set("copies", *wanted);
    if (auto done = change({dir::put{dir::cluster_document, copies_key, dir::expect::any, json::to_text(v)}}, "it was changed meanwhile, try again"); !done) return base::fail(done.error());
  }
  json::value out{json::object{}};
  out.set("copies", copies());
  return out;
}

cluster_options cluster_service::options_now() const {
  const auto* d = running_.face().config->table()->find(dir::cluster_document, options_key);
  return read_options(d != nullptr ? std::string_view(d->content) : std::string_view());
}

/// {"name", "value"}; shown when no name is said.
base::result<json::value> cluster_service::change_options(const json::value& body) {
  const auto table = running_.face().config->table();
  const auto* d = table->find(dir::cluster_document, options_key);
  auto content = d != nullptr ? d->content : std::string();
  if (const auto name = body.get_string("name")) {
    const auto* value = body.find("value");
    auto next = change_option(content, *name, value != nullptr ? *value : json::value());
    if (!next) return base::fail(next.error());
    if (auto done = change({dir::put{dir::cluster_document, options_key, d != nullptr ? d->version : dir::expect::absent, *next}}, "it was changed meanwhile, try again"); !done) return base::fail(done.error());
    content = std::move(*next);
  }
  json::value out{json::object{}};
  out.set("items", show_options(content));
  return out;
}

/// The node leads nothing and gets no new homes, until that is undone.
base::result<json::value> cluster_service::drain_node(const json::value& body) {
  const auto node = named(body);
  if (!node) return base::fail(node.error());
  const bool undo = body.get_bool("undo").value_or(false);
  const auto table = running_.face().config->table();
  const auto key = config::drained_key(node->entry.id);
  if (config::is_drained(*table, node->entry.id) == undo) {
    std::vector<dir::change> changes;
    if (undo) changes.push_back(dir::remove{dir::cluster_document, key});
    else changes.push_back(dir::put{dir::cluster_document, key, dir::expect::absent, "{}"});
    if (auto done = change(std::move(changes), "it was changed meanwhile, try again"); !done) return base::fail(done.error());
  }
  json::value out{json::object{}};
  json::array alone;
  for (const auto& v : agreed_volumes(*running_.face().config->table()))
    if (!undo && replication::only_holder(v.is, node->entry.id)) alone.push_back(json::value(v.is.id));
  out.set("uuid", node->entry.uuid);
  out.set("drained", !undo);
  out.set("alone", std::move(alone));
  return out;
}

/// A node that has left keeps what it has brought, and no replica of others.
void cluster_service::forget_volumes() {
  auto& files = storage::posix_file_system();
  const auto directory = cluster_directory(options_.data_directory);
  if (const auto names = files.list(directory))
    for (const auto& name : *names) {
      if (!name.starts_with(kept_prefix)) continue;
      const auto id = base::parse_u64(std::string_view(name).substr(kept_prefix.size())).value_or(0);
      if (id != 0 && id != running_.volumes()->own())
        if (auto gone = storage::remove_volume(running_.volume_directory(id)); !gone) base::log_event(base::severity::warning, "volume.not_removed").text("error", gone.error().log.value);
      (void)files.remove(directory + "/" + name);
    }
}

/// What goes with a node that is taken out: what only it has.
base::result<std::vector<dir::change>> cluster_service::volumes_lost_with(const known_node& node, bool accept_loss) const {
  const auto all = agreed_volumes(*running_.face().config->table());
  if (!accept_loss)
    if (const auto loss = loss_without(all, node.entry.id, node.name.empty() ? node.entry.host : node.name)) return base::fail(base::error_kind::conflict, *loss);
  std::vector<dir::change> out;
  for (const auto& v : all)
    if (replication::only_holder(v.is, node.entry.id)) out.push_back(dir::remove{dir::volume_document, volume_key(v.is.id), v.version});
  return out;
}

/// A node that leaves takes its own volume along, and must not be needed by others.
base::result<std::vector<dir::change>> cluster_service::volumes_left_with(const known_node& node) const {
  std::vector<dir::change> out;
  for (const auto& v : agreed_volumes(*running_.face().config->table())) {
    if (v.is.id == node.entry.id) {
      if (v.is.leader != node.entry.id)
        return base::fail(base::error_kind::conflict, "this node's mail is served by node " + std::to_string(v.is.leader) + " at present: wait until it is back here (rookery cluster status)");
      out.push_back(dir::remove{dir::volume_document, volume_key(v.is.id), v.version});
    } else if (v.is.leader == node.entry.id || replication::only_holder(v.is, node.entry.id)) {
      return base::fail(base::error_kind::conflict, "this node serves the mail of node " + std::to_string(v.is.id) + ": wait until that is back, or until another node has a copy (rookery cluster status)");
    }
  }
  return out;
}

base::result<json::value> cluster_service::what_if_gone(const json::value& body) const {
  const auto node = named(body);
  if (!node) return base::fail(node.error());
  const auto now = status();
  voting v;
  if (const auto* items = now.get_array("items"))
    for (const auto& row : *items) {
      const bool votes = row.get_string("role") == "voter", linked = row.get_bool("linked").value_or(false);
      v.voters += votes;
      v.linked += votes && linked;
      if (row.get_unsigned("id") == node->entry.id) {
        v.node_votes = votes;
        v.node_linked = linked;
      }
    }
  json::value out{json::object{}};
  json::array items;
  for (const auto& c : what_if(agreed_volumes(*running_.face().config->table()), node->entry.id, v)) {
    json::value row{json::object{}};
    row.set("volume", c.volume);
    row.set("interrupts", c.interrupts);
    row.set("alone", c.alone);
    row.set("text", c.text);
    items.push_back(std::move(row));
  }
  out.set("id", node->entry.id);
  out.set("items", std::move(items));
  return out;
}

std::vector<cluster_service::led_volume> cluster_service::led_volumes() const {
  const auto nodes = known_nodes();
  std::vector<led_volume> out;
  const auto add = [&](std::uint64_t id, std::uint64_t leader) {
    led_volume v{id, leader, {}};
    for (const auto& n : nodes)
      if (n.entry.id == leader) v.name = n.name.empty() ? n.entry.host : n.name;
    out.push_back(std::move(v));
  };
  for (const auto& v : agreed_volumes(*running_.face().config->table())) add(v.is.id, v.is.leader);
  // Who has just joined has no document yet.
  for (const auto& n : nodes)
    if (!n.entry.witness && std::none_of(out.begin(), out.end(), [&](const auto& v) { return v.id == n.entry.id; })) add(n.entry.id, n.entry.id);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return out;
}

node_report cluster_service::own_report() const {
  node_report out;
  out.newest_key = newest_key();
  const auto keeper = kept_volumes();
  if (!keeper) return out;
  const auto frozen = keeper->frozen();
  for (const auto& [id, v] : keeper->now()) {
    if (v.state != replication::standing::serving && v.state != replication::standing::settling && v.state != replication::standing::opening) continue;
    volume_report row;
    row.volume = id;
    row.frozen = frozen.contains(id);
    for (const auto& r : v.replicas) row.replicas.push_back(report_of(v, r));
    out.volumes.push_back(std::move(row));
  }
  return out;
}

json::array cluster_service::show_volumes() const {
  json::array items;
  const auto list = [](const std::vector<std::uint64_t>& nodes) {
    json::array out;
    for (const auto n : nodes) out.push_back(json::value(n));
    return out;
  };
  volume_keeper::views here;
  if (const auto k = kept_volumes()) here = k->now();
  const auto told = reports();
  for (const auto& v : agreed_volumes(*running_.face().config->table())) {
    json::value row{json::object{}};
    row.set("id", v.is.id);
    row.set("leader", v.is.leader);
    row.set("epoch", v.is.epoch);
    row.set("in_sync", list(v.is.in_sync));
    row.set("learners", list(v.is.learners));
    row.set("copies", v.is.copies);
    row.set("paused_until", v.is.paused_until.count());
    if (const auto at = here.find(v.is.id); at != here.end()) add_view(row, at->second);
    if (const auto leader = told.find(v.is.leader); leader != told.end())
      for (const auto& report : leader->second.volumes) {
        if (report.volume != v.is.id) continue;
        row.set("frozen", report.frozen);
        if (report.replicas.empty()) continue;
        json::array replicas;
        for (const auto& r : report.replicas) replicas.push_back(show(r));
        row.set("replicas", std::move(replicas));
      }
    items.push_back(std::move(row));
  }
  return items;
}

} // namespace rookery::actors
