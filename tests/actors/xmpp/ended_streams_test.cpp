// What is told of a stream that nobody can resume any more.
#include "actors/xmpp/ended_streams.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

TEST(EndedStreams, TellHowMuchWasDealtWithToTheirAccountAlone) {
  const xmpp::jid ann{"ann", "example.org", {}}, bob{"bob", "example.org", {}};
  ended_streams ended;
  const auto counter = std::make_shared<handled_counter>();
  for (int i = 0; i < 5; ++i) { const stanza_receipt one(counter); }
  ended.put("id", ann, counter, 2);
  EXPECT_EQ(ended.handled("id", ann.with_resource("phone")), 3u);
  EXPECT_FALSE(ended.handled("id", bob));
  EXPECT_FALSE(ended.handled("other", ann));
  // What was under way when it ended counts when it is done.
  auto late = std::make_unique<stanza_receipt>(counter);
  EXPECT_EQ(ended.handled("id", ann), 3u);
  late.reset();
  EXPECT_EQ(ended.handled("id", ann), 4u);
}

TEST(EndedStreams, TheOldestIsForgotten) {
  const xmpp::jid ann{"ann", "example.org", {}};
  ended_streams ended;
  const auto counter = std::make_shared<handled_counter>();
  for (std::size_t i = 0; i <= ended_streams::streams_max; ++i) ended.put(std::to_string(i), ann, counter, 0);
  EXPECT_FALSE(ended.handled("0", ann));
  EXPECT_TRUE(ended.handled("1", ann));
  EXPECT_TRUE(ended.handled(std::to_string(ended_streams::streams_max), ann));
}

} // namespace
} // namespace rookery::actors
