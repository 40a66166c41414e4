#include "policy/transfer/folder_map.hpp"

#include <gtest/gtest.h>

namespace rookery::transfer {
namespace {

TEST(FolderPattern, Matches) {
  struct row {
    const char* pattern;
    const char* folder;
    bool fits;
  };
  for (const auto& [pattern, folder, fits] : {
           row{"*", "a/b", true}, row{"%", "a/b", false}, row{"%", "ab", true}, row{"a/%", "a/b", true}, row{"a/%", "a/b/c", false},
           row{"a*", "a/b/c", true}, row{"*c", "a/b/c", true}, row{"a*b*c", "aXbYc", true}, row{"a*b*c", "aXc", false}, row{"inbox", "INBOX", true},
           row{"INBOX", "inbox", true}, row{"Trash", "trash", false}, row{"", "", true}, row{"", "a", false}, row{"a", "", false}, row{"**", "a", true},
           row{"Ä%", "Äb", true},
       })
    EXPECT_EQ(matches(pattern, folder), fits) << pattern << " " << folder;
  EXPECT_FALSE(matches(std::string(pattern_octets_max + 1, '*'), "a"));
}

TEST(FolderMap, SaysWhereAFolderGoes) {
  folder_rules rules;
  rules.except = {"Trash", "Junk/*"};
  rules.renamed = {{"Sent Items", "Sent"}, {"Projects", "Work"}, {"Projects/Old", "Archive"}};
  struct row {
    const char* folder;
    const char* mailbox; ///< null: not copied
  };
  for (const auto& [folder, mailbox] : {
           row{"INBOX", "INBOX"}, row{"inbox/x", "INBOX/x"}, row{"Trash", nullptr}, row{"Junk", "Junk"}, row{"Junk/a/b", nullptr},
           row{"Sent Items", "Sent"}, row{"Sent Items/2026", "Sent/2026"}, row{"Sent Items2", "Sent Items2"}, row{"Projects/A", "Work/A"},
           row{"Projects/Old/B", "Archive/B"}, row{"#shared/x", nullptr}, row{"a//b", nullptr}, row{"", nullptr},
       })
    EXPECT_EQ(mailbox_for(rules, folder).value_or("-"), mailbox == nullptr ? "-" : mailbox) << folder;
  rules = {};
  rules.only = {"INBOX", "a/%"};
  rules.prefix = "Old/";
  EXPECT_EQ(mailbox_for(rules, "INBOX"), "Old/INBOX");
  EXPECT_EQ(mailbox_for(rules, "a/b"), "Old/a/b");
  EXPECT_FALSE(mailbox_for(rules, "b"));
}

TEST(FolderMap, TurnsSeparators) {
  EXPECT_EQ(with_slashes("a.b/c.d", '.'), "a/b_c/d");
  EXPECT_EQ(with_slashes("a/b.c", '/'), "a/b.c");
  EXPECT_EQ(with_slashes("a/b", '\0'), "a_b");
  EXPECT_EQ(with_slashes("a\\b", '\\'), "a/b");
}

} // namespace
} // namespace rookery::transfer
