/// Anything from a stream's home in any pieces, with a BOSH client before it that reads, restarts and ends: what waits stays bounded, and what
/// the client says comes out as XML.
#include "protocols/xml/reader.hpp"
#include "protocols/xmpp/bosh_wire.hpp"
#include "protocols/xmpp/wire_bridge.hpp"

#include <cstdlib>
#include <string>

using namespace rookery;

namespace {

xml::element parse(const std::string& text) { return std::get<xml::element>(xml::parse(text)); }

} // namespace

/// Octets below 8 are the client's; all others are the home's, in pieces between them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 20'000) return 0;
  const base::instant now{};
  xmpp::bosh_wire wire("sid", parse("<body rid='1' to='x.example' hold='1' xmlns='http://jabber.org/protocol/httpbind'/>"), now);
  std::uint64_t rid = 0;
  const auto request = [&](const std::string& attributes, const std::string& inside) {
    ++rid;
    const auto text = "<body rid='" + std::to_string(rid) + "' " + attributes + " xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh'>" + inside + "</body>";
    wire.request(parse(text), text.size(), rid, now);
    (void)wire.take_answers(now);
  };
  request({}, {});
  while (wire.read().what) {}
  wire.open("first", "x.example");
  xmpp::wire_bridge bridge(wire);
  const auto said = [&] {
    std::string all;
    for (auto one = bridge.from_client(); !one.empty(); one = bridge.from_client()) all += one;
    return all;
  };
  std::string_view in(reinterpret_cast<const char*>(data), size);
  std::size_t taken = 0;
  while (!in.empty()) {
    std::size_t length = 0;
    while (length < in.size() && static_cast<unsigned char>(in[length]) >= 8) ++length;
    for (auto piece = in.substr(0, length); !piece.empty() && bridge.hungry();) {
      const auto some = piece.substr(0, 100);
      bridge.take(some);
      piece.remove_prefix(some.size());
      taken += some.size();
      bridge.tell();
    }
    in.remove_prefix(length);
    // Namespaces are declared where an element stands alone: some octets more for each, and the shortest has four.
    if (wire.pending() > 40 * taken + 1000) std::abort();
    if (in.empty()) break;
    switch (in.front()) {
    case 1: request("xmpp:restart='true' to='x.example'", {}); break;
    case 2: request({}, "<message xmlns='jabber:client' id='a'><body>1 &lt; 2</body></message>"); break;
    case 3: request("type='terminate'", {}); break;
    default: request({}, {}); break;
    }
    in.remove_prefix(1);
    const auto out = said();
    if (out.starts_with("<message ") && !std::holds_alternative<xml::element>(xml::parse(out))) std::abort();
    bridge.tell();
  }
  if (bridge.ended() && (bridge.hungry() || bridge.tell())) std::abort();
  return 0;
}
