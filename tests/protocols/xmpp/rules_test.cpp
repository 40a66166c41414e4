#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/archive_query.hpp"
#include "protocols/xmpp/disco.hpp"
#include "protocols/xmpp/message_rules.hpp"
#include "protocols/xmpp/roster.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp {
namespace {

element read(std::string_view text) {
  auto parsed = xml::parse(text);
  return std::get<element>(std::move(parsed));
}

roster_item item(std::string_view state) {
  roster_item i;
  i.contact = {"b", "x.example", {}};
  for (const char c : state) {
    i.to |= c == 't';
    i.from |= c == 'f';
    i.ask |= c == 'a';
    i.pending_in |= c == 'p';
    i.listed |= c == 'l';
    i.approved |= c == 'v';
  }
  return i;
}
std::string state(const roster_item& i) {
  return std::string(i.to ? "t" : "") + (i.from ? "f" : "") + (i.ask ? "a" : "") + (i.pending_in ? "p" : "") + (i.listed ? "l" : "") + (i.approved ? "v" : "");
}
std::string effects(const subscription_outcome& o) {
  return std::string(o.pass_on ? "pass " : "") + (o.answer ? "answer " : "") + (o.shows ? "shows " : "") + (o.hides ? "hides " : "") + (o.changed ? "changed" : "same");
}

struct transition {
  const char* before;
  subscription_step step;
  const char* after;
  const char* does;
};

// RFC 6121 appendix A.2: what the user says.
TEST(Roster, HearsTheUser) {
  using s = subscription_step;
  for (const auto& t : {transition{"", s::subscribe, "al", "pass changed"}, {"l", s::subscribe, "al", "pass changed"},
                        {"al", s::subscribe, "al", "pass same"}, {"tl", s::subscribe, "tl", "pass same"},
                        {"fpl", s::subscribe, "fapl", "pass changed"}, {"tfl", s::unsubscribe, "fl", "pass changed"},
                        {"al", s::unsubscribe, "l", "pass changed"}, {"l", s::unsubscribe, "l", "pass same"},
                        {"p", s::subscribed, "fl", "pass shows changed"}, {"tpl", s::subscribed, "tfl", "pass shows changed"},
                        {"fl", s::subscribed, "fl", "same"},
                        {"p", s::unsubscribed, "", "pass changed"}, {"tfl", s::unsubscribed, "tl", "pass hides changed"},
                        {"tl", s::unsubscribed, "tl", "same"}}) {
    auto i = item(t.before);
    EXPECT_EQ(effects(say(i, t.step)), t.does) << t.before << " " << name(t.step);
    EXPECT_EQ(state(i), t.after) << t.before << " " << name(t.step);
  }
}

// RFC 6121 appendix A.3: what the contact says.
TEST(Roster, HearsTheContact) {
  using s = subscription_step;
  for (const auto& t : {transition{"", s::subscribe, "p", "pass changed"}, {"p", s::subscribe, "p", "same"},
                        {"fl", s::subscribe, "fl", "answer same"}, {"al", s::subscribed, "tl", "pass changed"},
                        {"l", s::subscribed, "l", "same"}, {"tl", s::subscribed, "tl", "same"},
                        {"tfl", s::unsubscribed, "fl", "pass changed"}, {"al", s::unsubscribed, "l", "pass changed"},
                        {"fl", s::unsubscribed, "fl", "same"}, {"tfl", s::unsubscribe, "tl", "pass hides changed"},
                        {"p", s::unsubscribe, "", "pass changed"}, {"tl", s::unsubscribe, "tl", "same"}}) {
    auto i = item(t.before);
    EXPECT_EQ(effects(hear(i, t.step)), t.does) << t.before << " " << name(t.step);
    EXPECT_EQ(state(i), t.after) << t.before << " " << name(t.step);
  }
}

// RFC 6121 §3.4: who is approved ahead is answered at once, and the user is not asked.
TEST(Roster, ApprovesAhead) {
  using s = subscription_step;
  for (const auto& t : {transition{"", s::subscribed, "lv", "changed"}, {"l", s::subscribed, "lv", "changed"}, {"al", s::subscribed, "alv", "changed"},
                        {"tl", s::subscribed, "tlv", "changed"}, {"lv", s::subscribed, "lv", "same"}, {"lv", s::unsubscribed, "l", "changed"},
                        {"flv", s::unsubscribed, "l", "pass hides changed"}}) {
    auto i = item(t.before);
    EXPECT_EQ(effects(say(i, t.step)), t.does) << t.before << " " << name(t.step);
    EXPECT_EQ(state(i), t.after) << t.before << " " << name(t.step);
  }
  for (const auto& t : {transition{"lv", s::subscribe, "flv", "answer shows changed"}, {"tlv", s::subscribe, "tflv", "answer shows changed"},
                        {"flv", s::subscribe, "flv", "answer same"}, {"flv", s::unsubscribe, "lv", "pass hides changed"}}) {
    auto i = item(t.before);
    EXPECT_EQ(effects(hear(i, t.step)), t.does) << t.before << " " << name(t.step);
    EXPECT_EQ(state(i), t.after) << t.before << " " << name(t.step);
  }
  EXPECT_EQ(xml::to_text(shown(item("lv")), space::roster), "<item jid='b@x.example' subscription='none' approved='true'/>");
}

TEST(Roster, IsStoredAndReadAgain) {
  auto i = item("tfaplv");
  i.name = "B & <C>";
  i.groups = {"one", "two"};
  i.request = "it is me";
  EXPECT_EQ(read_roster_item(encode(i)), i);
  EXPECT_EQ(xml::to_text(shown(i), space::roster), "<item jid='b@x.example' subscription='both' name='B &amp; &lt;C&gt;' ask='subscribe' approved='true'><group>one</group><group>two</group></item>");
  for (const auto* text : {"", "<item/>", "<item jid='@'/>", "<what jid='a@b'/>"}) EXPECT_FALSE(read_roster_item(text)) << text;
}

TEST(Roster, ChangesHaveAShape) {
  const auto change = [](std::string_view items, roster_fault& why) {
    return read_roster_change(read("<query xmlns='jabber:iq:roster'>" + std::string(items) + "</query>"), {.items = 10, .name_octets = 5, .groups = 2}, why);
  };
  roster_fault why{};
  const auto good = change("<item jid='A@x.example/r' name='12345'><group>g</group><group>h</group></item>", why);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->contact.text(), "a@x.example");
  EXPECT_EQ(good->groups.size(), 2u);
  EXPECT_TRUE(change("<item jid='a@x' subscription='remove'/>", why)->remove);
  for (const auto* text : {"", "<item/>", "<item jid='a@x'/><item jid='b@x'/>", "<item jid='a@x'><group>g</group><group>g</group></item>", "<what jid='a@x'/>"}) {
    EXPECT_FALSE(change(text, why)) << text;
    EXPECT_EQ(why, roster_fault::bad_request) << text;
  }
  for (const auto* text : {"<item jid='a@x' name='123456'/>", "<item jid='a@x'><group/></item>", "<item jid='a@x'><group>123456</group></item>",
                           "<item jid='a@x'><group>1</group><group>2</group><group>3</group></item>"}) {
    EXPECT_FALSE(change(text, why)) << text;
    EXPECT_EQ(why, roster_fault::not_acceptable) << text;
  }
}

