#include "storage/body/body_reader.hpp"

#include "storage/file/faulty_file_system.hpp"
#include "tests/storage/log/log_workload.hpp"

#include <atomic>
#include <thread>

namespace rookery::storage {
namespace {

using namespace testing;
using base::error_kind;

struct stored_bodies {
  faulty_file_system files;
  std::unique_ptr<log_writer> log = open_log(files);
  std::vector<body_ref> refs;
  std::vector<std::string> octets;

  explicit stored_bodies(int count, std::size_t length = 3000) {
    for (int i = 0; i < count; ++i) {
      auto g = group_of("body" + std::to_string(i), 1, {length});
      octets.push_back(*g.bodies[0].octets);
      refs.push_back(log->append(g)->front().bodies[0]);
      EXPECT_TRUE(log->commit());
    }
  }
};

TEST(BodyReader, ReadsAnyPartAndEndsWithTheBody) {
  stored_bodies s(3);
  body_reader reader(s.files, "log");
  char out[5000];
  for (std::size_t i = 0; i < s.refs.size(); ++i) {
    const auto& ref = s.refs[i];
    EXPECT_EQ(*reader.read(ref, 0, out, sizeof out), 3000u);
    EXPECT_EQ(std::string_view(out, 3000), s.octets[i]);
    EXPECT_EQ(*reader.read(ref, 2990, out, 100), 10u);
    EXPECT_EQ(std::string_view(out, 10), s.octets[i].substr(2990));
    EXPECT_EQ(*reader.read(ref, 3000, out, 100), 0u);
    EXPECT_EQ(*reader.read_whole(ref), s.octets[i]);
    EXPECT_TRUE(reader.verify(ref));
  }
}

TEST(BodyReader, AReadThatWouldWaitSaysSo) {
  stored_bodies s(1);
  body_reader reader(s.files, "log");
  char out[100];
  EXPECT_EQ(reader.try_read(s.refs[0], 0, out, 100).what, quick_read::state::would_block) << "the segment is not open";
  ASSERT_TRUE(reader.read(s.refs[0], 0, out, 1));
  const auto now = reader.try_read(s.refs[0], 2950, out, 100);
  EXPECT_EQ(now.what, quick_read::state::octets);
  EXPECT_EQ(now.count, 50u);
  EXPECT_EQ(reader.try_read(s.refs[0], 3000, out, 100).what, quick_read::state::end);
  s.files.set_cold(true);
  EXPECT_EQ(reader.try_read(s.refs[0], 0, out, 100).what, quick_read::state::would_block);
  EXPECT_TRUE(reader.read(s.refs[0], 0, out, 1));
}

TEST(BodyReader, DamageIsFoundNotRead) {
  stored_bodies s(1);
  body_reader reader(s.files, "log");
  s.files.damage("log/00000001.log", s.refs[0].offset + 1234, "#");
  EXPECT_EQ(reader.verify(s.refs[0]).error().kind, error_kind::damaged);
  EXPECT_EQ(reader.read_whole(s.refs[0]).error().kind, error_kind::damaged);
  auto beyond = s.refs[0];
  beyond.offset = 1000000;
  char out[10];
  EXPECT_EQ(reader.read(beyond, 0, out, 10).error().kind, error_kind::damaged);
  EXPECT_EQ(reader.try_read(beyond, 0, out, 10).what, quick_read::state::failed);
  beyond.segment = 77;
  EXPECT_EQ(reader.read(beyond, 0, out, 10).error().kind, error_kind::not_found);
}

TEST(BodyReader, KeepsABoundedNumberOfSegmentsOpenAndPinnedOnesAfterRemoval) {
  stored_bodies s(40);
  ASSERT_GT(s.log->segments().size(), 6u);
  body_reader reader(s.files, "log", {3});
  ASSERT_TRUE(reader.pin(1));
  for (int round = 0; round < 2; ++round)
    for (std::size_t i = 0; i < s.refs.size(); ++i) EXPECT_EQ(*reader.read_whole(s.refs[i]), s.octets[i]);
  EXPECT_LE(reader.open_segments(), 4u);
  ASSERT_TRUE(s.files.remove("log/00000001.log"));
  EXPECT_EQ(*reader.read_whole(s.refs[0]), s.octets[0]);
  reader.unpin(1);
  EXPECT_EQ(reader.read_whole(s.refs[0]).error().kind, error_kind::not_found);
}

TEST(BodyReader, ServesManyThreads) {
  stored_bodies s(40);
  body_reader reader(s.files, "log", {2});
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 200; ++i) {
        const auto which = (i * (t + 1)) % s.refs.size();
        char out[3000];
        if (i % 3 == 0 && reader.try_read(s.refs[which], 0, out, sizeof out).what == quick_read::state::failed) ++wrong;
        auto read = reader.read_whole(s.refs[which]);
        if (!read || *read != s.octets[which]) ++wrong;
      }
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(wrong, 0);
}

} // namespace
} // namespace rookery::storage
