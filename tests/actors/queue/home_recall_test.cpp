#include "actors/queue/home_recall.hpp"

#include "actors/queue/copy_removal.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

template <class Read>
void refuses_what_is_damaged(const std::string& octets, Read read) {
  for (std::size_t n = 0; n < octets.size(); ++n) EXPECT_FALSE(read(octets.substr(0, n))) << n;
  EXPECT_FALSE(read(octets + "x"));
  auto newer = octets;
  newer[0] = 9;
  EXPECT_FALSE(read(newer));
}

copies_question example() {
  copies_question q;
  q.order = base::message_id{0x1234};
  q.from = "3";
  q.account = base::account_id{77};
  q.sent = base::from_milliseconds(1'700'000'000'123);
  q.also_read = true;
  q.bodies = {std::string(32, 'a'), std::string(32, '\0')};
  return q;
}

TEST(HomeRecall, AQuestionForCopiesIsReadAsItWasPrinted) {
  const auto octets = print(example());
  const auto read = read_copies_question(octets);
  ASSERT_TRUE(read);
  EXPECT_EQ(print(*read), octets);
  EXPECT_EQ(read->order.value, 0x1234u);
  EXPECT_EQ(read->from, "3");
  EXPECT_EQ(read->account.value, 77u);
  EXPECT_EQ(read->sent, example().sent);
  EXPECT_TRUE(read->also_read);
  EXPECT_EQ(read->bodies, example().bodies);
  refuses_what_is_damaged(octets, read_copies_question);
}

TEST(HomeRecall, AQuestionForCopiesThatMeansNoMessageIsNone) {
  auto q = example();
  q.bodies.clear();
  EXPECT_FALSE(read_copies_question(print(q))) << "it would mean no body, or all";
  q.bodies = {"short"};
  EXPECT_FALSE(read_copies_question(print(q)));
  q.bodies.assign(recall_bodies_max + 1, std::string(32, 'a'));
  EXPECT_FALSE(read_copies_question(print(q)));
  q = example();
  q.account = {};
  EXPECT_FALSE(read_copies_question(print(q)));
}

TEST(HomeRecall, AnAnswerAboutCopiesIsWhatAHomeCanKnow) {
  using recall::fate;
  for (const auto f : {fate::removed_unread, fate::removed_read, fate::kept_read, fate::not_found}) EXPECT_EQ(read_copies_answer(print(f)), f);
  EXPECT_FALSE(read_copies_answer(print(fate::unreached))) << "who answers is reached";
  refuses_what_is_damaged(print(fate::kept_read), read_copies_answer);
}

TEST(HomeRecall, WhatIsRememberedIsToldWholeOrAsNothing) {
  const sent_question q{base::account_id{5}, "<a@b.test>", base::from_milliseconds(99)};
  const auto asked = read_sent_question(print(q));
  ASSERT_TRUE(asked);
  EXPECT_EQ(print(*asked), print(q));
  refuses_what_is_damaged(print(q), read_sent_question);
  const auto nothing = read_sent_answer(print(sent_answer()));
  ASSERT_TRUE(nothing) << "an answer";
  EXPECT_FALSE(*nothing) << "that there is none";
  recall::sent_record r;
  r.id = base::message_id{0xabc};
  r.account = base::account_id{5};
  r.message_id = "<a@b.test>";
  r.subject = "mistake";
  r.time = base::from_milliseconds(98);
  r.body = std::string(32, 'b');
  r.recipients = {{"bob@b.test", {{recall::sent_copy::where::queue, 0xabc, 1, {}}}}};
  const auto octets = print(sent_answer(r));
  const auto read = read_sent_answer(octets);
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->id, r.id);
  EXPECT_EQ((*read)->recipients, r.recipients);
  EXPECT_EQ(print(*read), octets);
  refuses_what_is_damaged(octets, read_sent_answer);
}

TEST(HomeRecall, AnOrderAndItsReportAreReadAsTheyWerePrinted) {
  using recall::fate;
  const run_question q{base::message_id{7}, base::message_id{3}, base::account_id{5}, base::from_milliseconds(100)};
  const auto asked = read_run_question(print(q));
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->sent, q.sent);
  EXPECT_EQ(print(*asked), print(q));
  refuses_what_is_damaged(print(q), read_run_question);
  const std::vector<recall::recipient_report> all{{"bob@b.test", {fate::removed_unread, fate::unreached}, {}}, {"cem@b.test", {}, {fate::already_sent}}};
  const auto read = read_run_answer(print(all));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(read->front().copies, all.front().copies);
  EXPECT_EQ(read->back().forwarded, all.back().forwarded);
  EXPECT_EQ(read->back().address, "cem@b.test");
  refuses_what_is_damaged(print(all), read_run_answer);
}

TEST(CopyRemoval, WhatWasReadStaysUnlessItIsToGoToo) {
  const std::vector<found_copy> copies{{base::mailbox_id{1}, 5, false}, {base::mailbox_id{1}, 6, true}, {base::mailbox_id{2}, 1, false}};
  copy_removal unread(base::account_id{3}, false);
  EXPECT_EQ(unread.judge({}), recall::fate::not_found);
  EXPECT_TRUE(unread.nothing_to_do());
  EXPECT_EQ(unread.judge(copies), recall::fate::kept_read) << "the user has read it";
  EXPECT_FALSE(unread.nothing_to_do()) << "but not all of it is left";
  std::vector<storage::command_result> results(2);
  results[0].uids = {5};
  EXPECT_FALSE(unread.complete(results.data(), 2)) << "somebody was quicker with the second";
  results[1].uids = {1};
  EXPECT_TRUE(unread.complete(results.data(), 2));
  EXPECT_FALSE(unread.complete(results.data(), 1));
  copy_removal all(base::account_id{3}, true);
  EXPECT_EQ(all.judge(copies), recall::fate::removed_read);
  results[0].uids = {5, 6};
  EXPECT_TRUE(all.complete(results.data(), 2));
}

} // namespace
} // namespace rookery::actors