TEST(MessageRules, SayWhereAMessageGoes) {
  const struct { const char* text; bool archive, later, copy; } rows[] = {
      {"<message type='chat'><body>x</body></message>", true, true, true},
      {"<message><body>x</body></message>", true, true, true},
      {"<message type='what'><body>x</body></message>", true, true, true},
      {"<message type='headline'><body>x</body></message>", false, false, false},
      {"<message type='groupchat'><body>x</body></message>", false, false, false},
      {"<message type='error'><body>x</body></message>", false, false, false},
      {"<message type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>", false, false, true},
      {"<message><composing xmlns='http://jabber.org/protocol/chatstates'/></message>", false, false, true},
      {"<message/>", false, false, false},
      {"<message><received xmlns='urn:xmpp:receipts' id='1'/></message>", true, true, true},
      {"<message type='chat'><displayed xmlns='urn:xmpp:chat-markers:0' id='1'/></message>", true, false, true},
      {"<message type='chat'><body>x</body><no-store xmlns='urn:xmpp:hints'/></message>", false, false, true},
      {"<message type='chat'><body>x</body><no-permanent-store xmlns='urn:xmpp:hints'/></message>", false, true, true},
      {"<message type='chat'><what xmlns='u'/><store xmlns='urn:xmpp:hints'/></message>", true, true, true},
      {"<message type='chat'><body>x</body><no-copy xmlns='urn:xmpp:hints'/></message>", true, true, false},
      {"<message type='chat'><body>x</body><private xmlns='urn:xmpp:carbons:2'/></message>", true, true, false},
      {"<message type='chat'><body>x</body><x xmlns='http://jabber.org/protocol/muc#user'/></message>", true, true, false},
      {"<message><x xmlns='http://jabber.org/protocol/muc#user'><invite/></x></message>", true, true, true},
      {"<message><x xmlns='jabber:x:conference' jid='r@x'/></message>", true, true, true},
      {"<message><retract xmlns='urn:xmpp:message-retract:1' id='1'/></message>", true, true, true}};
  for (const auto& row : rows) {
    auto text = std::string(row.text);
    text.insert(8, " xmlns='jabber:client'");
    const auto e = read(text);
    EXPECT_EQ(belongs_in_archive(e), row.archive) << row.text;
    EXPECT_EQ(is_kept_for_later(e), row.later) << row.text;
    EXPECT_EQ(is_copied(e), row.copy) << row.text;
  }
}

