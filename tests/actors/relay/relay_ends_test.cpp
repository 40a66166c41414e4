#include "actors/relay/relay_ends.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

/// The ends without connections: what one is fed the other has to send.
struct ends {
  std::shared_ptr<relay_pipe> pipe = std::make_shared<relay_pipe>();
  std::unique_ptr<net::protocol> client = make_client_end(pipe), home = make_home_end(pipe, {});
  ends() { pipe->good_bye = "* BYE lost\r\n"; }

  void from_home(std::uint8_t type, std::string_view body) {
    base::buffer b;
    cluster::append_frame(b, type, body);
    home->feed(b.view(), {});
  }
  std::vector<cluster::stream_frame> to_home() {
    cluster::frame_reader reader;
    reader.feed(home->output());
    std::vector<cluster::stream_frame> out;
    while (auto f = reader.next()) out.push_back(std::move(*f));
    EXPECT_TRUE(reader.rest().empty());
    return out;
  }
  std::string to_client() {
    const std::string out(client->output());
    client->sent(out.size());
    return out;
  }
};

TEST(RelayEnds, octets_go_both_ways) {
  ends e;
  e.client->feed("a1 NOOP\r\n", {});
  const auto frames = e.to_home();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].type, session_octets);
  EXPECT_EQ(frames[0].body, "a1 NOOP\r\n");
  e.from_home(session_octets, "a1 OK\r\n");
  EXPECT_EQ(e.to_client(), "a1 OK\r\n");
  EXPECT_FALSE(e.client->closed());
  EXPECT_FALSE(e.home->closed());
}

TEST(RelayEnds, neither_reads_more_than_the_other_may_hold) {
  ends e;
  const std::string much(relay_octets_max / 2, 'x');
  EXPECT_TRUE(e.client->wants_input());
  e.client->feed(much, {});
  EXPECT_TRUE(e.client->wants_input());
  e.client->feed(much, {});
  EXPECT_FALSE(e.client->wants_input());
  std::size_t octets = 0;
  for (const auto& f : e.to_home()) {
    EXPECT_LE(f.body.size(), session_piece_octets);
    octets += f.body.size();
  }
  EXPECT_EQ(octets, 2 * much.size());
  e.home->sent(e.home->output().size());
  EXPECT_TRUE(e.client->wants_input());
  for (int n = 0; n < 4; ++n) e.from_home(session_octets, std::string(session_piece_octets, 'y'));
  EXPECT_FALSE(e.home->wants_input());
  e.to_client();
  EXPECT_TRUE(e.home->wants_input());
}

TEST(RelayEnds, what_the_home_said_last_is_sent_before_the_end) {
  ends e;
  e.from_home(session_octets, "* BYE\r\na2 OK\r\n");
  e.from_home(session_over, {});
  EXPECT_FALSE(e.client->closed());
  EXPECT_TRUE(e.home->closed());
  e.home->gone();
  EXPECT_EQ(e.to_client(), "* BYE\r\na2 OK\r\n"); // no second good-bye
  EXPECT_TRUE(e.client->closed());
}

TEST(RelayEnds, a_lost_home_is_told_where_a_line_can_stand) {
  ends whole;
  whole.from_home(session_octets, "* 1 EXISTS\r\n");
  whole.home->gone();
  EXPECT_EQ(whole.to_client(), "* 1 EXISTS\r\n* BYE lost\r\n");
  EXPECT_TRUE(whole.client->closed());

  ends silent;
  silent.home->gone();
  EXPECT_EQ(silent.to_client(), "* BYE lost\r\n");

  ends cut;
  cut.from_home(session_octets, "* 1 FETCH (BODY[] {100}\r\nSubj");
  EXPECT_EQ(cut.to_client(), "* 1 FETCH (BODY[] {100}\r\nSubj");
  cut.home->gone();
  EXPECT_EQ(cut.to_client(), "");
  EXPECT_TRUE(cut.client->closed());
}

TEST(RelayEnds, a_client_that_goes_takes_the_stream_along) {
  ends e;
  e.client->feed("a3 LOGOUT\r\n", {});
  e.client->gone();
  EXPECT_FALSE(e.home->closed()); // what it said is told first
  e.home->sent(e.home->output().size());
  EXPECT_TRUE(e.home->closed());
}

TEST(RelayEnds, a_client_that_shuts_its_side_is_served_to_the_end) {
  ends e;
  EXPECT_TRUE(e.client->busy());
  EXPECT_TRUE(e.client->busy());
  const auto frames = e.to_home();
  ASSERT_EQ(frames.size(), 1u); // said once
  EXPECT_EQ(frames[0].type, session_shut);
  e.from_home(session_octets, "a4 OK\r\n");
  e.home->gone();
  EXPECT_EQ(e.to_client(), "a4 OK\r\n");
  EXPECT_FALSE(e.client->busy());
}

TEST(RelayEnds, a_node_that_drains_asks_the_home_to_end) {
  ends e;
  e.client->shut_down({});
  const auto frames = e.to_home();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].type, session_drain);
  EXPECT_FALSE(e.client->closed());
}

} // namespace
} // namespace rookery::actors
