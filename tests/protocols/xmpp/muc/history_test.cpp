#include "protocols/xmpp/muc/history.hpp"

#include "protocols/xml/reader.hpp"
#include "protocols/xmpp/stanza.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp::muc {
namespace {

std::shared_ptr<const xml::element> said(std::string_view text) {
  auto m = make_message("groupchat");
  m.add("body").add_text(text);
  return std::make_shared<const xml::element>(std::move(m));
}

std::string text(const std::vector<const history::message*>& all) {
  std::string out;
  for (const auto* m : all) out += m->stanza->child_text("body", space::client);
  return out;
}

TEST(RoomHistory, GivesTheLastWithinTheWish) {
  history h(5, 10'000);
  for (int i = 1; i <= 7; ++i) h.add(static_cast<std::uint64_t>(i), base::from_milliseconds(i * 1000), said(std::to_string(i)));
  EXPECT_EQ(h.size(), 5u);
  const auto octets = h.find(7)->octets;
  EXPECT_EQ(text(h.for_entrant({}, 100)), "34567");
  EXPECT_EQ(text(h.for_entrant({}, 2)), "67");
  history_wish w;
  w.stanzas = 3;
  EXPECT_EQ(text(h.for_entrant(w, 100)), "567");
  w.stanzas = 0;
  EXPECT_EQ(text(h.for_entrant(w, 100)), "");
  w = {};
  w.characters = 2 * octets;
  EXPECT_EQ(text(h.for_entrant(w, 100)), "67");
  w = {};
  w.since = base::from_milliseconds(6000);
  EXPECT_EQ(text(h.for_entrant(w, 100)), "67");
  h.replace(6, said("x"));
  h.replace(1, said("y"));
  EXPECT_EQ(text(h.for_entrant({}, 100)), "345x7");
  EXPECT_EQ(h.find(1), nullptr);
}

TEST(RoomHistory, IsBoundedInOctets) {
  history h(100, 1000);
  for (int i = 1; i <= 20; ++i) h.add(static_cast<std::uint64_t>(i), {}, said(std::string(100, 'x')));
  EXPECT_LT(h.size(), 8u);
  EXPECT_GT(h.size(), 3u);
  h.add(21, {}, said(std::string(5000, 'x')));
  EXPECT_EQ(h.size(), 1u) << "one is always kept";
}

TEST(RoomHistory, ReadsWishes) {
  const auto now = base::from_milliseconds(1'700'000'000'000);
  const auto wish = [&](const std::string& attributes) {
    const auto read = xml::parse("<history xmlns='http://jabber.org/protocol/muc' " + attributes + "/>");
    return read_history_wish(&std::get<xml::element>(read), now);
  };
  EXPECT_EQ(wish("maxstanzas='3'").stanzas, 3u);
  EXPECT_EQ(wish("maxchars='0'").characters, 0u);
  EXPECT_EQ(wish("seconds='60'").since, now - std::chrono::seconds(60));
  EXPECT_EQ(wish("since='2023-11-14T22:13:00Z'").since, base::from_milliseconds(1'699'999'980'000));
  EXPECT_EQ(wish("since='2023-11-14T22:13:00Z' seconds='5'").since, now - std::chrono::seconds(5)) << "the stricter";
  EXPECT_FALSE(wish("since='yesterday' seconds='-1' maxstanzas='x'").since);
  EXPECT_EQ(wish("maxstanzas='x'").stanzas, history_wish{}.stanzas);
  EXPECT_FALSE(read_history_wish(nullptr, now).since);
}

} // namespace
} // namespace rookery::xmpp::muc