TEST(MessageRules, OnlyWeGiveOurStanzaIds) {
  auto e = read("<message xmlns='jabber:client'><stanza-id xmlns='urn:xmpp:sid:0' id='1' by='A@x'/><stanza-id xmlns='urn:xmpp:sid:0' id='2' by='room@x'/><stanza-id xmlns='urn:xmpp:sid:0' id='3'/></message>");
  drop_stanza_ids(e, "a@x");
  add_stanza_id(e, "9", "a@x");
  EXPECT_EQ(xml::to_text(e, space::client), "<message><stanza-id xmlns='urn:xmpp:sid:0' id='2' by='room@x'/><stanza-id xmlns='urn:xmpp:sid:0' id='9' by='a@x'/></message>");
}

TEST(MessageRules, CopiesAreForwarded) {
  const auto e = read("<message xmlns='jabber:client' from='a@x/1' to='b@x' type='chat'><body>x</body></message>");
  EXPECT_EQ(xml::to_text(carbon(e, "sent", {"a", "x", "2"}), space::client),
            "<message from='a@x' to='a@x/2' type='chat'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
            "<message xmlns='jabber:client' from='a@x/1' to='b@x' type='chat'><body>x</body></message></forwarded></sent></message>");
}

std::optional<archive_query> ask(std::string_view inner, condition& why) {
  return read_archive_query(read("<query xmlns='urn:xmpp:mam:2' queryid='q'>" + std::string(inner) + "</query>"), why);
}
std::string field(std::string_view var, std::string_view value) {
  return "<field var='" + std::string(var) + "'><value>" + std::string(value) + "</value></field>";
}
std::string form(std::string_view fields) {
  return "<x xmlns='jabber:x:data' type='submit'>" + field("FORM_TYPE", "urn:xmpp:mam:2") + std::string(fields) + "</x>";
}
std::string set(std::string_view inner) { return "<set xmlns='http://jabber.org/protocol/rsm'>" + std::string(inner) + "</set>"; }

TEST(ArchiveQuery, IsRead) {
  condition why{};
  auto q = ask("", why);
  ASSERT_TRUE(q);
  EXPECT_EQ(q->max, archive_page_usual);
  EXPECT_FALSE(q->backwards);
  EXPECT_EQ(q->query_id, "q");
  q = ask(form(field("with", "B@x.example") + field("start", "2026-01-01T00:00:00Z") + field("end", "2026-01-02T00:00:00Z") + field("after-id", "7") + field("before-id", "70")) +
              set("<max>1000</max><after>9</after>") + "<flip-page/>",
          why);
  ASSERT_TRUE(q);
  EXPECT_EQ(q->with->text(), "b@x.example");
  EXPECT_TRUE(q->start && q->end && q->flipped && !q->backwards);
  EXPECT_EQ(q->after_id, 9u);
  EXPECT_EQ(q->before_id, 70u);
  EXPECT_EQ(q->max, archive_page_most);
  q = ask(set("<before/>"), why);
  ASSERT_TRUE(q);
  EXPECT_TRUE(q->backwards);
  q = ask(set("<max>0</max><before>12</before>"), why);
  ASSERT_TRUE(q);
  EXPECT_EQ(q->before_id, 12u);
  EXPECT_EQ(q->max, 0u);
  q = ask(form("<field var='ids'><value>1</value><value>2</value></field>"), why);
  ASSERT_TRUE(q);
  EXPECT_EQ(q->ids, (std::vector<std::uint64_t>{1, 2}));
}

