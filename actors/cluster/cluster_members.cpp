// Who belongs to the cluster: the members as agreed, shown, changed, and let go.
#include "actors/cluster/cluster_service.hpp"

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
    step_down();
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

} // namespace rookery::actors
