/// Octets in any cuts give the same events and the same answers as in one piece.
#include "protocols/http/server_session.hpp"

#include <cstdlib>

namespace {

using namespace rookery;

std::string play(std::string_view octets, std::size_t cut) {
  http::limits bounds;
  bounds.head_octets = 512;
  bounds.request_line_octets = 64;
  bounds.body_octets = 100;
  http::server_session session({}, base::instant{}, bounds);
  std::string log;
  bool upgraded = false, streamed = false, held = false;
  for (std::size_t at = 0; at < octets.size(); at += cut) {
    session.feed(octets.substr(at, cut), base::instant{});
    while (auto e = session.next_event()) {
      if (auto* r = std::get_if<http::request>(&*e)) {
        log.append(r->method).append(r->target);
        upgraded = r->path == "/up" && session.may_upgrade();
        streamed = r->path == "/stream";
        if (upgraded) session.upgrade({{"Upgrade", "other"}});
        held = r->path == "/held";
        session.hold_body(held);
      }
      else if (auto* c = std::get_if<http::body_chunk>(&*e))
        log.append(c->octets);
      else if (std::get_if<http::request_end>(&*e) && streamed) {
        session.begin_response(200);
        session.write_body("streamed");
        session.end_response();
      } else if (std::get_if<http::request_end>(&*e))
        session.respond(200, {}, "ok");
      // A body that is held comes out once it is wanted, whole.
      if (held) session.hold_body(false);
    }
  }
  // "100 Continue" depends on what has come by then (RFC 9110 §10.1.1), nothing else does.
  std::string out(session.output());
  for (const std::string_view hint = "HTTP/1.1 100 Continue\r\n\r\n"; out.find(hint) != std::string::npos;)
    out.erase(out.find(hint), hint.size());
  if (upgraded) log.append("rest ").append(session.rest());
  return log + out + (session.closed() ? "closed" : "open");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto whole = play(octets, size + 1);
  if (whole != play(octets, 1) || whole != play(octets, 1 + size / 3)) std::abort();
  return 0;
}
