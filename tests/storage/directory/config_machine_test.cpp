#include "storage/directory/config_machine.hpp"
#include "storage/tree/tree.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <tuple>

namespace rookery::storage::directory {
namespace {

constexpr auto account = document_kind::account;
constexpr auto domain = document_kind::domain;

/// A tree that outlives the machine on it, as a directory outlives a process.
class kept_tree final : public tree {
public:
  explicit kept_tree(std::shared_ptr<tree> on) : on_(std::move(on)) {}
  base::result<std::optional<std::string>> get(std::string_view key) const override { return on_->get(key); }
  base::result<void> scan(std::string_view from, std::string_view to,
                          const std::function<bool(std::string_view, std::string_view)>& each) const override {
    return on_->scan(from, to, each);
  }
  base::result<void> write(const batch& b, bool durable) override { return on_->write(b, durable); }

private:
  std::shared_ptr<tree> on_;
};

class machine_on_memory : public ::testing::Test {
protected:
  machine_on_memory() { open(); }
  void open() { machine_ = config_machine::open(std::make_unique<kept_tree>(tree_)).value(); }

  command_result apply(std::vector<change> changes, std::uint64_t lsn = 0) {
    config_command c;
    c.author = "ann";
    c.time = base::from_milliseconds(1000 + static_cast<std::int64_t>(lsn_));
    c.changes = std::move(changes);
    committed_command k;
    k.lsn = lsn != 0 ? lsn : ++lsn_;
    k.at = {1, static_cast<std::uint32_t>(k.lsn)};
    k.next = {1, static_cast<std::uint32_t>(k.lsn) + 1};
    k.payload = encode(c).value();
    auto r = machine_->apply(k);
    machine_->publish();
    return r;
  }
  std::shared_ptr<const config_table> table() const { return machine_->cell()->table(); }

