/// Octets in any cuts give the same messages and the same answers as in one piece; nothing grows beyond its bound.
#include "protocols/websocket/server_session.hpp"

#include <cstdlib>
#include <string>

namespace {

using namespace rookery;

std::string play(std::string_view octets, std::size_t cut, bool closes) {
  websocket::limits bounds;
  bounds.message_octets = 100;
  bounds.fragments = 5;
  websocket::server_session s(base::instant{}, bounds);
  if (closes) s.close(websocket::close_code::normal);
  std::string log;
  for (std::size_t at = 0; at < octets.size(); at += cut) {
    s.feed(octets.substr(at, cut), base::instant{});
    while (auto e = s.next_event()) {
      if (const auto* t = std::get_if<websocket::text>(&*e)) {
        if (t->octets.size() > 100) std::abort();
        log.append(t->octets).append("|");
        s.send_text(t->octets);
      } else {
        log += std::to_string(std::get<websocket::gone>(*e).code);
      }
    }
  }
  return log.append(s.output()) + (s.closed() ? "closed" : "open");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool closes = data[0] % 4 == 3;
  const auto whole = play(octets, size, closes);
  if (whole != play(octets, 1, closes) || whole != play(octets, 1 + size / 3, closes)) std::abort();
  return 0;
}
