/// A client that says anything, a host that answers anything: the stream keeps its bounds and always ends with `gone`.
#include "protocols/xmpp/stream_session.hpp"
#include "protocols/xmpp/websocket_wire.hpp"
#include "tests/protocols/websocket/client_frames.hpp"

#include <cstdlib>
#include <string>

using namespace rookery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4 || size > 6000) return 0;
  auto settings = std::make_shared<xmpp::stream_settings>();
  settings->mechanisms.scram_sha_1 = true;
  settings->registration = data[0] % 7 == 0;
  settings->limits.stanza_octets = 2000;
  settings->limits.output_octets = 20'000;
  settings->limits.unhandled_stanzas = 10;
  settings->limits.unacknowledged_stanzas = 10;
  settings->limits.octets_a_second = 1000;
  settings->limits.burst_octets = 3000;
  connection_facts facts;
  facts.session_id = "s";
  facts.nonce = "nonce";
  facts.tls = data[0] % 2 == 0;
  facts.peer_is_loopback = data[0] % 3 != 0;
  if (data[0] % 5 == 0) facts.tls_exporter = "x";
  base::instant now{};
  const auto now_wall = base::from_milliseconds(1'700'000'000'000);
  const bool on_socket = data[0] >= 192;
  xmpp::stream_session s(settings, facts, now, on_socket ? std::make_unique<xmpp::websocket_wire>(now) : nullptr);
  std::uint32_t random = data[1] + 256u * data[2];
  const auto choice = [&random](std::uint32_t of) {
    random = random * 1103515245u + 12345u;
    return (random >> 16) % of;
  };
  std::uint32_t stanzas = 0;
  bool gone = false;
  const auto run = [&] {
    while (auto e = s.next_event()) {
      if (gone) std::abort();
      using namespace xmpp::stream_event;
      if (std::holds_alternative<check_domain>(*e)) s.domain_served(choice(8) != 0);
      else if (std::holds_alternative<start_tls>(*e)) facts.tls = true, s.tls_started(facts, now);
      else if (std::holds_alternative<find_credentials>(*e)) s.credentials_found({"salt", 4096, std::string(32, 'k'), std::string(32, 's')}, true);
      else if (std::holds_alternative<check_password>(*e)) s.password_verified(choice(4) != 0);
      else if (std::holds_alternative<check_proof>(*e)) s.proof_judged(choice(2) != 0, "u");
      else if (std::holds_alternative<authenticated>(*e)) choice(5) != 0 ? s.accept_login() : s.refuse_login("not-authorized");
      else if (const auto* f = std::get_if<authentication_failed>(&*e)) { if (f->held) s.say_failure(); }
      else if (std::holds_alternative<make_account>(*e)) choice(2) != 0 ? s.account_made({}) : s.account_made(xmpp::condition::conflict);
      else if (std::holds_alternative<find_tokens>(*e)) {
        if (choice(8) == 0) s.refuse_login("temporary-auth-failure");
        else s.tokens_found({{"t0", "expired", true}, {"t1", "token", false}});
      } else if (std::holds_alternative<settle_token>(*e)) choice(2) != 0 ? s.token_settled("fresh", now_wall) : s.token_settled();
      else if (std::holds_alternative<bind_resource>(*e)) choice(5) != 0 ? s.bound({"u", "x.example", "r"}) : s.refuse_binding(xmpp::condition::conflict);
      else if (std::holds_alternative<enable_management>(*e)) s.management_enabled(choice(2) != 0 ? "id" : "", std::chrono::seconds(60));
      else if (std::holds_alternative<resume_stream>(*e)) {
        if (choice(2) == 0) s.refuse_resumption();
        else {
          xmpp::stream_management m;
          for (auto n = choice(5); n > 0; --n) m.push(std::make_shared<const std::string>("<message/>"));
          stanzas = 7;
          s.resumed({"u", "x.example", "r"}, "id", std::move(m), 7, 3);
        }
      } else if (std::holds_alternative<stanza>(*e)) {
        ++stanzas;
        if (choice(3) != 0) s.handled(stanzas);
        if (choice(3) == 0) s.send(std::make_shared<const std::string>("<message/>"));
      } else if (std::holds_alternative<xmpp::stream_event::gone>(*e)) gone = true;
    }
    if (s.output().size() > 20'000) std::abort();
    if (choice(2) == 0) s.sent(s.output().size());
  };
  std::string_view octets(reinterpret_cast<const char*>(data) + 3, size - 3);
  while (!octets.empty()) {
    const auto piece = octets.substr(0, 1 + choice(300));
    octets.remove_prefix(piece.size());
    // On a socket an element is a message; now and then the octets come bare.
    if (on_socket && choice(20) != 0) {
      const auto end = octets.empty() ? std::string_view::npos : octets.find('\n');
      const auto message = std::string(piece) + std::string(octets.substr(0, end));
      octets.remove_prefix(std::min(octets.size(), end));
      s.feed(tests::client_text(message), now);
    } else s.feed(piece, now);
    run();
    if (choice(10) == 0) {
      now += std::chrono::seconds(choice(400));
      s.tick(now);
      run();
    }
  }
  s.end(xmpp::stream_fault::reset);
  run();
  if (!s.closed() || !gone) std::abort();
  return 0;
}
