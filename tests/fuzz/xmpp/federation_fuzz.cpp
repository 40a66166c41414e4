/// Another server that says anything, a host that answers anything, on a stream from either end: it keeps its bounds, lets
/// nobody in without a proof, and always ends with `gone`.
#include "protocols/xmpp/federation/peer_session.hpp"

#include <cstdlib>
#include <string>

using namespace rookery;
namespace fed = xmpp::federation;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4 || size > 6000) return 0;
  auto settings = std::make_shared<fed::peer_settings>();
  settings->starttls_available = data[0] % 3 != 0;
  settings->tls_required = data[0] % 5 != 0;
  settings->dialback = data[0] % 7 != 0;
  settings->secret = "secret";
  settings->limits.stanza_octets = 2000;
  settings->limits.output_octets = 20'000;
  settings->limits.unhandled_stanzas = 10;
  settings->limits.octets_a_second = 1000;
  settings->limits.burst_octets = 3000;
  settings->limits.pairs = 5;
  settings->limits.open_keys = 3;
  connection_facts facts;
  facts.session_id = "s";
  facts.nonce = "n";
  facts.tls = data[0] % 2 == 0;
  const bool connects = data[0] >= 128;
  if (data[0] % 11 < 5) {
    auto shown = std::make_shared<client_certificate>();
    shown->domains = {"t.example"};
    shown->trusted = data[0] % 11 < 4;
    (connects ? facts.tls_server : facts.tls_client) = std::move(shown);
  }
  std::optional<fed::peer_errand> errand;
  if (connects) errand = {{"h.example", "t.example"}, {}, {}};
  if (data[0] % 13 == 0 && connects) errand->key_id = "id", errand->key = "k";
  base::instant now{};
  fed::peer_session s(settings, facts, now, errand);
  std::uint32_t random = data[1] + 256u * data[2];
  const auto choice = [&random](std::uint32_t of) {
    random = random * 1103515245u + 12345u;
    return (random >> 16) % of;
  };
  std::uint32_t stanzas = 0, unacknowledged = 0;
  bool gone = false, may_come = false, may_go = false;
  std::vector<fed::domain_pair> keys;
  const auto run = [&] {
    while (auto e = s.next_event()) {
      if (gone) std::abort();
      using namespace fed::peer_event;
      if (std::holds_alternative<check_domain>(*e)) s.domain_checked(choice(8) != 0 ? std::nullopt : std::optional(xmpp::stream_fault::host_unknown));
      else if (std::holds_alternative<start_tls>(*e)) facts.tls = true, s.tls_started(facts, now);
      else if (auto* k = std::get_if<check_key>(&*e)) keys.push_back(k->between);
      else if (auto* p = std::get_if<proved>(&*e)) {
        may_come = true;
        may_go = may_go || p->both;
        if (!facts.tls && settings->tls_required) std::abort();
      } else if (auto* r = std::get_if<ready>(&*e)) {
        may_go = true;
        may_come = r->both;
        if (!facts.tls && settings->tls_required) std::abort();
      } else if (auto* x = std::get_if<stanza>(&*e)) {
        ++stanzas;
        if (!may_come || x->from.empty() || x->to.empty()) std::abort();
        if (choice(3) != 0) s.handled(stanzas);
        if (may_go && choice(3) == 0) {
          s.send(std::make_shared<const std::string>("<message/>"));
          if (!s.closed() && s.managed()) ++unacknowledged;
        }
      } else if (auto* a = std::get_if<acknowledged>(&*e)) {
        // The host counts on it: never more than it sent.
        if (a->stanzas == 0 || a->stanzas > unacknowledged) std::abort();
        unacknowledged -= a->stanzas;
      } else if (std::holds_alternative<fed::peer_event::gone>(*e)) gone = true;
    }
    if (keys.size() > 3) std::abort();
    if (!keys.empty() && choice(2) == 0) {
      const auto p = keys.back();
      keys.pop_back();
      s.key_checked(p, static_cast<fed::key_verdict>(choice(5)));
    }
    if (s.output().size() > 20'000) std::abort();
    if (choice(2) == 0) s.sent(s.output().size());
  };
  std::string_view octets(reinterpret_cast<const char*>(data) + 3, size - 3);
  while (!octets.empty()) {
    const auto piece = octets.substr(0, 1 + choice(300));
    octets.remove_prefix(piece.size());
    s.feed(piece, now);
    run();
    if (s.closed()) keys.clear();
    if (choice(10) == 0) {
      now += std::chrono::seconds(choice(400));
      s.tick(now);
      run();
    }
  }
  s.end(xmpp::stream_fault::reset);
  run();
  run();
  if (!s.closed() || !gone) std::abort();
  return 0;
}
