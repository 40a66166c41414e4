#include "policy/recall/sent_record.hpp"

#include <gtest/gtest.h>

namespace rookery::recall {
namespace {

using place = sent_copy::where;

sent_record sent(std::uint64_t id, std::uint64_t account, std::string message_id,
                 std::vector<sent_recipient> to = {{"bob@us.example", {{place::mailbox, 9, 0, ""}}}}) {
  sent_record r;
  r.id = base::message_id{id};
  r.account = base::account_id{account};
  r.message_id = std::move(message_id);
  r.subject = "Offer";
  r.time = base::from_milliseconds(1'700'000'000'000);
  r.body = std::string(32, '\xab');
  r.recipients = std::move(to);
  return r;
}

TEST(SentRecord, IsReadAsItWasWritten) {
  auto r = sent(0x1234, 7, "<1@a>",
                {{"bob@us.example", {{place::mailbox, 300, 0, ""}, {place::forwarded, 0x1235, 2, "bob@home.example"}}},
                 {"", {}},
                 {"cem@else.example", {{place::queue, 0x1234, 70, ""}}}});
  r.unremembered = 5;
  const auto again = decode_sent(sent_key(r.id), encode(r));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, r.id);
  EXPECT_EQ(again->account, r.account);
  EXPECT_EQ(again->time, r.time);
  EXPECT_EQ(again->message_id, r.message_id);
  EXPECT_EQ(again->subject, r.subject);
  EXPECT_EQ(again->body, r.body);
  EXPECT_EQ(again->recipients, r.recipients);
  EXPECT_EQ(again->unremembered, 5u);
  EXPECT_EQ(sent_key(base::message_id{0x1234}), "0000000000001234");
  EXPECT_LT(sent_key(base::message_id{9}), sent_key(base::message_id{10}));
}

TEST(SentRecord, DamageIsSeen) {
  const auto r = sent(1, 7, "<1@a>");
  const auto value = encode(r), key = sent_key(r.id);
  for (std::size_t cut = 0; cut < value.size(); ++cut) EXPECT_FALSE(decode_sent(key, value.substr(0, cut))) << cut;
  EXPECT_FALSE(decode_sent(key, value + "x"));
  EXPECT_FALSE(decode_sent("", value));
  EXPECT_FALSE(decode_sent("000000000000000g", value));
  EXPECT_FALSE(decode_sent(key, "\x02" + value.substr(1)));
  EXPECT_FALSE(decode_sent(key, value + std::string(sent_octets_max, 'x')));
}

TEST(SentRecord, IsBoundedAndSaysWhatWasCut) {
  const auto many = sent(1, 7, "<1@a>", std::vector<sent_recipient>(100000, {"somebody@somewhere.example", {{place::queue, 1, 1, ""}}}));
  const auto value = encode(many);
  EXPECT_LE(value.size(), sent_octets_max);
  const auto again = decode_sent(sent_key(many.id), value);
  ASSERT_TRUE(again);
  EXPECT_GT(again->recipients.size(), 1000u);
  EXPECT_EQ(again->recipients.size() + again->unremembered, 100000u);
  // One recipient that leads to more mailboxes than a note has room for.
  const auto wide = sent(1, 7, "<1@a>", {{"all@us.example", std::vector<sent_copy>(20000, {place::mailbox, 1u << 20, 0, ""})}, {"x@us.example", {}}});
  const auto cut = decode_sent(sent_key(wide.id), encode(wide));
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->recipients.size(), 0u);
  EXPECT_EQ(cut->unremembered, 2u);
}

TEST(SentRecord, WhatBecomesKnownLaterIsRead) {
  const base::message_id id{0x12}, onward{0x34};
  const auto body = read_later(later_body_key(id), std::string(32, 'b'));
  ASSERT_TRUE(body);
  EXPECT_EQ(body->what, later_note::kind::body);
  EXPECT_EQ(body->body, std::string(32, 'b'));
  const auto failed = read_later(later_failed_key(id, 7), "");
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->what, later_note::kind::failed);
  EXPECT_EQ(failed->number, 7u);
  const auto removed = read_later(later_removed_key(id), "");
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->what, later_note::kind::removed);
  const auto went = read_later(later_onward_key(id, 7, onward, 3), "bob@home.example");
  ASSERT_TRUE(went);
  EXPECT_EQ(went->number, 7u);
  EXPECT_EQ(went->onward, (sent_copy{place::forwarded, 0x34, 3, "bob@home.example"}));
  for (const auto& key : {later_body_key(id), later_failed_key(id, 7), later_onward_key(id, 7, onward, 3)})
    EXPECT_TRUE(key.starts_with(later_prefix(id))) << key;
  const std::pair<const char*, const char*> wrong[] = {
      {"", ""}, {"0000000000000012", ""}, {"0000000000000012/", ""}, {"0000000000000012/b", "short"}, {"0000000000000012/bx", ""},
      {"0000000000000012/f", ""}, {"0000000000000012/f-1", ""}, {"0000000000000012/f4294967296", ""}, {"0000000000000012/o7", ""},
      {"0000000000000012/o7/12/3", ""}, {"0000000000000012/o7/0000000000000034/x", ""}, {"0000000000000012/rx", ""}, {"0000000000000012/z", ""}};
  for (const auto& [key, value] : wrong) EXPECT_FALSE(read_later(key, value)) << key;
}

TEST(SentSearch, FindsTheLastOrTheOneThatIsNamed) {
  const std::vector<sent_record> book = {sent(1, 7, "<a@x>"), sent(2, 7, "<b@x>"), sent(3, 8, "<a@x>"), sent(4, 8, "<c@x>")};
  const auto search = [&](request asked, std::uint64_t account) {
    sent_search s(asked, base::account_id{account});
    for (const auto& r : book) s.look_at(r);
    return s.found() ? s.found()->id.value : 0;
  };
  EXPECT_EQ(search({request::kind::last, ""}, 7), 2u);
  EXPECT_EQ(search({request::kind::last, ""}, 9), 0u);
  EXPECT_EQ(search({request::kind::message, "<a@x>"}, 7), 1u) << "one's own, though another has the same";
  EXPECT_EQ(search({request::kind::message, "<a@x>"}, 8), 3u);
  EXPECT_EQ(search({request::kind::message, "<c@x>"}, 7), 4u) << "another's: may_recall says no";
  EXPECT_EQ(search({request::kind::message, "<z@x>"}, 7), 0u);
  EXPECT_EQ(search({request::kind::malformed, ""}, 7), 0u);
}

} // namespace
} // namespace rookery::recall
