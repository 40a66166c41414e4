/// Streams on other wires than TCP: what goes in and out of the same session.
#include "protocols/xmpp/stream_session.hpp"
#include "protocols/xmpp/websocket_wire.hpp"
#include "tests/protocols/websocket/client_frames.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp {
namespace {

using tests::client_frame;
using tests::client_text;

constexpr base::instant t0{};

TEST(StandingAlone, DeclaresWhatIsMissing) {
  EXPECT_EQ(standing_alone("<message to='a'/>"), "<message xmlns='jabber:client' to='a'/>");
  EXPECT_EQ(standing_alone("<presence/>"), "<presence xmlns='jabber:client'/>");
  EXPECT_EQ(standing_alone("<iq><query xmlns='x'/></iq>"), "<iq xmlns='jabber:client'><query xmlns='x'/></iq>");
  EXPECT_EQ(standing_alone("<r xmlns='urn:xmpp:sm:3'/>"), "<r xmlns='urn:xmpp:sm:3'/>");
  EXPECT_EQ(standing_alone("<stream:features><x/></stream:features>"),
            "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><x/></stream:features>");
}

/// The messages in `octets`, one a line; frames that are none as "(OPCODE)".
std::string unframed(std::string_view octets) {
  std::string out;
  while (!octets.empty()) {
    const auto opcode = octets[0] & 15;
    std::size_t size = static_cast<unsigned char>(octets[1]), head = 2;
    if (size == 126) {
      size = static_cast<std::size_t>(static_cast<unsigned char>(octets[2])) << 8 | static_cast<unsigned char>(octets[3]);
      head = 4;
    }
    if (opcode == 1) out.append(octets.substr(head, size)).append("\n");
    else out.append("(").append(std::to_string(opcode)).append(")\n");
    octets.remove_prefix(head + size);
  }
  return out;
}

class WebSocketStream : public ::testing::Test {
protected:
  WebSocketStream() {
    settings_->starttls_available = false;
    settings_->limits.login_octets = 500;
    facts_.session_id = "s1";
    facts_.tls = true;
    facts_.nonce = "nonce";
    session_.emplace(settings_, facts_, t0, std::make_unique<websocket_wire>(t0));
  }
  /// What the server says to it.
  std::string say(std::string_view octets) {
    for (const char c : octets) session_->feed({&c, 1}, t0);
    return run();
  }
  std::string run() {
    while (auto e = session_->next_event()) {
      using namespace stream_event;
      if (std::holds_alternative<check_domain>(*e)) session_->domain_served(true);
      else if (std::holds_alternative<check_password>(*e)) session_->password_verified(true);
      else if (std::holds_alternative<authenticated>(*e)) session_->accept_login();
      else if (std::holds_alternative<bind_resource>(*e)) session_->bound(*read_jid("user@x.example/r"));
      else if (auto* s = std::get_if<stanza>(&*e)) ended_ += "stanza " + s->what.name + " ", session_->handled(++stanzas_);
      else if (auto* g = std::get_if<gone>(&*e)) ended_ += g->why + (g->finished ? "" : ", may resume");
    }
    const auto out = unframed(session_->output());
    session_->sent(session_->output().size());
    return out;
  }
  void log_in() {
    say(client_text(open));
    say(client_text("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHVzZXIAcGVuY2ls</auth>"));
    say(client_text(open));
    say(client_text("<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"));
  }
  static constexpr const char* open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='x.example' version='1.0'/>";
  std::shared_ptr<stream_settings> settings_ = std::make_shared<stream_settings>();
  connection_facts facts_;
  std::optional<stream_session> session_;
  std::string ended_;
  std::uint32_t stanzas_ = 0;
};

TEST_F(WebSocketStream, OpensAndSaysWhatItCanInMessagesOfTheirOwn) {
  const auto out = say(client_text(open));
  EXPECT_TRUE(out.starts_with("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0' xml:lang='en' id='s1-1' from='x.example'/>\n"
                              "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><mechanisms xmlns="))
      << out;
  EXPECT_EQ(out.find("starttls"), std::string::npos);
}

TEST_F(WebSocketStream, CarriesALoginStanzasAndItsEnd) {
  log_in();
  EXPECT_EQ(session_->address().text(), "user@x.example/r");
  EXPECT_EQ(say(client_text("<message xmlns='jabber:client' to='a@x.example'><body>hi</body></message>")), "");
  EXPECT_EQ(ended_, "stanza message ");
  session_->send(std::make_shared<const std::string>("<message><body>ho</body></message>"));
  EXPECT_EQ(run(), "<message xmlns='jabber:client'><body>ho</body></message>\n");
  EXPECT_EQ(say(client_text("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>")), "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>\n(8)\n");
  EXPECT_EQ(ended_, "stanza message closed by the client");
}

TEST_F(WebSocketStream, CanBeResumedWhenOnlyTheSocketEnded) {
  log_in();
  EXPECT_EQ(say(client_frame(128 | 8, "\x03\xe9")), "(8)\n");
  EXPECT_EQ(ended_, "the peer left, may resume");
  EXPECT_TRUE(session_->closed());
}

TEST_F(WebSocketStream, PingsAnIdleClient) {
  log_in();
  session_->tick(t0 + settings_->limits.idle_time);
  EXPECT_EQ(run(), "(9)\n");
}

TEST_F(WebSocketStream, RefusesWhatIsNoElementOfAStream) {
  struct {
    const char* why;
    std::string in;
    const char* condition;
  } rows[] = {
      {"a stream header", client_text("<stream:stream xmlns:stream='http://etherx.jabber.org/streams' to='x.example'/>"), "invalid-namespace"},
      {"a stanza before it is open", client_text("<message xmlns='jabber:client'/>"), "invalid-namespace"},
      {"half an element", client_text("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'"), "not-well-formed"},
      {"two elements", client_text("<a xmlns='b'/><a xmlns='b'/>"), "not-well-formed"},
      {"nothing", client_text(""), "not-well-formed"},
      {"an entity", client_text("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), "restricted-xml"},
      {"opened twice", client_text(open) + client_text(open), "unsupported-stanza-type"},
  };
  for (const auto& [why, in, condition] : rows) {
    session_.emplace(settings_, facts_, t0, std::make_unique<websocket_wire>(t0));
    const auto out = say(in);
    EXPECT_NE(out.find("<stream:error xmlns:stream='http://etherx.jabber.org/streams'><" + std::string(condition)), std::string::npos) << why << "\n" << out;
    EXPECT_TRUE(out.ends_with("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>\n(8)\n")) << out;
  }
  session_.emplace(settings_, facts_, t0, std::make_unique<websocket_wire>(t0));
  ended_.clear();
  EXPECT_EQ(say(client_text(std::string(501, 'x'))), "(8)\n");
  EXPECT_EQ(ended_, "the peer left, may resume");
}

} // namespace
} // namespace rookery::xmpp
