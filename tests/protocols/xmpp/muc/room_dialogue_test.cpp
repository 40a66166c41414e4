// tests/dialogues/muc: each rule of a room as a dialogue of several clients (room_script.hpp has the grammar).
#include "tests/protocols/xmpp/muc/room_script.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace rookery::xmpp::muc {
namespace {

std::vector<std::string> all_dialogues() {
  std::vector<std::string> out;
  for (const auto& e : std::filesystem::directory_iterator(std::string(ROOKERY_SOURCE_DIR) + "/tests/dialogues/muc"))
    if (e.path().extension() == ".dialogue") out.push_back(e.path().stem().string());
  std::sort(out.begin(), out.end());
  return out;
}

class RoomDialogues : public ::testing::TestWithParam<std::string> {};

TEST_P(RoomDialogues, Go) {
  std::ifstream in(std::string(ROOKERY_SOURCE_DIR) + "/tests/dialogues/muc/" + GetParam() + ".dialogue");
  std::ostringstream text;
  text << in.rdbuf();
  ASSERT_TRUE(text.str().starts_with("# ")) << "the first line says why it exists";
  EXPECT_EQ(room_script().play(text.str()), "");
}

INSTANTIATE_TEST_SUITE_P(Muc, RoomDialogues, ::testing::ValuesIn(all_dialogues()), [](const auto& p) { return p.param; });

} // namespace
} // namespace rookery::xmpp::muc
