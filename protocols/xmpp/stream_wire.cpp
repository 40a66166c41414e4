#include "protocols/xmpp/stream_wire.hpp"

#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/namespaces.hpp"

namespace rookery::xmpp {

std::string standing_alone(std::string_view octets) {
  // What we write has its namespace first, if it has another than that of stanzas.
  const auto end = octets.find_first_of(" />", 1);
  if (end == std::string_view::npos) return std::string(octets);
  const auto name = octets.substr(0, end), rest = octets.substr(end);
  std::string out(name);
  if (name.starts_with("<stream:"))
    out.append(" xmlns:stream='").append(space::streams).append("'");
  else if (!rest.starts_with(" xmlns='"))
    out.append(" xmlns='").append(space::client).append("'");
  return out.append(rest);
}

void xml_wire::tick(base::instant now) {
  if (!may_rest() || now < heard_ + reader_rest) return;
  reader_.reset();
  if (output_.empty()) output_.release();
}

xml::reader::piece xml_wire::read() {
  if (rests()) {
    if (input_.empty()) return {};
    reader_.emplace(bounds_);
    read_opening();
  }
  auto piece = reader_->read(input_.view());
  if (!opened_) {
    opening_.append(input_.view().substr(0, piece.used));
    opened_ = piece.what && std::holds_alternative<xml::root_opened>(*piece.what);
  }
  input_.consume(piece.used);
  if (input_.empty()) input_.release();
  return piece;
}

void xml_wire::adopt(std::string_view opening) {
  opening_ = opening.empty() ? std::string_view("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>") : opening;
  opened_ = true;
  read_opening();
}

/// It was read once, by the same rules.
void xml_wire::read_opening() {
  for (std::string_view left = opening_; !left.empty();) {
    const auto piece = reader_->read(left);
    if (piece.used == 0) break;
    left.remove_prefix(piece.used);
  }
}

void xml_wire::open(std::string_view id, std::string_view from) {
  std::string text = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' xml:lang='en' id='";
  text.append(xml::escaped(id)).append("'");
  if (!from.empty()) text.append(" from='").append(xml::escaped(from)).append("'");
  put(text + ">");
}

} // namespace rookery::xmpp
