#include "protocols/xmpp/disco.hpp"

#include "base/crypto/crypto.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/xmpp/namespaces.hpp"

#include <algorithm>

namespace rookery::xmpp {

xml::element shown(const disco_info& info, std::string_view node) {
  xml::element q("query", space::disco_info);
  if (!node.empty()) q.set("node", node);
  for (const auto& i : info.identities) {
    auto& e = q.add("identity");
    e.set("category", i.category).set("type", i.type);
    if (!i.name.empty()) e.set("name", i.name);
  }
  for (const auto& f : info.features) q.add("feature").set("var", f);
  return q;
}

std::string caps_version(const disco_info& info) {
  std::vector<std::string> lines;
  for (const auto& i : info.identities) lines.push_back(i.category + "/" + i.type + "//" + i.name + "<");
  std::sort(lines.begin(), lines.end());
  auto features = info.features;
  std::sort(features.begin(), features.end());
  std::string text;
  for (const auto& l : lines) text += l;
  for (const auto& f : features) text += f + "<";
  return encoding::base64_encode(base::sha1(text));
}

disco_info server_info() {
  disco_info info;
  info.identities = {{"server", "im", "Rookery"}};
  for (const auto s : {space::disco_info, space::disco_items, space::ping, space::time, space::version, space::last_activity, space::blocking,
                       space::carbons, space::private_xml, space::vcard_temp, space::stanza_ids})
    info.features.emplace_back(s);
  info.features.emplace_back("msgoffline");
  return info;
}

disco_info account_info() {
  disco_info info;
  info.identities = {{"account", "registered", ""}};
  for (const auto s : {space::disco_info, space::disco_items, space::archive, space::stanza_ids, space::vcard_temp})
    info.features.emplace_back(s);
  for (const auto* f : {"urn:xmpp:mam:2#extended", "urn:xmpp:message-retract:1", "urn:xmpp:message-retract:1#tombstone"}) info.features.emplace_back(f);
  return info;
}

} // namespace rookery::xmpp
