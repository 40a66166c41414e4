#include "protocols/xmpp/wire_bridge.hpp"

#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/namespaces.hpp"

#include <utility>

namespace rookery::xmpp {
namespace {

constexpr std::string_view stream_tag = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'";

/// What the other side says is ours: these bounds only keep a fault small.
xml::reader fresh_reader() {
  xml::limits l;
  l.stanza_octets = 4u << 20;
  l.tag_octets = 1u << 20;
  l.depth = 100;
  l.attributes = 1000;
  l.namespaces = 10'000;
  l.elements = 200'000;
  return xml::reader(l);
}

} // namespace

wire_bridge::wire_bridge(stream_wire& client) : client_(client), reader_(fresh_reader()) {
  std::string opening(stream_tag);
  opening += '>';
  for (std::string_view left = opening; !left.empty();) {
    const auto piece = reader_.read(left);
    if (piece.used == 0) break;
    left.remove_prefix(piece.used);
  }
}

std::string wire_bridge::from_client() {
  auto piece = client_.read();
  if (!piece.what) return {};
  if (const auto* opened = std::get_if<xml::root_opened>(&*piece.what)) {
    // Behind it the other side opens anew too.
    reader_ = fresh_reader();
    raw_.clear();
    std::string out = "<?xml version='1.0'?>";
    out.append(stream_tag);
    for (const auto* name : {"to", "from", "version"})
      if (opened->root.has(name)) out.append(" ").append(name).append("='").append(xml::escaped(opened->root.get(name))).append("'");
    return out + ">";
  }
  if (const auto* child = std::get_if<xml::child_read>(&*piece.what)) return xml::to_text(child->child, space::client);
  return "</stream:stream>";
}

bool wire_bridge::tell() {
  bool said = false;
  while (!ended_ && !input_.empty() && client_.pending() < told_octets) {
    const auto piece = reader_.read(input_.view());
    raw_.append(input_.view().substr(0, piece.used));
    input_.consume(piece.used);
    if (input_.empty()) input_.release();
    if (!piece.what) {
      if (piece.used == 0) break;
      continue;
    }
    said = true;
    const auto text = std::exchange(raw_, {});
    if (const auto* opened = std::get_if<xml::root_opened>(&*piece.what)) client_.open(opened->root.get("id"), opened->root.get("from"));
    else if (std::holds_alternative<xml::child_read>(*piece.what)) client_.put(std::string_view(text).substr(text.find('<'))); // spaces before it only kept the stream alive
    else ended_ = true;
  }
  return said;
}

} // namespace rookery::xmpp
