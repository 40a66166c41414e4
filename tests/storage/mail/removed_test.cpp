// First mailboxes, and what was removed and can be restored.
#include "tests/storage/mail/mail_support.hpp"

namespace rookery::storage::mail {
namespace {

constexpr std::uint64_t removed = removed_of(base::account_id{1}).value;

std::string names_of(node& n, std::uint64_t account = 1) {
  n.machine->publish();
  const auto view = n.machine->open_account(base::account_id{account})->view();
  std::string out;
  for (const auto& m : view->mailboxes)
    out += m->name + ":" + std::to_string(m->messages) + (m->subscribed ? "+ " : " ");
  return out;
}
base::mailbox_id named(node& n, std::string_view name, std::uint64_t account) {
  n.machine->publish();
  const auto view = n.machine->open_account(base::account_id{account})->view();
  const auto* found = view->find(name);
  return found == nullptr ? base::mailbox_id{} : found->id;
}

TEST(FirstMailboxes, AreMadeOnce) {
  node n;
  const begin_account first{{{"Drafts", "\\Drafts"}, {"Old", "", false}, {"bad//name", ""}}};
  EXPECT_EQ(n.run(first).number, 2u);
  EXPECT_EQ(names_of(n), "Drafts:0+ INBOX:0 Old:0 ");
  EXPECT_TRUE(n.machine->open_account(base::account_id{1})->view()->begun);
  n.run(delete_mailbox{"Drafts"});
  EXPECT_EQ(n.run(first).what, outcome::already_done);
  EXPECT_EQ(names_of(n), "INBOX:0 Old:0 ");
  n.expect_sound();
  n.reopen();
  EXPECT_EQ(n.run(first).what, outcome::already_done);
}

TEST(FirstMailboxes, AreNotForAnAccountThatHasMailboxes) {
  node n;
  n.create("Mine");
  EXPECT_EQ(n.run(begin_account{{{"Drafts", "\\Drafts"}}}).number, 0u);
  EXPECT_EQ(names_of(n), "INBOX:0 Mine:0 ");
  EXPECT_EQ(n.run(begin_account{{{"Drafts", "\\Drafts"}}}).what, outcome::already_done);
}

TEST(FirstMailboxes, ComeAlsoAfterMailHasCome) {
  node n;
  n.append_some(inbox, 2);
  EXPECT_EQ(n.run(begin_account{{{"Drafts", "\\Drafts"}}}).number, 1u);
  EXPECT_EQ(names_of(n), "Drafts:0+ INBOX:2 ");
}

TEST(Removed, IsNotKeptUnlessAsked) {
  node n;
  n.append_some(inbox, 3);
  n.run(expunge{inbox, every, true});
  EXPECT_EQ(names_of(n, removed), "INBOX:0 ");
  EXPECT_EQ(n.run(restore_messages{"INBOX", every}).what, outcome::no_such_mailbox);
}

TEST(Removed, ComesBackWithFlagsDatesAndContent) {
  node n;
  const auto box = n.create("Work");
  n.append_some(box, 4, {flag::seen | flag::deleted | flag::flagged, {"later"}});
  n.seconds += 100;
  EXPECT_EQ(n.run(expunge{box, uid_ranges{{2, 3}}, false, false, true}).uids, (std::vector<std::uint32_t>{2, 3}));
  EXPECT_EQ(n.uids(box), (std::vector<std::uint32_t>{1, 4}));
  const auto account = [&](std::uint64_t id) { return n.machine->open_account(base::account_id{id})->view(); };
  EXPECT_EQ(account(1)->messages, 2u);
  EXPECT_EQ(account(removed)->messages, 2u);
  EXPECT_EQ(names_of(n, removed), "INBOX:0 Work:2 ");
  const auto waiting = n.look(named(n, "Work", removed), removed);
  EXPECT_EQ(load_statics(*waiting->pages[0]).save_date[0], n.seconds * 1000);
  n.expect_sound();
  n.reopen();

  n.seconds += 100;
  const auto r = n.run(restore_messages{"Work", {{1, 1}}});
  EXPECT_EQ(r.uids, (std::vector<std::uint32_t>{5}));
  const auto v = n.look(box);
  const auto at = v->at(v->find(5));
  EXPECT_EQ(at.in->flags[at.row], flag::seen | flag::flagged | std::uint64_t{1} << flag::first_keyword_bit);
  const auto slot = at.in->slot[at.row];
  EXPECT_EQ(load_statics(*at.in).internal_date[slot], 1'600'000'000'000);
  EXPECT_EQ(load_text(*at.in, text_column::envelope)->row(slot), "e1");
  EXPECT_EQ(names_of(n, removed), "INBOX:0 Work:1 ");
  n.run(restore_messages{"Work", every});
  EXPECT_EQ(names_of(n, removed), "INBOX:0 ");
  EXPECT_EQ(names_of(n), "INBOX:0 Work:4 ");
  n.expect_sound();
}

TEST(Removed, ADeletedMailboxComesBackByItsName) {
  node n;
  const auto box = n.create("A/B");
  n.append_some(box, 3);
  n.append_some(inbox, 1);
  n.run(delete_mailbox{"A/B", true});
  n.run(expunge{inbox, every, true, false, true});
  EXPECT_EQ(names_of(n), "INBOX:0 ");
  EXPECT_EQ(names_of(n, removed), "A/B:3 INBOX:1 ");
  EXPECT_EQ(n.run(restore_messages{"a/b", every}).what, outcome::no_such_mailbox);
  EXPECT_EQ(n.run(restore_messages{"A/B", every}).source_uids.size(), 3u);
  EXPECT_EQ(n.run(restore_messages{"inbox", every}).source_uids.size(), 1u);
  EXPECT_EQ(names_of(n), "A/B:3 INBOX:1 ");
  n.expect_sound();
}

TEST(Removed, GoesForGoodWhenItIsExpungedOrTheAccountGoes) {
  node n;
  const auto box = n.create("Work");
  n.append_some(box, 3);
  n.append_some(inbox, 2);
  n.run(expunge{box, every, true, false, true});
  n.run(expunge{inbox, every, true, false, true});
  const auto waiting = named(n, "Work", removed);
  // What is removed from there is not kept once more.
  EXPECT_EQ(n.run(expunge{waiting, uid_ranges{{1, 2}}, true, false, true}, 0, removed).uids.size(), 2u);
  EXPECT_EQ(names_of(n, removed), "INBOX:2 Work:1 ");
  n.run(expunge{waiting, every, true}, 0, removed);
  EXPECT_EQ(names_of(n, removed), "INBOX:2 ");
  n.run(drop_account{});
  EXPECT_EQ(names_of(n, removed), "INBOX:0 ");
  std::size_t bodies = 0;
  n.machine->for_each_body(1, [&](const body_ref&, base::account_id) { ++bodies; });
  EXPECT_EQ(bodies, 0u);
  n.expect_sound();
}

} // namespace
} // namespace rookery::storage::mail
