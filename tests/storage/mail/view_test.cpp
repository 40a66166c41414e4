// What sessions hold: pictures that share what did not change, and columns that stay readable.
#include "storage/mail/derived_rows.hpp"
#include "tests/storage/mail/mail_support.hpp"

#include <atomic>
#include <thread>

namespace rookery::storage::mail {
namespace {

TEST(MailboxView, RowsAreFoundByNumberAndByUid) {
  node n;
  n.append_some(inbox, 600);
  n.run(expunge{inbox, uid_ranges{{1, 10}, {256, 520}}, true});
  const auto v = n.look(inbox);
  ASSERT_EQ(v->size(), 325u);
  EXPECT_EQ(v->pages.size(), 2u) << "the page in the middle is empty";
  EXPECT_EQ(v->at(0).in->uid[v->at(0).row], 11u);
  EXPECT_EQ(v->at(245).in->uid[v->at(245).row], 521u);
  EXPECT_EQ(v->at(245).page_number, 1u);
  EXPECT_EQ(v->find(11), 0u);
  EXPECT_EQ(v->find(255), 244u);
  EXPECT_EQ(v->find(256), v->size());
  EXPECT_EQ(v->lower_bound(256), 245u);
  EXPECT_EQ(v->lower_bound(600), 324u);
  EXPECT_EQ(v->lower_bound(601), 325u);
  EXPECT_EQ(mailbox_view{}.find(1), 0u);
}

TEST(MailboxView, PagesThatDidNotChangeAreTheSameObjects) {
  node n;
  n.append_some(inbox, 1000);
  const auto cell = n.machine->open_mailbox(base::account_id{1}, inbox);
  const auto before = cell->view();
  n.run(store_flags{inbox, {{300, 300}}, flag_change::add, {flag::seen, {}}, std::nullopt});
  n.machine->publish();
  const auto after = cell->view();
  ASSERT_EQ(after->pages.size(), 4u);
  EXPECT_EQ(after->pages[0], before->pages[0]);
  EXPECT_NE(after->pages[1], before->pages[1]);
  EXPECT_EQ(after->pages[2], before->pages[2]);
  EXPECT_EQ(after->pages[1]->source, before->pages[1]->source);
  EXPECT_EQ(before->pages[1]->flags[43], 0u) << "the older picture stays as it was";
  EXPECT_EQ(after->pages[1]->flags[43], flag::seen);
  n.append_some(inbox, 1);
  n.machine->publish();
  EXPECT_EQ(cell->view()->pages[1], after->pages[1]);
  EXPECT_NE(cell->view()->pages[3], after->pages[3]);
}

TEST(MailboxView, ColumnsOfAnOldPictureCanBeLoadedAfterItsMessagesWereExpunged) {
  node n;
  n.append_some(inbox, 300);
  n.flush();
  n.append_some(inbox, 10);
  auto old = n.look(inbox);
  n.run(expunge{inbox, uid_ranges{{1, 305}}, true});
  n.machine->publish();
  n.flush();
  n.append_some(inbox, 300);
  n.flush();
  n.flush();
  for (std::uint32_t i = 0; i < old->size(); ++i) {
    const auto at = old->at(i);
    const auto slot = at.in->slot[at.row];
    EXPECT_EQ(load_statics(*at.in).body[slot].length, 100u) << i;
    EXPECT_EQ(load_text(*at.in, text_column::envelope)->row(slot), "e" + std::to_string(i < 300 ? i : i - 300)) << i;
  }
  const auto rows = n.disk->content().size();
  old.reset();
  n.machine->publish();
  n.append_some(inbox, 1);
  n.flush();
  EXPECT_LT(n.disk->content().size(), rows) << "the empty page's rows go when nobody shows it";
  n.expect_sound();
}

TEST(MailboxView, EmptyPagesThatWereShownAtACrashAreRemovedLater) {
  node n;
  n.append_some(inbox, 300);
  n.flush();
  const auto old = n.look(inbox);
  n.run(expunge{inbox, uid_ranges{{1, 256}}, true});
  n.flush();
  n.reopen(); // while `old` is held: its rows are still there
  EXPECT_EQ(load_text(*old->pages[0], text_column::envelope)->row(3), "e3");
  const auto rows = n.disk->content().size();
  n.flush();
  EXPECT_LE(n.disk->content().size() + 7, rows);
  n.expect_sound();
}

TEST(MailboxView, APictureOfADeletedMailboxSaysSoAndLoadsNothingWorse) {
  node n;
  const auto box = n.create("box");
  n.append_some(box, 300);
  n.flush();
  const auto cell = n.machine->open_mailbox(base::account_id{1}, box);
  n.run(delete_mailbox{"box"});
  n.machine->publish();
  EXPECT_TRUE(cell->view()->gone);
  EXPECT_EQ(cell->view()->size(), 300u);
  n.flush();
  EXPECT_EQ(load_text(*cell->view()->pages[0], text_column::preview)->row(0), "");
  EXPECT_EQ(load_statics(*cell->view()->pages[0]).size.size(), page_slots);
  EXPECT_EQ(n.machine->open_mailbox(base::account_id{1}, box), nullptr);
}

TEST(MailboxView, NewMessagesAreReadWithoutTheDisk) {
  node n;
  n.append_some(inbox, 3);
  const auto cell = n.machine->open_mailbox(base::account_id{1}, inbox);
  ASSERT_NE(text_of(*cell->view()->pages[0], text_column::envelope), nullptr);
  n.flush();
  n.append_some(inbox, 2);
  n.machine->publish();
  const auto text = text_of(*cell->view()->pages[0], text_column::envelope);
  ASSERT_NE(text, nullptr) << "old rows from the cache, new ones from memory";
  EXPECT_EQ(text->row(2), "e2");
  EXPECT_EQ(text->row(4), "e1");
  EXPECT_EQ(text_of(*cell->view()->pages[0], text_column::preview), nullptr);
  EXPECT_EQ(statics_of(*cell->view()->pages[0]), nullptr);
  const auto& statics = load_statics(*cell->view()->pages[0]);
  EXPECT_EQ(statics_of(*cell->view()->pages[0]), &statics);
  n.append_some(inbox, 1);
  n.machine->publish();
  EXPECT_EQ(statics_of(*cell->view()->pages[0]), &statics);
  EXPECT_EQ(statics.size[5], 106u);
}

TEST(MailboxView, RecentBeginsWhereTheMailboxStoodWhenItCameIntoMemory) {
  node n;
  n.append_some(inbox, 2);
  const auto cell = n.machine->open_mailbox(base::account_id{1}, inbox);
  EXPECT_EQ(cell->recent_from.load(), 1u);
  cell->recent_from = 3;
  n.append_some(inbox, 1);
  EXPECT_EQ(n.machine->open_mailbox(base::account_id{1}, inbox)->recent_from.load(), 3u);
}

TEST(MailMachine, LargeMailboxesThatNobodyHoldsLeaveMemory) {
  node n;
  n.settings.open_messages_max = 500;
  n.reopen();
  const auto other = n.create("other");
  n.append_some(inbox, 400);
  n.append_some(other, 400);
  const auto held = n.machine->open_mailbox(base::account_id{1}, other);
  n.machine->publish();
  n.flush();
  n.machine->open_mailbox(base::account_id{1}, inbox);
  n.append_some(inbox, 3);
  n.append_some(other, 3);
  n.machine->publish();
  n.flush();
  EXPECT_EQ(n.uids(inbox).size(), 403u);
  EXPECT_EQ(held->view()->size(), 403u);
  EXPECT_EQ(n.run(expunge{inbox, uid_ranges{{1, 402}}, true}).uids.size(), 402u);
  n.expect_sound();
  EXPECT_EQ(n.uids(inbox), std::vector<std::uint32_t>{403});
}

TEST(AccountView, IsChangedInPlaceOnlyWhileNobodyHoldsIt) {
  node n;
  const auto cell = n.machine->open_account(base::account_id{1});
  const auto held = cell->view();
  n.create("a");
  n.machine->publish();
  EXPECT_EQ(held->mailboxes.size(), 1u);
  EXPECT_EQ(cell->view()->mailboxes.size(), 2u);
  for (int i = 0; i < 200; ++i) n.create("b" + std::to_string(i));
  n.run(delete_mailbox{"b7"});
  n.run(rename_mailbox{"b8", "0"});
  n.append_some(inbox, 3);
  n.machine->publish();
  const auto v = cell->view();
  EXPECT_EQ(v->mailboxes.size(), 201u);
  EXPECT_EQ(v->mailboxes.front()->name, "0");
  EXPECT_EQ(v->find("b7"), nullptr);
  EXPECT_EQ(v->messages, 3u);
  EXPECT_EQ(v->octets, 318u);
  EXPECT_TRUE(std::is_sorted(v->mailboxes.begin(), v->mailboxes.end(),
                             [](const auto& x, const auto& y) { return x->name < y->name; }));
}

TEST(MailboxView, DerivedRowsAreKeptByPageAndNameAndGoWhenThereIsNoRoom) {
  node n;
  n.settings.text_cache_octets = 16 * 64 * 1024;
  n.reopen();
  n.append_some(inbox, 600);
  const auto v = n.look(inbox);
  const derivation one("one"), other("other");
  const auto rows = [](std::uint32_t slots, char filled, std::size_t octets) {
    auto r = std::make_shared<derived_rows>();
    for (std::uint32_t slot = 0; slot < page_slots; ++slot) {
      if (slot < slots) {
        r->octets.append(octets, filled);
        r->known.set(slot);
      }
      r->end[slot + 1] = static_cast<std::uint32_t>(r->octets.size());
    }
    return r;
  };
  EXPECT_EQ(derived_of(*v->pages[0], one), nullptr);
  keep_derived(*v->pages[0], one, rows(20, 'a', 3));
  keep_derived(*v->pages[1], one, rows(20, 'b', 3));
  keep_derived(*v->pages[0], other, rows(20, 'c', 3));
  EXPECT_EQ(derived_of(*v->pages[0], one)->row(19), "aaa");
  EXPECT_EQ(derived_of(*v->pages[1], one)->row(19), "bbb");
  EXPECT_EQ(derived_of(*v->pages[0], other)->row(19), "ccc");
  keep_derived(*v->pages[0], one, rows(10, 'd', 3));
  EXPECT_EQ(derived_of(*v->pages[0], one)->row(0), "aaa") << "more was known already";
  keep_derived(*v->pages[0], one, rows(30, 'e', 3));
  EXPECT_EQ(derived_of(*v->pages[0], one)->row(29), "eee");
  EXPECT_EQ(load_text(*v->pages[0], text_column::envelope)->row(0).empty(), false);
  for (int i = 0; i < 200; ++i) keep_derived(*v->pages[1], derivation("more " + std::to_string(i)), rows(256, 'x', 100));
  int left = 0;
  for (int i = 0; i < 200; ++i) left += derived_of(*v->pages[1], derivation("more " + std::to_string(i))) != nullptr;
  EXPECT_GE(left, 16);
  EXPECT_LE(left, 48) << "16 parts of 64 kB, each with one or two of 27 kB";
}

TEST(MailMachine, ReadersInOtherThreadsSeeWholePictures) {
  node n;
  n.settings.text_cache_octets = 1 << 16;
  n.reopen();
  n.append_some(inbox, 10);
  const auto cell = n.machine->open_mailbox(base::account_id{1}, inbox);
  const auto list = n.machine->open_account(base::account_id{1});
  std::atomic<bool> stop{false};
  std::atomic<int> faults{0};
  const auto read = [&] {
    while (!stop) {
      const auto v = cell->view();
      if (v->size() != v->status.messages) ++faults;
      for (const auto& p : v->pages) {
        const auto& statics = load_statics(*p);
        const auto text = load_text(*p, text_column::envelope);
        for (const auto slot : p->slot)
          if (statics.size[slot] != 106 || text->row(slot).empty() || statics.prefix[slot] != "X: y\r\n") ++faults;
      }
      (void)cell->vanished_since(1, 50);
      const auto a = list->view();
      if (a->find("INBOX") == nullptr) ++faults;
      n.machine->for_each_body(1, [&](const body_ref& b, base::account_id) { faults += b.length != 100; });
    }
  };
  std::thread one(read), two(read);
  for (int i = 0; i < 150; ++i) {
    n.append_some(inbox, 7);
    if (i % 3 == 0) n.run(store_flags{inbox, every, flag_change::add, {flag::seen, {}}, std::nullopt});
    if (i % 7 == 0) n.run(expunge{inbox, uid_ranges{{static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i) + 3}}, true});
    n.run(create_mailbox{"m" + std::to_string(i), ""});
    n.machine->publish();
    if (i % 5 == 0) n.flush();
  }
  stop = true;
  one.join();
  two.join();
  EXPECT_EQ(faults.load(), 0);
}

} // namespace
} // namespace rookery::storage::mail
