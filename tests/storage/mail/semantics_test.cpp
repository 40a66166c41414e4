// What the commands do, as RFC 9051, 7162, 6851, 8474 and 8514 want it.
#include "tests/storage/mail/mail_support.hpp"

#include <algorithm>

namespace rookery::storage::mail {
namespace {

using uids = std::vector<std::uint32_t>;

std::string names(node& n) {
  n.machine->publish();
  std::string out;
  const auto list = n.machine->open_account(base::account_id{1})->view();
  for (const auto& m : list->mailboxes) out += m->name + " ";
  return out;
}

TEST(MailMachine, AFreshAccountShowsAnInboxThatStaysTheSame) {
  node n;
  const auto list = n.machine->open_account(base::account_id{1});
  const auto before = list->view();
  ASSERT_NE(before->find("INBOX"), nullptr);
  const auto cell = n.machine->open_mailbox(base::account_id{1}, before->find("INBOX")->id);
  ASSERT_NE(cell, nullptr);
  EXPECT_EQ(cell->view()->size(), 0u);
  const auto r = n.run(deliver{"INBOX", false, 0, 0, message_with("e")}, 1);
  n.machine->publish();
  EXPECT_EQ(r.mailbox, before->find("INBOX")->id);
  EXPECT_EQ(r.uid_validity, before->find("INBOX")->uid_validity);
  EXPECT_EQ(cell->view()->size(), 1u);
  EXPECT_EQ(list->view()->find("INBOX")->messages, 1u);
  n.expect_sound();
}

TEST(MailMachine, AMailboxMadeAgainInTheSameSecondHasAnotherUidValidityAndId) {
  node n;
  std::uint32_t validity = 0, id = 0;
  for (int i = 0; i < 50; ++i) {
    const auto r = n.run(create_mailbox{"box", ""});
    EXPECT_EQ(r.what, outcome::done);
    EXPECT_GT(r.uid_validity, validity);
    EXPECT_GT(r.mailbox.value, id);
    validity = r.uid_validity;
    id = r.mailbox.value;
    EXPECT_EQ(n.run(delete_mailbox{"box"}).what, outcome::done);
  }
  EXPECT_GE(validity, 1'700'000'000u);
  n.expect_sound();
}

TEST(MailMachine, MailboxCommandsAnswerAsTheyShould) {
  node n;
  struct row {
    any_command command;
    outcome what;
    std::string after;
  };
  const std::vector<row> table{
      {create_mailbox{"a/b", ""}, outcome::done, "INBOX a/b "},
      {create_mailbox{"a/b", ""}, outcome::mailbox_exists, "INBOX a/b "},
      {create_mailbox{"inbox", ""}, outcome::mailbox_exists, "INBOX a/b "},
      {create_mailbox{"", ""}, outcome::not_allowed, "INBOX a/b "},
      {create_mailbox{"a//b", ""}, outcome::not_allowed, "INBOX a/b "},
      {create_mailbox{std::string(2000, 'x'), ""}, outcome::not_allowed, "INBOX a/b "},
      {delete_mailbox{"a"}, outcome::no_such_mailbox, "INBOX a/b "},
      {delete_mailbox{"Inbox"}, outcome::not_allowed, "INBOX a/b "},
      {create_mailbox{"a", ""}, outcome::done, "INBOX a a/b "},
      {delete_mailbox{"a"}, outcome::done, "INBOX a/b "},
      {rename_mailbox{"a", "c"}, outcome::done, "INBOX c/b "}, // only a name with an inferior
      {rename_mailbox{"none", "x"}, outcome::no_such_mailbox, "INBOX c/b "},
      {rename_mailbox{"c/b", "INBOX"}, outcome::mailbox_exists, "INBOX c/b "},
      {rename_mailbox{"c/b", "c/b/d"}, outcome::not_allowed, "INBOX c/b "},
      {rename_mailbox{"c/b", "c"}, outcome::done, "INBOX c "},
      {create_mailbox{"c/d", ""}, outcome::done, "INBOX c c/d "},
      {create_mailbox{"e/d", ""}, outcome::done, "INBOX c c/d e/d "},
      {rename_mailbox{"c", "e"}, outcome::mailbox_exists, "INBOX c c/d e/d "}, // c/d would meet e/d
      {delete_mailbox{"e/d"}, outcome::done, "INBOX c c/d "},
      {rename_mailbox{"c", "e"}, outcome::done, "INBOX e e/d "},
      {rename_mailbox{"INBOX", "old/mail"}, outcome::done, "INBOX e e/d old/mail "},
      {create_mailbox{"cc", ""}, outcome::done, "INBOX cc e e/d old/mail "},
      {rename_mailbox{"c", "f"}, outcome::no_such_mailbox, "INBOX cc e e/d old/mail "},
  };
  for (std::size_t i = 0; i < table.size(); ++i) {
    EXPECT_EQ(n.run(table[i].command).what, table[i].what) << "row " << i;
    EXPECT_EQ(names(n), table[i].after) << "row " << i;
  }
  n.expect_sound();
  n.reopen();
  EXPECT_EQ(names(n), table.back().after);
}

TEST(MailMachine, RenamingKeepsIdentityAndRenamingInboxMovesItsMail) {
  node n;
  const auto box = n.create("box");
  n.append_some(box, 3);
  const auto validity = n.look(box)->status.uid_validity;
  EXPECT_EQ(n.run(rename_mailbox{"box", "new"}).mailbox, box);
  EXPECT_EQ(n.look(box)->status.name, "new");
  EXPECT_EQ(n.look(box)->status.uid_validity, validity);
  EXPECT_EQ(n.uids(box), (uids{1, 2, 3}));

  n.append_some(inbox, 2);
  const auto r = n.run(rename_mailbox{"INBOX", "kept"});
  EXPECT_NE(r.mailbox, inbox);
  EXPECT_EQ(n.uids(r.mailbox), (uids{1, 2}));
  EXPECT_EQ(n.uids(inbox), uids{});
  EXPECT_EQ(n.look(inbox)->status.uid_next, 3u);
  n.expect_sound();
}

TEST(MailMachine, SubscriptionsOutliveTheirMailboxes) {
  node n;
  n.create("a");
  const auto list = n.machine->open_account(base::account_id{1});
  n.run(subscribe{"a", true});
  n.run(subscribe{"nowhere", true});
  n.machine->publish();
  EXPECT_EQ(list->view()->subscriptions, (std::vector<std::string>{"a", "nowhere"}));
  EXPECT_TRUE(list->view()->find("a")->subscribed);
  n.run(delete_mailbox{"a"});
  n.machine->publish();
  EXPECT_EQ(list->view()->subscriptions, (std::vector<std::string>{"a", "nowhere"}));
  n.create("a");
  n.machine->publish();
  EXPECT_TRUE(list->view()->find("a")->subscribed);
  n.run(subscribe{"a", false});
  n.machine->publish();
  EXPECT_FALSE(list->view()->find("a")->subscribed);
}

TEST(MailMachine, StoreAnswersForEachChangeOfFlags) {
  struct row {
    flag_change change;
    flag_set flags;
    std::uint64_t system;
    std::string words;
    bool step;
  };
  const std::vector<row> table{
      {flag_change::add, {flag::seen, {"work"}}, flag::seen, "work ", true},
      {flag_change::add, {flag::seen, {"WORK"}}, flag::seen, "work ", false}, // keywords ignore case
      {flag_change::add, {flag::flagged, {"$Junk"}}, flag::seen | flag::flagged, "work $Junk ", true},
      {flag_change::remove, {flag::seen, {"unknown"}}, flag::flagged, "work $Junk ", true},
      {flag_change::replace, {flag::deleted, {"$junk"}}, flag::deleted, "$Junk ", true},
      {flag_change::replace, {flag::deleted, {"$Junk"}}, flag::deleted, "$Junk ", false},
      {flag_change::replace, {}, 0, "", true},
      {flag_change::remove, {flag::seen, {"work"}}, 0, "", false},
  };
  node n;
  n.append_some(inbox, 1);
  auto modseq = n.look(inbox)->status.highest_modseq;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto r = n.run(store_flags{inbox, {{1, 1}}, table[i].change, table[i].flags, std::nullopt});
    modseq += table[i].step ? 1 : 0;
    EXPECT_EQ(r.modseq, modseq) << "row " << i;
    EXPECT_EQ(r.uids, uids{1}) << "row " << i;
    const auto v = n.look(inbox);
    EXPECT_EQ(v->status.highest_modseq, modseq) << "row " << i;
    EXPECT_EQ(v->pages[0]->flags[0] & flag::system_mask, table[i].system) << "row " << i;
    std::string words;
    for (std::size_t k = 0; k < v->keywords.size(); ++k)
      if ((v->pages[0]->flags[0] >> (flag::first_keyword_bit + k) & 1) != 0) words += v->keywords[k] + " ";
    EXPECT_EQ(words, table[i].words) << "row " << i;
    EXPECT_EQ(v->status.unseen, (table[i].system & flag::seen) != 0 ? 0u : 1u) << "row " << i;
    EXPECT_EQ(v->status.deleted, (table[i].system & flag::deleted) != 0 ? 1u : 0u) << "row " << i;
  }
}

TEST(MailMachine, StoreUnchangedSinceRefusesWhatChangedMeanwhile) {
  node n;
  n.append_some(inbox, 4);
  const auto before = n.look(inbox)->status.highest_modseq;
  n.run(store_flags{inbox, {{2, 3}}, flag_change::add, {flag::seen, {}}, std::nullopt});
  const auto r = n.run(store_flags{inbox, {{1, 9}}, flag_change::add, {flag::flagged, {}}, before});
  EXPECT_EQ(r.uids, (uids{1, 4}));
  EXPECT_EQ(r.refused_uids, (uids{2, 3}));
  EXPECT_EQ(n.run(store_flags{inbox, {{1, 9}}, flag_change::add, {flag::draft, {}}, 0}).uids, uids{});
}

TEST(MailMachine, KeywordsAreBoundedAndADeliveryIsNotRefusedForThem) {
  node n;
  n.append_some(inbox, 1);
  flag_set many;
  for (int i = 0; i < 56; ++i) many.keywords.push_back("k" + std::to_string(i));
  EXPECT_EQ(n.run(store_flags{inbox, {{1, 1}}, flag_change::add, many, std::nullopt}).what, outcome::done);
  EXPECT_EQ(n.run(store_flags{inbox, {{1, 1}}, flag_change::add, {flag::seen, {"more"}}, std::nullopt}).what,
            outcome::over_limit);
  EXPECT_EQ(n.run(append{inbox, {message_with("e", {0, {"more"}})}}, 1).what, outcome::over_limit);
  EXPECT_EQ(n.run(deliver{"INBOX", false, 0, 0, message_with("e", {flag::flagged, {"more", "k3"}})}, 1).what, outcome::done);
  const auto v = n.look(inbox);
  EXPECT_EQ(v->keywords.size(), 56u);
  EXPECT_EQ(v->pages[0]->flags[0] & flag::seen, 0u) << "all or nothing";
  EXPECT_EQ(v->pages[0]->flags[1], flag::flagged | std::uint64_t{1} << (flag::first_keyword_bit + 3));
  n.expect_sound();
}

TEST(MailMachine, ExpungeLeavesWhatWasSeenIfToldSo) {
  node n;
  n.append_some(inbox, 4);
  n.run(store_flags{inbox, {{1, 2}}, flag_change::add, {flag::seen, {}}, std::nullopt});
  n.run(store_flags{inbox, {{2, 3}}, flag_change::add, {flag::deleted, {}}, std::nullopt});
  EXPECT_EQ(n.run(expunge{inbox, std::nullopt, false, true}).uids, uids{3});
  EXPECT_EQ(n.run(expunge{inbox, uid_ranges{{1, 4}}, true, true}).uids, uids{4});
  EXPECT_EQ(n.uids(inbox), (uids{1, 2}));
  n.expect_sound();
}

TEST(MailMachine, ExpungeTakesDeletedOnesUnlessTold) {
  node n;
  n.append_some(inbox, 6);
  n.run(store_flags{inbox, {{2, 4}}, flag_change::add, {flag::deleted, {}}, std::nullopt});
  const auto cell = n.machine->open_mailbox(base::account_id{1}, inbox);
  const auto before = cell->view()->status.highest_modseq;
  EXPECT_EQ(n.run(expunge{inbox, uid_ranges{{1, 2}, {6, 6}}, false}).uids, uids{2});
  EXPECT_EQ(n.run(expunge{inbox, std::nullopt, false}).uids, (uids{3, 4}));
  EXPECT_EQ(n.run(expunge{inbox, std::nullopt, false}).uids, uids{});
  EXPECT_EQ(n.run(expunge{inbox, uid_ranges{{6, 6}}, true}).uids, uids{6});
  EXPECT_EQ(n.uids(inbox), (uids{1, 5}));
  EXPECT_EQ(cell->view()->status.highest_modseq, before + 3);
  const auto gone = cell->vanished_since(before, 100);
  EXPECT_EQ(gone.uids, (uid_ranges{{2, 4}, {6, 6}}));
  EXPECT_TRUE(gone.complete);
  EXPECT_EQ(cell->vanished_since(before + 2, 100).uids, (uid_ranges{{6, 6}}));
  const auto few = cell->vanished_since(before, 2);
  EXPECT_EQ(few.uids, (uid_ranges{{2, 3}}));
  EXPECT_FALSE(few.complete);
  n.expect_sound();
}

TEST(MailMachine, VanishedUidsBeyondTheBoundAreForgottenAndSaidToBe) {
  node n;
  n.settings.vanished_kept_max = 10;
  n.reopen();
  n.append_some(inbox, 30);
  const auto cell = n.machine->open_mailbox(base::account_id{1}, inbox);
  const auto start = cell->view()->status.highest_modseq;
  for (std::uint32_t uid = 1; uid <= 20; ++uid) n.run(expunge{inbox, uid_ranges{{uid, uid}}, true});
  n.machine->publish();
  EXPECT_FALSE(cell->vanished_since(start, 1000).complete);
  EXPECT_TRUE(cell->vanished_since(start + 10, 1000).complete);
  EXPECT_EQ(cell->vanished_since(start + 10, 1000).uids, (uid_ranges{{11, 20}}));
  EXPECT_EQ(cell->view()->status.expunged_known_since, start + 10);
  n.expect_sound();
}

TEST(MailMachine, CopyAndMoveKeepWhatBelongsToTheMessage) {
  node n;
  const auto other = n.create("other");
  n.append_some(other, 1, {0, {"first"}}); // so that keyword bits differ
  n.append_some(inbox, 3, {flag::flagged, {"work"}});
  n.seconds += 100;
  const auto copied = n.run(copy_messages{inbox, other, {{2, 3}}});
  EXPECT_EQ(copied.source_uids, (uids{2, 3}));
  EXPECT_EQ(copied.uids, (uids{2, 3}));
  EXPECT_EQ(copied.mailbox, other);
  const auto from = n.look(inbox), to = n.look(other);
  const auto& s = load_statics(*to->pages[0]);
  const auto& t = load_statics(*from->pages[0]);
  EXPECT_EQ(s.internal_date[1], 1'600'000'000'000);
  EXPECT_EQ(s.save_date[1], n.seconds * 1000); // RFC 8514: when it came into this mailbox
  EXPECT_EQ(t.save_date[1], (n.seconds - 100) * 1000);
  EXPECT_EQ(s.thread[1], t.thread[1]); // RFC 8474: the same message
  EXPECT_EQ(s.body[1], t.body[1]);
  EXPECT_EQ(s.prefix[1], "X: y\r\n");
  EXPECT_EQ(load_text(*to->pages[0], text_column::envelope)->row(1), "e1");
  EXPECT_EQ(to->keywords, (std::vector<std::string>{"first", "work"}));
  EXPECT_EQ(to->pages[0]->flags[1], flag::flagged | std::uint64_t{2} << flag::first_keyword_bit);

  const auto moved = n.run(move_messages{inbox, other, {{1, 2}}});
  EXPECT_EQ(moved.source_uids, (uids{1, 2}));
  EXPECT_EQ(moved.uids, (uids{4, 5}));
  EXPECT_EQ(n.uids(inbox), uids{3});
  EXPECT_EQ(n.run(copy_messages{inbox, base::mailbox_id{99}, every}).what, outcome::no_such_mailbox);
  EXPECT_EQ(n.run(copy_messages{inbox, other, {{77, 78}}}).uids, uids{});
  n.expect_sound();
}

TEST(MailMachine, MessagesCanBeCopiedAndMovedWithinAMailbox) {
  node n;
  n.append_some(inbox, 3);
  EXPECT_EQ(n.run(copy_messages{inbox, inbox, every}).uids, (uids{4, 5, 6}));
  const auto r = n.run(move_messages{inbox, inbox, {{1, 2}}});
  EXPECT_EQ(r.uids, (uids{7, 8}));
  EXPECT_EQ(n.uids(inbox), (uids{3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(r.modseq, n.look(inbox)->status.highest_modseq);
  n.expect_sound();
}

TEST(MailMachine, AMessageIsReplacedInOneStep) {
  node n;
  n.append_some(inbox, 3);
  const auto other = n.run(create_mailbox{"Sent", ""}).mailbox;
  auto r = n.run(replace_message{inbox, inbox, 2, message_with("new")}, 1);
  EXPECT_EQ(r.uids, uids{4});
  EXPECT_EQ(r.source_uids, uids{2});
  EXPECT_EQ(n.uids(inbox), (uids{1, 3, 4}));
  EXPECT_EQ(r.modseq, n.look(inbox)->status.highest_modseq);
  EXPECT_EQ(n.machine->open_mailbox(base::account_id{1}, inbox)->vanished_since(r.modseq - 1, 9).uids, (uid_ranges{{2, 2}}));

  r = n.run(replace_message{inbox, other, 4, message_with("sent")}, 1);
  EXPECT_EQ(r.mailbox, other);
  EXPECT_EQ(n.uids(other), uids{1});
  EXPECT_EQ(n.uids(inbox), (uids{1, 3}));
  EXPECT_EQ(r.modseq, n.look(inbox)->status.highest_modseq);

  // What cannot be done whole is not done at all.
  EXPECT_EQ(n.run(replace_message{inbox, inbox, 2, message_with("gone")}, 1).what, outcome::no_such_record);
  EXPECT_EQ(n.run(replace_message{inbox, base::mailbox_id{99}, 1, message_with("lost")}, 1).what, outcome::no_such_mailbox);
  EXPECT_EQ(n.run(replace_message{base::mailbox_id{99}, inbox, 1, message_with("lost")}, 1).what, outcome::no_such_record);
  EXPECT_EQ(n.uids(inbox), (uids{1, 3}));
  n.expect_sound();
}

TEST(MailMachine, ADeliveryIsMadeOnceAndFallsBackToInbox) {
  node n;
  const deliver d{"lists", false, 77, 1, message_with("e")};
  EXPECT_EQ(n.run(d, 1).mailbox, inbox);
  EXPECT_EQ(n.run(d, 1).what, outcome::already_done);
  EXPECT_EQ(n.run(d, 1, 2).what, outcome::done) << "an alias of two accounts";
  n.flush();
  n.reopen();
  EXPECT_EQ(n.run(d, 1).what, outcome::already_done);
  auto other = d;
  other.recipient = 2;
  other.create = true;
  const auto r = n.run(other, 1);
  EXPECT_EQ(r.what, outcome::done);
  EXPECT_NE(r.mailbox, inbox);
  other.recipient = 3;
  other.create = false;
  EXPECT_EQ(n.run(other, 1).mailbox, r.mailbox);
  other.recipient = 4;
  other.folder = "in//valid";
  other.create = true;
  EXPECT_EQ(n.run(other, 1).mailbox, inbox);
  n.seconds += 8 * 24 * 3600; // after a week it counts as another one
  EXPECT_EQ(n.run(d, 1).what, outcome::done);
  n.expect_sound();
}

TEST(MailMachine, AReplyJoinsTheThreadOfWhatItRefersTo) {
  node n;
  const auto thread_of = [&](std::string key) {
    const auto r = n.run(deliver{"INBOX", false, 0, 0, message_with("e", {}, std::move(key))}, 1);
    const auto v = n.look(inbox);
    const auto at = v->at(v->find(r.uids[0]));
    return load_statics(*at.in).thread[at.in->slot[at.row]];
  };
  const auto a = thread_of("a");
  EXPECT_EQ(thread_of("b\na"), a);
  const auto c = thread_of("c\nmissing");
  EXPECT_NE(c, a);
  EXPECT_EQ(thread_of("missing"), c) << "the parent comes later";
  n.flush();
  n.reopen();
  EXPECT_EQ(thread_of("d\nb"), a);
  EXPECT_EQ(thread_of("a"), a) << "the same message again";
  EXPECT_NE(thread_of(""), thread_of(""));
  std::string long_chain = "e";
  for (int i = 0; i < 500; ++i) long_chain += "\nx" + std::to_string(i);
  const auto e = thread_of(long_chain);
  EXPECT_EQ(thread_of("f\nx499"), e);
  EXPECT_EQ(thread_of("f\nx0"), e);
}

TEST(MailMachine, CommandsOnWhatIsNotThereSayWhat) {
  node n;
  const base::mailbox_id none{42};
  EXPECT_EQ(n.append_some(none, 1).what, outcome::no_such_mailbox);
  EXPECT_EQ(n.run(store_flags{none, every, flag_change::add, {}, std::nullopt}).what, outcome::no_such_mailbox);
  EXPECT_EQ(n.run(expunge{none, std::nullopt, false}).what, outcome::no_such_mailbox);
  EXPECT_EQ(n.run(move_messages{none, inbox, every}).what, outcome::no_such_mailbox);
  EXPECT_EQ(n.run(set_special_use{"no", "\\Sent"}).what, outcome::no_such_mailbox);
  EXPECT_EQ(n.run(append{inbox, {message_with("e")}}, 0).what, outcome::malformed);
  EXPECT_EQ(n.run(drop_account{}, 0, 9).what, outcome::no_such_account);
  EXPECT_EQ(n.run(drop_account{}, 0, 0).what, outcome::no_such_account);
  EXPECT_EQ(n.machine->open_mailbox(base::account_id{1}, none), nullptr);
  auto c = n.make(drop_account{}, 0);
  c.payload = "nonsense";
  EXPECT_EQ(n.machine->apply(c).what, outcome::malformed);
}

TEST(MailMachine, MailboxesOfAnAccountAreBounded) {
  node n;
  n.settings.mailboxes_per_account_max = 3;
  n.reopen();
  n.create("a");
  n.create("b");
  EXPECT_EQ(n.run(create_mailbox{"c", ""}).what, outcome::over_limit);
  EXPECT_EQ(n.run(rename_mailbox{"INBOX", "c"}).what, outcome::over_limit);
  EXPECT_EQ(n.run(deliver{"c", true, 0, 0, message_with("e")}, 1).mailbox, inbox);
  n.run(delete_mailbox{"a"});
  EXPECT_EQ(n.run(create_mailbox{"c", ""}).what, outcome::done);
}

TEST(MailMachine, ADroppedAccountFreesItsReferencesButNotItsIds) {
  node n;
  const auto box = n.create("box");
  n.append_some(box, 300);
  n.append_some(inbox, 2);
  n.run(subscribe{"box", true});
  n.flush();
  const auto cell = n.machine->open_mailbox(base::account_id{1}, box);
  const auto validity = cell->view()->status.uid_validity;
  EXPECT_EQ(n.run(drop_account{}).what, outcome::done);
  n.machine->publish();
  EXPECT_TRUE(cell->view()->gone);
  n.flush();
  int references = 0;
  n.machine->for_each_body(1, [&](const body_ref&, base::account_id) { ++references; });
  EXPECT_EQ(references, 0);
  EXPECT_LE(n.disk->content().size(), 3u) << "shard, account, nothing else";
  const auto list = n.machine->open_account(base::account_id{1})->view();
  ASSERT_EQ(list->mailboxes.size(), 1u);
  EXPECT_EQ(list->octets, 0u);
  EXPECT_GT(list->mailboxes[0]->id.value, box.value);
  EXPECT_GT(list->mailboxes[0]->uid_validity, validity);
  const auto r = n.run(deliver{"INBOX", false, 0, 0, message_with("e")}, 1);
  EXPECT_EQ(r.mailbox, list->mailboxes[0]->id);
  EXPECT_EQ(r.uid_validity, list->mailboxes[0]->uid_validity);
  n.expect_sound();
}

TEST(MailMachine, RelocatedBodiesAreFoundAtTheirNewPlace) {
  node n;
  const auto other = n.create("other");
  n.append_some(inbox, 300); // one sealed page, one being filled
  n.flush();
  n.append_some(inbox, 5);
  n.run(copy_messages{inbox, other, every});
  for (const std::uint32_t slot : {0u, 280u, 302u}) { // sealed, in a run, not flushed
    const auto old = body_at(1, (slot + 1) * 16, 100);
    auto c = n.make(relocate_body{old.segment, old.offset}, 0, 0);
    auto to = old;
    to.segment = 9;
    to.offset = slot * 100 + 7;
    c.bodies = {to};
    n.log.push_back(c);
    EXPECT_EQ(n.machine->apply(c).number, 2u);
    EXPECT_EQ(n.machine->apply(c).number, 0u) << "nobody is left at the old place";
  }
  for (int round = 0; round < 3; ++round) {
    for (const auto box : {inbox, other}) {
      const auto v = n.look(box);
      for (const std::uint32_t row : {0u, 280u, 302u}) {
        const auto at = v->at(row);
        const auto& body = load_statics(*at.in).body[at.in->slot[at.row]];
        EXPECT_EQ(body.segment, 9u) << row;
        EXPECT_EQ(body.offset, row * 100 + 7) << row;
        EXPECT_EQ(body.length, 100u);
      }
      EXPECT_EQ(load_text(*v->at(302).in, text_column::envelope)->row(302 - 256), "e2");
    }
    int references = 0;
    n.machine->for_each_body(9, [&](const body_ref&, base::account_id a) { references += a.value == 1; });
    EXPECT_EQ(references, 6);
    if (round == 0) n.expect_sound();
    if (round == 1) n.reopen();
  }
}

TEST(MailMachine, APageFilledAndEmptiedBetweenFlushesStaysEmpty) {
  for (const bool held : {false, true}) {
    node n;
    n.append_some(inbox, 100);
    n.flush(); // as runs
    n.append_some(inbox, 156, {flag::deleted, {}});
    const auto picture = held ? n.look(inbox) : nullptr;
    n.run(expunge{inbox, std::nullopt, true});
    EXPECT_TRUE(n.uids(inbox).empty());
    n.flush();
    n.expect_sound();
    if (picture) {
      EXPECT_EQ(load_text(*picture->at(99).in, text_column::envelope)->row(99), "e99");
    }
    for (int flushes = 0; flushes < 3; ++flushes) {
      n.reopen();
      EXPECT_TRUE(n.uids(inbox).empty()) << "expunged messages came back";
      n.append_some(inbox, 1);
      n.run(expunge{inbox, std::nullopt, true});
      n.flush();
      n.expect_sound();
    }
    EXPECT_EQ(n.append_some(inbox, 1).uids.front(), 260u);
    EXPECT_EQ(n.look(inbox)->status.messages, 1u);
  }
}

TEST(MailMachine, APageEmptiedWhileItFilledIsNoDamageBelowLaterPages) {
  node n;
  n.append_some(inbox, 100);
  n.flush(); // as runs
  n.append_some(inbox, 156, {flag::deleted, {}});
  const auto picture = n.look(inbox);
  n.run(expunge{inbox, std::nullopt, true}); // page 0 is empty, its runs stay for the picture
  n.append_some(inbox, 300);                 // page 1 is sealed, page 2 begins
  n.flush();
  n.expect_sound();
  n.run(store_flags{inbox, {{540, 556}}, flag_change::add, {flag::seen, {}}, std::nullopt}); // page 2 has runs and a hot row
  n.flush();
  n.expect_sound();
  EXPECT_EQ(load_text(*picture->at(99).in, text_column::envelope)->row(99), "e99");
  n.reopen();
  EXPECT_EQ(n.uids(inbox).size(), 300u);
  EXPECT_EQ(n.uids(inbox).front(), 257u);
  n.append_some(inbox, 1);
  n.flush();
  n.expect_sound();
  EXPECT_EQ(n.uids(inbox).size(), 301u);
}

TEST(MailMachine, SaysWhichSegmentsLostBodies) {
  node n;
  const auto other = n.create("other");
  n.append_some(inbox, 3);
  n.run(copy_messages{inbox, other, every});
  EXPECT_TRUE(n.machine->take_lost_bodies().empty());
  n.run(expunge{inbox, uid_ranges{{1, 2}}, true});
  EXPECT_EQ(n.machine->take_lost_bodies(), (octets_by_segment{{1, 200}}));
  n.run(delete_mailbox{"other"});
  EXPECT_EQ(n.machine->take_lost_bodies(), (octets_by_segment{{1, 300}}));
  EXPECT_TRUE(n.machine->take_lost_bodies().empty());
}

TEST(MailMachine, NoticesAreSortedAndUnique) {
  node n;
  n.machine->publish();
  n.append_some(inbox, 1);
  n.run(deliver{"INBOX", false, 0, 0, message_with("e")}, 1, 7);
  n.append_some(inbox, 1);
  n.create("a");
  n.run(store_flags{inbox, every, flag_change::add, {flag::seen, {}}, std::nullopt});
  const auto a1 = base::account_id{1}, a7 = base::account_id{7};
  EXPECT_EQ(n.machine->publish(),
            (std::vector<notice>{{a1, {}}, {a1, inbox}, {a1, base::mailbox_id{2}}, {a7, inbox}}));
  EXPECT_TRUE(n.machine->publish().empty());
  n.run(store_flags{inbox, every, flag_change::add, {flag::seen, {}}, std::nullopt});
  EXPECT_TRUE(n.machine->publish().empty()) << "nothing changed";
}

} // namespace
} // namespace rookery::storage::mail
