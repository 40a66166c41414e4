#include "cluster/link/frame.hpp"

#include <gtest/gtest.h>

namespace rookery::cluster {
namespace {

TEST(ClusterFrame, each_is_read_as_it_was_printed) {
  const frame all[] = {hello{"c1", 3, "uuid", "pem", "nonce", "0.1"}, welcome{4, "uuid", "pem", "nonce", "signature", "0.1"}, proof{"signature"},
                       refusal{"no"}, letter_frame{std::string("\x01\x00\xff", 3)}, forward{"batch"}, beat{7, 1 << 20}, vitals{1, ~std::uint64_t{0}, 3, 4, 5, 6, 7, 8, 9}, levels{1, 2, 300}, report{"{}"}, note{"note"}};
  for (const auto& f : all) {
    const auto octets = print(f);
    const auto read = read_frame(octets);
    ASSERT_TRUE(read) << f.index();
    EXPECT_EQ(read->index(), f.index());
    EXPECT_EQ(print(*read), octets);
    auto newer = octets;
    newer[0] = 2;
    EXPECT_FALSE(read_frame(newer)) << f.index();
    // Letters and batches have their own ends.
    if (std::holds_alternative<letter_frame>(f) || std::holds_alternative<forward>(f) || std::holds_alternative<report>(f) || std::holds_alternative<note>(f)) continue;
    for (std::size_t n = 0; n < octets.size(); ++n) EXPECT_FALSE(read_frame(octets.substr(0, n))) << f.index() << " cut at " << n;
    EXPECT_FALSE(read_frame(octets + "x")) << f.index();
  }
}

TEST(ClusterFrame, texts_have_a_bound) {
  EXPECT_TRUE(read_frame(print(proof{std::string(field_octets_max, 'x')})));
  EXPECT_FALSE(read_frame(print(proof{std::string(field_octets_max + 1, 'x')})));
  EXPECT_TRUE(read_frame(print(report{std::string(report_frame_octets_max, 'x')})));
  EXPECT_FALSE(read_frame(print(report{std::string(report_frame_octets_max + 1, 'x')})));
  EXPECT_TRUE(read_frame(print(note{std::string(note_frame_octets_max, 'x')})));
  EXPECT_FALSE(read_frame(print(note{std::string(note_frame_octets_max + 1, 'x')})));
}

TEST(ClusterFrame, what_is_signed_differs_for_each_link) {
  const auto text = proof_text("c", 1, 2, "n");
  EXPECT_NE(text, proof_text("c", 2, 1, "n"));
  EXPECT_NE(text, proof_text("d", 1, 2, "n"));
  EXPECT_NE(text, proof_text("c", 1, 2, "m"));
  EXPECT_NE(text, proof_text("c", 1, 3, "n"));
}

} // namespace
} // namespace rookery::cluster
