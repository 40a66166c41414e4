#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/pubsub/bookmarks.hpp"
#include "protocols/xmpp/pubsub/vcard_avatar.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp::pubsub {
namespace {

xml::element read(std::string_view text) {
  auto parsed = xml::parse(text);
  return std::get<xml::element>(std::move(parsed));
}

TEST(Bookmarks, HaveTwoForms) {
  const auto all = read_storage(read("<storage xmlns='storage:bookmarks'><conference jid='Den@Conference.x' name='The Den' autojoin='1'><nick>n</nick></conference>"
                                     "<conference jid='@'/><conference jid='den@conference.x' name='again'/><url name='u'/></storage>"));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].first, "den@conference.x");
  EXPECT_EQ(xml::to_text(all[0].second), "<conference xmlns='urn:xmpp:bookmarks:1' name='The Den' autojoin='true'><nick>n</nick></conference>");
  EXPECT_EQ(read_storage(to_storage(all)), all);
}

TEST(Bookmarks, DifferByWhatChanged) {
  const auto one = [](const char* name, const char* more = "") {
    return read(std::string("<conference xmlns='urn:xmpp:bookmarks:1' name='") + name + "' autojoin='false'>" + more + "</conference>");
  };
  const auto d = differences({{"a", one("a", "<extensions><x xmlns='y'/></extensions>")}, {"b", one("b")}, {"c", one("c")}}, {{"a", one("other")}, {"b", one("b")}, {"d", one("d")}});
  ASSERT_EQ(d.published.size(), 2u);
  EXPECT_EQ(d.published[0].first, "a");
  EXPECT_NE(d.published[0].second.child("extensions", bookmarks_node), nullptr);
  EXPECT_EQ(d.published[1].first, "d");
  EXPECT_EQ(d.retracted, std::vector<std::string>{"c"});
}

TEST(VcardAvatar, GoesThereAndBack) {
  auto card = read("<vCard xmlns='vcard-temp'><FN>A</FN><PHOTO><TYPE>PNG</TYPE><BINVAL>\n aGVs\nbG8= </BINVAL></PHOTO></vCard>");
  const auto photo = photo_of(card);
  ASSERT_TRUE(photo);
  EXPECT_EQ(photo->id, "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d");
  EXPECT_EQ(photo->type, "image/png");
  const auto named = present_avatar(avatar_metadata(*photo));
  ASSERT_TRUE(named);
  const auto again = read_avatar(avatar_data(*photo), *named);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->octets, "hello");
  set_photo(card, {});
  EXPECT_EQ(xml::to_text(card), "<vCard xmlns='vcard-temp'><FN>A</FN></vCard>");
  set_photo(card, again);
  EXPECT_EQ(photo_of(card)->id, photo->id);
  // Another picture than its id says is none; so is what is no base64.
  EXPECT_FALSE(read_avatar(avatar_data(*photo), {"00", ""}));
  for (const auto* wrong : {"<vCard xmlns='vcard-temp'/>", "<vCard xmlns='vcard-temp'><PHOTO><BINVAL/></PHOTO></vCard>",
                            "<vCard xmlns='vcard-temp'><PHOTO><BINVAL>%%%</BINVAL></PHOTO></vCard>", "<vCard xmlns='vcard-temp'><PHOTO><EXTVAL>u</EXTVAL></PHOTO></vCard>"})
    EXPECT_FALSE(photo_of(read(wrong))) << wrong;
  EXPECT_FALSE(present_avatar(read("<metadata xmlns='urn:xmpp:avatar:metadata'><info id='1' url='https://x'/></metadata>")));
}

TEST(VcardAvatar, IsSaidInPresence) {
  const auto with = [](const char* inner) {
    auto p = read(std::string("<presence xmlns='jabber:client'>") + inner + "</presence>");
    add_photo_digest(p, "abc");
    return xml::to_text(p, "jabber:client");
  };
  const std::string_view want = "<presence><x xmlns='vcard-temp:x:update'><photo>abc</photo></x></presence>";
  EXPECT_EQ(with(""), want);
  EXPECT_EQ(with("<x xmlns='vcard-temp:x:update'/>"), want);
  EXPECT_EQ(with("<x xmlns='vcard-temp:x:update'><photo/></x>"), want);
  EXPECT_EQ(with("<x xmlns='vcard-temp:x:update'><photo>own</photo></x>"), "<presence><x xmlns='vcard-temp:x:update'><photo>own</photo></x></presence>");
}

} // namespace
} // namespace rookery::xmpp::pubsub
