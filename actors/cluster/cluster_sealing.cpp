// Keys that seal the configuration's secrets, as the cluster changes: what cluster_service does about them.
#include "actors/cluster/agreed_level.hpp"
#include "actors/cluster/cluster_service.hpp"
#include "actors/cluster/sealing_rules.hpp"
#include "actors/config/sealed_members.hpp"
#include "base/crypto/crypto.hpp"
#include "base/crypto/public_box.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "storage/directory/agreed_command.hpp"
#include "storage/node/sealing_key.hpp"
#include "storage/node/sealing_keys_text.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

namespace dir = storage::directory;

constexpr std::size_t sealed_at_once = 50; ///< documents of one change
/// Keys that are old enough to be forgotten are looked for so often while nothing else happens.
constexpr std::chrono::minutes rest_time{10};

std::string box_key_path(const std::string& data_directory) { return cluster_directory(data_directory) + "/box.key"; }

std::optional<agreed_sealing> agreed_keys(const dir::config_table& table) {
  const auto* d = table.find(dir::cluster_document, sealing_key_name);
  return d != nullptr ? read_sealing(d->content) : std::nullopt;
}

} // namespace

base::result<std::string> own_box_key(const std::string& data_directory) {
  const auto path = box_key_path(data_directory);
  if (auto text = read_kept(path)) {
    auto key = base::from_hex(base::trim(*text));
    base::wipe(*text);
    if (key && key->size() == base::box_key_octets) return std::move(*key);
    return base::fail(base::error_kind::damaged, "the node's key cannot be read", path + " holds no key of 64 hex digits: remove it, and another one is made");
  } else if (text.error().kind != base::error_kind::not_found) {
    return base::fail(text.error());
  }
  auto keys = base::make_box_keys();
  if (auto kept = keep_private(path, base::to_hex(keys.private_key) + '\n'); !kept) return base::fail(kept.error());
  return std::move(keys.private_key);
}

void cluster_service::keys_changed(std::function<void()> then) {
  const std::lock_guard hold(lock_);
  keys_changed_ = std::move(then);
}

/// Behind each agreed group, before what follows from it: are there keys for this node?
void cluster_service::follow_keys() {
  auto& n = running_.face();
  const auto table = n.config->table();
  const auto document = table->find_shared(dir::cluster_document, sealing_key_name);
  if (!document || document == followed_keys_) return;
  const auto known = read_sealing(document->content);
  auto own = own_box_key(options_.data_directory);
  if (!known || !own) return base::log_event(base::severity::error, "cluster.keys_not_followed").text("error", own ? "the agreed keys cannot be read" : own.error().log.value), void();
  const auto present = base::keys_of(*n.secrets);
  const auto keys = rookery::actors::followed_keys(*known, present, running_.store_uuid(), *own);
  base::wipe(*own);
  if (!keys) base::log_event(base::severity::warning, "cluster.key_missing").text("key", known->sealing);
  if (keys && *keys != present) {
    // Kept before it is used: what is sealed with it must open after a crash.
    if (const auto kept = keep_private(storage::sealing_key_path(options_.data_directory), storage::print_sealing_keys(*keys)); !kept)
      return base::log_event(base::severity::error, "cluster.keys_not_followed").text("error", kept.error().log.value), void();
    base::use_keys(*n.secrets, *keys);
    base::log_event(base::severity::notice, "cluster.keys").text("sealing", known->sealing).number("count", static_cast<std::int64_t>(keys->size()));
    std::function<void()> then;
    {
      const std::lock_guard hold(lock_);
      then = keys_changed_;
    }
    if (then) then();
  }
  followed_keys_ = document;
}

/// The newest of the agreed keys that this node has; "": none.
std::string cluster_service::newest_key() const {
  const auto known = agreed_keys(*running_.face().config->table());
  if (!known) return {};
  for (const auto& k : base::keys_of(*running_.face().secrets))
    if (base::key_id(k.key) == known->keys.front().id) return known->keys.front().id;
  return {};
}

