// Whatever a server says, in any cuts: the same events and the same commands, and an end.
#include "base/check.hpp"
#include "protocols/imap/client_session.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

using namespace rookery;
namespace ce = imap::client_event;

namespace {

constexpr base::instant t0{};

/// Asks everything once, as soon as it may, and leaves.
void ask(imap::client_session& s) {
  s.list("", "*", t0);
  s.select("INBOX", false, t0);
  s.search("ALL", t0);
  s.rows(1, 0, t0);
  for (std::uint32_t uid = 1; uid < 6; ++uid) s.fetch(uid, t0);
  const imap::number_ranges uids{{1, 3}};
  s.store(uids, true, {imap::flag::deleted, {"Work"}}, t0);
  s.expunge(uids, t0);
  s.append("Archive", {}, {}, 3, t0);
  s.idle(t0);
  s.quit(t0);
}

std::string play(std::string_view octets, std::size_t cut) {
  auto settings = std::make_shared<imap::client_settings>();
  settings->login = {tls_use::when_offered, "ann", "s\xc3\xa9" "cret", true};
  settings->limits.response_octets = 500;
  settings->limits.literal_octets = 100;
  connection_facts facts;
  facts.nonce = "n";
  imap::client_session session(settings, facts, t0);
  std::string seen, said; // apart: where output stands among events depends on the cuts
  bool in_body = false;
  const auto drain = [&] {
    while (auto e = session.next_event()) {
      if (const auto* chunk = std::get_if<ce::message_chunk>(&*e)) {
        if (!in_body) seen += "body ";
        in_body = true;
        seen += chunk->octets;
        continue;
      }
      in_body = false;
      seen += "\n" + std::to_string(e->index()) + " ";
      if (std::get_if<ce::start_tls>(&*e) != nullptr) session.shut_down(t0); // what follows is no plain text
      else if (std::get_if<ce::derive_key>(&*e) != nullptr) session.key_derived(std::string(32, 'k'), t0);
      else if (std::get_if<ce::ready>(&*e) != nullptr) ask(session);
      else if (const auto* m = std::get_if<ce::mailbox>(&*e)) seen += m->what.name;
      else if (const auto* f = std::get_if<ce::found>(&*e)) seen += imap::print(f->uids);
      else if (const auto* r = std::get_if<ce::row>(&*e)) seen += std::to_string(r->uid);
      else if (const auto* m2 = std::get_if<ce::message_end>(&*e)) seen += std::to_string(m2->uid);
      else if (const auto* d = std::get_if<ce::done>(&*e)) seen += std::to_string(static_cast<int>(d->what)) + d->text;
      else if (const auto* g = std::get_if<ce::gone>(&*e)) seen += std::string(imap::name(g->why)) + g->text;
      else if (std::get_if<ce::want_body>(&*e) != nullptr) {
        session.body("abc");
        session.body_done(t0);
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
  // Time ends it, whatever it waits for: an IDLE first.
  for (int hours = 1; hours < 4 && !session.closed(); ++hours) {
    session.tick(t0 + std::chrono::hours(hours));
    drain();
  }
  base::check(session.closed(), "a session that never ends");
  return seen + said;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 20000) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  base::check(play(text, std::string_view::npos) == play(text, data[0] % 16 + 1), "the cuts changed the outcome");
  return 0;
}
