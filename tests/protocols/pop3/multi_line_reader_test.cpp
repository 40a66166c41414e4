#include "protocols/pop3/message_lines.hpp"
#include "protocols/pop3/multi_line_reader.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace rookery::pop3 {
namespace {

/// What is read when `wire` comes in pieces of `cut`; "…" behind it when the end did not come.
std::string read_in_pieces(std::string_view wire, std::size_t cut, std::string* rest = nullptr) {
  multi_line_reader reader;
  std::string waiting, out;
  for (std::size_t at = 0; at < wire.size(); at += cut) {
    waiting += wire.substr(at, cut);
    for (;;) {
      const auto piece = reader.read(waiting);
      out += piece.octets;
      waiting.erase(0, piece.used);
      if (piece.ended) {
        if (rest != nullptr) *rest = waiting + std::string(wire.substr(std::min(wire.size(), at + cut)));
        return out;
      }
      if (piece.used == 0) break;
    }
  }
  return out + "…";
}

struct row {
  const char* wire;
  const char* read;
};
class Pop3MultiLine : public testing::TestWithParam<row> {};
TEST_P(Pop3MultiLine, IsReadHoweverItWasCut) {
  for (std::size_t cut = 1; cut <= 8; ++cut) EXPECT_EQ(read_in_pieces(GetParam().wire, cut), GetParam().read) << cut;
}
INSTANTIATE_TEST_SUITE_P(Pop3, Pop3MultiLine, testing::Values(
  row{".\r\n", ""}, row{"a\r\n.\r\n", "a\r\n"}, row{"..\r\n.\r\n", ".\r\n"}, row{"...\r\n..a\r\n.\r\n", "..\r\n.a\r\n"},
  row{"\r\n\r\n.\r\n", "\r\n\r\n"},
  // A bare LF or CR begins no line.
  row{"a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n"}, row{"a\r.\r\n.\r\n", "a\r.\r\n"}, row{"a\n..b\r\n.\r\n", "a\n..b\r\n"},
  row{"a\r\r\n.\r\n", "a\r\r\n"}, row{".a\r\n.\r\n", "a\r\n"}, row{".\rb\r\n.\r\n", "\rb\r\n"},
  // What has no end.
  row{"a\r\n.", "a\r\n…"}, row{"a\r\n.\r", "a\r\n…"}, row{"a\r\n.\n.\r\n", "a\r\n\n.\r\n…"}));

TEST(Pop3MultiLineReader, LeavesWhatComesBehindTheEnd) {
  std::string rest;
  EXPECT_EQ(read_in_pieces("a\r\n.\r\n+OK next\r\n", 100, &rest), "a\r\n");
  EXPECT_EQ(rest, "+OK next\r\n");
}

TEST(Pop3MultiLineReader, UndoesWhatMessageLinesDid) {
  for (const std::string message : {"", ".\r\n", "a\r\n.\r\n..b\r\n\r\n.", "no end", "a\rb\r\n.\r"}) {
    message_lines writer;
    base::buffer wire;
    writer.write(message, wire);
    writer.end(wire);
    const auto whole = message.ends_with("\r\n") || message.empty() ? message : message + "\r\n";
    for (std::size_t cut = 1; cut < 5; ++cut) EXPECT_EQ(read_in_pieces(wire.view(), cut), whole);
  }
}

} // namespace
} // namespace rookery::pop3
