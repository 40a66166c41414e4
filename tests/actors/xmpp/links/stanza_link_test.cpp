#include "actors/xmpp/links/link_item.hpp"
#include "actors/xmpp/links/stanza_link.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

const base::instant start{std::chrono::hours(1)};

/// What it would send: the numbers, by one octet each.
std::string numbers(stanza_link& l, std::size_t room = 1u << 20) {
  base::buffer out;
  l.fill(out, room);
  cluster::frame_reader reader;
  reader.feed(out.view());
  std::string text;
  while (auto f = reader.next()) text += f->body.front();
  return text;
}
bool push(stanza_link& l, std::string* fate = nullptr, base::instant now = start, std::size_t more = 0) {
  return l.push([more](std::uint64_t n) { return std::string(1, static_cast<char>('0' + n % 10)) + std::string(more, 'x'); }, [fate] { if (fate != nullptr) *fate += 'r'; }, now);
}

struct actors_here {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::actor one = system.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int) {}}; });
  caf::actor two = system.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int) {}}; });
  ~actors_here() {
    caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(two, caf::exit_reason::user_shutdown);
  }
};

TEST(StanzaLink, SendsAgainWhatWasNotAcknowledged) {
  actors_here a;
  stanza_link l;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(push(l));
  l.attach(a.one);
  EXPECT_TRUE(l.connected());
  EXPECT_EQ(numbers(l), "1234");
  EXPECT_EQ(numbers(l), "");
  EXPECT_TRUE(l.acknowledged(3));
  EXPECT_TRUE(l.acknowledged(2)); // an old word
  ASSERT_TRUE(push(l));
  EXPECT_EQ(numbers(l), "5");
  EXPECT_TRUE(l.detach(a.one, start));
  EXPECT_FALSE(l.connected());
  l.attach(a.two);
  EXPECT_FALSE(l.detach(a.one, start)); // its end comes late
  EXPECT_EQ(numbers(l), "345");
  EXPECT_TRUE(l.acknowledged(6));
  EXPECT_TRUE(l.empty());
  EXPECT_FALSE(l.acknowledged(7));
}

TEST(StanzaLink, GivesUpWhatWaitsTooLong) {
  actors_here a;
  stanza_link l;
  std::string fate;
  ASSERT_TRUE(push(l, &fate));
  ASSERT_TRUE(push(l, &fate, start + std::chrono::seconds(5)));
  EXPECT_TRUE(l.expired(start + link_wait - std::chrono::seconds(1)).empty());
  for (auto& g : l.expired(start + link_wait)) g();
  EXPECT_EQ(fate, "r");
  EXPECT_EQ(l.first(), 2u);
  // While there is a connection it has its time; behind its end it waits anew.
  l.attach(a.one);
  EXPECT_EQ(numbers(l), "2");
  EXPECT_TRUE(l.expired(start + 10 * link_wait).empty());
  l.detach(a.one, start + 10 * link_wait);
  EXPECT_TRUE(l.expired(start + 11 * link_wait - std::chrono::seconds(1)).empty());
  EXPECT_EQ(l.expired(start + 11 * link_wait).size(), 1u);
  ASSERT_TRUE(push(l));
  l.attach(a.two);
  EXPECT_EQ(numbers(l), "3");
}

TEST(StanzaLink, IsBounded) {
  stanza_link l;
  for (std::size_t i = 0; i < link_stanzas_max; ++i) ASSERT_TRUE(push(l));
  EXPECT_FALSE(push(l));
  stanza_link large;
  for (std::size_t octets = 0; octets < link_octets_max; octets += (1u << 20) + 1) ASSERT_TRUE(push(large, nullptr, start, 1u << 20));
  EXPECT_FALSE(push(large));
  EXPECT_FALSE(stanza_link().push([](std::uint64_t) { return std::string(); }, [] {}, start)); // too large for a frame
}

TEST(StanzaLink, HasAWindow) {
  actors_here a;
  stanza_link l;
  const std::size_t each = (1u << 20) - 1;
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(push(l, nullptr, start, each));
  l.attach(a.one);
  EXPECT_EQ(numbers(l, 100u << 20), "1234");
  EXPECT_TRUE(l.acknowledged(3));
  EXPECT_EQ(numbers(l, 100u << 20), "56");
}

} // namespace
} // namespace rookery::actors
