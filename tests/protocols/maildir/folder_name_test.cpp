#include "protocols/maildir/folder_name.hpp"

#include <gtest/gtest.h>

namespace rookery::maildir {
namespace {

TEST(MaildirFolder, IsAMailbox) {
  struct row {
    const char* directory;
    layout how;
    const char* mailbox; ///< null: none
  };
  for (const auto& [directory, how, mailbox] : {
           row{"", layout::maildirpp, "INBOX"},
           row{".Sent", layout::maildirpp, "Sent"},
           row{".Sent.2026", layout::maildirpp, "Sent/2026"},
           row{".Entw&APw-rfe", layout::maildirpp, "Entwürfe"},
           row{".Entwürfe", layout::maildirpp, "Entwürfe"},
           row{".a&AC4-b", layout::maildirpp, "a.b"},
           row{".inbox.x", layout::maildirpp, "INBOX/x"},
           row{"Sent", layout::maildirpp, nullptr},
           row{".", layout::maildirpp, nullptr},
           row{"..", layout::maildirpp, nullptr},
           row{".a..b", layout::maildirpp, nullptr},
           row{".a/b", layout::maildirpp, nullptr},
           row{".R&D", layout::maildirpp, "R&D"},
           row{".&-&-", layout::maildirpp, "&&"},
           row{".\x01", layout::maildirpp, nullptr},
           row{".\xff", layout::maildirpp, nullptr},
           row{"Sent/2026", layout::fs, "Sent/2026"},
           row{"a.b", layout::fs, "a.b"},
           row{"cur", layout::fs, nullptr},
           row{"Sent/cur", layout::fs, nullptr},
           row{"Sent/&AGM-ur", layout::fs, "Sent/cur"},
           row{"dovecot-x", layout::fs, nullptr},
           row{".hidden", layout::fs, nullptr},
       }) {
    const auto read = mailbox_of(directory, how);
    EXPECT_EQ(read.value_or("-"), mailbox == nullptr ? "-" : mailbox) << directory;
  }
}

TEST(MaildirFolder, ComesBack) {
  for (const auto* mailbox : {"INBOX", "INBOX/x", "Sent/2026", "Entwürfe/ä.ö", "a.b/c..d", "cur", "x/tmp/new", "dovecot/&", "courier&ä/tmpX", "日本語", "maildirfolder", "a b"})
    for (const auto how : {layout::maildirpp, layout::fs}) EXPECT_EQ(mailbox_of(directory_of(mailbox, how), how), mailbox) << directory_of(mailbox, how);
  EXPECT_EQ(directory_of("Sent/2026", layout::maildirpp), ".Sent.2026");
  EXPECT_EQ(directory_of("Sent/cur", layout::fs), "Sent/&AGM-ur");
}

TEST(MaildirSubscriptions, AreReadAsDovecotAndCourierWriteThem) {
  using all = std::vector<std::string>;
  EXPECT_EQ(read_subscriptions("Sent.2026\nINBOX\nEntw&APw-rfe\n", layout::maildirpp), (all{"Sent/2026", "INBOX", "Entwürfe"}));
  EXPECT_EQ(read_subscriptions("V\t2\n\nSent\t2026\nINBOX\n", layout::maildirpp), (all{"Sent/2026", "INBOX"}));
  EXPECT_EQ(read_subscriptions("Sent/2026\n", layout::fs), (all{"Sent/2026"}));
  EXPECT_EQ(read_subscriptions("INBOX.Sent\nINBOX\n", layout::maildirpp), (all{"Sent", "INBOX"}));
  EXPECT_EQ(read_subscriptions("..\n\x01\n\n", layout::maildirpp), all{});
  for (const auto how : {layout::maildirpp, layout::fs})
    EXPECT_EQ(read_subscriptions(write_subscriptions({"INBOX", "INBOX/x", "Sent/a.b"}), how), (all{"INBOX", "INBOX/x", "Sent/a.b"}));
}

TEST(MaildirUidList, SaysTheOrder) {
  EXPECT_EQ(read_uid_order("3 V1 N9 Gabc\n7 :b,S=1:2,S\n2 W12 :a\nx\n"), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_EQ(read_uid_order("1 1 9\n2 b:2,S\n1 a\n"), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_TRUE(read_uid_order("").empty());
}

} // namespace
} // namespace rookery::maildir