TEST(ArchiveQuery, IsRefused) {
  const struct { std::string inner; condition why; } rows[] = {
      {form(field("start", "yesterday")), condition::bad_request},    {form(field("with", "@")), condition::bad_request},
      {form(field("what", "1")), condition::feature_not_implemented}, {form(field("after-id", "x")), condition::item_not_found},
      {form(field("ids", "x")), condition::item_not_found},           {set("<max>many</max>"), condition::bad_request},
      {set("<before>x</before>"), condition::item_not_found},         {set("<after>x</after>"), condition::item_not_found},
      {"<x xmlns='jabber:x:data'>" + field("FORM_TYPE", "other") + "</x>", condition::bad_request}};
  for (const auto& row : rows) {
    condition why{};
    EXPECT_FALSE(ask(row.inner, why)) << row.inner;
    EXPECT_EQ(why, row.why) << row.inner;
  }
}

TEST(ArchiveQuery, IsAnswered) {
  EXPECT_EQ(xml::to_text(archive_fin(3, 9, true, true)),
            "<fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'><first>3</first><last>9</last></set></fin>");
  EXPECT_EQ(xml::to_text(archive_fin(3, 9, true, false, 12)),
            "<fin xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><first>3</first><last>9</last><count>12</count></set></fin>");
  EXPECT_EQ(xml::to_text(archive_fin(0, 0, false, false, 0)), "<fin xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><count>0</count></set></fin>");
  EXPECT_EQ(xml::to_text(archive_fin(0, 0, false, false)), "<fin xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'/></fin>");
}

// XEP-0115 §5.2
TEST(Disco, HasADigest) {
  disco_info exodus;
  exodus.identities = {{"client", "pc", "Exodus 0.9.1"}};
  exodus.features = {"http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items", "http://jabber.org/protocol/muc", "http://jabber.org/protocol/caps"};
  EXPECT_EQ(caps_version(exodus), "QgayPKawpkPSDYmwT/WM94uAlu0=");
}

TEST(Retraction, IsOfOnesOwnMessageAndLeavesATombstone) {
  const auto read = [](const std::string& text) { return std::get<element>(xml::parse(text)); };
  const auto said = read("<message xmlns='jabber:client' from='a@x/1' to='b@x' type='chat' id='m1'><body>x</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>");
  const auto back = read("<message xmlns='jabber:client' from='a@x/2' to='b@x' type='chat' id='r1'><retract xmlns='urn:xmpp:message-retract:1' id='m1'/></message>");
  EXPECT_EQ(retracted_id(back), "m1");
  EXPECT_EQ(retracted_id(said), "");
  EXPECT_EQ(retracted_id(read("<message xmlns='jabber:client' type='groupchat'><retract xmlns='urn:xmpp:message-retract:1' id='m1'/></message>")), "");
  const auto a = *read_jid("a@x"), b = *read_jid("b@x");
  EXPECT_TRUE(is_taken_back(said, "m1", a));
  EXPECT_TRUE(is_taken_back(said, "o1", a));
  EXPECT_FALSE(is_taken_back(said, "m2", a));
  EXPECT_FALSE(is_taken_back(said, "", a));
  EXPECT_FALSE(is_taken_back(said, "m1", b));
  EXPECT_FALSE(is_taken_back(back, "r1", a));
  const auto left = tombstone(said, back, base::from_milliseconds(0));
  EXPECT_EQ(xml::to_text(left, space::client),
            "<message from='a@x/1' to='b@x' type='chat' id='m1'><origin-id xmlns='urn:xmpp:sid:0' id='o1'/>"
            "<retracted xmlns='urn:xmpp:message-retract:1' stamp='1970-01-01T00:00:00Z' id='r1'/></message>");
  EXPECT_FALSE(is_taken_back(left, "m1", a));
}

} // namespace
} // namespace rookery::xmpp
