// What a client asks for with its login, and the tokens that it gets for later ones.
#include "protocols/xml/reader.hpp"
#include "protocols/xmpp/login_tokens.hpp"
#include "protocols/xmpp/login_wishes.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp {
namespace {

using namespace std::chrono_literals;

std::string shown(std::string_view inside, std::string_view attributes = "mechanism='PLAIN'") {
  const auto parsed = xml::parse("<authenticate xmlns='urn:xmpp:sasl:2' " + std::string(attributes) + ">" + std::string(inside) + "</authenticate>");
  const auto* e = std::get_if<element>(&parsed);
  if (e == nullptr) return "no XML";
  std::string_view fault;
  const auto w = read_login_wishes(*e, fault);
  if (!w) return "fault " + std::string(fault);
  std::string text = w->mechanism;
  if (w->initial) text += " initial=" + *w->initial;
  if (!w->client_id.empty()) text += " client=" + w->client_id;
  if (w->resume) text += " resume=" + w->resume->previous + "/" + std::to_string(w->resume->handled);
  if (w->bind) text += " bind" + (w->tag.empty() ? "" : "=" + w->tag);
  if (w->carbons) text += " carbons";
  if (w->manage) text += w->resumable ? " resumable" : " managed";
  if (w->active) text += *w->active ? " active" : " inactive";
  if (!w->token_mechanism.empty()) text += " wants=" + w->token_mechanism;
  if (w->by_token) text += w->forget_token ? " token, forgotten" : " token";
  return text;
}

TEST(LoginWishes, AreRead) {
  EXPECT_EQ(shown(""), "PLAIN");
  EXPECT_EQ(shown("", ""), "");
  EXPECT_EQ(shown("<initial-response>aGk=</initial-response>"), "PLAIN initial=hi");
  EXPECT_EQ(shown("<initial-response/>"), "PLAIN initial=");
  EXPECT_EQ(shown("<initial-response>!</initial-response>"), "fault incorrect-encoding");
  EXPECT_EQ(shown("<user-agent id='d4565fa7'><software>S</software><device>D</device></user-agent>"), "PLAIN client=d4565fa7");
  EXPECT_EQ(shown("<user-agent/>"), "PLAIN");
  EXPECT_EQ(shown("<user-agent id='" + std::string(201, 'i') + "'/>"), "fault malformed-request");
  EXPECT_EQ(shown("<bind xmlns='urn:xmpp:bind:0'/>"), "PLAIN bind");
  EXPECT_EQ(shown("<bind xmlns='urn:xmpp:bind:0'><tag>Bird</tag><enable xmlns='urn:xmpp:carbons:2'/><enable xmlns='urn:xmpp:sm:3' resume='1'/>"
                  "<inactive xmlns='urn:xmpp:csi:0'/></bind>"),
            "PLAIN bind=Bird carbons resumable inactive");
  EXPECT_EQ(shown("<bind xmlns='urn:xmpp:bind:0'><tag>" + std::string(101, 't') + "</tag><enable xmlns='urn:xmpp:sm:3'/><active xmlns='urn:xmpp:csi:0'/></bind>"),
            "PLAIN bind managed active");
  EXPECT_EQ(shown("<resume xmlns='urn:xmpp:sm:3' previd='i' h='4294967295'/>"), "PLAIN resume=i/4294967295");
  for (const auto* wrong : {"<resume xmlns='urn:xmpp:sm:3' previd='i'/>", "<resume xmlns='urn:xmpp:sm:3' h='1'/>", "<resume xmlns='urn:xmpp:sm:3' previd='i' h='4294967296'/>"})
    EXPECT_EQ(shown(wrong), "fault malformed-request") << wrong;
  EXPECT_EQ(shown("<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>"), "PLAIN wants=HT-SHA-256-NONE");
  EXPECT_EQ(shown("<fast xmlns='urn:xmpp:fast:0'/>", "mechanism='HT-SHA-256-NONE'"), "HT-SHA-256-NONE token");
  EXPECT_EQ(shown("<fast xmlns='urn:xmpp:fast:0' invalidate='true'/>"), "PLAIN token, forgotten");
  // What is of another namespace is no wish.
  EXPECT_EQ(shown("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><resume/><fast/>"), "PLAIN");
}

login_token token(std::string id, base::wall_time issued, base::wall_time expires, std::string password = "p") {
  return {std::move(id), std::string("\0sealed", 7), "HT-SHA-256-NONE", std::move(password), issued, expires};
}
std::string ids(const login_tokens& t) {
  std::string all;
  for (const auto& one : t.all()) all += one.id;
  return all;
}

TEST(LoginTokens, AreWrittenAndRead) {
  login_tokens t;
  EXPECT_EQ(login_tokens::decode(t.encode())->all(), t.all());
  const auto now = base::from_milliseconds(1'700'000'000'123);
  t.add(token("<a>", now, now + 24h), "");
  t.add(token("b", now + 1h, now + 25h), "<a>");
  const auto read = login_tokens::decode(t.encode());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->all(), t.all());
  EXPECT_EQ(read->until(), now + 25h);
  for (const auto* wrong : {"", "<tokens/>", "<tokens xmlns='urn:rookery:tokens'><token issued='x' expires='2020-01-01T00:00:00Z'/></tokens>",
                            "<tokens xmlns='urn:rookery:tokens'><token issued='2020-01-01T00:00:00Z' expires='2020-01-01T00:00:00Z'>!</token></tokens>"})
    EXPECT_FALSE(login_tokens::decode(wrong)) << wrong;
}

TEST(LoginTokens, AreRotatedWithoutLosingTheOneInUse) {
  const auto now = base::from_milliseconds(1'700'000'000'000);
  login_tokens t;
  t.add(token("a", now, now + 100h), "");
  EXPECT_FALSE(t.is_due("a", now + 23h));
  EXPECT_TRUE(t.is_due("a", now + 24h));
  EXPECT_FALSE(t.is_due("none", now + 24h));
  t.add(token("b", now + 24h, now + 124h), "a");
  EXPECT_EQ(ids(t), "ab");
  // The answer with b was lost: a is used again, and c takes the place of b.
  EXPECT_FALSE(t.used("a"));
  t.add(token("c", now + 25h, now + 125h), "a");
  EXPECT_EQ(ids(t), "ac");
  EXPECT_TRUE(t.used("c"));
  EXPECT_EQ(ids(t), "c");
  EXPECT_FALSE(t.used("a"));
  // A login by password begins anew.
  t.add(token("d", now + 26h, now + 126h), "");
  EXPECT_EQ(ids(t), "d");
  EXPECT_TRUE(t.forget("d"));
  EXPECT_FALSE(t.forget("d"));
  EXPECT_TRUE(t.empty());
}

TEST(LoginTokens, EndWithTheirTimeAndWithThePassword) {
  const auto now = base::from_milliseconds(1'700'000'000'000);
  login_tokens t;
  t.add(token("a", now, now + 1h), "");
  t.add(token("b", now, now + 2h), "a");
  EXPECT_FALSE(t.drop_ended(now, "p"));
  EXPECT_TRUE(t.drop_ended(now + 1h, "p"));
  EXPECT_EQ(ids(t), "b");
  EXPECT_TRUE(t.drop_ended(now, "another"));
  EXPECT_TRUE(t.empty());
}

} // namespace
} // namespace rookery::xmpp
