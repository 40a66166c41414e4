#include "server/volume_orders.hpp"

#include "storage/queue/spool_machine.hpp"

namespace rookery::server {
namespace {

json::value list_volumes(actors::running_node& running) {
  json::array items;
  for (const auto& o : running.opened()) {
    const auto volume = running.find(o.id);
    if (!volume) continue;
    json::value row{json::object{}};
    row.set("id", o.id);
    row.set("directory", o.directory);
    row.set("own", o.own);
    std::uint64_t queued = 0;
    for (const auto& q : volume->node().spool->view()->counts()) queued += q.messages;
    row.set("queued", queued);
    items.push_back(std::move(row));
  }
  json::value body{json::object{}};
  body.set("total", items.size());
  body.set("items", std::move(items));
  return body;
}

} // namespace

base::result<json::value> order_volume(actors::running_node& running, const std::string& verb, const json::value& body) {
  if (verb == "volumes") return list_volumes(running);
  const auto id = body.get_unsigned("volume");
  if (!id) return base::fail(base::error_kind::invalid, "which volume?");
  if (running.volumes()->own() != 0) return base::fail(base::error_kind::conflict, "this node belongs to a cluster, which agrees on who serves a volume (rookery cluster status)");
  base::result<void> done;
  if (verb == "volume-open") {
    const auto directory = body.get_string("directory").value_or("");
    done = directory.empty() ? running.open_volume(*id) : running.open_volume(*id, std::string(directory));
  } else if (verb == "volume-close") {
    done = running.close_volume(*id);
  } else {
    return base::fail(base::error_kind::not_found, "nothing is known of " + verb);
  }
  // To the operator the log's text: he may know the paths.
  if (!done) return base::fail(done.error().kind, done.error().log.value);
  return list_volumes(running);
}

} // namespace rookery::server
