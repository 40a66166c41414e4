#include "cluster/stream/stream_frame.hpp"

#include <gtest/gtest.h>

namespace rookery::cluster {
namespace {

stream_opening example() {
  stream_opening o;
  o.cluster = "c1";
  o.from = 3;
  o.to = 1u << 20;
  o.kind = "replica";
  o.fields = {{"epoch", "7"}, {"octets", std::string("\0\xff", 2)}, {"volume", ""}};
  return o;
}

TEST(StreamFrame, frames_come_out_as_they_went_in_however_they_are_cut) {
  base::buffer out;
  append_frame(out, 16, "one");
  append_frame(out, 255, "");
  append_frame(out, 17, std::string(stream_body_octets_max, 'x'));
  const std::string octets(out.view());
  for (const std::size_t piece : {std::size_t{1}, std::size_t{4}, std::size_t{5}, std::size_t{4096}, octets.size()}) {
    frame_reader reader;
    std::vector<stream_frame> frames;
    for (std::size_t at = 0; at < octets.size(); at += piece) {
      reader.feed(std::string_view(octets).substr(at, piece));
      while (auto f = reader.next()) frames.push_back(std::move(*f));
    }
    ASSERT_EQ(frames.size(), 3u) << piece;
    EXPECT_EQ(frames[0].type, 16);
    EXPECT_EQ(frames[0].body, "one");
    EXPECT_EQ(frames[1].type, 255);
    EXPECT_EQ(frames[1].body, "");
    EXPECT_EQ(frames[2].body.size(), stream_body_octets_max);
    EXPECT_TRUE(reader.rest().empty());
    EXPECT_FALSE(reader.fault());
    if (piece == 1) break;
  }
}

TEST(StreamFrame, a_wrong_length_is_a_fault_before_the_body_comes) {
  const struct {
    std::string head;
    std::size_t most;
  } table[] = {{std::string("\0\0\0\0\x10", 5), 100}, {std::string("\0\0\0\x66\x10", 5), 100}, {std::string("\xff\xff\xff\xff\x10", 5), stream_body_octets_max}};
  for (const auto& row : table) {
    frame_reader reader(row.most);
    reader.feed(row.head);
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.fault());
    reader.feed(std::string(200, 'x'));
    EXPECT_FALSE(reader.next());
  }
  frame_reader reader(100);
  reader.feed(std::string("\0\0\0\x65\x10", 5));
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.fault()); // 100 octets and the type
}

TEST(StreamOpening, is_read_as_it_was_printed_and_not_when_it_was_cut) {
  const auto octets = print(example());
  const auto read = read_opening(octets);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->cluster, "c1");
  EXPECT_EQ(read->from, 3u);
  EXPECT_EQ(read->to, 1u << 20);
  EXPECT_EQ(read->kind, "replica");
  EXPECT_EQ(read->fields, example().fields);
  EXPECT_EQ(read->field("epoch"), "7");
  EXPECT_EQ(read->field("nothing"), "");
  for (std::size_t n = 0; n < octets.size(); ++n) EXPECT_FALSE(read_opening(octets.substr(0, n))) << n;
  EXPECT_FALSE(read_opening(octets + "x"));
}

TEST(StreamOpening, of_another_version_only_the_version_is_read) {
  const auto read = read_opening("\x02whatever comes");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->version, 2);
  EXPECT_EQ(read->kind, "");
}

TEST(StreamOpening, fields_are_named_once_and_are_few) {
  EXPECT_FALSE(read_fields(std::string("\x02\x01" "a\x01" "1\x01" "a\x01" "2")));
  EXPECT_TRUE(read_fields(std::string("\x02\x01" "a\x01" "1\x01" "b\x01" "2")));
  std::map<std::string, std::string> many;
  for (int n = 0; n < 64; ++n) many[std::to_string(n)] = "";
  EXPECT_TRUE(read_fields(print_fields(many)));
  many["more"] = "";
  EXPECT_FALSE(read_fields(print_fields(many)));
}

} // namespace
} // namespace rookery::cluster
