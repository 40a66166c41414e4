#include "storage/log/log_format.hpp"

#include "base/text.hpp"
#include "log_workload.hpp"
#include "storage/file/faulty_file_system.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace rookery::storage {
namespace {

segment_header sample_header() {
  segment_header h;
  h.node = base::node_id(1);
  h.segment = 3;
  h.first_lsn = 42;
  h.salt = 0x0123456789abcdef;
  h.needed_from = {2, 64};
  return h;
}

/// The octets of the worked example on the format's page: lines "0040  05 00 …  text".
std::string example_of(const std::string& page) {
  std::ifstream in(std::string(ROOKERY_SOURCE_DIR) + "/docs/formats/" + page);
  std::string octets, line;
  while (std::getline(in, line)) {
    if (line.size() < 6 || line.substr(4, 2) != "  " || !base::from_hex(line.substr(0, 4))) continue;
    std::string digits;
    for (std::size_t i = 6; i + 1 < line.size() && line[i] != ' '; i += 3) digits += line.substr(i, 2);
    octets += *base::from_hex(digits);
  }
  return octets;
}

TEST(LogFormat, TheOctetsAreThoseOfTheWorkedExample) {
  faulty_file_system files;
  log_settings settings;
  settings.segment_octets = 4096;
  settings.reserve_octets = settings.floor_octets = settings.zero_ahead_octets = 0;
  settings.salt = 0x0123456789abcdef;
  auto log = log_writer::open(files, "log", settings);
  ASSERT_TRUE(log);
  commit_group group;
  group.bodies.push_back(testing::body_of("hello"));
  group.commands.push_back({base::shard_id(2), 1, "hi", {0}});
  ASSERT_TRUE((*log)->append(group));
  ASSERT_TRUE((*log)->commit());
  const auto octets = files.contents("log/00000001.log").substr(0, (*log)->end().offset);
  const auto shown = example_of("log.md");
  EXPECT_EQ(base::to_hex(shown), base::to_hex(octets));
}

TEST(LogFormat, HeadersAreReadBackAndRefusedWhenAnyOctetDiffers) {
  const auto octets = write_segment_header(sample_header());
  ASSERT_EQ(octets.size(), segment_header_octets);
  const auto back = read_segment_header(octets);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->segment, 3u);
  EXPECT_EQ(back->first_lsn, 42u);
  EXPECT_EQ(back->salt, 0x0123456789abcdefu);
  EXPECT_EQ(back->needed_from, (log_position{2, 64}));
  EXPECT_FALSE(read_segment_header(octets.substr(1)));
  for (std::size_t i = 0; i < octets.size(); ++i) {
    auto wrong = octets;
    wrong[i] = static_cast<char>(wrong[i] ^ 1);
    EXPECT_FALSE(read_segment_header(wrong)) << i;
  }
}

TEST(LogFormat, ARecordHeadIsValidOnlyAtItsPlaceInItsSegment) {
  record_head head;
  head.type = record_type::command;
  head.length = 77;
  head.payload_crc = 5;
  head.flags = record_flag::group_end;
  head.shard = 9;
  head.epoch = 2;
  head.lsn = 1000;
  const auto segment = sample_header();
  std::string octets(record_head_octets, '\0');
  write_record_head(head, segment, 4096, octets.data());
  const auto back = read_record_head(octets, segment, 4096);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->length, 77u);
  EXPECT_EQ(back->type, record_type::command);
  EXPECT_EQ(back->shard, 9u);
  EXPECT_EQ(back->epoch, 2u);
  EXPECT_EQ(back->lsn, 1000u);
  EXPECT_FALSE(read_record_head(octets, segment, 4104)) << "moved";
  auto other = segment;
  other.salt = 1;
  EXPECT_FALSE(read_record_head(octets, other, 4096)) << "of another file";
  for (std::size_t i = 0; i < octets.size(); ++i) {
    auto wrong = octets;
    wrong[i] = static_cast<char>(wrong[i] ^ 4);
    EXPECT_FALSE(read_record_head(wrong, segment, 4096)) << i;
  }
}

TEST(LogFormat, CommandPayloadsCarryThePlacesOfTheirBodies) {
  for (const std::size_t count : {0u, 1u, 2u, 200u}) {
    std::vector<body_ref> bodies;
    for (std::size_t i = 0; i < count; ++i)
      bodies.push_back({base::sha256(std::to_string(i)), 4, static_cast<std::uint32_t>(i * 8), 100});
    std::string octets;
    write_command_payload(bodies, "what to do", octets);
    EXPECT_EQ(octets.size(), command_payload_octets(count, 10));
    const auto back = read_command_payload(octets);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->bodies, bodies);
    EXPECT_EQ(back->payload, "what to do");
  }
  EXPECT_FALSE(read_command_payload(""));
  EXPECT_FALSE(read_command_payload("\x01too short"));
  EXPECT_FALSE(read_command_payload("\xff\xff\xff\xff\xff\xff\xff\xff\x7f"));
}

TEST(LogFormat, SegmentNamesSortAsNumbers) {
  EXPECT_EQ(segment_name(1), "00000001.log");
  EXPECT_EQ(segment_name(4294967295), "4294967295.log");
  for (const auto& [name, number] : std::vector<std::pair<std::string, std::optional<std::uint32_t>>>{
         {"00000001.log", 1}, {"12345678.log", 12345678}, {"4294967295.log", 4294967295},
         {"1.log", {}}, {"00000000.log", {}}, {"000000001.log", {}}, {"next.tmp", {}}, {"0000000a.log", {}}, {"", {}}})
    EXPECT_EQ(segment_number(name), number) << name;
}

} // namespace
} // namespace rookery::storage
