#include "policy/mailboxes/mailbox_template.hpp"

#include <gtest/gtest.h>

namespace rookery::mailboxes {
namespace {

TEST(MailboxTemplate, MailboxesAreReadAsTheyArePrinted) {
  const template_mailbox rows[] = {{"Sent", "\\Sent", true}, {"Projects/2026", "", true}, {"a=b", "\\Junk", false}, {"a=b", "", false}};
  for (const auto& m : rows) EXPECT_EQ(read_template_mailbox(print(m)), m) << print(m);
  EXPECT_EQ(print(rows[0]), "Sent=\\Sent");
  EXPECT_EQ(print(rows[2]), "!a=b=\\Junk");
}

TEST(MailboxTemplate, TheStandardOneHasWhatClientsLookFor) {
  std::string uses;
  for (const auto& m : standard_template().mailboxes) uses += m.special_use + ' ';
  EXPECT_EQ(uses, "\\Archive \\Drafts \\Junk \\Sent \\Trash ");
}

} // namespace
} // namespace rookery::mailboxes
