#include "protocols/deflate/deflate_layer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <zlib.h>

namespace rookery::deflate {
namespace {

std::string read_all(deflate_layer& layer, std::string_view octets, std::size_t cut, feed_state* last = nullptr) {
  base::buffer plain;
  for (std::size_t at = 0; at < octets.size(); at += cut) {
    base::const_bytes part = octets.substr(at, cut);
    feed_state state;
    while ((state = layer.feed(part, plain)) == feed_state::more) {}
    if (last != nullptr) *last = state;
  }
  return std::string(plain.view());
}

TEST(Deflate, WhatIsWrittenWithAFlushIsReadAtOnce) {
  for (const std::size_t cut : {1ul, 7ul, 100'000ul}) {
    deflate_layer writer, reader;
    for (int i = 0; i < 50; ++i) {
      const auto line = "* " + std::to_string(i) + " FETCH (FLAGS (\\Seen) UID " + std::to_string(i * 7) + ")\r\n";
      base::buffer compressed;
      writer.write(line, compressed);
      EXPECT_EQ(read_all(reader, compressed.view(), cut), line);
    }
  }
}

TEST(Deflate, LargeTextShrinksAndSurvives) {
  std::string text;
  while (text.size() < 3'000'000) text += "From: somebody@example.test\r\nSubject: the same again\r\n";
  deflate_layer writer, reader;
  base::buffer compressed;
  writer.write(text.substr(0, 1000), compressed, false);
  writer.write(text.substr(1000), compressed, false);
  writer.write("", compressed);
  EXPECT_LT(compressed.size(), text.size() / 20);
  EXPECT_EQ(read_all(reader, compressed.view(), 1000), text);
}

TEST(Deflate, AFlushWithoutOctetsWritesNothing) {
  deflate_layer writer;
  base::buffer compressed;
  writer.write("", compressed);
  EXPECT_TRUE(compressed.empty());
  writer.write("x", compressed);
  const auto size = compressed.size();
  writer.write("", compressed);
  EXPECT_EQ(compressed.size(), size);
}

TEST(Deflate, ABombComesOutInStepsOfTheSizeAskedFor) {
  deflate_layer writer, reader;
  base::buffer compressed, plain;
  writer.write(std::string(10'000'000, '\0'), compressed);
  base::const_bytes in = compressed.view();
  std::size_t total = 0, steps = 0;
  for (auto state = feed_state::more; state == feed_state::more; ++steps) {
    plain.clear();
    state = reader.feed(in, plain, 100'000);
    ASSERT_LE(plain.size(), 100'000u);
    total += plain.size();
  }
  EXPECT_EQ(total, 10'000'000u);
  EXPECT_GE(steps, 100u);
}

TEST(Deflate, WhatIsNoDeflateStreamIsDamaged) {
  deflate_layer reader;
  feed_state state;
  read_all(reader, "A1 NOOP\r\nA2 NOOP\r\n\xff\xff\xff\xff", 1, &state);
  EXPECT_EQ(state, feed_state::damaged);
  read_all(reader, "more", 1, &state);
  EXPECT_EQ(state, feed_state::damaged);
}

TEST(Deflate, TheEndOfTheStreamIsTold) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  std::string text = "LOGOUT\r\n", out(100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ASSERT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  deflate_layer reader;
  feed_state state;
  EXPECT_EQ(read_all(reader, out + "trailing", 3, &state), text);
  EXPECT_EQ(state, feed_state::ended);
}

} // namespace
} // namespace rookery::deflate
