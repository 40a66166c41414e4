#include "actors/queue/home_mail.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

home_mail example() {
  home_mail m;
  m.numbers = {3, 70'000};
  m.message.id = base::message_id{99};
  m.message.sender = "ann@outside.test";
  m.message.recipients.resize(2);
  m.message.recipients[0].address = "bob@example.test";
  m.message.recipients[1].address = "cem@example.test";
  m.message.envid = "e1";
  m.message.smtputf8 = true;
  return m;
}

TEST(HomeMail, is_read_as_it_was_printed_and_not_when_it_was_cut) {
  const auto octets = print(example());
  ASSERT_TRUE(octets);
  const auto read = read_home_mail(*octets);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->numbers, example().numbers);
  EXPECT_EQ(read->message.sender, "ann@outside.test");
  EXPECT_EQ(read->message.recipients.at(1).address, "cem@example.test");
  EXPECT_TRUE(read->message.smtputf8);
  EXPECT_EQ(print(*read), octets);
  for (std::size_t n = 0; n < octets->size(); ++n) EXPECT_FALSE(read_home_mail(octets->substr(0, n))) << n;
  auto newer = *octets;
  newer[0] = 2;
  EXPECT_FALSE(read_home_mail(newer));
}

TEST(HomeMail, has_a_number_for_each_recipient) {
  auto m = example();
  m.numbers.pop_back();
  EXPECT_FALSE(read_home_mail(*print(m)));
  m = example();
  m.numbers[0] = storage::queue::recipients_max;
  EXPECT_FALSE(read_home_mail(*print(m)));
  m.numbers.clear();
  m.message.recipients.clear();
  EXPECT_FALSE(read_home_mail(*print(m)));
}

TEST(HomeMail, does_not_fit_with_endless_addresses) {
  auto m = example();
  m.message.recipients[0].address.assign(cluster::stream_body_octets_max, 'x');
  EXPECT_FALSE(print(m));
}

TEST(HomeResults, are_read_as_they_were_printed_and_not_when_they_are_strange) {
  std::vector<recipient_result> all{{3, {delivery::fate::done, "2.1.5", "", "Delivered"}, delivery::happened::expanded},
                                    {70'000, {delivery::fate::failed, "5.1.1", "smtp; 550 5.1.1 No", "550 5.1.1 No"}, delivery::happened::delivered}};
  const auto octets = print(all);
  const auto read = read_home_results(octets);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(read->at(0).here, delivery::happened::expanded);
  EXPECT_EQ(read->at(1).as.status, "5.1.1");
  EXPECT_EQ(read->at(1).recipient, 70'000u);
  EXPECT_EQ(print(*read), octets);
  for (std::size_t n = 0; n < octets.size(); ++n) EXPECT_FALSE(read_home_results(octets.substr(0, n))) << n;
  EXPECT_FALSE(read_home_results(octets + "x"));
  all[0].as.status = "2.1";
  EXPECT_FALSE(read_home_results(print(all)));
}

TEST(HomeMail, EachRecipientThatWasBroughtHasOneResult) {
  using delivery::fate;
  const std::vector<recipient_result> answered{{7, {fate::done, "2.1.5", {}, "Delivered"}, {}}, {3, {fate::failed, "5.2.2", {}, "full"}, {}},
                                               {3, {fate::done, "2.1.5", {}, "Delivered"}, {}}, {99, {fate::done, "2.1.5", {}, "Delivered"}, {}}};
  const auto out = results_of({3, 5, 7}, answered);
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[0].recipient, 3u);
  EXPECT_EQ(out[0].as.what, fate::failed) << "the first word counts";
  EXPECT_EQ(out[1].recipient, 5u);
  EXPECT_EQ(out[1].as.what, fate::deferred) << "it is brought again";
  EXPECT_EQ(out[2].recipient, 7u);
  EXPECT_EQ(out[2].as.what, fate::done);
  EXPECT_TRUE(results_of({}, answered).empty()) << "nobody else is settled by it";
}

} // namespace
} // namespace rookery::actors
