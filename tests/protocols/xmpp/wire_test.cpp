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

/// All that the wire reads now: names of stanzas with their namespaces, "open", "close", "fault".
std::string readings(xml_wire& w) {
  std::string out;
  for (auto p = w.read(); p.what || p.used > 0; p = w.read()) {
    if (!p.what) continue;
    if (const auto* child = std::get_if<xml::child_read>(&*p.what)) out += child->child.name + "{" + child->child.space + "} ";
    else if (std::holds_alternative<xml::root_opened>(*p.what)) out += "open ";
    else if (std::holds_alternative<xml::root_closed>(*p.what)) out += "close ";
    else return out + "fault";
  }
  return out;
}
constexpr std::string_view xml_opening = "<?xml version='1.0'?> <stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='a'>";

TEST(XmlWire, AStreamThatIsQuietHasNoReaderAndGoesOnAsBefore) {
  xml_wire w;
  w.restart({});
  auto now = t0 + std::chrono::hours(1);
  EXPECT_EQ(w.deadline(), std::nullopt) << "the stream is not open";
  w.feed(xml_opening, now);
  EXPECT_EQ(readings(w), "open ");
  for (const std::string_view said : {"<message><body>a</body></message>", " ", "<stream:features/><iq/>\n", "<presence xmlns='jabber:server'/>"}) {
    EXPECT_EQ(w.deadline(), now + reader_rest) << said;
    w.tick(now + reader_rest - std::chrono::milliseconds(1));
    EXPECT_FALSE(w.rests());
    w.tick(now + reader_rest);
    EXPECT_TRUE(w.rests()) << said;
    EXPECT_EQ(w.deadline(), std::nullopt);
    EXPECT_EQ(readings(w), "");
    EXPECT_TRUE(w.rests());
    EXPECT_EQ(w.opening(), xml_opening);
    now += std::chrono::minutes(1);
    w.feed(said, now);
    EXPECT_EQ(readings(w), said.starts_with("<m") ? "message{jabber:client} " : said == " " ? "" : said.starts_with("<p") ? "presence{jabber:server} "
                           : "features{http://etherx.jabber.org/streams} iq{jabber:client} ");
  }
  w.tick(now + reader_rest);
  ASSERT_TRUE(w.rests());
  w.feed("</stream:stream>", now);
  EXPECT_EQ(readings(w), "close ");
  w.tick(now + reader_rest * 2);
  EXPECT_FALSE(w.rests()) << "what follows is not read any more";
}

TEST(XmlWire, HalfAStanzaIsKept) {
  for (const std::string_view half : {"<", "<mess", "<message", "<message><bo", "<message><body>te", "<message><body/></mess"}) {
    xml_wire w;
    w.restart({});
    w.feed(xml_opening, t0);
    readings(w);
    w.tick(t0 + reader_rest);
    ASSERT_TRUE(w.rests());
    w.feed(half, t0 + reader_rest);
    EXPECT_EQ(readings(w), "") << half;
    EXPECT_EQ(w.deadline(), std::nullopt) << half;
    w.tick(t0 + reader_rest * 5);
    EXPECT_FALSE(w.rests()) << half;
    w.feed(std::string_view("<message><body>text</body></message>").substr(half == "<message><body/></mess" ? 36 : half.size()), t0);
    if (half == "<message><body/></mess") w.feed("age>", t0);
    EXPECT_EQ(readings(w), "message{jabber:client} ") << half;
  }
}

TEST(XmlWire, BoundsHoldAfterItHasRested) {
  xml_wire w;
  w.restart({});
  w.feed(xml_opening, t0);
  readings(w);
  w.tick(t0 + reader_rest);
  ASSERT_TRUE(w.rests());
  xml::limits small;
  small.stanza_octets = 100;
  w.widen(small);
  w.feed("<message><body>" + std::string(200, 'a') + "</body></message>", t0);
  EXPECT_EQ(readings(w), "fault");
  w.tick(t0 + reader_rest * 2);
  EXPECT_FALSE(w.rests());
  w.feed("<message/>", t0);
  EXPECT_EQ(readings(w), "fault");
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
