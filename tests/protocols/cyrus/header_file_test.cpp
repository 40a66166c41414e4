#include "protocols/cyrus/header_file.hpp"

#include <gtest/gtest.h>

namespace rookery::cyrus {
namespace {

using words = std::vector<std::string>;

std::string file_of(const std::string& rest) {
  return "\241\002\213\015Cyrus mailbox header\nsecond line\n\tthird\n" + rest;
}

TEST(CyrusHeader, ListForm) {
  const auto got = read_header(file_of("%(T e N user.anna.Sent I 4wo4ha A %(anna lrs bob lr) U ($Junk work gone))\n"));
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->name, "user.anna.Sent");
  EXPECT_EQ(got->keywords, (words{"$Junk", "work", "gone"}));
}

TEST(CyrusHeader, ListFormWithOtherStrings) {
  const auto got = read_header(file_of("%(N {10}\r\nuser.a (b) X (1 %(y (2)) \"a \\\" )\") U () Q \"z\")"));
  ASSERT_TRUE(got.ok()) << got.error().log.value;
  EXPECT_EQ(got->name, "user.a (b)");
  EXPECT_TRUE(got->keywords.empty());
}

TEST(CyrusHeader, OlderForm) {
  const auto got = read_header(file_of("user.anna\t5f3c2a\n$Junk work\nanna\tlrswipkxtecda\t\n"));
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->name, "");
  EXPECT_EQ(got->keywords, (words{"$Junk", "work"}));
  const auto none = read_header(file_of("user.anna\t5f3c2a\n\nanna\tlrs\t\n"));
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->keywords.empty());
}

TEST(CyrusHeader, DamagedOnes) {
  const std::string wrong[] = {"", "Cyrus mailbox header\n", file_of("").substr(0, 30), file_of("%"), file_of("%("), file_of("%(N"), file_of("%(N user.a"),
                               file_of("%(N user.a U ("), file_of("%(N {9999}\nuser.a)"), file_of("%(N \"user.a)"),
                               file_of("%(X " + std::string(1000, '(') + ")"), file_of("%(N user.a U (" + [] {
                                 std::string many;
                                 for (int i = 0; i < 129; ++i) many += 'k' + std::to_string(i) + ' ';
                                 return many;
                               }() + "))")};
  for (const auto& w : wrong) {
    const auto got = read_header(w);
    ASSERT_FALSE(got.ok()) << w;
    EXPECT_EQ(got.error().kind, base::error_kind::damaged) << w;
  }
}

TEST(CyrusNames, PeopleAndTheirMailboxes) {
  const auto is = [](std::string_view name, std::string_view owner, std::string_view mailbox) {
    const auto got = owned(name);
    return got && got->owner == owner && got->mailbox == mailbox;
  };
  EXPECT_TRUE(is("user.anna", "anna", "INBOX"));
  EXPECT_TRUE(is("user.anna.Sent", "anna", "Sent"));
  EXPECT_TRUE(is("user.anna^b.Work^2025.&AOQ-rger", "anna.b", "Work.2025/ärger"));
  EXPECT_TRUE(is("example.org!user.anna.Sent", "anna@example.org", "Sent"));
  EXPECT_TRUE(is("user\x1f" "anna\x1f" "Work.2025", "anna", "Work.2025"));
  for (const auto* wrong : {"", "user", "user.", "shared.news", "user.anna..x", "user.anna.a/b", "!"})
    EXPECT_FALSE(owned(wrong)) << wrong;
}

TEST(CyrusNames, Directories) {
  EXPECT_EQ(mailbox_of(""), "INBOX");
  EXPECT_EQ(mailbox_of("Sent/2026"), "Sent/2026");
  EXPECT_EQ(mailbox_of("Work^2025"), "Work.2025");
  EXPECT_FALSE(mailbox_of("a//b"));
}

} // namespace
} // namespace rookery::cyrus
