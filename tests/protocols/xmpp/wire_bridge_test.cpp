// A BOSH client here, its stream's session elsewhere: what each says comes to the other as it was said.
#include "protocols/xmpp/wire_bridge.hpp"

#include "protocols/xml/reader.hpp"
#include "protocols/xmpp/bosh_wire.hpp"
#include "protocols/xmpp/stream_session.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp {
namespace {

constexpr base::instant t0{};

xml::element parse(const std::string& text) { return std::get<xml::element>(xml::parse(text)); }

class WireBridge : public ::testing::Test {
protected:
  WireBridge() : wire_("secret", parse("<body rid='10' to='x.example' wait='30' hold='1' xmlns='http://jabber.org/protocol/httpbind'/>"), t0) {
    // What was said before the stream was given away.
    request(10, {}, "to='x.example'");
    while (wire_.read().what) {}
    wire_.open("first", "x.example");
    wire_.put("<stream:features/>");
    (void)answers();
    bridge_.emplace(wire_);
  }
  void request(int rid, const std::string& inside = {}, const std::string& attributes = {}) {
    const auto text = "<body rid='" + std::to_string(rid) + "' sid='secret' " + attributes +
                      " xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh'>" + inside + "</body>";
    wire_.request(parse(text), text.size(), static_cast<std::uint64_t>(rid), t0);
  }
  std::string answers() {
    std::string out;
    for (const auto& a : wire_.take_answers(t0)) out += a.body;
    return out;
  }
  std::string said() {
    std::string out;
    for (auto one = bridge_->from_client(); !one.empty(); one = bridge_->from_client()) out += one;
    return out;
  }
  bool hears(std::string_view octets) {
    bridge_->take(octets);
    return bridge_->tell();
  }
  static std::string body(const std::string& inside) { return "<body xmlns='http://jabber.org/protocol/httpbind'>" + inside + "</body>"; }

  bosh_wire wire_;
  std::optional<wire_bridge> bridge_;
};

TEST_F(WireBridge, CarriesElementsBothWays) {
  request(11, "<message xmlns='jabber:client' id='a'><body>1 &lt; 2</body></message><iq xmlns='jabber:client' type='get' id='b'><ping xmlns='urn:xmpp:ping'/></iq>");
  EXPECT_EQ(said(), "<message id='a'><body>1 &lt; 2</body></message><iq type='get' id='b'><ping xmlns='urn:xmpp:ping'/></iq>");
  EXPECT_TRUE(hears(" <message id='c' from='y'><x xmlns='a:b'/>&amp;</message>\n<presence/>"));
  EXPECT_EQ(answers(), body("<message xmlns='jabber:client' id='c' from='y'><x xmlns='a:b'/>&amp;</message><presence xmlns='jabber:client'/>"));
}

TEST_F(WireBridge, AnElementIsToldWhenItIsWhole) {
  request(11);
  const std::string text = "<message id='c'><body>" + std::string(300, 'x') + "</body></message>";
  for (std::size_t i = 0; i + 1 < text.size(); ++i) EXPECT_FALSE(hears(text.substr(i, 1)));
  EXPECT_EQ(answers(), "");
  EXPECT_TRUE(hears(text.substr(text.size() - 1)));
  EXPECT_NE(answers().find("</body></message></body>"), std::string::npos);
}

TEST_F(WireBridge, ARestartOpensBothSidesAnew) {
  request(11, {}, "xmpp:restart='true' to='x.example'");
  EXPECT_EQ(said(), "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='x.example' version='1.0'>");
  EXPECT_TRUE(hears("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' id='s2' from='x.example'>"
                    "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"));
  EXPECT_EQ(answers(), body("<stream:features xmlns:stream='http://etherx.jabber.org/streams'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"));
}

TEST_F(WireBridge, EndsAreToldOn) {
  request(11, {}, "type='terminate'");
  EXPECT_EQ(said(), "</stream:stream>");
  EXPECT_FALSE(bridge_->ended());
  EXPECT_TRUE(hears("</stream:stream>"));
  EXPECT_TRUE(bridge_->ended());
  EXPECT_FALSE(bridge_->hungry());
}

TEST_F(WireBridge, WhatCannotBeReadEndsIt) {
  for (const auto* octets : {"<message></presence>", "<!DOCTYPE x>", "<a:b/>"}) {
    wire_bridge one(wire_);
    one.take(octets);
    one.tell();
    EXPECT_TRUE(one.ended()) << octets;
  }
}

TEST_F(WireBridge, AClientThatDoesNotReadHoldsItUp) {
  const std::string message = "<message><body>" + std::string(50'000, 'x') + "</body></message>";
  std::size_t taken = 0;
  // Nobody asks: nothing is answered, and soon no more is taken.
  while (bridge_->hungry() && taken < (16u << 20)) {
    hears(message);
    taken += message.size();
  }
  EXPECT_LE(taken, wire_bridge::told_octets + wire_bridge::taken_octets + 2 * message.size());
  EXPECT_LE(wire_.pending(), wire_bridge::told_octets + 2 * message.size());
  request(11);
  EXPECT_GT(answers().size(), wire_bridge::told_octets);
  bridge_->tell();
  EXPECT_TRUE(bridge_->hungry());
}

/// The whole of it: a login here, and the same stream in a session of its own there.
TEST_F(WireBridge, AStreamGoesOnWithASessionElsewhere) {
  auto settings = std::make_shared<stream_settings>();
  connection_facts facts;
  facts.session_id = "home";
  facts.tls = true;
  begun_login begun;
  begun.domain = "x.example";
  begun.streams = 1;
  begun.proved = true;
  begun.mechanism = "PLAIN";
  stream_session home(settings, facts, t0, begun, "user@x.example");
  const auto run = [&] {
    for (;;) {
      bool moved = false;
      for (auto one = bridge_->from_client(); !one.empty(); one = bridge_->from_client()) home.feed(one, t0), moved = true;
      while (auto e = home.next_event()) {
        using namespace stream_event;
        moved = true;
        if (std::holds_alternative<authenticated>(*e)) home.accept_login(*read_jid("user@x.example"));
        else if (std::holds_alternative<check_domain>(*e)) home.domain_served(true);
        else if (std::holds_alternative<bind_resource>(*e)) home.bound(*read_jid("user@x.example/r"));
        else if (std::holds_alternative<stanza>(*e)) home.send(std::make_shared<const std::string>("<message id='answer'/>")), home.handled(1);
      }
      if (const auto out = home.output(); !out.empty()) {
        bridge_->take(out);
        home.sent(out.size());
      }
      if (!bridge_->tell() && !moved) return answers();
    }
  };
  request(11);
  EXPECT_NE(run().find("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"), std::string::npos);
  request(12, {}, "xmpp:restart='true' to='x.example'");
  EXPECT_NE(run().find("<stream:features xmlns:stream="), std::string::npos);
  request(13, "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
  EXPECT_NE(run().find("<jid>user@x.example/r</jid>"), std::string::npos);
  request(14, "<message xmlns='jabber:client' id='m' to='z@x.example'/>");
  EXPECT_NE(run().find("id='answer'"), std::string::npos);
  request(15, {}, "type='terminate'");
  run();
  EXPECT_TRUE(home.closed());
  EXPECT_TRUE(bridge_->ended());
}

} // namespace
} // namespace rookery::xmpp
