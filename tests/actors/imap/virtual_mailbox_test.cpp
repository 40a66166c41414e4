// Mailboxes that show others' messages: what is shown, under which UIDs, and that random changes are followed.
#include "actors/imap/virtual_mailbox.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace rookery::actors {
namespace {

using namespace storage::mail;

/// A mailbox of a test: rows in pages, published as the store does it, unchanged pages being the same objects.
class box final : public mailbox_cell {
public:
  box() { tell(); }
  struct row {
    std::uint64_t flags = 0, modseq = 1;
  };
  std::map<std::uint32_t, row> rows;   ///< by UID
  std::vector<std::string> words;
  bool deleted = false;
  std::uint32_t uid_next = 1;
  static constexpr std::uint32_t page_rows = 8;

  std::uint32_t add(std::uint64_t flags) {
    rows[uid_next] = {flags, ++modseq_};
    return uid_next++;
  }
  void set(std::uint32_t uid, std::uint64_t flags) { rows[uid] = {flags, ++modseq_}; }

  void tell() {
    auto v = std::make_shared<mailbox_view>();
    v->keywords = words;
    v->gone = deleted;
    v->first_row.push_back(0);
    std::map<std::uint32_t, std::shared_ptr<page>> pages;
    for (const auto& [uid, r] : rows) {
      auto& p = pages[(uid - 1) / page_rows];
      if (!p) p = std::make_shared<page>();
      p->uid.push_back(uid);
      p->flags.push_back(r.flags);
      p->modseq.push_back(r.modseq);
      p->slot.push_back(static_cast<std::uint8_t>((uid - 1) % page_rows));
    }
    for (auto& [number, p] : pages) {
      std::shared_ptr<const page> now = p;
      if (const auto old = told_.find(number); old != told_.end() && old->second->uid == p->uid && old->second->modseq == p->modseq)
        now = old->second;
      told_[number] = now;
      v->pages.push_back(now);
      v->first_row.push_back(v->first_row.back() + static_cast<std::uint32_t>(now->rows()));
    }
    publish(std::move(v));
  }
  vanished_uids vanished_since(std::uint64_t, std::size_t) const override { return {}; }

private:
  std::uint64_t modseq_ = 1;
  std::map<std::uint32_t, std::shared_ptr<const page>> told_;
};

base::mailbox_id id(std::uint32_t n) { return base::mailbox_id{n}; }

std::vector<std::uint32_t> uids(const mailbox_view& v) {
  std::vector<std::uint32_t> all;
  for (const auto& p : v.pages) all.insert(all.end(), p->uid.begin(), p->uid.end());
  return all;
}

std::uint64_t flags_of(const mailbox_view& v, std::uint32_t uid) {
  const auto at = v.at(v.find(uid));
  return at.in->flags[at.row];
}

TEST(VirtualMailbox, ShowsWhatMatchesOneMailboxAfterTheOther) {
  auto a = std::make_shared<box>(), b = std::make_shared<box>();
  for (int i = 0; i < 20; ++i) a->add(i % 2 ? flag::seen : 0);
  b->add(flag::flagged);
  a->tell();
  b->tell();
  virtual_mailbox all(virtual_kind::unread, "V/All unread", 7);
  all.add(id(1), a);
  all.add(id(2), b);
  all.look();
  const auto v = all.view();
  EXPECT_EQ(uids(*v), (std::vector<std::uint32_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(v->status.unseen, 11u);
  EXPECT_EQ(v->status.uid_next, 12u);
  EXPECT_EQ(v->status.uid_validity, 7u);
  EXPECT_EQ(v->status.highest_modseq, 0u);
  EXPECT_EQ(flags_of(*v, 11), flag::flagged);
  const auto parts = all.parts_of({{10, 11}, {2, 2}});
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].mailbox, id(1));
  EXPECT_EQ(parts[0].uids, (std::vector<std::uint32_t>{3, 19}));
  EXPECT_EQ(parts[0].shown_as, (std::vector<std::uint32_t>{2, 10}));
  EXPECT_EQ(parts[1].uids, (std::vector<std::uint32_t>{1}));

  // Nothing changed: the same picture.
  all.look();
  EXPECT_EQ(all.view(), v);
  // Read meanwhile: it stays, with its flags. What came and matches is behind all others.
  a->set(1, flag::seen);
  a->add(0);
  a->tell();
  all.look();
  EXPECT_EQ(uids(*all.view()).size(), 12u);
  EXPECT_EQ(flags_of(*all.view(), 1), flag::seen);
  EXPECT_EQ(all.find_message(12).view->at(all.find_message(12).index).in->uid.back(), 21u);
  // Unread again: it was never away.
  a->set(1, 0);
  a->set(2, 0);
  a->tell();
  all.look();
  EXPECT_EQ(uids(*all.view()).back(), 13u);
  EXPECT_EQ(all.parts_of({{13, 13}})[0].uids, (std::vector<std::uint32_t>{2}));
  // Expunged there: gone here, and its UID is not given again.
  a->rows.erase(1);
  b->deleted = true;
  a->tell();
  b->tell();
  all.look();
  const auto left = uids(*all.view());
  EXPECT_EQ(left, (std::vector<std::uint32_t>{2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13}));
  EXPECT_TRUE(all.parts_of({{1, 1}, {11, 11}}).empty());
  const auto gone = all.find_message(1);
  EXPECT_EQ(gone.index, gone.view->size());
  const auto never = all.find_message(4000);
  EXPECT_EQ(never.index, never.view->size());
}

TEST(VirtualMailbox, PagesThatDidNotChangeAreTheSameObjects) {
  auto a = std::make_shared<box>();
  for (int i = 0; i < 40; ++i) a->add(0);
  a->tell();
  virtual_mailbox all(virtual_kind::unread, "V", 1);
  all.add(id(1), a);
  all.look();
  const auto before = all.view();
  a->set(20, flag::seen);
  a->tell();
  all.look();
  const auto after = all.view();
  ASSERT_EQ(before->pages.size(), after->pages.size());
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(before->pages[i] == after->pages[i], i != 2) << i;
}

TEST(VirtualMailbox, KeywordsAreOneListAndThoseWithoutRoomAreNotShown) {
  auto a = std::make_shared<box>(), b = std::make_shared<box>();
  for (int k = 0; k < 40; ++k) a->words.push_back("a" + std::to_string(k));
  for (int k = 0; k < 40; ++k) b->words.push_back("b" + std::to_string(k));
  b->words[3] = "a5";
  a->add(std::uint64_t{1} << (flag::first_keyword_bit + 5));
  b->add(std::uint64_t{1} << (flag::first_keyword_bit + 3));
  b->add(std::uint64_t{1} << (flag::first_keyword_bit + 39));
  a->tell();
  b->tell();
  virtual_mailbox all(virtual_kind::unread, "V", 1);
  all.add(id(1), a);
  all.add(id(2), b);
  all.look();
  const auto v = all.view();
  EXPECT_EQ(v->keywords.size(), flag::keywords_max);
  EXPECT_EQ(flags_of(*v, 1), flags_of(*v, 2));
  EXPECT_EQ(flags_of(*v, 3), 0u);
}

TEST(VirtualMailbox, TheNewestOfEachStayBelowTheLimit) {
  auto a = std::make_shared<box>(), b = std::make_shared<box>(), c = std::make_shared<box>();
  for (int i = 0; i < 100; ++i) a->add(0);
  for (int i = 0; i < 3; ++i) b->add(0);
  for (int i = 0; i < 50; ++i) c->add(0);
  for (const auto& x : {a, b, c}) x->tell();
  virtual_mailbox all(virtual_kind::unread, "V", 1, {20, 25, 3});
  all.add(id(1), a);
  all.add(id(2), b);
  all.add(id(3), c);
  all.add(id(4), std::make_shared<box>());
  EXPECT_FALSE(all.has(id(4)));
  all.look();
  EXPECT_EQ(all.view()->size(), 20u);
  EXPECT_EQ(all.left_out(), 133u);
  const auto parts = all.parts_of({{1, UINT32_MAX}});
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[1].uids.size(), 3u);
  EXPECT_EQ(parts[0].uids.back(), 100u);
  EXPECT_EQ(parts[0].uids.size() + parts[2].uids.size(), 17u);
  EXPECT_LE(parts[0].uids.size(), 9u);
  EXPECT_LE(parts[2].uids.size(), 9u);
  // Five UIDs are left, whatever goes.
  b->rows.clear();
  a->rows.clear();
  for (int i = 0; i < 10; ++i) c->add(0);
  for (const auto& x : {a, b, c}) x->tell();
  all.look();
  EXPECT_EQ(uids(*all.view()).back(), 25u);
}

