#include "policy/recall/recall.hpp"

#include <gtest/gtest.h>

namespace rookery::recall {
namespace {

using kind = request::kind;

TEST(Recall, SubjectsAreRead) {
  struct row {
    const char* subject;
    std::vector<std::string> attached;
    kind what;
    const char* id;
  };
  const row rows[] = {
      {"RECALL", {}, kind::last, ""},
      {"  recall ", {}, kind::last, ""},
      {"Re: Fwd: Recall", {}, kind::last, ""},
      {"RECALL <1@a.example>", {}, kind::message, "<1@a.example>"},
      {"RECALL<1@a.example>", {}, kind::message, "<1@a.example>"},
      {"Recall 1@a.example", {}, kind::message, "<1@a.example>"},
      {"RECALL <1@a.example>", {"<2@a.example>"}, kind::message, "<1@a.example>"},
      {"RECALL", {"<2@a.example>"}, kind::message, "<2@a.example>"},
      {"AW: RECALL", {"nonsense", "<2@a.example>"}, kind::message, "<2@a.example>"},
      {"RECALL", {"nonsense"}, kind::malformed, ""},
      {"RECALL the mail I sent", {}, kind::malformed, ""},
      {"RECALL <1@a> <2@a>", {}, kind::malformed, ""},
      {"RECALL <1a.example>", {}, kind::malformed, ""},
      {"RECALL <@a.example>", {}, kind::malformed, ""},
      {"Recalled products", {}, kind::none, ""},
      {"Total recall", {}, kind::none, ""},
      {"", {"<2@a.example>"}, kind::none, ""},
      {"Request: RECALL", {}, kind::none, ""},
  };
  for (const auto& r : rows) {
    const auto q = read_request(r.subject, r.attached);
    EXPECT_EQ(q.what, r.what) << r.subject;
    EXPECT_EQ(q.message_id, r.id) << r.subject;
  }
  const std::string longest = "<" + std::string(message_id_octets_max - 4, 'x') + "@a>";
  EXPECT_EQ(read_request("RECALL " + longest, {}).what, kind::message);
  EXPECT_EQ(read_request("RECALL <x" + longest.substr(1), {}).what, kind::malformed);
}

TEST(Recall, OnlyOnesOwnAndOnlyForATime) {
  const auto now = base::from_milliseconds(1'700'000'000'000);
  const sent_message sent{base::account_id{7}, base::message_id{1}, "<1@a>", "Offer", now - std::chrono::hours(2)};
  recall_rules rules;
  EXPECT_EQ(may_recall(rules, base::account_id{7}, sent, now), permission::allowed);
  EXPECT_EQ(may_recall(rules, base::account_id{8}, sent, now), permission::not_yours);
  EXPECT_EQ(may_recall(rules, base::account_id{}, sent, now), permission::not_yours);
  EXPECT_EQ(may_recall(rules, base::account_id{7}, {}, now), permission::unknown);
  rules.age_max = std::chrono::hours(2);
  EXPECT_EQ(may_recall(rules, base::account_id{7}, sent, now), permission::allowed);
  rules.age_max = std::chrono::hours(1);
  EXPECT_EQ(may_recall(rules, base::account_id{7}, sent, now), permission::too_old);
  rules.enabled = false;
  EXPECT_EQ(may_recall(rules, base::account_id{7}, sent, now), permission::off);
}

TEST(Recall, CopiesAndQueues) {
  recall_rules rules;
  EXPECT_EQ(of_mailbox_copy(false, false, rules), fate::not_found);
  EXPECT_EQ(of_mailbox_copy(true, false, rules), fate::removed_unread);
  EXPECT_EQ(of_mailbox_copy(true, true, rules), fate::kept_read);
  rules.also_read = true;
  EXPECT_EQ(of_mailbox_copy(true, true, rules), fate::removed_read);
  EXPECT_EQ(of_queued(true, false, false, false), queue_step::stop);
  EXPECT_EQ(of_queued(true, true, false, false), queue_step::report_in_flight);
  EXPECT_EQ(of_queued(false, false, true, false), queue_step::report_sent);
  EXPECT_EQ(of_queued(false, false, true, true), queue_step::look_into_mailbox);
  EXPECT_EQ(of_queued(false, false, false, false), queue_step::report_gone);
}

TEST(Recall, OfSeveralCopiesTheWorstIsTold) {
  EXPECT_EQ(of_several(fate::not_found, fate::not_found), fate::not_found);
  EXPECT_EQ(of_several(fate::not_found, fate::removed_unread), fate::removed_unread);
  EXPECT_EQ(of_several(fate::removed_read, fate::removed_unread), fate::removed_read);
  EXPECT_EQ(of_several(fate::removed_read, fate::kept_read), fate::kept_read);
  EXPECT_EQ(of_several(fate::unreached, fate::kept_read), fate::unreached);
}

TEST(Recall, WhatARunOfBeforeDidCountsWhereNothingIsFoundAnyMore) {
  EXPECT_EQ(of_two_runs(fate::removed_unread, fate::not_found), fate::removed_unread);
  EXPECT_EQ(of_two_runs(fate::stopped, fate::already_sent), fate::stopped);
  EXPECT_EQ(of_two_runs(fate::removed_unread, fate::unreached), fate::removed_unread);
  EXPECT_EQ(of_two_runs(fate::unreached, fate::removed_unread), fate::removed_unread);
  EXPECT_EQ(of_two_runs(fate::not_found, fate::unreached), fate::unreached);
  EXPECT_EQ(of_two_runs(fate::kept_read, fate::not_found), fate::not_found);
}

TEST(Recall, TheReportNamesEachRecipient) {
  const sent_message sent{base::account_id{7}, base::message_id{1}, "<1@a>", "Offer\r\nBcc: x", {}};
  const auto r = write_report({kind::last, ""}, permission::allowed, sent,
                              {{"bob@us.example", {fate::removed_unread}, {}},
                               {"cem@else.example", {fate::already_sent}, {}},
                               {"team@us.example", {fate::kept_read, fate::removed_unread, fate::removed_unread}, {}},
                               {"dan@us.example", {}, {fate::stopped}},
                               {"eve@us.example", {fate::removed_unread}, {fate::already_sent}},
                               {"fay@us.example", {}, {}}},
                              3);
  EXPECT_EQ(r.subject, "Recall: Offer??Bcc: x");
  EXPECT_EQ(r.body, "The message was recalled. What became of it, for each recipient:\r\n\r\n"
                    "bob@us.example: removed, it had not been read\r\ncem@else.example: already sent to another server\r\n"
                    "team@us.example: removed, it had not been read (2 copies); not removed, it had been read\r\n"
                    "dan@us.example: forwarded: stopped before it was sent\r\n"
                    "eve@us.example: removed, it had not been read; forwarded copy: already sent to another server\r\n"
                    "fay@us.example: not found\r\n"
                    "Of 3 further recipients nothing is remembered; their copies stay.\r\n");
  EXPECT_EQ(write_report({kind::message, "<9@x>"}, permission::not_yours, sent, {}).body,
            write_report({kind::message, "<9@x>"}, permission::unknown, {}, {}).body) << "nobody learns what others sent";
  EXPECT_EQ(write_report({kind::message, "<9@x>"}, permission::not_yours, sent, {}).subject, "Recall: <9@x>");
  for (const auto p : {permission::off, permission::too_old}) EXPECT_FALSE(write_report({kind::last, ""}, p, {}, {}).body.empty());
  EXPECT_NE(write_report({kind::malformed, ""}, permission::allowed, {}, {}).body.find("RECALL <Message-ID>"), std::string::npos);
  const auto many = write_report({kind::last, ""}, permission::allowed, sent, std::vector<recipient_report>(1500, {"x@y", {fate::stopped}, {}}));
  EXPECT_NE(many.body.find("and 500 more."), std::string::npos);
}

} // namespace
} // namespace rookery::recall
