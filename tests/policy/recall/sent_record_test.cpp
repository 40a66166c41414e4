#include "policy/recall/sent_record.hpp"

#include <gtest/gtest.h>

namespace rookery::recall {
namespace {

sent_record sent(std::uint64_t id, std::uint64_t account, std::string message_id, std::vector<std::string> to = {"bob@us.example"}) {
  sent_record r;
  r.id = base::message_id{id};
  r.account = base::account_id{account};
  r.message_id = std::move(message_id);
  r.subject = "Offer";
  r.time = base::from_milliseconds(1'700'000'000'000);
  r.recipients = std::move(to);
  return r;
}

TEST(SentRecord, IsReadAsItWasWritten) {
  const auto r = sent(0x1234, 7, "<1@a>", {"bob@us.example", "", "cem@else.example"});
  const auto again = decode_sent(sent_key(r.id), encode(r));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, r.id);
  EXPECT_EQ(again->account, r.account);
  EXPECT_EQ(again->time, r.time);
  EXPECT_EQ(again->message_id, r.message_id);
  EXPECT_EQ(again->subject, r.subject);
  EXPECT_EQ(again->recipients, r.recipients);
  EXPECT_EQ(sent_key(base::message_id{0x1234}), "0000000000001234");
  EXPECT_LT(sent_key(base::message_id{9}), sent_key(base::message_id{10}));
}

TEST(SentRecord, DamageIsSeen) {
  const auto r = sent(1, 7, "<1@a>");
  const auto value = encode(r), key = sent_key(r.id);
  for (std::size_t cut = 0; cut < value.size(); ++cut) {
    const auto part = decode_sent(key, value.substr(0, cut));
    if (part) { EXPECT_TRUE(part->recipients.empty()) << "cut before the first recipient"; }
  }
  EXPECT_FALSE(decode_sent("", value));
  EXPECT_FALSE(decode_sent("000000000000000g", value));
  EXPECT_FALSE(decode_sent(key, "\x02" + value.substr(1)));
  EXPECT_FALSE(decode_sent(key, value + std::string(sent_octets_max, 'x')));
}

TEST(SentRecord, IsBounded) {
  const auto many = sent(1, 7, "<1@a>", std::vector<std::string>(100000, "somebody@somewhere.example"));
  const auto value = encode(many);
  EXPECT_LE(value.size(), sent_octets_max);
  const auto again = decode_sent(sent_key(many.id), value);
  ASSERT_TRUE(again);
  EXPECT_GT(again->recipients.size(), 2000u);
  EXPECT_EQ(excess(1000, 1000), 0u);
  EXPECT_EQ(excess(1003, 1000), 3u);
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
