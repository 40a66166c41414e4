#include "base/bytes.hpp"
#include "base/codec.hpp"
#include "base/crc32c.hpp"
#include "base/crypto/crypto.hpp"
#include "base/fifo.hpp"
#include "base/metrics.hpp"
#include "base/result.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace rookery::base {
namespace {

TEST(Buffer, KeepsOrderWhileBothEndsMove) {
  buffer b;
  std::string all;
  std::string taken;
  for (int i = 0; i < 2000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 97), static_cast<char>('a' + i % 26));
    b.append(piece);
    all += piece;
    const auto n = std::min<std::size_t>(b.size(), static_cast<std::size_t>(i % 53));
    taken += b.view().substr(0, n);
    b.consume(n);
  }
  taken += b.view();
  EXPECT_EQ(taken, all);
}

TEST(Buffer, GivesItsMemoryBackWhenEmpty) {
  buffer b;
  b.append(std::string(100000, 'x'));
  b.consume(100000);
  b.release();
  EXPECT_LT(b.capacity(), 64u);
}

TEST(Fifo, KeepsOrderWhileBothEndsMove) {
  fifo<std::string> q;
  std::size_t in = 0, out = 0;
  for (std::size_t i = 0; i < 3000; ++i) {
    for (std::size_t n = i % 7; n > 0; --n) q.push_back(std::to_string(in++));
    for (std::size_t n = i % 5; n > 0 && !q.empty(); --n) {
      ASSERT_EQ(q.front(), std::to_string(out++));
      q.pop_front();
    }
    ASSERT_EQ(q.size(), in - out);
    ASSERT_EQ(static_cast<std::size_t>(q.end() - q.begin()), q.size());
    if (!q.empty()) {
      ASSERT_EQ(q[q.size() - 1], std::to_string(in - 1));
    }
  }
  const auto moved = std::move(q);
  EXPECT_TRUE(q.empty());
  EXPECT_EQ(q.size(), 0u);
  EXPECT_EQ(moved.size(), in - out);
  EXPECT_EQ(*moved.begin(), std::to_string(out));
}

TEST(Fifo, LetsGoOfWhatLeavesIt) {
  fifo<std::shared_ptr<int>> q;
  const auto one = std::make_shared<int>(1);
  for (int i = 0; i < 3; ++i) q.push_back(one);
  q.pop_front();
  EXPECT_EQ(one.use_count(), 3);
  q.clear();
  EXPECT_EQ(one.use_count(), 1);
}

TEST(Text, NumbersAreDigitsOnly) {
  EXPECT_EQ(parse_u64("18446744073709551615"), 18446744073709551615u);
  for (const auto* wrong : {"", "+1", "-1", " 1", "1 ", "1a", "18446744073709551616"})
    EXPECT_FALSE(parse_u64(wrong)) << wrong;
  EXPECT_FALSE(parse_u32("4294967296"));
}

TEST(Text, HexGoesBothWays) {
  EXPECT_EQ(to_hex(std::string_view("\x00\xff\x10", 3)), "00ff10");
  EXPECT_EQ(from_hex("00FF10"), std::string("\x00\xff\x10", 3));
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("zz"));
}

TEST(Text, StrangersOctetsBecomePrintable) {
  EXPECT_EQ(printable("a\r\nb\x80gr\xc3\xbc\xc3"), "a??b?gr\xc3\xbc?");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
}

TEST(Crc32c, AgreesWithTheStandardsExamples) { // RFC 3720 B.4
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c("456789", crc32c("123")), crc32c("123456789"));
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
}

TEST(Codec, ReadsWhatItWroteAndNothingBeyond) {
  std::string out;
  encoder e(out);
  e.u8(7);
  e.u16(65535);
  e.u32(1u << 31);
  e.u64(1ull << 63);
  e.i64(-5);
  e.varint(300);
  e.bytes("abc");
  decoder d(out);
  EXPECT_EQ(d.u8(), 7);
  EXPECT_EQ(d.u16(), 65535);
  EXPECT_EQ(d.u32(), 1u << 31);
  EXPECT_EQ(d.u64(), 1ull << 63);
  EXPECT_EQ(d.i64(), -5);
  EXPECT_EQ(d.varint(), 300u);
  EXPECT_EQ(d.bytes(), "abc");
  EXPECT_TRUE(d.done());
  for (std::size_t cut = 0; cut < out.size(); ++cut) {
    decoder s(std::string_view(out).substr(0, cut));
    s.u8(), s.u16(), s.u32(), s.u64(), s.i64(), s.varint(), s.bytes();
    EXPECT_FALSE(s.ok()) << cut;
  }
}

TEST(Crypto, AgreesWithPublishedVectors) {
  EXPECT_EQ(to_hex(view(sha256("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  sha256_stream pieces;
  pieces.update("a");
  pieces.update("bc");
  EXPECT_EQ(pieces.finish(), sha256("abc"));
  EXPECT_EQ(pieces.finish(), sha256(""));
  EXPECT_EQ(to_hex(view(hmac_sha256("Jefe", "what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"); // RFC 4231 §4.3
  EXPECT_EQ(to_hex(view(pbkdf2_sha256("passwd", "salt", 1))),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"); // RFC 7914 §11
  EXPECT_TRUE(constant_time_equal("a", "a"));
  EXPECT_FALSE(constant_time_equal("a", "ab"));
  EXPECT_NE(random_token(24), random_token(24));
}

TEST(Result, HoldsOneSide) {
  result<int> good = 5;
  result<int> bad = fail(error_kind::not_found, "no such thing", "row 7 is missing");
  EXPECT_EQ(*good, 5);
  EXPECT_EQ(bad.error().client.value, "no such thing");
  EXPECT_THROW((void)bad.value(), broken);
}

TEST(Metrics, PrintWhatWasCounted) {
  counter_named("test_things_total", "kind=\"a\"", "Things").add(3);
  histogram_named("test_wait_seconds", "", "Waits").observe(std::chrono::milliseconds(3));
  const auto text = metrics_text();
  EXPECT_NE(text.find("test_things_total{kind=\"a\"} 3"), std::string::npos);
  EXPECT_NE(text.find("test_wait_seconds_count 1"), std::string::npos);
}

} // namespace
} // namespace rookery::base
