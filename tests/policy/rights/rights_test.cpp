#include "policy/rights/access_list.hpp"
#include "policy/rights/rights.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rookery::rights {
namespace {

TEST(Rights, LettersAreReadAndPrinted) {
  struct row {
    const char* text;
    bool fits;
    const char* printed; ///< with c and d
  };
  const row rows[] = {
      {"", true, ""},
      {"l", true, "l"},
      {"rl", true, "lr"},
      {"lrswipkxtea", true, "lrswipkxteacd"},
      {"aetxkpiwsrl", true, "lrswipkxteacd"},
      {"c", true, "kc"},
      {"k", true, "kc"},
      {"d", true, "xted"},
      {"t", true, "td"},
      {"e", true, "ed"},
      {"x", true, "xd"},
      {"cd", true, "kxtecd"},
      {"lllrrr", true, "lr"},
      {"lq", false, ""},
      {"L", false, ""},
      {"l r", false, ""},
      {"0", false, ""},
      {"+l", false, ""},
  };
  for (const auto& r : rows) {
    SCOPED_TRACE(r.text);
    const auto got = read_rights(r.text);
    ASSERT_EQ(got.has_value(), r.fits);
    if (!got) continue;
    EXPECT_EQ(print_with_old(*got), r.printed);
    EXPECT_EQ(read_rights(print_rights(*got)), got);
    EXPECT_EQ(read_rights(print_with_old(*got)).value() & *got, *got);
  }
  EXPECT_EQ(read_rights("lrswipkxtea"), all_rights);
  EXPECT_TRUE(read_rights(std::string(letters_max, 'l')));
  EXPECT_FALSE(read_rights(std::string(letters_max + 1, 'l')));
}

TEST(Rights, ChangesReplaceAddAndTake) {
  struct row {
    const char* before;
    const char* change;
    const char* after; ///< null: refused
  };
  const row rows[] = {
      {"lrs", "l", "l"},   {"lrs", "", ""},     {"lrs", "+i", "lrsi"}, {"lrs", "-rs", "l"}, {"lrs", "+", "lrs"},
      {"lrs", "-", "lrs"}, {"", "+cd", "kxte"}, {"lxte", "-d", "l"},   {"", "-lr", ""},     {"l", "++r", nullptr},
      {"l", "+-r", nullptr}, {"l", "z", nullptr}, {"l", "-z", nullptr},
  };
  for (const auto& r : rows) {
    SCOPED_TRACE(std::string(r.before) + " " + r.change);
    const auto change = read_change(r.change);
    ASSERT_EQ(change.has_value(), r.after != nullptr);
    if (change) {
      EXPECT_EQ(print_rights(changed(*read_rights(r.before), *change)), r.after);
    }
  }
}

TEST(Rights, CommandsWantWhatTheRfcSays) {
  EXPECT_FALSE(may_change(*read_rights("lrpkxa")));
  for (const char* one : {"s", "w", "t", "e", "i"}) EXPECT_TRUE(may_change(*read_rights(one))) << one;
  for (const char* one : {"l", "r", "i", "k", "x", "a"}) EXPECT_TRUE(may_ask_own(*read_rights(one))) << one;
  for (const char* one : {"", "s", "w", "p", "t", "e"}) EXPECT_FALSE(may_ask_own(*read_rights(one))) << one;
  for (const char* some : {"lr", "ls", "lw", "li", "lp"}) EXPECT_TRUE(may_see_metadata(*read_rights(some))) << some;
  for (const char* some : {"l", "r", "rswip", "la", "lkxte"}) EXPECT_FALSE(may_see_metadata(*read_rights(some))) << some;
}

TEST(AccessList, IdentifiersAreRead) {
  using kind = identifier::kind;
  struct row {
    const char* text;
    bool fits;
    kind what;
    bool negative;
    const char* name;
  };
  const row rows[] = {
      {"#17", true, kind::user, false, "#17"},
      {"ann@example.org", true, kind::user, false, "ann@example.org"},
      {"-#17", true, kind::user, true, "#17"},
      {"$staff@example.org", true, kind::group, false, "staff@example.org"},
      {"-$staff@example.org", true, kind::group, true, "staff@example.org"},
      {"anyone", true, kind::anyone, false, "anyone"},
      {"Anyone", true, kind::anyone, false, "Anyone"},
      {"-anyone", true, kind::anyone, true, "anyone"},
      {"authenticated", true, kind::authenticated, false, "authenticated"},
      {"anyone@example.org", true, kind::user, false, "anyone@example.org"},
      {"--x", true, kind::user, true, "-x"},
      {"", false, {}, false, ""},
      {"-", false, {}, false, ""},
      {"$", false, {}, false, ""},
      {"-$", false, {}, false, ""},
      {"a\nb", false, {}, false, ""},
      {"a\x7f", false, {}, false, ""},
  };
  for (const auto& r : rows) {
    SCOPED_TRACE(r.text);
    const auto got = read_identifier(r.text);
    ASSERT_EQ(got.has_value(), r.fits);
    if (!got) continue;
    EXPECT_EQ(got->what, r.what);
    EXPECT_EQ(got->negative, r.negative);
    EXPECT_EQ(got->name, r.name);
  }
  EXPECT_TRUE(read_identifier(std::string(identifier_octets_max, 'a')));
  EXPECT_FALSE(read_identifier(std::string(identifier_octets_max + 1, 'a')));
}

TEST(AccessList, RightsOfOnePersonAreAllThatIsGivenWithoutAllThatIsDenied) {
  struct row {
    const char* why;
    std::vector<entry> list;
    const char* user;
    const char* rights;
  };
  const auto set = [](const char* letters) { return *read_rights(letters); };
  const row rows[] = {
      {"nobody is named", {}, "#1", ""},
      {"he is named", {{"#1", set("lr")}}, "#1", "lr"},
      {"another is named", {{"#2", set("lr")}}, "#1", ""},
      {"anyone is also he", {{"anyone", set("l")}, {"#1", set("r")}}, "#1", "lr"},
      {"anyone is also a stranger", {{"anyone", set("p")}, {"authenticated", set("lr")}}, "", "p"},
      {"who logged in is authenticated", {{"anyone", set("p")}, {"authenticated", set("lr")}}, "#1", "lrp"},
      {"a member has what the group has", {{"$staff", set("lrs")}}, "#1", "lrs"},
      {"who is not a member has not", {{"$board", set("lrs")}}, "#1", ""},
      {"denied to him", {{"anyone", set("lrs")}, {"-#1", set("s")}}, "#1", "lr"},
      {"denied to another", {{"anyone", set("lrs")}, {"-#2", set("s")}}, "#1", "lrs"},
      {"denied to his group", {{"#1", set("lrs")}, {"-$staff", set("rs")}}, "#1", "l"},
      {"denied stays denied whatever comes later", {{"-anyone", set("r")}, {"#1", set("lr")}}, "#1", "l"},
      {"denied to who logged in does not concern a stranger", {{"anyone", set("p")}, {"-authenticated", set("p")}}, "", "p"},
      {"a stranger is member of nothing", {{"$staff", set("p")}}, "", ""},
      {"a damaged line gives nothing", {{"", all_rights}, {"-", all_rights}, {"#1", set("l")}}, "#1", "l"},
  };
  for (const auto& r : rows) {
    SCOPED_TRACE(r.why);
    const person p{r.user, [](std::string_view group) { return group == "staff"; }};
    EXPECT_EQ(print_rights(effective(r.list, p)), r.rights);
  }
  const std::vector<entry> group{{"$staff", set("l")}};
  EXPECT_EQ(effective(group, {"#1", {}}), 0u);
}

} // namespace
} // namespace rookery::rights
