/// A room stands whatever its clients send: a line each, "CLIENT NICK XML" (digits; nick 9 is the room itself).
/// What was kept makes the same room again.
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/muc/room.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  using namespace rookery::xmpp;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  const auto address = *read_jid("den@c.example");
  muc::room_limits limits;
  limits.occupants = 4;
  limits.affiliations = 6;
  limits.history_messages = 3;
  limits.pending_iqs = 2;
  muc::room room(address, {}, "salt", limits);
  auto now = base::from_milliseconds(1'700'000'000'000);
  std::uint64_t last_id = 0;
  bool gone = false;
  for (int steps = 0; !in.empty() && steps < 60 && !gone; ++steps) {
    const auto line = in.substr(0, in.find('\n'));
    in.remove_prefix(std::min(in.size(), line.size() + 1));
    if (line.size() < 4) continue;
    const auto who = static_cast<unsigned>(line[0] - '0') % 6, nick = static_cast<unsigned>(line[1] - '0') % 10;
    now += std::chrono::milliseconds(static_cast<unsigned char>(line[2]));
    const jid from{"u" + std::to_string(who % 4), "example.org", "r" + std::to_string(who)};
    auto to = address;
    if (nick != 9) to.resource = "n" + std::to_string(nick);
    auto read = xml::parse("<s xmlns='jabber:client'>" + std::string(line.substr(3)) + "</s>");
    auto* root = std::get_if<element>(&read);
    if (root == nullptr || root->first() == nullptr) {
      room.gone(from, now);
    } else {
      auto stanza = *root->first();
      stanza.set("from", from.text()).set("to", to.text());
      if (!kind_of(stanza) || !well_shaped(stanza)) continue;
      room.handle(stanza, to, {from, who == 5}, now);
    }
    for (const auto& e : room.take_effects()) {
      if (const auto* s = std::get_if<muc::send>(&e)) {
        if (!s->stanza || !s->to || s->to->empty()) std::abort();
        (void)xml::to_text(*s->stanza, space::client);
      } else if (const auto* k = std::get_if<muc::keep_message>(&e)) {
        if (k->id <= last_id) std::abort();
        last_id = k->id;
      }
      gone = gone || std::holds_alternative<muc::destroyed>(e);
    }
    if (room.occupants() > limits.occupants + 4 || room.members().size() > limits.affiliations + 1 || room.sessions() < room.occupants()) std::abort();
  }
  if (gone || !room.exists()) return 0;
  const auto document = xml::to_text(room.document());
  const auto again = xml::parse(document);
  muc::room other(address, {}, "other", limits);
  if (!other.restore(std::get<element>(again)) || xml::to_text(other.document()) != document) std::abort();
  return 0;
}
