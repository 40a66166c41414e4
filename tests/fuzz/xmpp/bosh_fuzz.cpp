/// Requests of any kind in any order at any time: each is answered once, what waits stays bounded, a silent client is left.
#include "protocols/xml/reader.hpp"
#include "protocols/xmpp/bosh_wire.hpp"
#include "protocols/xmpp/stream_session.hpp"

#include <cstdlib>
#include <set>
#include <string>

using namespace rookery;

/// Lines are bodies of requests; the octet before each says what happens to the clock first.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 6000) return 0;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  auto settings = std::make_shared<xmpp::stream_settings>();
  settings->limits.output_octets = 20'000;
  settings->limits.unhandled_stanzas = 4;
  connection_facts facts;
  facts.session_id = "s";
  facts.nonce = "nonce";
  facts.tls = true;
  base::instant now{};
  std::optional<xmpp::stream_session> session;
  xmpp::bosh_wire* wire = nullptr;
  std::set<std::uint64_t> waiting;
  std::uint64_t last = 0;
  std::uint32_t stanzas = 0;
  bool gone = false;
  const auto run = [&] {
    for (;;) {
      while (auto e = session->next_event()) {
        if (gone) std::abort();
        using namespace xmpp::stream_event;
        if (std::holds_alternative<check_domain>(*e)) session->domain_served(true);
        else if (std::holds_alternative<check_password>(*e)) session->password_verified(true);
        else if (std::holds_alternative<authenticated>(*e)) session->accept_login();
        else if (std::holds_alternative<find_credentials>(*e)) session->credentials_found({}, false);
        else if (const auto* f = std::get_if<authentication_failed>(&*e)) { if (f->held) session->say_failure(); }
        else if (std::holds_alternative<bind_resource>(*e)) session->bound({"u", "x.example", "r"});
        else if (std::holds_alternative<enable_management>(*e)) session->management_enabled("id", std::chrono::seconds(60));
        else if (std::holds_alternative<resume_stream>(*e)) session->refuse_resumption();
        else if (std::holds_alternative<stanza>(*e)) {
          if (++stanzas % 3 == 0) session->handled(stanzas);
          session->send(std::make_shared<const std::string>("<message/>"));
        } else if (std::holds_alternative<xmpp::stream_event::gone>(*e)) gone = true;
      }
      const auto answers = wire->take_answers(now);
      if (answers.empty()) return;
      for (const auto& a : answers) {
        if (waiting.erase(a.token) != 1) std::abort(); // once each
        const auto parsed = xml::parse(a.body);
        if (!std::holds_alternative<xml::element>(parsed)) std::abort();
      }
      if (wire->pending() > 20'000) std::abort();
    }
  };
  while (!in.empty()) {
    const auto line = in.substr(0, in.find('\n'));
    in.remove_prefix(std::min(in.size(), line.size() + 1));
    if (line.size() < 2) continue;
    const auto wait = std::chrono::seconds(static_cast<unsigned char>(line[0]) % 80);
    const auto parsed = xml::parse(line.substr(1));
    const auto* body = std::get_if<xml::element>(&parsed);
    if (body == nullptr || !xmpp::is_bosh_body(*body) || !xmpp::bosh_request_id(*body)) continue;
    if (!session) {
      auto made = std::make_unique<xmpp::bosh_wire>("sid", *body, now);
      wire = made.get();
      session.emplace(settings, facts, now, std::move(made));
    }
    if (static_cast<unsigned char>(line[0]) >= 128) {
      now += wait;
      session->tick(now);
      run();
    }
    session->feed({}, now);
    waiting.insert(++last);
    wire->request(*body, line.size(), last, now);
    run();
    if (waiting.size() > 3) std::abort(); // hold and one in the window
  }
  if (!session) return 0;
  // Time alone ends it, and nobody waits any more.
  for (int i = 0; i < 8; ++i) {
    now += std::chrono::seconds(100);
    session->tick(now);
    run();
  }
  if (!session->closed() || !gone || !wire->closed() || !waiting.empty()) std::abort();
  return 0;
}