std::shared_ptr<const mailbox_status> listed(std::uint32_t number, std::string name, std::uint32_t messages, std::uint32_t unseen,
                                             std::string use = "") {
  auto m = std::make_shared<mailbox_status>();
  m->id = id(number);
  m->name = std::move(name);
  m->messages = messages;
  m->unseen = unseen;
  m->special_use = std::move(use);
  return m;
}

TEST(VirtualMailbox, TrashAndJunkAreNotAmongTheSources) {
  account_view all;
  all.mailboxes = {listed(5, "Archive", 3, 2),       listed(4, "Bin", 3, 1, "\\Trash"), listed(6, "Bin/Old", 9, 9),
                   listed(7, "Binary", 2, 0),        listed(1, "INBOX", 3, 1),          listed(8, "Spam", 4, 4, "\\Junk"),
                   listed(9, "Virtual/All flagged", 1, 1)};
  const auto numbers = [&](virtual_kind k, virtual_limits l = {}) {
    std::vector<std::uint32_t> n;
    for (const auto m : sources_of(k, all, l).mailboxes) n.push_back(m.value);
    return n;
  };
  EXPECT_EQ(numbers(virtual_kind::unread), (std::vector<std::uint32_t>{1, 5, 9}));
  EXPECT_EQ(numbers(virtual_kind::flagged), (std::vector<std::uint32_t>{1, 5, 7, 9}));
  EXPECT_EQ(numbers(virtual_kind::flagged, {100, 100, 2}), (std::vector<std::uint32_t>{1, 5}));
  EXPECT_EQ(sources_of(virtual_kind::flagged, all, {100, 100, 2}).left_out, 2u);
  EXPECT_EQ(unread_in(all, {}), 4u);
  EXPECT_EQ(unread_in(all, {3, 100, 100}), 3u);

  EXPECT_EQ(virtual_named("Virtual", "Virtual/All unread", all), virtual_kind::unread);
  EXPECT_EQ(virtual_named("Virtual", "Virtual/All flagged", all), std::nullopt) << "an own mailbox has that name";
  EXPECT_EQ(virtual_named("V", "V/All flagged", all), virtual_kind::flagged);
  for (const auto* parent : {"", "none", "a/b", "a*", "Other"}) EXPECT_EQ(virtual_named(parent, "Virtual/All unread", all), std::nullopt) << parent;
  EXPECT_EQ(virtual_named("Virtual", "Virtual", all), std::nullopt);
  EXPECT_EQ(virtual_named("Virtual", "Virtual/All unread/x", all), std::nullopt);
}

