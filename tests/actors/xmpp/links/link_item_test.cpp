#include "actors/xmpp/links/link_item.hpp"
#include "base/codec.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

link_item example() {
  link_item i;
  i.number = 9;
  i.from = *xmpp::read_jid("ann@d0.test/r");
  i.to = {*xmpp::read_jid("bob@d1.test")};
  auto m = xmpp::make_message("chat");
  m.set("from", "ann@d0.test/r").set("to", "bob@d1.test").add("body").add_text("a < b & ü");
  i.what = std::make_shared<const xmpp::element>(std::move(m));
  return i;
}

TEST(LinkItem, IsReadAsItWasWritten) {
  auto i = example();
  for (const auto kind : {link_item::how::stanza, link_item::how::news, link_item::how::shared}) {
    i.kind = kind;
    if (kind == link_item::how::shared) i.to.push_back(*xmpp::read_jid("cem@d1.test/x"));
    const auto text = encode(i);
    const auto read = read_link_item(text);
    ASSERT_TRUE(read);
    EXPECT_EQ(encode(*read), text);
    EXPECT_EQ(read->what->child_text("body", xmpp::space::client), "a < b & ü");
    EXPECT_EQ(read->to, i.to);
    for (std::size_t n = 0; n < text.size(); ++n) ASSERT_FALSE(read_link_item(std::string_view(text).substr(0, n))) << n;
    EXPECT_FALSE(read_link_item(text + "x"));
  }
}

TEST(LinkItem, WithWishesHasNoStanza) {
  auto i = example();
  i.what = nullptr;
  EXPECT_FALSE(read_link_item(encode(i)));
  i.wishes = {"urn:a", "urn:b"};
  const auto read = read_link_item(encode(i));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->wishes, i.wishes);
  EXPECT_FALSE(read->what);
}

TEST(LinkItem, IsBounded) {
  auto i = example();
  i.to.clear();
  EXPECT_FALSE(read_link_item(encode(i)));
  i.to.assign(2, *xmpp::read_jid("bob@d1.test"));
  EXPECT_FALSE(read_link_item(encode(i)));
  i.kind = link_item::how::shared;
  EXPECT_TRUE(read_link_item(encode(i)));
  i.to.assign(link_addresses_max + 1, *xmpp::read_jid("bob@d1.test"));
  EXPECT_FALSE(read_link_item(encode(i)));
  i = example();
  auto large = *i.what;
  large.add("more").add_text(std::string(cluster::stream_body_octets_max, 'x'));
  i.what = std::make_shared<const xmpp::element>(std::move(large));
  EXPECT_EQ(encode(i), "");
  auto strange = example();
  auto other = *strange.what;
  other.name = "stream";
  strange.what = std::make_shared<const xmpp::element>(std::move(other));
  EXPECT_FALSE(read_link_item(encode(strange)));
}

TEST(LinkAck, IsReadAsItWasWritten) {
  EXPECT_EQ(read_link_ack(encode_link_ack(1u << 31)), std::optional<std::uint64_t>(1u << 31));
  EXPECT_FALSE(read_link_ack("1234567"));
  EXPECT_FALSE(read_link_ack("123456789"));
}

} // namespace
} // namespace rookery::actors
