#include "storage/mail/command.hpp"

#include <gtest/gtest.h>

namespace rookery::storage::mail {
namespace {

new_message sample_message() {
  new_message m;
  m.prefix = "Delivered-To: u1@example.test\r\n";
  m.internal_date = base::from_milliseconds(1'700'000'000'123);
  m.flags = {flag::seen | flag::draft, {"$Junk", "work"}};
  m.summary = {"(env)", "(bs)", "(body)", std::string("\0\1", 2), "sort", "Hello", 321, "a@b\nc@d"};
  return m;
}

std::vector<any_command> one_of_each() {
  deliver d;
  d.folder = "Lists/dev";
  d.create = true;
  d.origin = 0xfedcba9876543210u;
  d.recipient = 7;
  d.message = sample_message();
  return {create_mailbox{"Sent", "\\Sent"},
          delete_mailbox{"Old"},
          rename_mailbox{"a/b", "c"},
          subscribe{"x", false},
          set_special_use{"Bin", "\\Trash"},
          append{base::mailbox_id{3}, {sample_message(), new_message{}}},
          d,
          store_flags{base::mailbox_id{1}, {{1, 5}, {9, 0xffffffffu}}, flag_change::remove, {flag::seen, {"k"}}, 77},
          store_flags{base::mailbox_id{1}, {}, flag_change::replace, {}, std::nullopt},
          expunge{base::mailbox_id{1}, uid_ranges{{1, 1}}, true},
          expunge{base::mailbox_id{1}, std::nullopt, false},
          expunge{base::mailbox_id{1}, uid_ranges{{4, 4}}, true, true},
          copy_messages{base::mailbox_id{1}, base::mailbox_id{2}, {{4, 4}}},
          move_messages{base::mailbox_id{2}, base::mailbox_id{1}, {{4, 400}}},
          append{base::mailbox_id{3}, {sample_message()}, base::account_id{9}},
          store_flags{base::mailbox_id{1}, {{1, 5}}, flag_change::add, {flag::seen, {}}, 7, base::account_id{9}, keep_flags::deleted},
          copy_messages{base::mailbox_id{1}, base::mailbox_id{2}, {{4, 4}}, keep_flags::seen},
          move_messages{base::mailbox_id{2}, base::mailbox_id{1}, {{4, 400}}, 0},
          set_rights{base::mailbox_id{1}, "$staff@example.test", rights_step::add, 2047},
          set_seen_mode{base::mailbox_id{1}, true},
          set_metadata{base::mailbox_id{1}, base::account_id{9}, {{"/comment", "Hello", true}, {"/x", std::nullopt, false}}},
          set_metadata{{}, {}, {}},
          begin_account{{{"Sent", "\\Sent", true}, {"Old", "", false}}},
          begin_account{},
          restore_messages{"INBOX", {{1, 4}, {9, 9}}},
          expunge{base::mailbox_id{3}, uid_ranges{{1, 2}}, true, true, true},
          expunge{base::mailbox_id{3}, std::nullopt, false, false, true},
          delete_mailbox{"Old", true},
          drop_account{},
          relocate_body{7, 0xfffffff0u},
          replace_message{base::mailbox_id{3}, base::mailbox_id{4}, 77, sample_message()}};
}

TEST(MailCommand, ArrivalsAreKnownByTheirFirstOctets) {
  for (const auto& what : one_of_each()) {
    const auto octets = encode({base::account_id{300}, {}, what});
    const bool arrival = std::holds_alternative<append>(what) || std::holds_alternative<deliver>(what);
    const bool guest = octets[1] != 1;
    EXPECT_EQ(account_of_arrival(octets), arrival && !guest ? std::optional(base::account_id{300}) : std::nullopt) << what.index();
    EXPECT_EQ(account_of_arrival(octets.substr(0, 2)), std::nullopt);
  }
}

TEST(MailCommand, IsReadAsItWasWritten) {
  for (const auto& what : one_of_each()) {
    const command c{base::account_id{300}, base::from_milliseconds(1'700'000'000'999), what};
    const auto octets = encode(c);
    const auto back = decode_command(octets);
    ASSERT_TRUE(back.ok()) << what.index();
    EXPECT_EQ(back->account, c.account);
    EXPECT_EQ(back->time, c.time);
    EXPECT_EQ(back->what.index(), what.index());
    EXPECT_EQ(encode(*back), octets);
  }
}

TEST(MailCommand, FieldsOfADeliveryKeepTheirPlaces) {
  deliver d;
  d.message = sample_message();
  d.origin = 5;
  const auto back = decode_command(encode({base::account_id{1}, {}, d}));
  ASSERT_TRUE(back.ok());
  const auto& m = std::get<deliver>(back->what).message;
  EXPECT_EQ(m.prefix, d.message.prefix);
  EXPECT_EQ(m.internal_date, d.message.internal_date);
  EXPECT_EQ(m.flags.keywords, d.message.flags.keywords);
  EXPECT_EQ(m.summary.parts, d.message.summary.parts);
  EXPECT_EQ(m.summary.header_octets, 321u);
  EXPECT_EQ(m.summary.thread_key, "a@b\nc@d");
}

TEST(MailCommand, WhatIsCutOrGrownOrNewerIsRefused) {
  for (const auto& what : one_of_each()) {
    const auto octets = encode({base::account_id{1}, {}, what});
    for (std::size_t n = 0; n < octets.size(); ++n)
      EXPECT_FALSE(decode_command(std::string_view(octets).substr(0, n)).ok()) << what.index() << " cut at " << n;
    EXPECT_FALSE(decode_command(octets + '\0').ok());
    auto newer = octets;
    newer[1] = 9;
    EXPECT_FALSE(decode_command(newer).ok());
  }
}

TEST(MailCommand, UidRangesMustAscend) {
  auto octets = encode({base::account_id{1}, {}, copy_messages{base::mailbox_id{1}, base::mailbox_id{2}, {{4, 4}, {5, 5}}}});
  ASSERT_TRUE(decode_command(octets).ok());
  octets[octets.size() - 2] = 0; // the second range begins where the first ends
  EXPECT_FALSE(decode_command(octets).ok());
}

} // namespace
} // namespace rookery::storage::mail