  std::shared_ptr<tree> tree_ = tree::in_memory();
  std::unique_ptr<config_machine> machine_;
  std::uint64_t lsn_ = 0;
};

using before_rows = std::vector<std::tuple<document_kind, std::string, bool, std::string>>;
before_rows before_of(const history_entry& e) {
  before_rows out;
  if (e.before)
    for (const auto& b : *e.before) out.emplace_back(b.kind, b.key, b.there, b.content);
  return out;
}

TEST_F(machine_on_memory, TheHistoryHasEachDocumentAsItWasBefore) {
  apply({put{domain, "x", expect::absent, "one"}, put{domain, "x", expect::present, "two"}});
  apply({rename{domain, "x", expect::present, "y"}, put{account, "a@y", expect::absent, "{}"}});
  apply({remove{domain, "y", expect::present}});
  const auto check = [&] {
    const auto h = machine_->history(10);
    ASSERT_EQ(h.size(), 3u);
    EXPECT_EQ(before_of(h[2]), (before_rows{{domain, "x", false, ""}}));
    EXPECT_EQ(before_of(h[1]), (before_rows{{domain, "x", true, "two"}, {domain, "y", false, ""}, {account, "a@y", false, ""}}));
    EXPECT_EQ(before_of(h[0]), (before_rows{{domain, "y", true, "two"}}));
  };
  check();
  ASSERT_TRUE(machine_->flush(true).ok());
  open();
  check();
}

TEST_F(machine_on_memory, WhatIsTooMuchToRememberIsLeftOut) {
  const std::string large(before_octets_max / 2, 'x');
  apply({put{domain, "a", expect::any, large}, put{domain, "b", expect::any, large}, put{domain, "c", expect::any, "small"}});
  apply({put{domain, "a", expect::any, "1"}, put{domain, "b", expect::any, "2"}, put{domain, "c", expect::any, "3"}});
  EXPECT_EQ(machine_->history(1).front().before, nullptr) << "one command with more than its share";
  const auto rounds = 3 * before_total_octets_max / large.size();
  for (std::size_t i = 0; i < rounds; ++i) apply({put{domain, "a", expect::any, large}});
  const auto octets = [&] {
    std::size_t sum = 0;
    for (const auto& e : machine_->history(history_entries_max))
      for (const auto& [kind, key, there, content] : before_of(e)) sum += content.size();
    return sum;
  };
  EXPECT_LE(octets(), before_total_octets_max);
  EXPECT_GE(octets(), before_total_octets_max - 2 * large.size());
  EXPECT_NE(machine_->history(1).front().before, nullptr) << "the oldest go first";
  ASSERT_TRUE(machine_->flush(true).ok());
  const auto same = octets();
  open();
  EXPECT_EQ(octets(), same);
  apply({put{domain, "a", expect::any, large}});
  EXPECT_LE(octets(), before_total_octets_max);
}

TEST_F(machine_on_memory, AVersionGrowsByOneWithEachCommandAndAnIdStays) {
  EXPECT_EQ(apply({put{account, "u1@x", expect::absent, "1"}, put{account, "u2@x", expect::absent, "1"}}).number, 1u);
  EXPECT_EQ(apply({put{account, "u1@x", 1, "2"}}).number, 2u);
  const auto* u1 = table()->find(account, "u1@x");
  ASSERT_NE(u1, nullptr);
  EXPECT_EQ(u1->id, 1u);
  EXPECT_EQ(u1->version, 2u);
  EXPECT_EQ(u1->content, "2");
  EXPECT_EQ(table()->find(account, "u2@x")->version, 1u);
}

TEST_F(machine_on_memory, AFailedExpectationChangesNothing) {
  apply({put{domain, "x", expect::absent, "{}"}});
  struct row {
    const char* name;
    change wrong;
    outcome what;
  };
  const row rows[] = {
      {"made twice", put{domain, "x", expect::absent, "2"}, outcome::conflict},
      {"older version", put{domain, "x", 7, "2"}, outcome::conflict},
      {"version of nothing", put{domain, "y", 1, "2"}, outcome::conflict},
      {"remove nothing", remove{domain, "y", expect::any}, outcome::no_such_record},
      {"remove another version", remove{domain, "x", 9}, outcome::conflict},
      {"rename onto itself", rename{domain, "x", expect::any, "x"}, outcome::conflict},
      {"require present", require{domain, "y", expect::present}, outcome::conflict},
      {"require absent", require{domain, "x", expect::absent}, outcome::conflict},
  };
  for (const auto& r : rows) {
    SCOPED_TRACE(r.name);
    const auto result = apply({put{account, "a@x", expect::any, "{}"}, r.wrong});
    EXPECT_EQ(result.what, r.what);
    EXPECT_EQ(result.number, 1u);
    EXPECT_EQ(result.refused_uids, std::vector<std::uint32_t>{1});
    EXPECT_EQ(table()->version(), 1u);
    EXPECT_EQ(table()->count(account), 0u);
  }
}

TEST_F(machine_on_memory, ChangesOfOneCommandSeeThoseBefore) {
  EXPECT_EQ(apply({put{domain, "x", expect::absent, "{}"}, require{domain, "x", expect::present},
                   put{account, "a@x", expect::absent, "{}"}, rename{account, "a@x", expect::any, "b@x"}})
                .what,
            outcome::done);
  EXPECT_EQ(table()->find(account, "a@x"), nullptr);
  EXPECT_EQ(table()->find(account, "b@x")->id, 2u);
}

TEST_F(machine_on_memory, AnIdIsNeverUsedAgain) {
  apply({put{account, "a@x", expect::any, ""}});
  apply({remove{account, "a@x", expect::any}});
  machine_->flush(true).ok();
  open();
  apply({put{account, "a@x", expect::any, ""}});
  EXPECT_EQ(table()->find(account, "a@x")->id, 2u);
}

TEST_F(machine_on_memory, AFailedCommandTakesNoId) {
  apply({put{account, "a@x", expect::any, ""}, require{domain, "x", expect::present}});
  apply({put{account, "a@x", expect::any, ""}});
  EXPECT_EQ(table()->find(account, "a@x")->id, 1u);
}

TEST_F(machine_on_memory, WhatWasFlushedIsThereAfterReopening) {
  apply({put{account, "a@x", expect::any, "one"}, put{domain, "x", expect::any, "{}"}});
  apply({put{account, "a@x", expect::any, "two"}});
  ASSERT_TRUE(machine_->flush(true).ok());
  EXPECT_EQ(machine_->unflushed_octets(), 0u);
  const auto reached = machine_->applied();
  open();
  EXPECT_EQ(machine_->flushed(), reached);
  EXPECT_EQ(table()->version(), 2u);
  EXPECT_EQ(table()->find(account, "a@x")->content, "two");
  EXPECT_TRUE(machine_->check().empty());
}

TEST_F(machine_on_memory, ReplayOfWhatTheTreeHasChangesNothing) {
  apply({put{account, "a@x", expect::absent, "one"}}, 5);
  ASSERT_TRUE(machine_->flush(true).ok());
  open();
  EXPECT_EQ(apply({put{account, "a@x", expect::absent, "one"}}, 5).what, outcome::already_done);
  EXPECT_EQ(apply({put{account, "b@x", expect::absent, "one"}}, 6).number, 2u);
}

TEST_F(machine_on_memory, TheHistoryNamesAuthorAndChangesNewestFirst) {
  apply({put{account, "a@x", expect::any, ""}});
  apply({put{account, "a@x", expect::any, ""}, remove{account, "a@x", expect::any}});
  machine_->flush(true).ok();
  open();
  const auto h = machine_->history(10);
  ASSERT_EQ(h.size(), 2u);
  EXPECT_EQ(h[0].version, 2u);
  EXPECT_EQ(h[0].author, "ann");
  EXPECT_EQ(h[0].changes, 2u);
  ASSERT_EQ(h[0].lines.size(), 2u);
  EXPECT_EQ(h[0].lines[0].verb, history_verb::changed);
  EXPECT_EQ(h[0].lines[1].verb, history_verb::removed);
  EXPECT_EQ(h[1].lines[0].verb, history_verb::made);
}

TEST_F(machine_on_memory, TheHistoryIsBounded) {
  for (std::size_t i = 0; i < history_entries_max + 5; ++i) apply({put{domain, "x", expect::any, ""}});
  machine_->flush(true).ok();
  open();
  const auto h = machine_->history(5000);
  EXPECT_EQ(h.size(), history_entries_max);
  EXPECT_EQ(h.front().version, history_entries_max + 5);
}

TEST_F(machine_on_memory, FiveThousandAccountsFitOneCommand) {
  std::vector<change> many;
  for (int i = 0; i < 5000; ++i) many.emplace_back(put{account, "u" + std::to_string(i) + "@x", expect::absent, std::string(300, '.')});
  EXPECT_EQ(apply(std::move(many)).what, outcome::done);
  EXPECT_EQ(table()->count(account), 5000u);
}

TEST_F(machine_on_memory, AMalformedPayloadIsRefused) {
  committed_command k;
  k.lsn = 1;
  k.payload = "\x01xyz";
  EXPECT_EQ(machine_->apply(k).what, outcome::malformed);
}

TEST(ConfigCommand, LimitsAreNamed) {
  config_command c;
  c.changes = {put{account, std::string(key_octets_max + 1, 'k'), 0, ""}};
  EXPECT_NE(encode(c).error().client.value.find("key_octets_max"), std::string::npos);
  c.changes = {put{account, "k", 0, std::string(content_octets_max + 1, 'c')}};
  EXPECT_NE(encode(c).error().client.value.find("content_octets_max"), std::string::npos);
  c.changes.assign(5, put{account, "k", 0, std::string(content_octets_max, 'c')});
  EXPECT_NE(encode(c).error().client.value.find("command_octets_max"), std::string::npos);
}

TEST(ConfigTable, BehavesAsAnOrderedMapAndTellsWhatChanged) {
  std::mt19937 random(7);
  std::map<std::string, std::string> expected;
  auto table = std::make_shared<const config_table>();
  for (int round = 0; round < 60; ++round) {
    const auto before = table;
    const auto expected_before = expected;
    config_table::editor editor(*table);
    for (int i = 0; i < 100; ++i) {
      const auto key = "k" + std::to_string(random() % 3000);
      if (random() % (round < 40 ? 4 : 2) == 0) {
        EXPECT_EQ(editor.remove(account, key), expected.erase(key) == 1);
      } else {
        auto d = std::make_shared<document>();
        d->kind = account;
        d->key = key;
        d->content = std::to_string(random());
        expected[key] = d->content;
        editor.put(std::move(d));
      }
    }
    table = editor.finish(static_cast<std::uint64_t>(round) + 1);
    std::map<std::string, std::string> seen;
    std::string last;
    table->for_each(account, "", [&](const document_ptr& d) {
      EXPECT_LT(last, d->key);
      last = d->key;
      seen[d->key] = d->content;
      return true;
    });
    ASSERT_EQ(seen, expected);
    ASSERT_EQ(table->count(account), expected.size());
    // Replaying the differences on the old content gives the new one.
    auto patched = expected_before;
    config_table::for_each_change(*before, *table, [&](const document* old, const document_ptr& now) {
      if (old != nullptr) {
        EXPECT_EQ(patched.at(old->key), old->content);
      }
      if (now == nullptr) patched.erase(old->key);
      else patched[now->key] = now->content;
    });
    ASSERT_EQ(patched, expected);
  }
}

TEST(ConfigTable, PagesAreStable) {
  config_table::editor editor(config_table{});
  for (int i = 1000; i < 1700; ++i) {
    auto d = std::make_shared<document>();
    d->kind = domain;
    d->key = std::to_string(i);
    editor.put(std::move(d));
  }
  const auto table = editor.finish(1);
  std::string after;
  std::size_t seen = 0;
  for (;;) {
    const auto page = table->page(domain, after, 100);
    if (page.empty()) break;
    EXPECT_EQ(page.front()->key, std::to_string(1000 + seen));
    seen += page.size();
    after = page.back()->key;
  }
  EXPECT_EQ(seen, 700u);
  EXPECT_EQ(table->page(domain, "1049x", 1).front()->key, "1050");
}

} // namespace
} // namespace rookery::storage::directory