/// Once a second, in the keeper's thread: the node tells its box key; the leader takes the next step.
void cluster_service::look_at_keys() {
  std::shared_ptr<cluster::control_plane> plane;
  {
    const std::lock_guard hold(lock_);
    plane = plane_;
  }
  auto& n = running_.face();
  const auto table = n.config->table();
  if (!plane || removed_ || !named_ || agreed_level(*table) < sealing_level) return;
  const auto status = plane->status();
  const bool leads = status.standing == "leader", seen = table == keys_seen_with_;
  const auto at = std::chrono::steady_clock::now();
  if (seen && (!leads || (keys_at_rest_ && at - keys_rested_ < rest_time))) return;
  const auto nodes = known_nodes();
  if (!seen) {
    const auto self = std::find_if(nodes.begin(), nodes.end(), [&](const auto& k) { return k.entry.uuid == running_.store_uuid(); });
    const auto own = own_box_key(options_.data_directory);
    if (self == nodes.end() || !own) return;
    if (const auto told = base::to_hex(*base::public_key_of(*own)); self->entry.box != told) {
      auto entry = self->entry;
      entry.box = told;
      (void)change({dir::put{dir::document_kind::node, entry.uuid, self->version, print_node_document(entry, self->name, self->certificates)}}, "the node was changed meanwhile");
      return;
    }
  }
  keys_seen_with_ = table;
  keys_at_rest_ = false;
  if (!leads) return;

  sealing_facts f;
  f.agreed = agreed_keys(*table);
  f.now = n.clock->wall();
  const auto told = reports();
  for (const auto& k : nodes) {
    const auto peer = std::find_if(status.peers.begin(), status.peers.end(), [&](const auto& p) { return p.id == k.entry.id; });
    const bool linked = k.entry.id == status.self || (peer != status.peers.end() && peer->linked);
    const auto report = told.find(k.entry.id);
    f.nodes.push_back({k.entry.uuid, k.name, k.entry.box, linked, report != told.end() ? report->second.newest_key : ""});
  }
  f.sealed_otherwise = f.agreed && f.agreed->keys.size() > 1 && sealed_otherwise(table);
  const auto step = next_sealing_step(f);
  using kind = sealing_step::kind;
  keys_at_rest_ = step.what == kind::nothing;
  keys_rested_ = at;
  if (step.what == kind::wait && step.whom != keys_wait_for_) base::log_event(base::severity::notice, "cluster.keys_wait").text("for", step.whom);
  keys_wait_for_ = step.what == kind::wait ? step.whom : std::string();
  if (step.what == kind::nothing || step.what == kind::wait) return;
  if (const auto done = take_key_step(step, f.agreed); !done) base::log_event(base::severity::warning, "cluster.keys_wait").text("error", done.error().log.value);
}

std::map<std::string, std::string> cluster_service::box_keys() const {
  std::map<std::string, std::string> out;
  for (const auto& k : known_nodes())
    if (auto key = base::from_hex(k.entry.box)) out.emplace(k.entry.uuid, std::move(*key));
  return out;
}

/// Documents with something that another key than the first has sealed, sealed anew; `most` of them.
std::vector<dir::change> cluster_service::to_seal_anew(std::size_t most) const {
  std::vector<dir::change> out;
  const auto& secrets = *running_.face().secrets;
  const auto table = running_.face().config->table();
  for (const auto kind : table->kinds())
    table->for_each(kind, {}, [&](const dir::document_ptr& d) {
      auto made = config::sealed_anew(*d, secrets);
      if (made.state == config::sealed_state::old) out.push_back(dir::put{d->kind, d->key, d->version, std::move(made.content)});
      return out.size() < most;
    });
  return out;
}

/// Whether there are such documents. With the same key only what has changed since is looked at.
bool cluster_service::sealed_otherwise(const std::shared_ptr<const dir::config_table>& table) {
  const auto& secrets = *running_.face().secrets;
  const auto first = base::key_id(base::keys_of(secrets).front().key);
  if (!sealing_scan_.table || sealing_scan_.key != first || sealing_scan_.found) sealing_scan_.found = !to_seal_anew(1).empty();
  else
    dir::config_table::for_each_change(*sealing_scan_.table, *table, [&](const dir::document*, const dir::document_ptr& after) {
      if (after && !sealing_scan_.found) sealing_scan_.found = config::sealed_anew(*after, secrets).state == config::sealed_state::old;
    });
  sealing_scan_.table = table;
  sealing_scan_.key = first;
  return sealing_scan_.found;
}

