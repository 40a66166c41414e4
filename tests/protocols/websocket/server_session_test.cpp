#include "protocols/websocket/server_session.hpp"
#include "tests/protocols/websocket/client_frames.hpp"

#include <gtest/gtest.h>

namespace rookery::websocket {
namespace {

using namespace std::chrono_literals;
using tests::client_frame;
using tests::client_text;

constexpr base::instant t0{};

/// What a session makes of `in`, cut in pieces: its messages, then how it ended.
struct outcome {
  std::string log, out;
};
outcome play(std::string_view in, std::size_t cut, limits bounds = {}) {
  server_session s(t0, bounds);
  outcome o;
  for (std::size_t at = 0; at < in.size(); at += cut) {
    s.feed(in.substr(at, cut), t0);
    while (auto e = s.next_event()) {
      if (const auto* t = std::get_if<text>(&*e)) o.log.append("[").append(t->octets).append("]");
      else o.log += "gone " + std::to_string(std::get<gone>(*e).code);
    }
  }
  o.out = std::string(s.output());
  return o;
}
std::string close_frame(unsigned code) { return {'\x88', '\x02', static_cast<char>(code >> 8), static_cast<char>(code & 255)}; }

class WebSocketSession : public testing::TestWithParam<std::size_t> {};

TEST_P(WebSocketSession, JoinsFragmentsAndAnswersPingsBetweenThem) {
  const auto in = client_text("Hello") + client_frame(1, "a") + client_frame(128 | 9, "p") + client_frame(0, "") + client_frame(128 | 10, "x") +
                  client_frame(128, "b") + client_text("") + client_text(std::string(300, 'y')) + client_text(std::string(70000, 'z')) +
                  client_frame(128 | 8, "\x03\xe8" "bye") + client_text("late");
  const auto got = play(in, GetParam());
  EXPECT_EQ(got.log, "[Hello][ab][][" + std::string(300, 'y') + "][" + std::string(70000, 'z') + "]gone 1000");
  EXPECT_EQ(got.out, std::string("\x8a\x01p") + close_frame(1000));
}

TEST_P(WebSocketSession, EndsForWhatIsAgainstTheRules) {
  limits bounds;
  bounds.message_octets = 20;
  bounds.fragments = 3;
  struct {
    const char* why;
    std::string in;
    unsigned code;
  } rows[] = {
      {"not masked", "\x81\x01x", 1002},
      {"reserved bit", client_frame(128 | 64 | 1, "x"), 1002},
      {"unknown opcode", client_frame(128 | 3, "x"), 1002},
      {"unknown control", client_frame(128 | 11, "x"), 1002},
      {"binary", client_frame(128 | 2, "x"), 1003},
      {"a long ping", client_frame(128 | 9, std::string(126, 'x')), 1002},
      {"a ping in fragments", client_frame(9, "x"), 1002},
      {"a continuation of nothing", client_frame(128, "x"), 1002},
      {"a message within a message", client_frame(1, "x") + client_text("y"), 1002},
      {"a length in too many octets", std::string("\x81\xfe\x00\x05mask", 8), 1002},
      {"a length in far too many octets", std::string("\x81\xff\x00\x00\x00\x00\x00\x00\x01\x00mask", 14), 1002},
      {"an impossible length", std::string("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00mask", 14), 1002},
      {"too large", client_text(std::string(21, 'x')), 1009},
      {"too large together", client_frame(1, std::string(15, 'x')) + client_frame(128, "123456"), 1009},
      {"too many fragments", client_frame(1, "") + client_frame(0, "") + client_frame(0, "") + client_frame(0, ""), 1008},
      {"not UTF-8", client_text("\xc3\x28"), 1007},
      {"a close of one octet", client_frame(128 | 8, "\x03"), 1002},
      {"a close with a code that is never sent", client_frame(128 | 8, "\x03\xed"), 1002},
      {"a close whose reason is not UTF-8", client_frame(128 | 8, "\x03\xe8\xff"), 1002},
  };
  for (const auto& [why, in, code] : rows) {
    const auto got = play(in + client_text("more"), GetParam(), bounds);
    EXPECT_EQ(got.log, "gone " + std::to_string(code)) << why;
    EXPECT_EQ(got.out, close_frame(code)) << why;
  }
  EXPECT_EQ(play(client_text(std::string(20, 'x')), GetParam(), bounds).log, "[" + std::string(20, 'x') + "]");
  EXPECT_EQ(play(client_frame(1, "\xc3") + client_frame(128, "\xa4"), GetParam(), bounds).log, "[\xc3\xa4]");
  EXPECT_EQ(play(client_frame(128 | 8, ""), GetParam(), bounds).log, "gone 1005");
}

INSTANTIATE_TEST_SUITE_P(Cuts, WebSocketSession, testing::Values(1, 3, 17, 1 << 20));

TEST(WebSocket, WritesEachLengthInItsForm) {
  server_session s(t0);
  s.send_text("ab");
  EXPECT_EQ(s.output(), "\x81\x02" "ab");
  s.sent(4);
  s.send_text(std::string(126, 'x'));
  EXPECT_EQ(s.output().substr(0, 4), std::string("\x81\x7e\x00\x7e", 4));
  s.sent(130);
  s.send_text(std::string(65536, 'x'));
  EXPECT_EQ(s.output().substr(0, 10), std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
  s.sent(65546);
  s.ping();
  EXPECT_EQ(s.output(), std::string("\x89\x00", 2));
}

TEST(WebSocket, WaitsForThePeersCloseOnlySoLong) {
  server_session s(t0);
  s.close(close_code::going_away);
  s.close(close_code::normal);
  s.send_text("too late");
  EXPECT_EQ(s.output(), close_frame(1001));
  s.feed(client_text("dropped") + client_frame(128 | 9, "p"), t0);
  EXPECT_FALSE(s.next_event());
  ASSERT_EQ(s.deadline(), t0 + 10s);
  s.tick(t0 + 9s);
  EXPECT_FALSE(s.closed());
  s.tick(t0 + 10s);
  EXPECT_TRUE(s.closed());
  EXPECT_EQ(std::get<gone>(*s.next_event()).code, 1006);
  EXPECT_EQ(s.output(), close_frame(1001));
  server_session answered(t0);
  answered.close(close_code::normal);
  answered.feed(client_frame(128 | 8, "\x03\xe8"), t0);
  EXPECT_EQ(std::get<gone>(*answered.next_event()).code, 1000);
  EXPECT_EQ(answered.output(), close_frame(1000));
}

} // namespace
} // namespace rookery::websocket
