/// A client's stream from its octets to its host and back, with a host that accepts all.
#include "protocols/xmpp/stream_session.hpp"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

namespace rookery::xmpp {
namespace {

constexpr std::string_view header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.test' version='1.0'>";
const jid who{"ann", "example.test", "phone"};

/// The stanzas that came.
std::uint32_t serve(stream_session& s) {
  std::uint32_t stanzas = 0;
  while (auto e = s.next_event()) {
    if (std::holds_alternative<stream_event::check_domain>(*e)) s.domain_served(true);
    else if (std::holds_alternative<stream_event::check_password>(*e)) s.password_verified(true);
    else if (std::holds_alternative<stream_event::authenticated>(*e)) s.accept_login(who.bare());
    else if (std::holds_alternative<stream_event::bind_resource>(*e)) s.bound(who);
    else if (std::holds_alternative<stream_event::enable_management>(*e)) s.management_enabled("id", std::chrono::seconds(600));
    else if (std::holds_alternative<stream_event::stanza>(*e)) ++stanzas;
  }
  s.sent(s.output().size());
  return stanzas;
}

std::unique_ptr<stream_session> opened(bool managed) {
  auto settings = std::make_shared<stream_settings>();
  settings->limits.octets_a_second = 0;
  connection_facts facts;
  facts.tls = true;
  auto s = std::make_unique<stream_session>(settings, facts, base::instant());
  std::string text(header);
  text += "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFubgBzZWNyZXQ=</auth>";
  s->feed(text, base::instant());
  serve(*s);
  s->feed(header, base::instant());
  s->feed("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", base::instant());
  if (managed) s->feed("<enable xmlns='urn:xmpp:sm:3'/>", base::instant());
  serve(*s);
  return s;
}

void stanza_in(benchmark::State& state) {
  const auto s = opened(state.range(0) != 0);
  const std::string text = "<message type='chat' id='5f2c7a90' to='bob@example.test/phone'><body>" + std::string(100, 'x') + "</body></message>";
  std::uint32_t all = 0;
  for (auto _ : state) {
    s->feed(text, base::instant());
    all += serve(*s);
    s->handled(all);
    serve(*s);
  }
  if (all != state.iterations()) state.SkipWithError("a stanza is missing");
}
BENCHMARK(stanza_in)->ArgName("managed")->Arg(0)->Arg(1);

void stanza_out(benchmark::State& state) {
  const auto s = opened(state.range(0) != 0);
  const auto octets = std::make_shared<const std::string>("<message from='bob@example.test/phone' to='ann@example.test/phone' type='chat' id='5f2c7a90'><body>" +
                                                          std::string(100, 'x') + "</body></message>");
  std::uint32_t all = 0;
  for (auto _ : state) {
    s->send(octets);
    serve(*s);
    if (++all % 100 == 0 && state.range(0) != 0) s->feed("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(all) + "'/>", base::instant());
  }
  if (s->closed()) state.SkipWithError("the stream has ended");
}
BENCHMARK(stanza_out)->ArgName("managed")->Arg(0)->Arg(1);

} // namespace
} // namespace rookery::xmpp