base::result<void> cluster_service::take_key_step(const sealing_step& step, std::optional<agreed_sealing> known) {
  using kind = sealing_step::kind;
  auto& n = running_.face();
  const auto keys = base::keys_of(*n.secrets);
  const auto holders = box_keys();
  const auto has = [&](const std::string& id) { return std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return base::key_id(k.key) == id; }); };
  switch (step.what) {
  case kind::nothing:
  case kind::wait: return {};
  case kind::begin:
    known.emplace();
    known->sealing = base::key_id(keys.front().key);
    for (const auto& k : keys) known->keys.push_back(boxed(k, holders));
    break;
  case kind::give:
    for (auto& k : known->keys) {
      const auto mine = has(k.id);
      if (mine == keys.end()) continue;
      for (auto& [uuid, box] : boxed(*mine, holders).boxes) k.boxes.try_emplace(uuid, std::move(box));
    }
    break;
  case kind::make: {
    if (known->keys.size() >= agreed_keys_max) {
      const auto last = std::find_if(known->keys.rbegin(), known->keys.rend(), [&](const auto& k) { return k.id != known->sealing; });
      known->keys.erase(std::next(last).base());
    }
    base::sealing_key fresh{base::random_octets(base::sealing_key_octets), true};
    for (auto& k : known->keys) std::erase_if(k.boxes, [&](const auto& b) { return !holders.contains(b.first); });
    known->keys.insert(known->keys.begin(), boxed(fresh, holders));
    base::wipe(fresh.key);
    base::log_event(base::severity::notice, "cluster.key_made").text("key", known->keys.front().id);
    break;
  }
  case kind::turn: known->sealing = known->keys.front().id; break;
  case kind::seal_anew: {
    auto changes = to_seal_anew(sealed_at_once);
    if (changes.empty()) return {};
    const auto count = changes.size();
    if (auto done = change(std::move(changes), "something was changed meanwhile"); !done) return base::fail(done.error());
    base::log_event(base::severity::notice, "cluster.sealed_anew").number("documents", static_cast<std::int64_t>(count));
    return {};
  }
  case kind::retire:
    for (auto& k : known->keys)
      if (step.ids.contains(k.id)) k.unused = n.clock->wall();
    break;
  case kind::forget: std::erase_if(known->keys, [&](const auto& k) { return step.ids.contains(k.id); }); break;
  }
  const auto* before = n.config->table()->find(dir::cluster_document, sealing_key_name);
  const auto done = change({dir::put{dir::cluster_document, sealing_key_name, before != nullptr ? before->version : dir::expect::absent, print(*known)}}, "the keys were changed meanwhile");
  return done ? base::result<void>() : base::result<void>(base::fail(done.error()));
}

/// `rookery cluster rekey`.
base::result<json::value> cluster_service::make_key(const json::value&) {
  const auto table = running_.face().config->table();
  const auto level = agreed_level(*table);
  if (level < sealing_level)
    return base::fail(base::error_kind::unsupported, "the cluster works at level " + std::to_string(level) + ", and keys can be changed from level " + std::to_string(sealing_level) + " on: bring all nodes to this version first");
  const auto known = agreed_keys(*table);
  if (!known) return base::fail(base::error_kind::try_later, "the nodes have not told their keys yet: try again");
  if (known->keys.front().id != known->sealing) return base::fail(base::error_kind::conflict, "there is a new key already, and it waits for nodes that have not taken it (rookery cluster status)");
  for (const auto& k : known_nodes())
    if (k.entry.box.empty()) return base::fail(base::error_kind::try_later, (k.name.empty() ? k.entry.host : k.name) + " has not told its key yet: start it, or remove it");
  sealing_step step;
  step.what = sealing_step::kind::make;
  if (auto done = take_key_step(step, known); !done) return base::fail(done.error());
  json::value out{json::object{}};
  out.set("made", true);
  return out;
}

void cluster_service::show_keys(json::value& status) const {
  const auto known = agreed_keys(*running_.face().config->table());
  if (!known) return;
  status.set("sealing_key", known->sealing);
  status.set("newest_key", known->keys.front().id);
  json::array old;
  bool settled = known->keys.front().id == known->sealing;
  for (const auto& k : known->keys) {
    if (k.id == known->sealing) continue;
    settled = settled && k.unused != base::wall_time{};
    json::value row{json::object{}};
    row.set("id", k.id);
    if (k.unused != base::wall_time{}) row.set("unused", base::to_milliseconds(k.unused));
    old.push_back(std::move(row));
  }
  status.set("old_keys", std::move(old));
  status.set("keys_settled", settled);
}

} // namespace rookery::actors
