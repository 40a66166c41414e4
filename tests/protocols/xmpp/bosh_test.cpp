/// A stream in HTTP requests: order, windows, lost answers, pauses, ends.
#include "protocols/xml/reader.hpp"
#include "protocols/xmpp/bosh_wire.hpp"
#include "protocols/xmpp/stream_session.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp {
namespace {

using namespace std::chrono_literals;

constexpr base::instant t0{};

/// A client whose requests have their rid as their token.
class Bosh : public ::testing::Test {
protected:
  void begin(const std::string& attributes = "wait='30' hold='1'") {
    settings_->starttls_available = false;
    facts_.session_id = "s1";
    facts_.tls = true;
    const auto first = parse("<body rid='10' to='x.example' " + attributes + " xmlns='http://jabber.org/protocol/httpbind'/>");
    auto wire = std::make_unique<bosh_wire>("secret", first, now_);
    wire_ = wire.get();
    session_.emplace(settings_, facts_, now_, std::move(wire));
  }
  static xml::element parse(const std::string& text) { return std::get<xml::element>(xml::parse(text)); }
  static std::string body(int rid, const std::string& inside = {}, const std::string& attributes = {}) {
    return "<body rid='" + std::to_string(rid) + "' sid='secret' " + attributes +
           " xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh'>" + inside + "</body>";
  }
  /// What is answered after it: "TOKEN BODY" lines.
  std::string ask(const std::string& text, std::uint64_t token) {
    session_->feed({}, now_);
    wire_->request(parse(text), text.size(), token, now_);
    return run();
  }
  std::string ask(int rid, const std::string& inside = {}, const std::string& attributes = {}) {
    return ask(body(rid, inside, attributes), static_cast<std::uint64_t>(rid));
  }
  std::string run() {
    std::string out;
    for (;;) {
      while (auto e = session_->next_event()) {
        using namespace stream_event;
        if (std::holds_alternative<check_domain>(*e)) session_->domain_served(served_);
        else if (std::holds_alternative<check_password>(*e)) session_->password_verified(true);
        else if (std::holds_alternative<authenticated>(*e)) session_->accept_login();
        else if (std::holds_alternative<bind_resource>(*e)) session_->bound(*read_jid("user@x.example/r"));
        else if (auto* s = std::get_if<stanza>(&*e)) log_ += s->what.get("id"), log_ += ' ', session_->handled(++stanzas_);
        else if (auto* g = std::get_if<gone>(&*e)) log_ += g->why + (g->finished ? "" : ", may resume");
      }
      const auto answers = wire_->take_answers(now_);
      if (answers.empty()) return out;
      for (const auto& a : answers) out += std::to_string(a.token) + " " + a.body + "\n";
    }
  }
  std::string after(std::chrono::seconds wait) {
    now_ += wait;
    session_->tick(now_);
    return run();
  }
  void log_in() {
    ask(10);
    ask(11, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHVzZXIAcGVuY2ls</auth>");
    ask(12, {}, "xmpp:restart='true' to='x.example'");
    ask(13, "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
  }
  static std::string message(const std::string& id) { return "<message xmlns='jabber:client' id='" + id + "'/>"; }
  void send(const std::string& id) { session_->send(std::make_shared<const std::string>("<message id='" + id + "'/>")); }
  static constexpr const char* nothing = "<body xmlns='http://jabber.org/protocol/httpbind'/>\n";
  static std::string ended(const std::string& condition) {
    return "<body xmlns='http://jabber.org/protocol/httpbind' type='terminate'" + (condition.empty() ? "" : " condition='" + condition + "'") + "/>\n";
  }

  std::shared_ptr<stream_settings> settings_ = std::make_shared<stream_settings>();
  connection_facts facts_;
  base::instant now_ = t0;
  std::optional<stream_session> session_;
  bosh_wire* wire_ = nullptr;
  bool served_ = true;
  std::uint32_t stanzas_ = 0;
  std::string log_;
};

TEST_F(Bosh, BeginsWithWhatItGrants) {
  begin("wait='600' hold='5' xmpp:version='1.0' xmlns:xmpp='urn:xmpp:xbosh'");
  const auto out = ask(10);
  EXPECT_TRUE(out.starts_with("10 <body xmlns='http://jabber.org/protocol/httpbind' sid='secret' wait='60' hold='1' requests='2' inactivity='60' "
                              "polling='2' maxpause='120' ver='1.11' from='x.example' authid='s1-1' xmlns:xmpp='urn:xmpp:xbosh' "
                              "xmpp:version='1.0' xmpp:restartlogic='true'><stream:features xmlns:stream='http://etherx.jabber.org/streams'>"))
      << out;
}

TEST_F(Bosh, CarriesALoginAndItsRestart) {
  begin();
  EXPECT_NE(ask(10).find("<mechanism>"), std::string::npos);
  EXPECT_NE(ask(11, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHVzZXIAcGVuY2ls</auth>").find("<success xmlns="), std::string::npos);
  EXPECT_NE(ask(12, {}, "xmpp:restart='true' to='x.example'").find("<bind xmlns="), std::string::npos);
  EXPECT_NE(ask(13, "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>").find("<jid>user@x.example/r</jid>"),
            std::string::npos);
}

TEST_F(Bosh, EndsARestartOfWhoHasAResource) {
  begin();
  log_in();
  const auto out = ask(14, {}, "xmpp:restart='true' to='x.example'");
  EXPECT_NE(out.find("<policy-violation"), std::string::npos) << out;
  EXPECT_NE(out.find("type='terminate'"), std::string::npos) << out;
}

TEST_F(Bosh, HoldsOneRequestUntilThereIsSomethingToSay) {
  begin();
  log_in();
  EXPECT_EQ(ask(14), "");
  send("m1");
  send("m2");
  EXPECT_EQ(run(), "14 <body xmlns='http://jabber.org/protocol/httpbind'><message xmlns='jabber:client' id='m1'/><message xmlns='jabber:client' id='m2'/></body>\n");
  EXPECT_EQ(ask(15), "");
  // A second one lets the first go.
  EXPECT_EQ(ask(16, message("a")), std::string("15 ") + nothing);
  EXPECT_EQ(log_, "a ");
  EXPECT_EQ(after(29s), "");
  EXPECT_EQ(after(1s), std::string("16 ") + nothing);
  send("m3");
  EXPECT_EQ(run(), "");
  EXPECT_EQ(ask(17), "17 <body xmlns='http://jabber.org/protocol/httpbind'><message xmlns='jabber:client' id='m3'/></body>\n");
}

TEST_F(Bosh, ReadsRequestsInTheirOrderWithinTheWindow) {
  begin();
  log_in();
  EXPECT_EQ(ask(15, message("second")), "");
  EXPECT_EQ(log_, "");
  EXPECT_EQ(ask(14, message("first")), std::string("14 ") + nothing);
  EXPECT_EQ(log_, "first second ");
  EXPECT_EQ(ask(18), "18 " + ended("item-not-found") + "15 " + ended("item-not-found"));
  EXPECT_EQ(log_, "first second the peer left, may resume");
}

TEST_F(Bosh, AnswersAgainWhatWasLost) {
  begin();
  log_in();
  ask(14);
  send("m1");
  const auto lost = run();
  EXPECT_EQ(ask(body(14), 100), "100" + lost.substr(2));
  EXPECT_EQ(ask(body(13), 101).substr(0, 4), "101 ");
  EXPECT_EQ(ask(body(12), 102), "102 " + ended("item-not-found")); // too long ago
  // One that waits goes on waiting on its new connection.
  EXPECT_EQ(ask(15, message("once")), "");
  EXPECT_EQ(ask(body(15, message("once")), 103), std::string("15 ") + nothing);
  EXPECT_EQ(log_, "once ");
  send("m2");
  EXPECT_EQ(run().substr(0, 4), "103 ");
}

TEST_F(Bosh, EndsWhenTheClientSaysSo) {
  begin();
  log_in();
  ask(14);
  EXPECT_EQ(ask(15, "<presence xmlns='jabber:client' type='unavailable' id='bye'/>", "type='terminate'"), "14 " + ended("") + "15 " + ended(""));
  EXPECT_EQ(log_, "bye closed by the client");
  EXPECT_TRUE(wire_->closed());
}

TEST_F(Bosh, TellsAnErrorOfTheStreamAlsoLater) {
  begin();
  log_in();
  session_->end(stream_fault::conflict);
  EXPECT_EQ(run(), "");
  EXPECT_FALSE(wire_->closed());
  const auto out = ask(14);
  EXPECT_NE(out.find("type='terminate' condition='remote-stream-error'><stream:error xmlns:stream='http://etherx.jabber.org/streams'><conflict"), std::string::npos)
      << out;
  EXPECT_TRUE(wire_->closed());
  served_ = false;
  begin();
  EXPECT_NE(ask(10).find("type='terminate' condition='remote-stream-error'><stream:error"), std::string::npos);
}

TEST_F(Bosh, LeavesASilentClient) {
  begin();
  log_in();
  ask(14);
  EXPECT_EQ(after(30s), std::string("14 ") + nothing);
  EXPECT_EQ(after(59s), "");
  EXPECT_EQ(log_, "");
  after(1s);
  EXPECT_EQ(log_, "the peer left, may resume");
  EXPECT_TRUE(wire_->closed());
  EXPECT_EQ(ask(15), "15 " + ended("item-not-found"));
}

TEST_F(Bosh, LetsAClientPause) {
  begin();
  log_in();
  ask(14);
  EXPECT_EQ(ask(15, {}, "pause='100'"), std::string("14 ") + nothing + "15 " + nothing);
  EXPECT_EQ(after(99s), "");
  EXPECT_EQ(log_, "");
  EXPECT_EQ(ask(16), "");
  EXPECT_EQ(after(30s), std::string("16 ") + nothing);
  after(60s); // the pause was for once
  EXPECT_EQ(log_, "the peer left, may resume");
}

TEST_F(Bosh, RefusesToBePolledTooOften) {
  begin("wait='0' hold='0'");
  log_in();
  EXPECT_EQ(after(2s), "");
  EXPECT_EQ(ask(14), std::string("14 ") + nothing);
  after(2s);
  EXPECT_EQ(ask(15), std::string("15 ") + nothing);
  after(1s);
  EXPECT_EQ(ask(16), "16 " + ended("policy-violation"));
}

TEST_F(Bosh, WantsTheKeysThatWerePromised) {
  begin();
  ask(10, {}, "newkey='86f7e437faa5a7fce15d1ddcb9eaeaea377667b8'"); // SHA-1 of "a"
  EXPECT_EQ(ask(11, {}, "key='a'"), "");
  EXPECT_EQ(ask(12, {}, "key='wrong'"), "11 " + ended("item-not-found") + "12 " + ended("item-not-found"));
}

TEST_F(Bosh, DoesNotAnswerForTheSakeOfTheNextWhatIsNotRead) {
  settings_->limits.unhandled_stanzas = 1;
  begin();
  log_in();
  session_->next_event();
  // The host has not dealt with the first: the second is not read, and so nothing is answered early.
  ask(14, message("a"));
  wire_->request(parse(body(15, message("b") + message("c"))), 100, 15, now_);
  while (session_->next_event()) {}
  for (const auto& a : wire_->take_answers(now_)) EXPECT_EQ(a.token, 14u);
  wire_->request(parse(body(16, message("d"))), 100, 16, now_);
  EXPECT_TRUE(wire_->take_answers(now_).empty());
}

TEST(BoshRequest, HasANumberThatCanBeCounted) {
  const auto id = [](const std::string& rid) {
    return bosh_request_id(std::get<xml::element>(xml::parse("<body rid='" + rid + "' xmlns='http://jabber.org/protocol/httpbind'/>")));
  };
  EXPECT_EQ(id("1"), 1u);
  EXPECT_EQ(id("9007199254740991"), 9007199254740991u);
  for (const char* bad : {"", "0", "-1", "9007199254740992", "1e3", " 1"}) EXPECT_FALSE(id(bad)) << bad;
}

} // namespace
} // namespace rookery::xmpp
