#include "protocols/pop3/message_lines.hpp"

#include <gtest/gtest.h>

#include <string>

namespace rookery::pop3 {
namespace {

std::string sent(std::string_view message, std::size_t cut, std::optional<std::uint32_t> lines = {}) {
  message_lines writer(lines);
  base::buffer out;
  for (std::size_t at = 0; at < message.size() && writer.wants_more(); at += cut) writer.write(message.substr(at, cut), out);
  writer.end(out);
  return std::string(out.view());
}

TEST(Pop3MessageLines, DotsAreStuffedAndTheEndIsMarkedHoweverTheMessageIsCut) {
  struct {
    std::string in, out;
  } rows[] = {
      {"", ".\r\n"},
      {"a", "a\r\n.\r\n"},
      {"a\r\n", "a\r\n.\r\n"},
      {".", "..\r\n.\r\n"},
      {".\r\n", "..\r\n.\r\n"},
      {"a\r\n.\r\nb\r\n..\r\n.", "a\r\n..\r\nb\r\n...\r\n..\r\n.\r\n"},
      {"a.b\r\n .c\r\n", "a.b\r\n .c\r\n.\r\n"},
      {"a\n.\nb\n", "a\n..\nb\n\r\n.\r\n"},  // bare LF is kept, and is safe for clients that end lines by it
      {"a\r.b\r", "a\r.b\r\r\n.\r\n"},        // bare CR is kept and begins no line
      {"\r\n\r\n", "\r\n\r\n.\r\n"},
      {std::string("\0.\0\r\n", 5), std::string("\0.\0\r\n.\r\n", 8)},
  };
  for (const auto& [in, out] : rows)
    for (const std::size_t cut : {1u, 2u, 3u, 100u}) EXPECT_EQ(sent(in, cut), out) << in << " cut " << cut;
}

TEST(Pop3MessageLines, TopGivesHeaderEmptyLineAndSoManyLines) {
  const std::string message = "A: 1\r\nB: 2\r\n\r\none\r\n.two\r\nthree\r\n";
  struct {
    std::uint32_t lines;
    std::string in, out;
  } rows[] = {
      {0, message, "A: 1\r\nB: 2\r\n\r\n.\r\n"},
      {1, message, "A: 1\r\nB: 2\r\n\r\none\r\n.\r\n"},
      {2, message, "A: 1\r\nB: 2\r\n\r\none\r\n..two\r\n.\r\n"},
      {9, message, "A: 1\r\nB: 2\r\n\r\none\r\n..two\r\nthree\r\n.\r\n"},
      {0, "A: 1\n\nbody\n", "A: 1\n\n\r\n.\r\n"},
      {5, "A: 1\r\n", "A: 1\r\n.\r\n"},
      {1, "\r\nbody\r\nmore", "\r\nbody\r\n.\r\n"},
      {0, "", ".\r\n"},
  };
  for (const auto& [lines, in, out] : rows)
    for (const std::size_t cut : {1u, 2u, 5u, 100u}) EXPECT_EQ(sent(in, cut, lines), out) << in << " cut " << cut;
}

} // namespace
} // namespace rookery::pop3