TEST(VirtualMailbox, UidValidityGrowsWithEachSelection) {
  const auto now = base::from_milliseconds(1'800'000'000'000);
  const auto first = next_virtual_validity(now);
  EXPECT_GE(first, 1'800'000'000u);
  EXPECT_GT(next_virtual_validity(now), first);
  EXPECT_GT(next_virtual_validity(base::from_milliseconds(0)), first) << "a clock that was set back";
}

/// The model: each message that was shown keeps its UID; what matches at a look and is not shown comes with the next UIDs.
class model {
public:
  explicit model(virtual_kind k) : kind(k) {}
  virtual_kind kind;
  std::map<std::uint32_t, std::pair<std::size_t, std::uint32_t>> shown; ///< by UID here
  std::set<std::pair<std::size_t, std::uint32_t>> members;
  void look(const std::vector<std::shared_ptr<box>>& boxes, const mailbox_view& now) {
    for (auto at = shown.begin(); at != shown.end();) {
      const auto [b, uid] = at->second;
      if (!boxes[b]->deleted && boxes[b]->rows.count(uid)) {
        ++at;
        continue;
      }
      members.erase(at->second);
      at = shown.erase(at);
    }
    std::set<std::pair<std::size_t, std::uint32_t>> fresh;
    for (std::size_t b = 0; b < boxes.size(); ++b)
      for (const auto& [uid, r] : boxes[b]->rows)
        if (!boxes[b]->deleted && (kind == virtual_kind::unread ? !(r.flags & flag::seen) : (r.flags & flag::flagged) != 0) &&
            !members.count({b, uid}))
          fresh.insert({b, uid});
    const auto told = uids(now);
    ASSERT_EQ(told.size(), shown.size() + fresh.size());
    ASSERT_TRUE(std::is_sorted(told.begin(), told.end()));
    std::size_t i = 0;
    for (const auto& [uid, what] : shown) ASSERT_EQ(told[i++], uid);
    for (const auto& f : fresh) { // in the order of mailboxes and their UIDs
      ASSERT_EQ(told[i], next++);
      shown[told[i++]] = f;
      members.insert(f);
    }
  }
  std::uint32_t next = 1;
};

TEST(VirtualMailbox, FollowsRandomChanges) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto upto = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    const auto kind = seed % 2 ? virtual_kind::unread : virtual_kind::flagged;
    std::vector<std::shared_ptr<box>> boxes;
    virtual_mailbox all(kind, "V", 1);
    const auto some_flags = [&](const box& b) {
      std::uint64_t f = random() & 31;
      for (std::size_t k = 0; k < b.words.size(); ++k) f |= std::uint64_t{upto(3) == 0} << (flag::first_keyword_bit + k);
      return f;
    };
    model expected(kind);
    for (int step = 0; step < 80; ++step) {
      if (boxes.size() < 4 && upto(10) == 0) {
        boxes.push_back(std::make_shared<box>());
        all.add(id(static_cast<std::uint32_t>(boxes.size())), boxes.back());
      }
      for (const auto& b : boxes) {
        if (upto(2)) continue;
        if (upto(60) == 0 && boxes.size() == 4) b->deleted = true;
        if (upto(6) == 0 && b->words.size() < 10) b->words.push_back("k" + std::to_string(upto(30)));
        std::sort(b->words.begin(), b->words.end());
        b->words.erase(std::unique(b->words.begin(), b->words.end()), b->words.end());
        for (auto n = upto(12); n > 0; --n) b->add(some_flags(*b));
        for (auto& [uid, r] : b->rows)
          if (upto(8) == 0) b->set(uid, some_flags(*b));
        std::erase_if(b->rows, [&](const auto&) { return upto(upto(5) == 0 ? 3 : 40) == 0; });
        b->tell();
      }
      all.look();
      const auto v = all.view();
      expected.look(boxes, *v);
      if (HasFatalFailure()) return;
      std::uint32_t unseen = 0;
      for (const auto& [here, there] : expected.shown) {
        const auto& b = *boxes[there.first];
        const auto flags = flags_of(*v, here);
        const auto real = b.rows.at(there.second).flags;
        ASSERT_EQ(flags & flag::system_mask, real & flag::system_mask) << here;
        unseen += (flags & flag::seen) == 0;
        std::set<std::string> words, real_words;
        for (std::size_t k = 0; k < v->keywords.size(); ++k)
          if (flags >> (flag::first_keyword_bit + k) & 1) words.insert(v->keywords[k]);
        for (std::size_t k = 0; k < b.words.size(); ++k)
          if (real >> (flag::first_keyword_bit + k) & 1) real_words.insert(b.words[k]);
        ASSERT_EQ(words, real_words) << here;
        const auto found = all.find_message(here);
        const auto at = found.view->at(found.index);
        ASSERT_EQ(at.in->uid[at.row], there.second);
      }
      ASSERT_EQ(v->status.unseen, unseen);
      for (const auto& p : v->pages) ASSERT_TRUE(std::is_sorted(p->slot.begin(), p->slot.end()));
    }
  }
}

} // namespace
} // namespace rookery::actors
