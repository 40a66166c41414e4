#include "actors/imap/mailbox_news.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace rookery::actors {
namespace {

using storage::mail::account_view;
using storage::mail::mailbox_status;

std::shared_ptr<const mailbox_status> box(std::uint32_t id, std::string name, std::uint64_t modseq = 1, std::uint32_t next = 1) {
  auto m = std::make_shared<mailbox_status>();
  m->id = base::mailbox_id{id};
  m->name = std::move(name);
  m->highest_modseq = modseq;
  m->uid_next = next;
  return m;
}

account_view view(std::vector<std::shared_ptr<const mailbox_status>> boxes, std::vector<std::string> subscriptions = {}) {
  account_view v;
  v.mailboxes = std::move(boxes);
  std::sort(v.mailboxes.begin(), v.mailboxes.end(), [](const auto& a, const auto& b) { return a->name < b->name; });
  v.subscriptions = std::move(subscriptions);
  return v;
}

/// "name<old|messages of name|+-subscription"
std::string words(const account_view& before, const account_view& now) {
  const auto news = compare(before, now, base::account_id{7});
  std::string out;
  for (const auto& n : news.names) out += n.mailbox + (n.old_name.empty() ? "" : "<" + n.old_name) + " ";
  out += "|";
  for (const auto& m : news.messages) out += m.now->name + " ";
  out += "|";
  for (const auto& s : news.subscriptions) out += s + " ";
  return out;
}

TEST(MailboxNews, NamesThatCameWentAndChanged) {
  const auto inbox = box(1, "INBOX"), a = box(2, "a"), deep = box(3, "a/deep");
  const auto before = view({inbox, a, deep});
  EXPECT_EQ(words(before, before), "||");
  EXPECT_EQ(words(before, view({inbox, a, deep, box(4, "b")})), "b ||");
  EXPECT_EQ(words(before, view({inbox, a, deep, box(4, "a/new")})), "a/new a ||"); // its parent too
  EXPECT_EQ(words(before, view({inbox, a})), "a/deep a ||");
  EXPECT_EQ(words(before, view({inbox, box(2, "c"), box(3, "c/deep")})), "c<a ||"); // children go with it
  EXPECT_EQ(words(before, view({inbox, a, box(3, "z")})), "z<a/deep ||");
  EXPECT_EQ(words(before, view({inbox, box(9, "a"), deep})), "a a ||"); // removed and made again
}

TEST(MailboxNews, MessagesAndSubscriptions) {
  const auto inbox = box(1, "INBOX"), a = box(2, "a");
  const auto before = view({inbox, a}, {"a", "gone"});
  EXPECT_EQ(words(before, view({inbox, box(2, "a", 2)}, {"a", "gone"})), "|a |");
  EXPECT_EQ(words(before, view({box(1, "INBOX", 5, 2), a}, {"a", "gone"})), "|INBOX |");
  EXPECT_EQ(words(before, view({inbox, box(2, "a")}, {"a", "gone"})), "||") << "another picture of the same";
  EXPECT_EQ(words(before, view({inbox, box(2, "b", 2)}, {"INBOX", "a"})), "b<a |b |INBOX gone ");
}

/// "mailbox:name,name " and "!" for those that are not known any more.
std::string annotated(const account_view& before, const account_view& now) {
  const auto news = compare(before, now, base::account_id{7});
  std::string out;
  for (const auto& a : news.annotations) {
    out += a.mailbox + ":";
    for (const auto& n : a.names) out += n + ",";
    out += " ";
  }
  return out + (news.too_many_annotations ? "!" : "");
}

TEST(MailboxNews, AnnotationsOfAllAndOnesOwn) {
  using storage::mail::annotation_change;
  const auto with = [](std::uint64_t changes, std::vector<annotation_change> last) {
    auto v = view({box(1, "INBOX"), box(2, "a")});
    v.annotation_changes = changes;
    v.annotated = std::make_shared<const std::vector<annotation_change>>(std::move(last));
    return v;
  };
  const annotation_change all{base::mailbox_id{2}, {}, "/shared/x"}, again{base::mailbox_id{2}, {}, "/shared/y"},
      mine{base::mailbox_id{1}, base::account_id{7}, "/private/m"}, others{base::mailbox_id{1}, base::account_id{8}, "/private/o"},
      server{{}, base::account_id{7}, "/private/s"}, gone{base::mailbox_id{9}, {}, "/shared/z"};
  const auto none = with(0, {});
  EXPECT_EQ(annotated(none, none), "");
  EXPECT_EQ(annotated(none, with(6, {all, again, mine, others, server, gone})), "a:/shared/x,/shared/y, INBOX:/private/m, :/private/s, ");
  EXPECT_EQ(annotated(none, with(3, {all, all, all})), "a:/shared/x, ");
  EXPECT_EQ(annotated(with(1, {all}), with(3, {all, mine, again})), "INBOX:/private/m, a:/shared/y, ");
  EXPECT_EQ(annotated(with(3, {all, mine, again}), with(3, {all, mine, again})), "");
  EXPECT_EQ(annotated(with(1, {all}), with(9, {mine, again})), "INBOX:/private/m, a:/shared/y, !");
}

TEST(MailboxNews, WhoseSeenItIsIsAnAnnotationToo) {
  auto access = std::make_shared<storage::mail::mailbox_access>();
  access->seen_per_reader = true;
  auto own = std::make_shared<mailbox_status>(*box(2, "a", 2));
  own->access = access;
  const auto before = view({box(2, "a")}), now = view({own});
  EXPECT_EQ(annotated(before, now), "a:/shared/vendor/rookery/own-seen, ");
  EXPECT_EQ(annotated(now, before), "a:/shared/vendor/rookery/own-seen, ");
  EXPECT_EQ(words(before, now), "|a |");
}

} // namespace
} // namespace rookery::actors
