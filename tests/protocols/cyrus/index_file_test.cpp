#include "protocols/cyrus/index_file.hpp"
#include "protocols/mbox/message_state.hpp"

#include <gtest/gtest.h>

namespace rookery::cyrus {
namespace {

constexpr std::size_t header = 160, record = 112;

void put(std::string& file, std::size_t at, std::uint32_t v) {
  for (int i = 3; i >= 0; --i, v >>= 8) file[at + static_cast<std::size_t>(i)] = static_cast<char>(v);
}

std::string index_of(std::uint32_t version, std::uint32_t count) {
  std::string file(header + count * record, '\0');
  put(file, 8, version);
  put(file, 12, header);
  put(file, 16, record);
  put(file, 20, count);
  for (std::uint32_t i = 0; i < count; ++i) {
    put(file, header + i * record, 10 + i);
    put(file, header + i * record + 4, 1'700'000'000 + i);
    put(file, header + i * record + 12, 100 + i);
  }
  return file;
}

TEST(CyrusIndex, TellsUidsDatesSizesAndFlags) {
  auto file = index_of(17, 3);
  put(file, header + 32, 1u << 4 | 1u << 0);
  put(file, header + 36, 1u << 2);
  put(file, header + 36 + 12, 1u << 31);
  put(file, header + record + 32, 1u << 1 | 1u << 2 | 1u << 3);
  const auto got = read_index(file);
  ASSERT_TRUE(got.ok());
  ASSERT_EQ(got->size(), 3u);
  const auto& a = (*got)[0];
  EXPECT_EQ(a.uid, 10u);
  EXPECT_EQ(a.octets, 100u);
  EXPECT_EQ(a.received.time_since_epoch(), std::chrono::seconds(1'700'000'000));
  EXPECT_EQ(a.system, mbox::flag::seen | mbox::flag::answered);
  EXPECT_EQ(a.keywords[0], 4u);
  EXPECT_EQ(a.keywords[1], std::uint64_t{1} << 63);
  EXPECT_EQ((*got)[1].system, mbox::flag::flagged | mbox::flag::deleted | mbox::flag::draft);
  EXPECT_EQ((*got)[2].system, 0u);
}

TEST(CyrusIndex, LeavesOutWhatIsExpunged) {
  auto file = index_of(12, 2);
  put(file, header + 32, 1u << 31 | 1u << 4);
  const auto got = read_index(file);
  ASSERT_TRUE(got.ok());
  ASSERT_EQ(got->size(), 1u);
  EXPECT_EQ((*got)[0].uid, 11u);
}

TEST(CyrusIndex, RefusesVersionsItDoesNotKnow) {
  for (const std::uint32_t version : {0u, 11u, 20u, 0xffffffffu}) {
    const auto got = read_index(index_of(version, 1));
    ASSERT_FALSE(got.ok()) << version;
    EXPECT_EQ(got.error().kind, base::error_kind::unsupported);
    EXPECT_NE(got.error().log.value.find(std::to_string(version)), std::string::npos);
  }
}

TEST(CyrusIndex, RefusesWhatContradictsItself) {
  const auto refused = [](std::string file) {
    const auto got = read_index(file);
    return !got.ok() && got.error().kind == base::error_kind::damaged;
  };
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused(index_of(17, 2).substr(0, header + record + 1)));
  auto same = index_of(17, 2);
  put(same, header + record, 10);
  EXPECT_TRUE(refused(same));
  auto begins = index_of(17, 1);
  put(begins, 12, 0xffffffff);
  EXPECT_TRUE(refused(begins));
  auto small = index_of(17, 1);
  put(small, 16, 8);
  EXPECT_TRUE(refused(small));
  auto many = index_of(17, 1);
  put(many, 20, 0xffffffff);
  EXPECT_TRUE(refused(many));
}

} // namespace
} // namespace rookery::cyrus
