#include "actors/cluster/agreed_level.hpp"

#include "actors/cluster/cluster_service.hpp"
#include "base/log.hpp"
#include "cluster/node/feature_level.hpp"
#include "protocols/json/value.hpp"
#include "storage/directory/agreed_command.hpp"

#include <algorithm>

namespace rookery::actors {
namespace dir = storage::directory;

unsigned agreed_level(const dir::config_table& table) {
  const auto* d = table.find(dir::cluster_document, level_key);
  const auto v = d != nullptr ? json::parse(d->content) : base::result<json::value>(base::fail(base::error_kind::not_found, ""));
  return v ? static_cast<unsigned>(v->get_unsigned("level").value_or(cluster::level_oldest)) : cluster::level_oldest;
}

std::string print_level(unsigned level) {
  json::value v{json::object{}};
  v.set("level", level);
  return json::to_text(v);
}

cluster::level_range cluster_service::own_levels() const {
  return {cluster::level_oldest, options_.level_newest == 0 ? cluster::level_newest : std::min(options_.level_newest, cluster::level_newest)};
}

/// The leader raises it when all are there and know more.
void cluster_service::look_at_level() {
  std::shared_ptr<cluster::control_plane> plane;
  {
    const std::lock_guard hold(lock_);
    plane = plane_;
  }
  if (!plane || removed_ || !named_) return;
  const auto s = plane->status();
  if (s.standing != "leader") return;
  const auto table = running_.face().config->table();
  std::vector<std::optional<cluster::level_range>> others;
  for (const auto& k : known_nodes()) {
    if (k.entry.id == s.self) continue;
    const auto peer = std::find_if(s.peers.begin(), s.peers.end(), [&](const auto& p) { return p.id == k.entry.id; });
    others.push_back(peer != s.peers.end() ? peer->levels : std::nullopt);
  }
  const auto next = cluster::raised_level(agreed_level(*table), own_levels(), others);
  if (!next) return;
  const auto* before = table->find(dir::cluster_document, level_key);
  const auto done = change({dir::put{dir::cluster_document, level_key, before != nullptr ? before->version : dir::expect::absent, print_level(*next)}}, "the level was changed meanwhile");
  if (done) base::log_event(base::severity::notice, "cluster.level").number("level", *next);
}

} // namespace rookery::actors
