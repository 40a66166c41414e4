// A stream that one node began and another one goes on with: the client notices nothing.
#include "protocols/encoding/base64.hpp"
#include "protocols/xmpp/stream_session.hpp"
#include "protocols/xmpp/websocket_wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rookery::xmpp {
namespace {

using testing::HasSubstr;
using testing::Not;

const base::instant start{};

connection_facts facts() {
  connection_facts f;
  f.session_id = "s1";
  f.tls = true;
  f.nonce = "nonce";
  return f;
}
std::shared_ptr<const stream_settings> settings() { return std::make_shared<const stream_settings>(); }

template <class E>
std::optional<E> next(stream_session& s) {
  auto e = s.next_event();
  if (!e || !std::holds_alternative<E>(*e)) return {};
  return std::get<E>(std::move(*e));
}
std::string said(stream_session& s) {
  const std::string out(s.output());
  s.sent(out.size());
  return out;
}
/// As it is over the wire between nodes.
begun_login passed(const stream_session& s) {
  const auto read = read_begun_login(encode(s.begun()));
  EXPECT_TRUE(read);
  return read.value_or(begun_login{});
}
void open(stream_session& s, std::string_view header) {
  s.feed(header, start);
  ASSERT_TRUE(next<stream_event::check_domain>(s));
  s.domain_served(true);
  (void)said(s);
}
const std::string plain = encoding::base64_encode(std::string("\0ann\0secret", 11));
constexpr std::string_view header = "<?xml version='1.0'?><s:stream xmlns='jabber:client' xmlns:s='http://etherx.jabber.org/streams' to='d.test' version='1.0'>";

TEST(BegunLogin, IsAnsweredByTheHome) {
  stream_session near(settings(), facts(), start);
  open(near, header);
  near.feed("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + plain + "</auth>" + std::string(header), start);
  ASSERT_TRUE(next<stream_event::check_password>(near));
  near.password_verified(true);
  ASSERT_TRUE(next<stream_event::authenticated>(near));
  EXPECT_EQ(said(near), "");
  EXPECT_EQ(near.wire_kind(), "xmpp");
  EXPECT_EQ(near.unread(), header);

  stream_session home(settings(), facts(), start, passed(near), "ann@d.test");
  const auto in = next<stream_event::authenticated>(home);
  ASSERT_TRUE(in);
  EXPECT_EQ(in->mechanism, "PLAIN");
  EXPECT_EQ(in->user, "ann@d.test");
  home.feed(near.unread(), start);
  home.accept_login(*read_jid("ann@d.test"));
  EXPECT_FALSE(home.next_event());
  const auto text = said(home);
  EXPECT_THAT(text, HasSubstr("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"));
  EXPECT_THAT(text, HasSubstr("id='s1-2'"));
  EXPECT_THAT(text, HasSubstr("urn:ietf:params:xml:ns:xmpp-bind"));
}

TEST(BegunLogin, ThatTheHomeRefusesCanBeTriedAgainThere) {
  stream_session near(settings(), facts(), start);
  open(near, header);
  near.feed("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + plain + "</auth>", start);
  ASSERT_TRUE(next<stream_event::check_password>(near));
  near.password_verified(true);
  ASSERT_TRUE(next<stream_event::authenticated>(near));
  stream_session home(settings(), facts(), start, passed(near), "ann@d.test");
  ASSERT_TRUE(next<stream_event::authenticated>(home));
  home.refuse_login("account-disabled");
  EXPECT_THAT(said(home), HasSubstr("<account-disabled/>"));
  // The stream is the one that the client opened, with its own prefix.
  home.feed("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + plain + "</auth></s:stream>", start);
  ASSERT_TRUE(next<stream_event::check_password>(home));
  home.password_verified(false);
  ASSERT_TRUE(next<stream_event::authentication_failed>(home));
  EXPECT_TRUE(next<stream_event::gone>(home)->finished);
}

TEST(BegunLogin, InOneStepKeepsWhatTheClientWishes) {
  stream_session near(settings(), facts(), start);
  open(near, header);
  near.feed("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>" + plain +
                "</initial-response><user-agent id='u'/><bind xmlns='urn:xmpp:bind:0'><tag>T</tag><enable xmlns='urn:xmpp:carbons:2'/><enable xmlns='urn:xmpp:sm:3' resume='1'/></bind></authenticate>",
            start);
  ASSERT_TRUE(next<stream_event::check_password>(near));
  near.password_verified(true);
  ASSERT_TRUE(next<stream_event::authenticated>(near));
  stream_session home(settings(), facts(), start, passed(near), "ann@d.test");
  ASSERT_TRUE(next<stream_event::authenticated>(home));
  home.accept_login(*read_jid("ann@d.test"));
  const auto bind = next<stream_event::bind_resource>(home);
  ASSERT_TRUE(bind);
  EXPECT_EQ(bind->tag, "T");
  EXPECT_EQ(bind->client_id, "u");
  EXPECT_TRUE(bind->carbons);
  home.bound(*read_jid("ann@d.test/T"));
  const auto managed = next<stream_event::enable_management>(home);
  ASSERT_TRUE(managed);
  EXPECT_TRUE(managed->resume);
  home.management_enabled("id1", std::chrono::seconds(60));
  home.feed("<message to='bob@d.test'><body>hi</body></message></s:stream>", start);
  const auto message = next<stream_event::stanza>(home);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->what.space, space::client);
  EXPECT_TRUE(next<stream_event::gone>(home)->finished);
  const auto text = said(home);
  EXPECT_THAT(text, HasSubstr("<success xmlns='urn:xmpp:sasl:2'>"));
  EXPECT_THAT(text, HasSubstr("id='id1'"));
  EXPECT_THAT(text, Not(HasSubstr("<stream:stream")));
}

TEST(BegunLogin, ByTokenIsProvedAtTheHome) {
  stream_session near(settings(), facts(), start);
  open(near, header);
  near.feed("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='HT-SHA-256-NONE'><initial-response>" + encoding::base64_encode("ann" + std::string(1, '\0') + std::string(32, 'x')) +
                "</initial-response><user-agent id='u'/><fast xmlns='urn:xmpp:fast:0'/></authenticate>",
            start);
  ASSERT_TRUE(next<stream_event::find_tokens>(near));
  const auto begun = passed(near);
  EXPECT_FALSE(begun.proved);
  stream_session home(settings(), facts(), start, begun, "ann@d.test");
  const auto asked = next<stream_event::find_tokens>(home);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->user, "ann");
  EXPECT_EQ(asked->client_id, "u");
  home.tokens_found({});
  ASSERT_TRUE(next<stream_event::authentication_failed>(home));
  home.say_failure();
  EXPECT_THAT(said(home), HasSubstr("<failure xmlns='urn:xmpp:sasl:2'>"));
}

TEST(BegunLogin, IsReadAsItWasWritten) {
  begun_login b;
  b.domain = "d.test";
  b.opening = "<stream>";
  b.streams = 2;
  b.failures = 3;
  b.mechanism = "PLAIN";
  b.last = std::string("\0v", 2);
  b.wishes.emplace();
  b.wishes->resume = login_wishes::resumption{"p", 7};
  b.wishes->active = false;
  b.wishes->by_token = true;
  const auto text = encode(b);
  const auto read = read_begun_login(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), text);
  EXPECT_EQ(read->wishes->resume->handled, 7u);
  EXPECT_EQ(read->wishes->active, std::optional(false));
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(read_begun_login(std::string_view(text).substr(0, n))) << n;
  EXPECT_FALSE(read_begun_login(text + "x"));
  b.wishes.reset(); // nobody has proved anything
  EXPECT_FALSE(read_begun_login(encode(b)));
  b.proved = true;
  b.domain.clear();
  EXPECT_FALSE(read_begun_login(encode(b)));
}

} // namespace
} // namespace rookery::xmpp
