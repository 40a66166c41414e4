// Rights, annotations, and a \Seen for each reader.
#include "storage/mail/reader_seen.hpp"
#include "storage/mail/sharing_commands.hpp"
#include "tests/storage/mail/mail_support.hpp"

#include <algorithm>

namespace rookery::storage::mail {
namespace {

constexpr base::account_id ann{7}, bob{8};

std::string rights_of(node& n, base::mailbox_id id) {
  std::string out;
  const auto v = n.look(id);
  if (v->status.access)
    for (const auto& e : v->status.access->entries) out += e.who + "=" + std::to_string(e.rights) + " ";
  return out;
}

std::vector<std::uint32_t> seen_of(mailbox_cell& cell) {
  std::vector<std::uint32_t> out;
  const auto v = cell.view();
  for (const auto& p : v->pages)
    for (std::size_t row = 0; row < p->rows(); ++row)
      if ((p->flags[row] & flag::seen) != 0) out.push_back(p->uid[row]);
  return out;
}

std::shared_ptr<mailbox_cell> open_for(node& n, base::mailbox_id id, base::account_id reader) {
  n.machine->publish();
  return n.machine->open_mailbox(base::account_id{1}, id, reader);
}

using uids = std::vector<std::uint32_t>;

TEST(Sharing, LinesOfRightsAreSetAddedAndTaken) {
  node n;
  const auto box = n.create("box");
  EXPECT_EQ(n.run(set_rights{box, "#7", rights_step::replace, 3}).number, 3u);
  EXPECT_EQ(n.run(set_rights{box, "#7", rights_step::add, 12}).number, 15u);
  EXPECT_EQ(n.run(set_rights{box, "#7", rights_step::remove, 1}).number, 14u);
  n.run(set_rights{box, "-#8", rights_step::replace, 1});
  n.run(set_rights{box, "anyone", rights_step::replace, 1});
  EXPECT_EQ(rights_of(n, box), "#7=14 -#8=1 anyone=1 ");
  EXPECT_EQ(n.machine->shares()->owners("#7"), std::vector{base::account_id{1}});
  EXPECT_TRUE(n.machine->shares()->owners("-#8").empty());
  EXPECT_EQ(n.machine->shares()->identifiers("a"), std::vector<std::string>{"anyone"});
  n.expect_sound();
  n.reopen();
  EXPECT_EQ(rights_of(n, box), "#7=14 -#8=1 anyone=1 ");
  EXPECT_EQ(n.machine->shares()->owners("#7"), std::vector{base::account_id{1}});
  n.run(set_rights{box, "#7", rights_step::replace, 0});
  n.run(set_rights{box, "-#8", rights_step::remove, 7});
  n.run(set_rights{box, "anyone", rights_step::replace, 0});
  EXPECT_EQ(n.look(box)->status.access, nullptr);
  EXPECT_TRUE(n.machine->shares()->owners("#7").empty());
  n.expect_sound();
}

TEST(Sharing, BoundsAreKept) {
  node n;
  const auto box = n.create("box");
  EXPECT_EQ(n.run(set_rights{box, "", rights_step::add, 1}).what, outcome::not_allowed);
  EXPECT_EQ(n.run(set_rights{box, std::string(access_who_octets_max + 1, 'x'), rights_step::add, 1}).what, outcome::not_allowed);
  EXPECT_EQ(n.run(set_rights{base::mailbox_id{99}, "#7", rights_step::add, 1}).what, outcome::no_such_mailbox);
  for (std::size_t i = 0; i < access_entries_max; ++i)
    ASSERT_EQ(n.run(set_rights{box, "#" + std::to_string(i), rights_step::add, 1}).what, outcome::done);
  EXPECT_EQ(n.run(set_rights{box, "one more", rights_step::add, 1}).what, outcome::over_limit);
  EXPECT_EQ(n.run(set_rights{box, "#1", rights_step::add, 2}).what, outcome::done);
  set_metadata many{box, {}, {}};
  for (std::size_t i = 0; i < metadata_entries_max; ++i) many.changes.push_back({"/shared/e" + std::to_string(i), "v", false});
  EXPECT_EQ(n.run(many).what, outcome::done);
  EXPECT_EQ(n.run(set_metadata{box, {}, {{"/shared/more", "v", false}}}).what, outcome::over_limit);
  EXPECT_EQ(n.run(set_metadata{box, {}, {{"/shared/more", "v", false}, {"/shared/e1", std::nullopt, false}}}).what, outcome::done);
  EXPECT_EQ(n.run(set_metadata{box, {}, {{"/shared/e2", std::string(metadata_value_octets_max + 1, 'x'), false}}}).what, outcome::not_allowed);
  EXPECT_EQ(n.run(set_metadata{box, {}, {{"/private/x", "nobody's", true}}}).what, outcome::not_allowed);
  EXPECT_EQ(n.run(set_metadata{box, ann, {{"/private/own", "of another list", true}}}).what, outcome::done);
  n.expect_sound();
}

TEST(Sharing, AMailboxBelowHasTheRightsOfTheNextOneAboveIt) {
  node n;
  const auto top = n.create("top");
  n.run(set_rights{top, "#7", rights_step::replace, 3});
  const auto below = n.create("top/missing/below");
  EXPECT_EQ(rights_of(n, below), "#7=3 ");
  n.run(set_rights{top, "#7", rights_step::replace, 0});
  EXPECT_EQ(rights_of(n, below), "#7=3 ");
  EXPECT_EQ(n.machine->shares()->owners("#7").size(), 1u);
  n.run(delete_mailbox{"top/missing/below"});
  EXPECT_TRUE(n.machine->shares()->owners("#7").empty());
  EXPECT_EQ(rights_of(n, n.create("other/below")), "");
  n.expect_sound();
}

TEST(Sharing, AnAccountThatIsDroppedSharesNothing) {
  node n;
  const auto box = n.create("box");
  n.run(set_rights{box, "#7", rights_step::replace, 3});
  n.run(set_metadata{{}, {}, {{"/shared/comment", "mine", false}}});
  n.run(drop_account{});
  EXPECT_TRUE(n.machine->shares()->owners("#7").empty());
  n.expect_sound();
  n.reopen();
  EXPECT_TRUE(n.machine->shares()->identifiers("").empty());
  EXPECT_TRUE(n.machine->metadata(base::account_id{1}, {}, {}).empty());
}

TEST(Sharing, EachReaderHasASeenOfHisOwn) {
  node n;
  const auto box = n.create("box");
  n.append_some(box, 5);
  n.run(store_flags{box, {{1, 1}}, flag_change::add, {flag::seen, {}}, {}});
  n.run(set_seen_mode{box, true});
  const auto of_owner = open_for(n, box, {});
  const auto of_ann = open_for(n, box, ann);
  const auto of_bob = open_for(n, box, bob);
  EXPECT_EQ(seen_of(*of_owner), uids{1});
  EXPECT_EQ(seen_of(*of_ann), uids{});
  EXPECT_EQ(of_ann->view()->status.unseen, 5u);

  const auto r = n.run(store_flags{box, {{2, 3}}, flag_change::add, {flag::seen | flag::flagged, {}}, {}, ann});
  EXPECT_EQ(r.uids, (uids{2, 3}));
  n.machine->publish();
  EXPECT_EQ(seen_of(*of_owner), uids{1});
  EXPECT_EQ(seen_of(*of_ann), (uids{2, 3}));
  EXPECT_EQ(seen_of(*of_bob), uids{});
  EXPECT_EQ(of_ann->view()->status.unseen, 3u);
  EXPECT_EQ(of_owner->view()->status.unseen, 4u);
  EXPECT_EQ(of_owner->view()->pages[0]->flags[1], flag::flagged);
  // Both clients of one reader follow by MODSEQ.
  EXPECT_EQ(of_ann->view()->pages[0]->modseq[1], r.modseq);

  n.run(store_flags{box, {{1, 5}}, flag_change::replace, {flag::seen, {}}, {}, bob});
  n.machine->publish();
  EXPECT_EQ(seen_of(*of_bob), (uids{1, 2, 3, 4, 5}));
  EXPECT_EQ(seen_of(*of_ann), (uids{2, 3}));
  EXPECT_EQ(seen_of(*of_owner), uids{1});
  EXPECT_EQ(of_owner->view()->pages[0]->flags[1], 0u);

  n.run(store_flags{box, {{3, 4}}, flag_change::remove, {flag::seen, {}}, {}, bob});
  n.run(expunge{box, uid_ranges{{2, 2}}, true});
  n.machine->publish();
  EXPECT_EQ(seen_of(*of_bob), (uids{1, 5}));
  EXPECT_EQ(seen_of(*of_ann), uids{3});
  n.expect_sound();
  n.reopen();
  EXPECT_EQ(seen_of(*open_for(n, box, bob)), (uids{1, 5}));
  EXPECT_EQ(seen_of(*open_for(n, box, ann)), uids{3});
  EXPECT_EQ(seen_of(*open_for(n, box, {})), uids{1});
}

TEST(Sharing, WithoutTheSettingAllHaveOneSeen) {
  node n;
  const auto box = n.create("box");
  n.append_some(box, 2);
  const auto of_ann = open_for(n, box, ann);
  n.run(store_flags{box, {{1, 1}}, flag_change::add, {flag::seen, {}}, {}, ann});
  n.machine->publish();
  EXPECT_EQ(seen_of(*of_ann), uids{1});
  EXPECT_EQ(seen_of(*open_for(n, box, {})), uids{1});
  EXPECT_EQ(of_ann->view(), open_for(n, box, {})->view());
}

TEST(Sharing, TurningTheSettingIsTold) {
  node n;
  const auto box = n.create("box");
  n.append_some(box, 2, {flag::seen, {}});
  const auto before = n.look(box)->status.highest_modseq;
  const auto of_ann = open_for(n, box, ann);
  EXPECT_EQ(seen_of(*of_ann), (uids{1, 2}));
  n.run(set_seen_mode{box, true});
  EXPECT_GT(n.look(box)->pages[0]->modseq[0], before);
  EXPECT_EQ(seen_of(*of_ann), uids{});
  n.run(store_flags{box, {{1, 1}}, flag_change::add, {flag::seen, {}}, {}, ann});
  n.run(set_seen_mode{box, false});
  n.run(set_seen_mode{box, true});
  EXPECT_EQ(seen_of(*open_for(n, box, ann)), uids{});
  n.expect_sound();
}

TEST(Sharing, AStoreUnderUnchangedSinceIsRefusedForAReaderToo) {
  node n;
  const auto box = n.create("box");
  n.append_some(box, 2);
  n.run(set_seen_mode{box, true});
  const auto at = n.look(box)->status.highest_modseq;
  n.run(store_flags{box, {{1, 1}}, flag_change::add, {flag::seen, {}}, {}, ann});
  const auto r = n.run(store_flags{box, {{1, 2}}, flag_change::add, {flag::seen, {}}, at, ann});
  EXPECT_EQ(r.refused_uids, uids{1});
  EXPECT_EQ(r.uids, uids{2});
}

TEST(Sharing, WhatAGuestAppendsIsSeenByHimAlone) {
  node n;
  const auto box = n.create("box");
  n.run(set_seen_mode{box, true});
  n.run(append{box, {message_with("a", {flag::seen | flag::flagged, {}}), message_with("b")}, ann}, 2);
  EXPECT_EQ(seen_of(*open_for(n, box, ann)), uids{1});
  EXPECT_EQ(seen_of(*open_for(n, box, {})), uids{});
  EXPECT_EQ(n.look(box)->pages[0]->flags[0], flag::flagged);
}

TEST(Sharing, CopiesKeepTheFlagsTheyMayAndWhoHasSeenThem) {
  node n;
  const auto from = n.create("from"), to = n.create("to");
  n.append_some(from, 3, {flag::seen | flag::deleted | flag::flagged, {"work"}});
  n.run(set_seen_mode{from, true});
  n.run(set_seen_mode{to, true});
  n.run(store_flags{from, {{2, 2}}, flag_change::add, {flag::seen, {}}, {}, ann});
  n.run(copy_messages{from, to, {{1, 2}}, keep_flags::others});
  EXPECT_EQ(seen_of(*open_for(n, to, ann)), uids{2});
  const auto v = n.look(to);
  EXPECT_EQ(v->pages[0]->flags[0], flag::flagged | (std::uint64_t{1} << flag::first_keyword_bit));
  n.run(move_messages{from, to, {{3, 3}}, keep_flags::seen});
  EXPECT_EQ(n.look(to)->pages[0]->flags[2], flag::seen);
  n.expect_sound();
}

TEST(Sharing, AnnotationsAreReadAsTheyWereSet) {
  node n;
  const auto box = n.create("box");
  n.run(set_metadata{box, {}, {{"/shared/comment", "all", false}, {"/shared/x", std::string("\0\r\n", 3), false}}});
  n.run(set_metadata{box, ann, {{"/private/comment", "mine", true}}});
  n.run(set_metadata{{}, ann, {{"/private/a", "b", true}}});
  n.flush();
  n.run(set_metadata{box, {}, {{"/shared/comment", std::nullopt, false}}});
  const auto check = [&] {
    EXPECT_EQ(n.machine->metadata(base::account_id{1}, box, {}), (metadata_entries{{"/shared/x", std::string("\0\r\n", 3)}}));
    EXPECT_EQ(n.machine->metadata(base::account_id{1}, box, ann), (metadata_entries{{"/private/comment", "mine"}}));
    EXPECT_EQ(n.machine->metadata(base::account_id{1}, box, bob), metadata_entries{});
    EXPECT_EQ(n.machine->metadata(base::account_id{1}, {}, ann), (metadata_entries{{"/private/a", "b"}}));
  };
  check();
  n.reopen();
  check();
  n.run(rename_mailbox{"box", "crate"});
  check();
  n.run(delete_mailbox{"crate"});
  n.expect_sound();
  EXPECT_EQ(n.machine->metadata(base::account_id{1}, box, {}), metadata_entries{});
}

TEST(UidRanges, AreUnitedAndTakenFromEachOther) {
  struct row {
    uid_ranges a, b, both, left;
  };
  const row rows[] = {
      {{}, {}, {}, {}},
      {{{1, 3}}, {}, {{1, 3}}, {{1, 3}}},
      {{}, {{1, 3}}, {{1, 3}}, {}},
      {{{1, 3}}, {{4, 5}}, {{1, 5}}, {{1, 3}}},
      {{{1, 10}}, {{3, 4}, {6, 6}}, {{1, 10}}, {{1, 2}, {5, 5}, {7, 10}}},
      {{{1, 2}, {5, 6}, {9, 9}}, {{2, 5}}, {{1, 6}, {9, 9}}, {{1, 1}, {6, 6}, {9, 9}}},
      {{{1, 0xffffffffu}}, {{0xffffffffu, 0xffffffffu}}, {{1, 0xffffffffu}}, {{1, 0xfffffffeu}}},
  };
  for (const auto& r : rows) {
    EXPECT_EQ(united(r.a, r.b), r.both);
    EXPECT_EQ(united(r.b, r.a), r.both);
    EXPECT_EQ(without(r.a, r.b), r.left);
    for (const auto& [first, last] : r.left) {
      EXPECT_TRUE(contains(r.left, first) && contains(r.left, last));
      EXPECT_FALSE(contains(r.b, first) || contains(r.b, last));
    }
  }
}

TEST(Sharing, AnOpenListSaysWhichAnnotationsChanged) {
  node n;
  const auto box = n.create("box");
  const auto cell = n.machine->open_account(base::account_id{1});
  const auto first = cell->view();
  EXPECT_EQ(first->annotation_changes, 0u);
  n.run(set_metadata{box, ann, {{"/shared/x", "v", false}, {"/private/y", "v", true}}});
  n.machine->publish();
  const auto second = cell->view();
  ASSERT_EQ(second->annotation_changes, 2u);
  EXPECT_EQ((*second->annotated)[0].name, "/shared/x");
  EXPECT_FALSE((*second->annotated)[0].reader);
  EXPECT_EQ((*second->annotated)[1].reader, ann);
  EXPECT_EQ((*second->annotated)[1].mailbox, box);
  EXPECT_EQ(first->annotation_changes, 0u) << "a picture stays as it is";
  EXPECT_EQ(n.run(set_metadata{base::mailbox_id{99}, ann, {{"/shared/x", "v", false}}}).what, outcome::no_such_mailbox);
  for (std::size_t i = 0; i < annotation_changes_kept; ++i) n.run(set_metadata{{}, ann, {{"/private/z", std::nullopt, true}}});
  n.machine->publish();
  EXPECT_EQ(cell->view()->annotation_changes, annotation_changes_kept + 2);
  EXPECT_EQ(cell->view()->annotated->size(), annotation_changes_kept);
  EXPECT_EQ(cell->view()->annotated->front().name, "/private/z");
  n.expect_sound();
}

} // namespace
} // namespace rookery::storage::mail
