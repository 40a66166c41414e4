#include "protocols/xmpp/caps.hpp"

#include "base/crypto/crypto.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/xmpp/data_form.hpp"
#include "protocols/xmpp/namespaces.hpp"

#include <algorithm>
#include <map>
#include <vector>

namespace rookery::xmpp {
namespace {

constexpr std::size_t text_max = 1024;

} // namespace

std::optional<entity_caps> caps_of(const xml::element& presence) {
  const auto* c = presence.child("c", space::caps);
  if (c == nullptr || c->get("hash").empty() || c->get("ver").empty()) return {};
  entity_caps caps{std::string(c->get("hash")), std::string(c->get("node")), std::string(c->get("ver"))};
  if (caps.hash.size() + caps.node.size() + caps.version.size() > text_max) return {};
  return caps;
}

std::optional<std::string> caps_digest(const xml::element& query) {
  std::vector<std::string> identities, features;
  for (const auto* i : query.elements("identity", space::disco_info)) {
    std::string line;
    line.append(i->get("category")).append("/").append(i->get("type")).append("/");
    line.append(i->get("lang", xml::xml_space)).append("/").append(i->get("name")).append("<");
    identities.push_back(std::move(line));
  }
  for (const auto* f : query.elements("feature", space::disco_info)) features.push_back(std::string(f->get("var")) + "<");
  std::map<std::string, std::string> forms;
  for (const auto* x : query.elements("x", space::forms)) {
    const auto form = read_form(*x);
    const auto type = form ? form->form_type() : std::string();
    if (type.empty()) continue; // §5.4: without a type it is no part of the digest
    std::map<std::string, std::string> lines;
    for (const auto& f : form->fields) {
      if (f.name == "FORM_TYPE") continue;
      auto values = f.values;
      std::sort(values.begin(), values.end());
      auto& line = lines[f.name];
      line = f.name + "<";
      for (const auto& v : values) line += v + "<";
    }
    std::string all = type + "<";
    for (const auto& [name, line] : lines) all += line;
    if (!forms.emplace(type, std::move(all)).second) return {};
  }
  std::sort(identities.begin(), identities.end());
  std::sort(features.begin(), features.end());
  if (std::adjacent_find(identities.begin(), identities.end()) != identities.end() ||
      std::adjacent_find(features.begin(), features.end()) != features.end())
    return {};
  std::string text;
  for (const auto& l : identities) text += l;
  for (const auto& l : features) text += l;
  for (const auto& [type, line] : forms) text += line;
  return encoding::base64_encode(base::sha1(text));
}

std::set<std::string> wished_nodes(const xml::element& query) {
  constexpr std::string_view end = "+notify";
  std::set<std::string> nodes;
  for (const auto* f : query.elements("feature", space::disco_info)) {
    const auto var = f->get("var");
    if (var.size() <= end.size() || var.size() > text_max || !var.ends_with(end)) continue;
    if (nodes.size() >= wished_nodes_max) break;
    nodes.emplace(var.substr(0, var.size() - end.size()));
  }
  return nodes;
}

} // namespace rookery::xmpp
