// Who belongs to the cluster: the members as agreed, shown, changed, and let go.
#include "actors/cluster/cluster_service.hpp"

#include "actors/cluster/cluster_certificates.hpp"
#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "base/text.hpp"
#include "storage/directory/agreed_command.hpp"

#include <algorithm>

namespace rookery::actors {
namespace dir = storage::directory;

std::vector<cluster_service::known_node> cluster_service::known_nodes() const {
  std::vector<known_node> out;
  running_.face().config->table()->for_each(dir::document_kind::node, {}, [&](const dir::document_ptr& d) {
    if (auto entry = read_node_document(d->id, d->key, d->content)) {
      const auto v = json::parse(d->content);
      out.push_back({std::move(*entry), std::string(v ? v->get_string("name").value_or("") : ""), d->version, read_node_certificates(d->content)});
    }
    return true;
  });
  return out;
}

base::result<cluster_service::known_node> cluster_service::named(const json::value& body) const {
  const auto wanted = body.get_string("node").value_or("");
  std::vector<known_node> found;
  for (auto& known : known_nodes())
    if (known.entry.uuid == wanted || std::to_string(known.entry.id) == wanted || known.name == wanted || known.entry.host == wanted) found.push_back(std::move(known));
  if (found.size() == 1) return found.front();
  if (found.empty()) return base::fail(base::error_kind::not_found, "the cluster has no node " + base::printable(wanted, 100));
  return base::fail(base::error_kind::invalid, "several nodes are called so: say its number (rookery cluster status)");
}

base::result<json::value> cluster_service::remove(const json::value& body) {
  auto node = named(body);
  if (!node) return base::fail(node.error());
  if (node->entry.uuid == running_.store_uuid()) return base::fail(base::error_kind::invalid, "this is the node itself: rookery cluster leave");
  auto changes = volumes_lost_with(*node, body.get_bool("accept_loss").value_or(false));
  if (!changes) return base::fail(changes.error());
  changes->push_back(dir::remove{dir::document_kind::node, node->entry.uuid, node->version});
  if (auto done = change(std::move(*changes), "the node was changed meanwhile, try again"); !done) return base::fail(done.error());
  json::value out{json::object{}};
  out.set("uuid", node->entry.uuid);
  return out;
}

base::result<json::value> cluster_service::promote(const json::value& body) {
  auto node = named(body);
  if (!node) return base::fail(node.error());
  const auto role = body.get_string("role").value_or("voter");
  if (role != "voter" && role != "standby" && role != "automatic") return base::fail(base::error_kind::invalid, "role is voter, standby or automatic");
  if (node->entry.witness && role != "voter") return base::fail(base::error_kind::invalid, "a witness is there to vote: remove it if it is not to");
  node->entry.role = role == "voter" ? cluster::wish::voter : role == "standby" ? cluster::wish::standby : cluster::wish::automatic;
  if (auto done = change({dir::put{dir::document_kind::node, node->entry.uuid, node->version, print_node_document(node->entry, node->name, node->certificates)}}, "the node was changed meanwhile, try again"); !done)
    return base::fail(done.error());
  json::value out{json::object{}};
  out.set("uuid", node->entry.uuid);
  out.set("role", role);
  return out;
}

base::result<json::value> cluster_service::leave(const json::value& body) {
  if (!is_member(options_.data_directory)) return not_a_member();
  const bool witness = is_witness(options_.data_directory);
  const bool force = body.get_bool("force").value_or(false);
  const auto nodes = known_nodes();
  const auto own = std::find_if(nodes.begin(), nodes.end(), [&](const auto& k) { return k.entry.uuid == running_.store_uuid(); });
  if (!force && !removed_ && own != nodes.end() && nodes.size() > 1) {
    auto changes = volumes_left_with(*own);
    if (!changes) return base::fail(changes.error());
    changes->push_back(dir::remove{dir::document_kind::node, own->entry.uuid, own->version});
    drain();
    if (auto done = change(std::move(*changes), "the node was changed meanwhile, try again"); !done)
      return fail(done.error().kind, done.error().client.value + "; rookery cluster leave --force leaves without asking the others, who must then remove this node");
  }
  if (auto stopped = stop(); !stopped) return base::fail(stopped.error());
  if (auto done = commit_alone(dir::encode_parting()); !done) return base::fail(done.error());
  // A node of its own keeps mail.
  if (witness)
    if (auto opened = running_.open_volume(running_.volumes()->own()); !opened) return base::fail(opened.error());
  json::value out{json::object{}};
  out.set("left", true);
  return out;
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
    row.set("silent_milliseconds", self ? 0 : peer != s.peers.end() ? peer->silent_ms : -1);
    row.set("certificate_ends", base::to_milliseconds(known.certificates.ends));
    row.set("certificate", known.certificates.used);
    row.set("certificate_next", known.certificates.next);
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
  if (const auto agreed = agreed_authorities()) {
    out.set("authority", certificate_fingerprint(agreed->newest));
    out.set("authority_ends", base::to_milliseconds(certificate_end(agreed->newest).value_or(base::wall_time{})));
    if (!agreed->previous.empty()) out.set("authority_waits_for", unsettled_nodes(*agreed));
  }
  return out;
}

} // namespace rookery::actors
