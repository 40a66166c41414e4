#include "policy/archiving/archive_rule.hpp"

#include <gtest/gtest.h>

namespace rookery::archiving {
namespace {

using enum message_kind;

TEST(MessageKind, IsSeenInTheHeader) {
  struct row {
    const char *name, *value;
    message_kind kind;
  };
  const row rows[] = {
      {"Subject", "list", ordinary},          {"List-Id", "Rooks <rooks.example>", list},  {"LIST-POST", "<mailto:x@y>", list}, {"List-Id", "  ", ordinary},
      {"Precedence", "bulk", list},           {"Precedence", " List ", list},              {"Precedence", "junk", list},        {"Precedence", "first-class", ordinary},
      {"Precedence", "auto_reply", automatic}, {"Auto-Submitted", "no", ordinary},         {"Auto-Submitted", "No (really)", ordinary},
      {"Auto-Submitted", "auto-replied; owner-email=\"x\"", automatic}, {"Auto-Submitted", "auto-generated", automatic}, {"Auto-Submitted", "", ordinary},
      {"X-Auto-Response-Suppress", "All", automatic}, {"Content-Type", "multipart/report; report-type=delivery-status", automatic},
      {"Content-Type", "multipart/mixed", ordinary},
  };
  for (const auto& r : rows) {
    kind_reader reader;
    reader.field("From", "ann@a.example");
    reader.field(r.name, r.value);
    EXPECT_EQ(reader.kind(false, false), r.kind) << r.name << ": " << r.value;
    EXPECT_EQ(reader.kind(false, true), message_kind::system);
  }
  EXPECT_EQ(kind_reader().kind(true, false), automatic) << "the null sender is a machine's";
  kind_reader both;
  both.field("Auto-Submitted", "auto-generated");
  both.field("List-Id", "<x.y>");
  EXPECT_EQ(both.kind(false, false), list);
}

archive_rule rule(std::string scope, std::string target, bool in = true, bool out = true) {
  archive_rule r;
  r.scope = std::move(scope);
  r.target = std::move(target);
  r.incoming = in;
  r.outgoing = out;
  return r;
}
/// "target<account" for mail that came in, "target>account" for what went out.
std::string copies(const std::vector<archive_rule>& rules, const archive_facts& facts) {
  std::string all;
  for (const auto& c : archive_book(rules).copies(facts).copies) all += c.target + (c.incoming ? '<' : '>') + c.because + ' ';
  return all;
}

const archive_facts to_ann{"bob@a.example", "", {"ann@us.example"}};
const archive_facts from_ann{"ann@us.example", "ann@us.example", {}};

TEST(ArchiveRule, ScopesAndDirections) {
  EXPECT_EQ(copies({rule("*", "all@us.example")}, to_ann), "all@us.example<ann@us.example ");
  EXPECT_EQ(copies({rule("us.example", "d@us.example")}, from_ann), "d@us.example>ann@us.example ");
  EXPECT_EQ(copies({rule("ann@us.example", "x@else.example", false, true)}, to_ann), "");
  EXPECT_EQ(copies({rule("ann@us.example", "x@else.example", false, true)}, from_ann), "x@else.example>ann@us.example ");
  EXPECT_EQ(copies({rule("dee@us.example", "x@else.example"), rule("a.example", "x@else.example")}, to_ann), "");
  EXPECT_EQ(copies({rule("*", "all@us.example")}, {"bob@a.example", "", {}}), "") << "only passing through";
}

TEST(ArchiveRule, EachArchiveGetsOneCopy) {
  const archive_facts inner{"ann@us.example", "ann@us.example", {"dee@us.example", "eva@us.example"}};
  EXPECT_EQ(copies({rule("*", "all@us.example"), rule("dee@us.example", "all@us.example"), rule("eva@us.example", "eva2@us.example")}, inner),
            "all@us.example>ann@us.example eva2@us.example<eva@us.example ");
  auto other_folder = rule("dee@us.example", "all@us.example");
  other_folder.folder = "Dee";
  EXPECT_EQ(archive_book({rule("*", "all@us.example"), other_folder}).copies(inner).copies.size(), 2u);
}

TEST(ArchiveRule, NoArchiveOfAnArchive) {
  EXPECT_EQ(copies({rule("*", "all@us.example")}, {"bob@a.example", "", {"all@us.example"}}), "");
  EXPECT_EQ(copies({rule("*", "all@us.example")}, {"all@us.example", "all@us.example", {}}), "");
  auto copy = to_ann;
  copy.archive_copy = true;
  EXPECT_EQ(copies({rule("*", "all@us.example")}, copy), "");
  EXPECT_EQ(copies({rule("*", "all@us.example")}, {"bob@a.example", "", {"all@us.example", "ann@us.example"}}), "all@us.example<ann@us.example ");
}

TEST(ArchiveRule, SomeKindsAreLeftOut) {
  for (const auto kind : {list, automatic, message_kind::system}) {
    auto facts = to_ann;
    facts.kind = kind;
    auto r = rule("*", "all@us.example");
    EXPECT_EQ(copies({r}, facts), "");
    (kind == list ? r.lists : kind == automatic ? r.automatic : r.system) = true;
    EXPECT_NE(copies({r}, facts), "");
  }
  auto facts = to_ann;
  facts.spam = true;
  auto r = rule("*", "all@us.example");
  EXPECT_EQ(copies({r}, facts), "");
  r.spam = true;
  EXPECT_NE(copies({r}, facts), "");
}

TEST(ArchiveRule, FoldersAreFilledIn) {
  struct row {
    const char *folder, *in, *out; ///< for ann, on the first of a month
  };
  const row rows[] = {
      {"", "INBOX", "INBOX"},
      {"Archive", "Archive", "Archive"},
      {"{direction}/{account}/{year}-{month}", "in/ann@us.example/2026-03", "out/ann@us.example/2026-03"},
      {"{domain}/{local}/{date}", "us.example/ann/2026-03-01", "us.example/ann/2026-03-01"},
      {"{day}{{", "01{", "01{"},
  };
  for (const auto& r : rows) {
    auto one = rule("*", "all@us.example");
    one.folder = r.folder;
    auto in = to_ann, out = from_ann;
    in.now = out.now = base::wall_time(std::chrono::sys_days(std::chrono::year(2026) / 3 / 1).time_since_epoch());
    EXPECT_EQ(archive_book({one}).copies(in).copies.at(0).folder, r.in);
    EXPECT_EQ(archive_book({one}).copies(out).copies.at(0).folder, r.out);
  }
}

TEST(ArchiveRule, AnAddressIsNoPathInAFolder) {
  auto r = rule("*", "all@us.example");
  r.folder = "{account}/{local}";
  const archive_facts odd{"bob@a.example", "", {"a/b*c%d@us.example"}};
  EXPECT_EQ(archive_book({r}).copies(odd).copies.at(0).folder, "a_b_c_d@us.example/a_b_c_d");
  r.folder = std::string(archive_folder_octets_max - 10, 'x') + "{account}";
  EXPECT_EQ(archive_book({r}).copies(odd).copies.at(0).folder, "INBOX") << "too long when filled in";
}

TEST(ArchiveRule, EachAccountHasAFolderOfItsOwnIfTheRuleSaysSo) {
  auto r = rule("us.example", "all@us.example");
  r.folder = "{account}";
  r.name = "legal";
  const archive_facts inner{"ann@us.example", "ann@us.example", {"dee@us.example", "eva@us.example", "dee@us.example"}};
  std::string folders;
  for (const auto& c : archive_book({r}).copies(inner).copies) folders += c.folder + ' ' + c.rule + ' ';
  EXPECT_EQ(folders, "ann@us.example legal dee@us.example legal eva@us.example legal ");
}

TEST(ArchiveRule, FaultsOfFolders) {
  for (const char* good : {"", "Archive", "{direction}/{account}", "a/{{b"}) EXPECT_EQ(folder_fault(good), "") << good;
  for (const char* bad : {"{who}", "{account", "/a", "a/", "a//b", "a*", "100%", "#news", "~root"}) EXPECT_NE(folder_fault(bad), "") << bad;
  EXPECT_NE(folder_fault(std::string(archive_folder_octets_max + 1, 'x')), "");
}

TEST(ArchiveRule, CopiesAreBounded) {
  std::vector<archive_rule> many;
  for (std::size_t i = 0; i < archive_copies_max; ++i) many.push_back(rule("*", std::to_string(i) + "@us.example"));
  EXPECT_EQ(archive_book(many).copies(to_ann).copies.size(), archive_copies_max);
  EXPECT_FALSE(archive_book(many).copies(to_ann).cut);
  many.push_back(rule("*", "more@us.example"));
  EXPECT_TRUE(archive_book(many).copies(to_ann).cut);
}

} // namespace
} // namespace rookery::archiving
