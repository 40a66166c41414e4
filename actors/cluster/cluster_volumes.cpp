// The volumes of a cluster: their documents, and what cluster_service does about them.
#include "actors/cluster/cluster_service.hpp"

#include "actors/cluster/volume_documents.hpp"
#include "base/log.hpp"
#include "storage/directory/agreed_command.hpp"

#include <algorithm>

namespace rookery::actors {
namespace dir = storage::directory;

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
                     dir::put{dir::volume_document, volume_key(self), dir::expect::absent, print_volume(replication::found_volume(self, 1))}};
  auto payload = dir::encode(command);
  if (!payload) return;
  propose(std::move(*payload), [weak = weak_from_this()](const base::result<storage::command_result>& r) {
    const auto service = weak.lock();
    if (!service) return;
    service->making_volume_ = false; // tried again with the next change that is followed
    if (!r) base::log_event(base::severity::notice, "cluster.volume_waits").text("error", r.error().log.value);
  });
}

/// What goes with a node that is taken out: what only it has.
base::result<std::vector<dir::change>> cluster_service::volumes_lost_with(const known_node& node, bool accept_loss) const {
  const auto all = agreed_volumes(*running_.node().config->table());
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
  for (const auto& v : agreed_volumes(*running_.node().config->table())) {
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
  for (const auto& c : what_if(agreed_volumes(*running_.node().config->table()), node->entry.id, v)) {
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

json::array cluster_service::show_volumes() const {
  json::array items;
  const auto list = [](const std::vector<std::uint64_t>& nodes) {
    json::array out;
    for (const auto n : nodes) out.push_back(json::value(n));
    return out;
  };
  for (const auto& v : agreed_volumes(*running_.node().config->table())) {
    json::value row{json::object{}};
    row.set("id", v.is.id);
    row.set("leader", v.is.leader);
    row.set("epoch", v.is.epoch);
    row.set("in_sync", list(v.is.in_sync));
    row.set("learners", list(v.is.learners));
    row.set("copies", v.is.copies);
    row.set("paused_until", v.is.paused_until.count());
    items.push_back(std::move(row));
  }
  return items;
}

} // namespace rookery::actors
