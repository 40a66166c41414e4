/// Whatever a server says, in any cuts: the same events and the same commands, and an end.
#include "protocols/pop3/client_session.hpp"

#include <cstdlib>
#include <string>
#include <variant>

namespace {

using namespace rookery;
using namespace rookery::pop3;

std::string play(std::string_view octets, std::size_t cut) {
  auto settings = std::make_shared<client_settings>();
  settings->login = {tls_use::when_offered, "ann", "secret", true};
  settings->limits.line_octets = 200;
  settings->limits.messages = 1000;
  constexpr base::instant t0{};
  connection_facts facts;
  facts.nonce = "n";
  client_session session(settings, facts, t0);
  std::string seen, said; // apart: where output stands among events depends on the cuts
  bool in_body = false;
  const auto drain = [&] {
    while (auto e = session.next_event()) {
      using namespace client_event;
      if (const auto* chunk = std::get_if<message_chunk>(&*e)) {
        if (!in_body) seen += "body ";
        in_body = true;
        seen += chunk->octets;
        continue;
      }
      in_body = false;
      seen += "\n" + std::to_string(e->index());
      if (std::get_if<start_tls>(&*e) != nullptr) {
        session.shut_down(t0); // what follows is no plain text
      } else if (std::get_if<derive_key>(&*e) != nullptr) {
        session.key_derived(std::string(32, 'k'), t0);
      } else if (const auto* x = std::get_if<entry>(&*e)) {
        seen += " " + std::to_string(x->number) + " " + std::string(x->uid);
      } else if (const auto* l = std::get_if<listed>(&*e)) {
        for (std::uint32_t n = 1; n <= l->messages && n <= 20 && session.can_ask(); ++n) {
          session.retrieve(n, t0);
          session.remove(n, t0);
        }
        session.quit(t0);
      } else if (const auto* g = std::get_if<gone>(&*e)) {
        seen += std::string(name(g->why)) + g->text;
      }
    }
    said += session.output();
    session.sent(session.output().size());
  };
  drain();
  for (std::size_t at = 0; at < octets.size() && !session.closed(); at += cut) {
    session.feed(octets.substr(at, cut), t0);
    drain();
  }
  session.tick(t0 + std::chrono::hours(1));
  drain();
  return session.closed() ? seen + said : std::string("open");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto whole = play(octets, size + 1);
  if (whole != play(octets, 1) || whole != play(octets, 1 + size / 3)) std::abort();
  return 0;
}
