#include "protocols/xmpp/websocket_wire.hpp"

#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/namespaces.hpp"

#include <utility>
#include <variant>

namespace rookery::xmpp {

void websocket_wire::restart(const xml::limits& bounds) {
  widen(bounds);
  opened_ = false;
}

void websocket_wire::widen(const xml::limits& bounds) {
  bounds_ = bounds;
  socket_.bound_messages(bounds.stanza_octets);
}

xml::reader::piece websocket_wire::read() {
  xml::reader::piece out;
  const auto before = socket_.waiting();
  if (auto e = socket_.next_event()) {
    if (const auto* message = std::get_if<websocket::text>(&*e)) out.what = judge(message->octets);
    else over_ = true;
  }
  const auto left = socket_.waiting();
  out.used = before - left;
  return out;
}

xml::reading websocket_wire::judge(std::string_view message) {
  auto parsed = xml::parse(message, bounds_);
  if (const auto* fault = std::get_if<xml::fault>(&parsed)) return *fault;
  auto& e = std::get<xml::element>(parsed);
  if (e.is("close", space::framing)) return xml::root_closed{};
  if (!e.is("open", space::framing) || opened_) {
    // What comes before <open/> can be no child of a stream.
    if (!opened_) return xml::root_opened{std::move(e), {}};
    return xml::child_read{std::move(e)};
  }
  opened_ = true;
  e.name = "stream";
  e.space = space::streams;
  return xml::root_opened{std::move(e), std::string(space::client)};
}

void websocket_wire::open(std::string_view id, std::string_view from) {
  std::string text = "<open xmlns='" + std::string(space::framing) + "' version='1.0' xml:lang='en' id='" + xml::escaped(id) + "'";
  if (!from.empty()) text.append(" from='").append(xml::escaped(from)).append("'");
  socket_.send_text(text + "/>");
}

void websocket_wire::close() {
  socket_.send_text("<close xmlns='" + std::string(space::framing) + "'/>");
  socket_.close(websocket::close_code::normal);
}

} // namespace rookery::xmpp
