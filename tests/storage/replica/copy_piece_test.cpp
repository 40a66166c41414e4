#include "storage/file/faulty_file_system.hpp"
#include "storage/replica/folder_copy.hpp"

#include <gtest/gtest.h>

namespace rookery::storage {
namespace {

std::string frame_of(const std::vector<copy_piece>& pieces) {
  std::string out;
  for (const auto& p : pieces) write_copy_piece(p, out);
  return out;
}

TEST(CopyPiece, IsReadAsItWasWritten) {
  const std::vector<copy_piece> pieces{{copy_kind::have, 7, 9, "log/00000001.log"}, {copy_kind::file, 5, 0, "store.json"},
                                       {copy_kind::octets, 0, 0, "abc"},            {copy_kind::end, 0xffffffff, 0, {}},
                                       {copy_kind::kept, 0, 0, "mail-0002/CURRENT"}, {copy_kind::done, 2, 0, {}}};
  const auto frame = frame_of(pieces);
  EXPECT_EQ(read_copy_pieces(frame), pieces);
  for (std::size_t n = 1; n < 20; ++n) EXPECT_FALSE(read_copy_pieces(std::string_view(frame).substr(0, n)));
  EXPECT_EQ(frame_of({{copy_kind::octets, 0, 0, "ab"}}), std::string("\x02\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0ab", 22));
}

TEST(CopyPiece, WrongOnesAreRefused) {
  const std::vector<std::pair<const char*, copy_piece>> wrong{
    {"a name that leads elsewhere", {copy_kind::file, 1, 0, "../store.json"}},
    {"an absolute name", {copy_kind::file, 1, 0, "/etc/passwd"}},
    {"two folders", {copy_kind::file, 1, 0, "a/b/c"}},
    {"a hidden name", {copy_kind::file, 1, 0, "log/.x"}},
    {"no name", {copy_kind::kept, 0, 0, ""}},
    {"a folder alone", {copy_kind::file, 1, 0, "log/"}},
    {"a line end", {copy_kind::file, 1, 0, "a\nb"}},
    {"too large", {copy_kind::file, copy_file_octets_max + 1, 0, "a"}},
    {"no octets", {copy_kind::octets, 0, 0, ""}},
    {"octets with a number", {copy_kind::octets, 1, 0, "a"}},
    {"a checksum that is none", {copy_kind::end, 0x100000000, 0, {}}},
    {"too many", {copy_kind::done, copy_files_max + 1, 0, {}}},
    {"a checksum where none belongs", {copy_kind::kept, 0, 1, "a"}},
    {"an unknown kind", {static_cast<copy_kind>(7), 0, 0, {}}}};
  for (const auto& [what, piece] : wrong) EXPECT_FALSE(read_copy_pieces(frame_of({piece}))) << what;
}

TEST(CopyReceiver, RefusesWhatIsOutOfOrderOrWrong) {
  const std::vector<std::pair<const char*, std::vector<copy_piece>>> wrong{
    {"octets of no file", {{copy_kind::octets, 0, 0, "a"}}},
    {"a file within a file", {{copy_kind::file, 2, 0, "a"}, {copy_kind::file, 2, 0, "b"}}},
    {"too long", {{copy_kind::file, 2, 0, "a"}, {copy_kind::octets, 0, 0, "abc"}}},
    {"too short", {{copy_kind::file, 2, 0, "a"}, {copy_kind::octets, 0, 0, "a"}, {copy_kind::end, 0, 0, {}}}},
    {"a wrong checksum", {{copy_kind::file, 1, 0, "a"}, {copy_kind::octets, 0, 0, "a"}, {copy_kind::end, 1, 0, {}}}},
    {"twice", {{copy_kind::file, 0, 0, "a"}, {copy_kind::end, 0, 0, {}}, {copy_kind::file, 0, 0, "a"}}},
    {"kept and not there", {{copy_kind::kept, 0, 0, "a"}}},
    {"the end with a file missing", {{copy_kind::done, 1, 0, {}}}},
    {"behind the end", {{copy_kind::done, 0, 0, {}}, {copy_kind::file, 0, 0, "a"}}},
    {"of the other direction", {{copy_kind::have, 0, 0, "a"}}}};
  for (const auto& [what, pieces] : wrong) {
    faulty_file_system files;
    auto receiver = copy_receiver::open(files, "volume");
    ASSERT_TRUE(receiver);
    const auto done = (*receiver)->take(frame_of(pieces));
    EXPECT_FALSE(done) << what;
    EXPECT_FALSE((*receiver)->complete()) << what;
    EXPECT_FALSE((*receiver)->finish()) << what;
  }
}

TEST(CopyPace, RestsAsLongAsTheOctetsTake) {
  copy_pace pace(1'000'000);
  const copy_pace::clock::time_point begin{std::chrono::seconds(100)};
  EXPECT_EQ(pace.after(500'000, begin).count(), 500);
  EXPECT_EQ(pace.after(500'000, begin).count(), 1000);
  EXPECT_EQ(pace.after(100'000, begin + std::chrono::seconds(10)).count(), 100);
  copy_pace none(0);
  EXPECT_EQ(none.after(1u << 30, begin).count(), 0);
}

} // namespace
} // namespace rookery::storage
