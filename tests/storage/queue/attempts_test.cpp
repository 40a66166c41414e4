// What attempts and the operator change, and what the spool tells of it.
#include "tests/storage/queue/spool_support.hpp"

#include <algorithm>

namespace rookery::storage::queue {
namespace {

using outcome_of = attempt_ended::outcome_of;

const base::message_id one(1);

outcome_of waits(std::uint32_t recipient, std::int64_t next, std::string answer, bool told = false) {
  return {recipient, recipient_state::waiting, base::from_milliseconds(next), std::move(answer), "mx.example.org", told};
}

TEST(SpoolAttempts, OneCommandSettlesAWholeTransaction) {
  spool s;
  s.accept(sample(1, 100));
  const auto said = s.apply(attempt_ended{one, {{0, recipient_state::delivered, base::from_milliseconds(5), "250 ok", "mx.example.org", false},
                                                waits(99, 9000, "451 later", true),
                                                {70, recipient_state::failed, {}, "550 no", "mx.example.org", false}}, "retry"});
  EXPECT_EQ(said.what, outcome::done);
  EXPECT_EQ(said.number, 98u);
  auto m = *s.machine->view()->find(one);
  EXPECT_EQ(m.queue, "retry");
  EXPECT_EQ(m.recipients[0].state, recipient_state::delivered);
  EXPECT_EQ(m.recipients[0].next_attempt, base::wall_time{});
  EXPECT_EQ(m.recipients[0].remote_host, "mx.example.org");
  EXPECT_EQ(m.recipients[0].last_attempt, base::from_milliseconds(900)) << "the command's time";
  EXPECT_EQ(m.recipients[70].state, recipient_state::failed);
  EXPECT_EQ(m.recipients[70].last_answer, "550 no");
  EXPECT_EQ(m.recipients[99].state, recipient_state::waiting);
  EXPECT_EQ(m.recipients[99].next_attempt, base::from_milliseconds(9000));
  EXPECT_TRUE(m.recipients[99].delay_told);
  EXPECT_EQ(m.recipients[1].last_attempt, base::wall_time{}) << "was not in the transaction";

  s.apply(attempt_ended{one, {waits(99, 9500, "452 later")}, ""});
  m = *s.machine->view()->find(one);
  EXPECT_TRUE(m.recipients[99].delay_told) << "what was told stays told";
  EXPECT_EQ(m.queue, "retry") << "no queue named: where it is";
  EXPECT_EQ(s.machine->view()->counts().at(0).recipients, 98u);
  EXPECT_TRUE(s.machine->check().empty());
}

TEST(SpoolAttempts, AreRefusedOrIgnoredWhenTheyDoNotFit) {
  spool s;
  s.accept(sample(1, 2));
  EXPECT_EQ(s.apply(attempt_ended{base::message_id(9), {waits(0, 1, "")}, ""}).what, outcome::no_such_record);
  EXPECT_EQ(s.apply(attempt_ended{one, {waits(0, 1, ""), waits(2, 1, "")}, "retry"}).what, outcome::no_such_record);
  EXPECT_EQ(s.machine->view()->find(one)->queue, "remote") << "nothing of it was done";
  EXPECT_EQ(s.apply(attempt_ended{one, {{0, recipient_state::delivered, {}, "250", "", false}}, ""}).number, 1u);
  EXPECT_EQ(s.apply(attempt_ended{one, {waits(0, 1, "451")}, ""}).what, outcome::already_done);
  EXPECT_EQ(s.machine->view()->find(one)->recipients[0].last_answer, "250");
  EXPECT_EQ(s.apply(attempt_ended{one, {waits(0, 1, "451")}, "retry"}).what, outcome::done) << "it moves though";
  EXPECT_EQ(s.apply(attempt_ended{one, {{1, recipient_state::expired, {}, "", "", false}}, "retry"}).number, 0u);
  EXPECT_FALSE(s.machine->view()->find(one)) << "the last recipient is settled: the message goes";
  EXPECT_TRUE(s.machine->check().empty());
}

TEST(SpoolAttempts, AnswersAreCutToTheirBounds) {
  spool s;
  s.accept(sample(1));
  auto long_one = waits(0, 1, std::string(5000, 'a'));
  long_one.remote_host = std::string(5000, 'h');
  s.apply(attempt_ended{one, {long_one}, ""});
  const auto m = *s.machine->view()->find(one);
  EXPECT_EQ(m.recipients[0].last_answer.size(), last_answer_octets_max);
  EXPECT_EQ(m.recipients[0].remote_host.size(), remote_host_octets_max);
}

TEST(SpoolAttempts, ReroutedRedirectedAndRetriedMessagesAreDueAtOnce) {
  spool s;
  auto m = sample(1, 70);
  m.route = {};
  for (auto& r : m.recipients) r.next_attempt = base::from_milliseconds(9000);
  m.recipients[1].orcpt.clear();
  m.recipients[1].address = "a+b=c@example.org";
  s.accept(m);
  m.id = base::message_id(2);
  s.accept(m);

  const message_route route{"relay.example.net", 2525, route_tls::never, false, "", ""};
  EXPECT_EQ(s.apply(rerouted{one, route}).what, outcome::done);
  EXPECT_EQ(s.apply(rerouted{one, route}).what, outcome::already_done);
  EXPECT_EQ(s.apply(rerouted{base::message_id(9), route}).what, outcome::no_such_record);
  auto now = *s.machine->view()->find(one);
  EXPECT_EQ(now.route, route);
  EXPECT_TRUE(std::all_of(now.recipients.begin(), now.recipients.end(), [](const recipient& r) { return r.next_attempt == base::wall_time{}; }));
  EXPECT_EQ(s.apply(rerouted{one, {}}).what, outcome::done);
  EXPECT_EQ(s.machine->view()->find(one)->route, message_route{});

  EXPECT_EQ(s.apply(redirected{one, 1, "dee@example.org"}).what, outcome::done);
  EXPECT_EQ(s.apply(redirected{one, 0, "eve@example.org"}).what, outcome::done);
  EXPECT_EQ(s.apply(redirected{one, 70, "dee@example.org"}).what, outcome::no_such_record);
  now = *s.machine->view()->find(one);
  EXPECT_EQ(now.recipients[1].address, "dee@example.org");
  EXPECT_EQ(now.recipients[1].orcpt, "rfc822;a+2Bb+3Dc@example.org");
  EXPECT_EQ(now.recipients[0].orcpt, m.recipients[0].orcpt) << "what the sender gave stays";

  EXPECT_EQ(s.apply(retry_now{{base::message_id(2), base::message_id(9)}}).number, 1u);
  EXPECT_EQ(s.apply(retry_now{{base::message_id(9)}}).what, outcome::no_such_record);
  now = *s.machine->view()->find(base::message_id(2));
  EXPECT_EQ(now.recipients[0].next_attempt, base::wall_time{});
  EXPECT_EQ(now.recipients[69].next_attempt, base::wall_time{});
  EXPECT_TRUE(s.machine->check().empty());
}

TEST(SpoolChanges, AreToldOnceAMessageAndOnlyToWhoAsked) {
  spool s;
  s.accept(sample(1));
  s.accept(sample(2));
  EXPECT_TRUE(s.machine->take_changes().empty()) << "nobody asked before";
  s.accept(sample(3));
  s.apply(moved_to_queue{base::message_id(3), "slow"});
  s.apply(moved_to_queue{base::message_id(1), "slow"});
  s.apply(hold{base::message_id(1), "odd"});
  s.apply(removed{base::message_id(2)});
  s.accept(sample(4));
  s.apply(removed{base::message_id(4)});
  s.apply(attempt_begun{base::message_id(3), {0}});
  s.apply(put_note{"a", "k", "v", {}});
  auto changes = s.machine->take_changes();
  std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  EXPECT_EQ(changes, (std::vector<spool_change>{{base::message_id(1), "remote", "slow"},
                                                {base::message_id(2), "remote", ""},
                                                {base::message_id(3), "", "slow"}}));
  s.apply(attempt_begun{base::message_id(3), {0}});
  EXPECT_TRUE(s.machine->take_changes().empty()) << "who begins an attempt knows of it";
  s.apply(attempt_ended{base::message_id(3), {waits(0, 5, "451")}, ""});
  EXPECT_EQ(s.machine->take_changes(), (std::vector<spool_change>{{base::message_id(3), "slow", "slow"}}));
}

TEST(SpoolReading, ForEachGivesEveryMessageWholeAndStopsWhenTold) {
  spool s;
  for (std::uint64_t id = 1; id <= 20; ++id) {
    auto m = sample(id, id == 7 ? 130 : 1);
    if (id % 2 == 0) m.route = {};
    s.accept(m);
    if (id == 10) {
      ASSERT_TRUE(s.machine->flush(false));
    }
  }
  s.apply(removed{base::message_id(5)});
  std::string all;
  s.machine->view()->for_each({}, [&](const envelope& m) {
    all += text(m);
    return true;
  });
  std::string listed;
  for (const auto& m : s.machine->view()->list({}, {}, 100).messages) listed += text(m);
  EXPECT_EQ(all, listed) << "nothing of a message shows in the next one";
  std::vector<std::uint64_t> ids;
  s.machine->view()->for_each(base::message_id(4), [&](const envelope& m) {
    ids.push_back(m.id.value);
    return ids.size() < 3;
  });
  EXPECT_EQ(ids, (std::vector<std::uint64_t>{4, 6, 7}));
}

TEST(SpoolReading, FindsByAgeReasonAndSendersDomain) {
  spool s;
  for (std::uint64_t id = 1; id <= 4; ++id) {
    auto m = sample(id);
    m.received = base::from_milliseconds(static_cast<std::int64_t>(1000 * id));
    if (id == 2) m.sender = "bob@Other.Example";
    s.accept(m);
  }
  s.apply(attempt_ended{base::message_id(3), {waits(0, 5, "451 4.7.1 Greylisted")}, ""});
  s.apply(hold{base::message_id(4), "looks odd"});
  const auto found = [&](const spool_filter& f) {
    std::vector<std::uint64_t> ids;
    for (const auto& m : s.machine->view()->list(f, {}, 100).messages) ids.push_back(m.id.value);
    return ids;
  };
  spool_filter f;
  f.sender_domain = "other.example";
  EXPECT_EQ(found(f), (std::vector<std::uint64_t>{2}));
  f = {};
  f.reason = "greyLISTED";
  EXPECT_EQ(found(f), (std::vector<std::uint64_t>{3}));
  f.reason = "odd";
  EXPECT_EQ(found(f), (std::vector<std::uint64_t>{4}));
  f = {};
  f.received_from = base::from_milliseconds(2000);
  f.received_before = base::from_milliseconds(4000);
  EXPECT_EQ(found(f), (std::vector<std::uint64_t>{2, 3}));
}

} // namespace
} // namespace rookery::storage::queue
