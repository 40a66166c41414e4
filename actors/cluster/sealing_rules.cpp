#include "actors/cluster/sealing_rules.hpp"

#include "base/crypto/crypto.hpp"
#include "base/crypto/public_box.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/json/value.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using kind = sealing_step::kind;

std::string names(const std::vector<const sealing_node*>& nodes) {
  std::string out;
  for (const auto* n : nodes) out += (out.empty() ? "" : ", ") + (n->name.empty() ? n->uuid : n->name);
  return out;
}

bool is_id(std::string_view text) { return text.size() == 2 * base::key_id_octets; }

} // namespace

std::optional<agreed_sealing> read_sealing(std::string_view content) {
  const auto v = json::parse(content);
  if (!v) return {};
  agreed_sealing out;
  out.sealing = v->get_string("sealing").value_or("");
  const auto* keys = v->get_array("keys");
  if (!is_id(out.sealing) || keys == nullptr || keys->empty() || keys->size() > agreed_keys_max) return {};
  bool there = false;
  for (const auto& one : *keys) {
    agreed_key k;
    k.id = one.get_string("id").value_or("");
    k.named = one.get_bool("named").value_or(true);
    k.unused = base::from_milliseconds(one.get_integer("unused").value_or(0));
    const auto* boxes = one.get_object("boxes");
    if (!is_id(k.id) || boxes == nullptr || boxes->size() > sealing_nodes_max) return {};
    for (const auto& [uuid, box] : *boxes) {
      const auto* text = box.as_string();
      auto octets = text != nullptr ? encoding::base64_decode(*text) : std::nullopt;
      if (!octets) return {};
      k.boxes.emplace(uuid, std::move(*octets));
    }
    there = there || k.id == out.sealing;
    if (std::any_of(out.keys.begin(), out.keys.end(), [&](const auto& other) { return other.id == k.id; })) return {};
    out.keys.push_back(std::move(k));
  }
  return there ? std::optional(std::move(out)) : std::nullopt;
}

std::string print(const agreed_sealing& a) {
  json::array keys;
  for (const auto& k : a.keys) {
    json::value one{json::object{}};
    one.set("id", k.id);
    one.set("named", k.named);
    if (k.unused != base::wall_time{}) one.set("unused", base::to_milliseconds(k.unused));
    json::object boxes;
    for (const auto& [uuid, box] : k.boxes) boxes.append(uuid, encoding::base64_encode(box));
    one.set("boxes", std::move(boxes));
    keys.push_back(std::move(one));
  }
  json::value out{json::object{}};
  out.set("sealing", a.sealing);
  out.set("keys", std::move(keys));
  return json::to_text(out);
}

std::string box_purpose(std::string_view key_id, std::string_view uuid) { return "sealing key " + std::string(key_id) + " for " + std::string(uuid); }

agreed_key boxed(const base::sealing_key& key, const std::map<std::string, std::string>& holders) {
  agreed_key out;
  out.id = base::key_id(key.key);
  out.named = key.named;
  for (const auto& [uuid, box] : holders)
    if (auto sealed = base::seal_for(box, key.key, box_purpose(out.id, uuid))) out.boxes.emplace(uuid, std::move(*sealed));
  return out;
}

std::optional<base::sealing_keys> followed_keys(const agreed_sealing& agreed, const base::sealing_keys& present, const std::string& uuid, std::string_view private_key) {
  base::sealing_keys out;
  bool seals = false;
  for (const auto& k : agreed.keys) {
    base::sealing_key mine;
    const auto here = std::find_if(present.begin(), present.end(), [&](const auto& p) { return base::key_id(p.key) == k.id; });
    if (here != present.end()) {
      mine = *here;
    } else {
      const auto box = k.boxes.find(uuid);
      auto key = box != k.boxes.end() ? base::open_sealed_for(private_key, box->second, box_purpose(k.id, uuid)) : std::nullopt;
      // Who makes a box can put anything into it.
      if (!key || key->size() != base::sealing_key_octets || base::key_id(*key) != k.id) continue;
      mine = {std::move(*key), k.named};
    }
    if (k.id != agreed.sealing) {
      out.push_back(std::move(mine));
      continue;
    }
    out.insert(out.begin(), std::move(mine));
    seals = true;
  }
  return seals ? std::optional(std::move(out)) : std::nullopt;
}

sealing_step next_sealing_step(const sealing_facts& f) {
  std::vector<const sealing_node*> without_box, without_newest;
  for (const auto& n : f.nodes) {
    if (n.box.empty()) without_box.push_back(&n);
    else if (n.linked && f.agreed && n.newest != f.agreed->keys.front().id) without_newest.push_back(&n);
  }
  const auto unless = [&](kind what) { return without_box.empty() ? sealing_step{what, {}, {}} : sealing_step{kind::wait, names(without_box), {}}; };
  if (!f.agreed) return unless(kind::begin);
  const auto& a = *f.agreed;
  for (const auto& n : f.nodes)
    if (!n.box.empty() && std::any_of(a.keys.begin(), a.keys.end(), [&](const auto& k) { return !k.boxes.contains(n.uuid); })) return {kind::give, {}, {}};
  const auto belongs = [&](const std::string& uuid) { return std::any_of(f.nodes.begin(), f.nodes.end(), [&](const auto& n) { return n.uuid == uuid; }); };
  const auto& newest = a.keys.front();
  if (std::any_of(newest.boxes.begin(), newest.boxes.end(), [&](const auto& b) { return !belongs(b.first); })) return unless(kind::make);
  if (newest.id != a.sealing) return without_newest.empty() ? sealing_step{kind::turn, {}, {}} : sealing_step{kind::wait, names(without_newest), {}};
  if (f.sealed_otherwise) return {kind::seal_anew, {}, {}};
  sealing_step out;
  for (const auto& k : a.keys)
    if (k.id != a.sealing && k.unused == base::wall_time{}) out.ids.insert(k.id);
  if (!out.ids.empty()) {
    out.what = kind::retire;
    return out;
  }
  for (const auto& k : a.keys)
    if (k.id != a.sealing && f.now - k.unused >= retired_key_life) out.ids.insert(k.id);
  if (out.ids.empty() && a.keys.size() >= agreed_keys_max) out.ids.insert(a.keys.back().id);
  if (!out.ids.empty()) out.what = kind::forget;
  return out;
}

} // namespace rookery::actors
