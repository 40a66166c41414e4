#include "storage/log/log_format.hpp"
#include "storage/log/log_piece.hpp"

#include <gtest/gtest.h>

namespace rookery::storage {
namespace {

std::string header_of(std::uint32_t segment) {
  segment_header h;
  h.node = base::node_id(1);
  h.segment = segment;
  h.salt = 7;
  return write_segment_header(h);
}

std::string frame_of(const std::vector<piece_view>& pieces) {
  std::string out;
  for (const auto& p : pieces) write_piece(p, out);
  return out;
}

TEST(LogPiece, IsReadAsItWasWritten) {
  const auto header = header_of(3);
  const auto list = write_present({1, 4, 6});
  const std::vector<piece_view> pieces{
    {piece_kind::octets, 2, 64, "eight oc"}, {piece_kind::seal, 2, 72, {}},      {piece_kind::begin, 3, 16384, header},
    {piece_kind::needed_from, 2, 64, {}},    {piece_kind::needed_from, 0, 0, {}}, {piece_kind::remove, 1, 0, {}},
    {piece_kind::present, 7, 0, list}};
  const auto frame = frame_of(pieces);
  const auto read = read_pieces(frame);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, pieces);
  EXPECT_EQ(read_present(read->back()), (std::vector<std::uint32_t>{1, 4, 6}));
  EXPECT_TRUE(read_pieces("")->empty());
}

TEST(LogPiece, HasTheseOctets) {
  EXPECT_EQ(frame_of({{piece_kind::octets, 2, 0x140, "ab"}}), std::string("\x01\x01\0\0\x02\0\0\0\x40\x01\0\0\x02\0\0\0ab", 18));
}

TEST(LogPiece, WrongOnesAreRefused) {
  const auto header = header_of(3);
  auto damaged = header;
  damaged[20] = static_cast<char>(damaged[20] ^ 1);
  const auto unsorted = write_present({4, 1});
  const auto beyond = write_present({7});
  const std::vector<std::pair<const char*, std::string>> wrong{
    {"no octets", frame_of({{piece_kind::octets, 2, 64, {}}})},
    {"no segment", frame_of({{piece_kind::octets, 0, 64, "x"}})},
    {"a header of another segment", frame_of({{piece_kind::begin, 4, 0, header}})},
    {"a damaged header", frame_of({{piece_kind::begin, 3, 0, damaged}})},
    {"a header and more", frame_of({{piece_kind::begin, 3, 0, header + "x"}})},
    {"sealed within its header", frame_of({{piece_kind::seal, 3, 63, {}}})},
    {"sealed with octets", frame_of({{piece_kind::seal, 3, 64, "x"}})},
    {"removed with an offset", frame_of({{piece_kind::remove, 3, 1, {}}})},
    {"a list that is not ascending", frame_of({{piece_kind::present, 7, 0, unsorted}})},
    {"a list beyond its bound", frame_of({{piece_kind::present, 7, 0, beyond}})},
    {"a list of three octets", frame_of({{piece_kind::present, 7, 0, "abc"}})},
    {"an unknown kind", frame_of({{static_cast<piece_kind>(7), 3, 0, {}}})},
    {"a kind of zero", frame_of({{static_cast<piece_kind>(0), 3, 0, {}}})},
  };
  for (const auto& [what, frame] : wrong) EXPECT_FALSE(read_pieces(frame)) << what;
  const auto good = frame_of({{piece_kind::octets, 2, 64, "eight oc"}});
  for (std::size_t n = 1; n < good.size(); ++n) EXPECT_FALSE(read_pieces(std::string_view(good).substr(0, n))) << n;
  auto newer = good;
  newer[1] = 2;
  EXPECT_FALSE(read_pieces(newer));
  auto flagged = good;
  flagged[2] = 1;
  EXPECT_FALSE(read_pieces(flagged));
  auto longer = frame_of({{piece_kind::octets, 2, 64, std::string(piece_octets_max, 'x')}});
  EXPECT_TRUE(read_pieces(longer));
  longer[12] = 1; // one octet more than a piece may have
  longer += 'x';
  EXPECT_FALSE(read_pieces(longer));
}

TEST(LogPiece, PartsOfABatchAreJoinedAndLongOnesAreCut) {
  const std::string small = "head", large(piece_octets_max * 2 + 5, 'L'), tail = "padding";
  log_batch batch;
  log_piece p{piece_kind::octets, 1, 64, small.size() + large.size() + tail.size(), {small, large, tail}, {}};
  batch.pieces = {p, {piece_kind::seal, 1, 1000, 0, {}, {}}};
  std::string joined;
  std::uint64_t at = 64;
  std::size_t pieces = 0;
  for_each_piece(batch, [&](const piece_view& v) {
    ++pieces;
    if (v.kind == piece_kind::seal) return;
    EXPECT_EQ(v.offset, at);
    EXPECT_LE(v.octets.size(), piece_octets_max);
    at += v.octets.size();
    joined += v.octets;
  });
  EXPECT_EQ(joined, small + large + tail);
  EXPECT_EQ(pieces, 4u);
}

} // namespace
} // namespace rookery::storage
