// Which mailboxes LIST and LSUB name, with the examples of RFC 5258.
#include "protocols/imap/command_parser.hpp"
#include "protocols/imap/response_writer.hpp"

#include <gtest/gtest.h>

namespace rookery::imap {
namespace {

TEST(ImapList, PatternsMatch) {
  struct row {
    std::string_view pattern, name;
    bool match;
  };
  const row rows[] = {{"*", "a/b", true},   {"%", "a", true},     {"%", "a/b", false},  {"a/%", "a/b", true},  {"a/%", "a/b/c", false},
                      {"a*c", "a/b/c", true}, {"a%c", "a/c", false}, {"%/%", "a/b", true}, {"%/%", "a", false},   {"", "", true},
                      {"a", "b", false},    {"*%", "x/y", true},  {"%b%", "abc", true}, {"*a*b", "xaxxb", true}, {"a*", "a", true}, {"**%%**", "q/r", true}};
  for (const auto& r : rows) EXPECT_EQ(matches(r.pattern, r.name), r.match) << r.pattern << " " << r.name;
  EXPECT_FALSE(matches(std::string(2000, '%'), "a"));
}

/// "name:attributes" rows as LIST would print them.
std::string listed(std::string_view command, std::vector<std::string> existing, std::vector<std::string> subscriptions) {
  static const server_limits limits;
  const auto head = read_head(command);
  word_reader reader(command, {&limits, false});
  reader.skip(head.octets);
  auto asked = read_arguments(head, reader, {});
  if (!asked) return reader.fault_text();
  const auto& c = std::get<list>(std::get<any_command>(*asked));
  std::vector<list_mailbox> mailboxes;
  std::sort(existing.begin(), existing.end());
  std::sort(subscriptions.begin(), subscriptions.end());
  for (const auto& name : existing) mailboxes.push_back({name, name == "Sent" ? list_attribute::sent : 0});
  const auto result = select_mailboxes(c, mailboxes, subscriptions);
  std::string out;
  for (const auto& row : result.rows) {
    out += std::string(row.name) + ":";
    print_attributes(row.attributes, out);
    if (row.child_subscribed) out += "+";
    out += "|";
  }
  return out;
}

TEST(ImapList, SelectsAndDescribes) {
  // RFC 5258 §5, example 1's mailboxes.
  const std::vector<std::string> all{"Fruit", "Fruit/Apple", "Fruit/Banana", "INBOX", "Tofu", "Vegetable", "Vegetable/Broccoli", "Vegetable/Corn"};
  const std::vector<std::string> subscribed{"Fruit/Banana", "Fruit/Peach", "INBOX", "Vegetable", "Vegetable/Broccoli"};
  struct row {
    std::string_view command;
    std::string_view rows;
  };
  const row rows[] = {
      {"a LIST \"\" %", "INBOX:\\HasNoChildren|Fruit:\\HasChildren|Tofu:\\HasNoChildren|Vegetable:\\HasChildren|"},
      {"a LIST (SUBSCRIBED) \"\" *",
       "INBOX:\\Subscribed \\HasNoChildren|Fruit/Banana:\\Subscribed \\HasNoChildren|Fruit/Peach:\\NonExistent \\Subscribed|"
       "Vegetable:\\Subscribed \\HasChildren|Vegetable/Broccoli:\\Subscribed \\HasNoChildren|"},
      {"a LIST \"\" % RETURN (SUBSCRIBED)",
       "INBOX:\\Subscribed \\HasNoChildren|Fruit:\\HasChildren|Tofu:\\HasNoChildren|Vegetable:\\Subscribed \\HasChildren|"},
      {"a LIST (RECURSIVEMATCH SUBSCRIBED) \"\" %",
       "INBOX:\\Subscribed \\HasNoChildren|Fruit:\\HasChildren+|Vegetable:\\Subscribed \\HasChildren+|"},
      {"a LSUB \"\" %", "INBOX:|Fruit:\\Noselect|Vegetable:|"},
      {"a LSUB \"\" *", "INBOX:|Fruit/Banana:|Fruit/Peach:|Vegetable:|Vegetable/Broccoli:|"},
      {"a LIST \"\" (INBOX Tofu)", "INBOX:\\HasNoChildren|Tofu:\\HasNoChildren|"},
      {"a LIST \"\" inbox", "INBOX:\\HasNoChildren|"},
      {"a LIST \"\" iNb%", "INBOX:\\HasNoChildren|"},
      {"a LIST Fruit/ %", "Fruit/Apple:\\HasNoChildren|Fruit/Banana:\\HasNoChildren|"},
      {"a LIST \"\" Fruit/A*", "Fruit/Apple:\\HasNoChildren|"},
      {"a LIST \"\" nothing", ""},
  };
  for (const auto& r : rows) EXPECT_EQ(listed(r.command, all, subscribed), r.rows) << r.command;
}

TEST(ImapList, MissingParentsAreNamedByPercentAndByName) {
  EXPECT_EQ(listed("a LIST \"\" %", {"INBOX", "a/b/c"}, {}), "INBOX:\\HasNoChildren|a:\\NonExistent \\Noselect \\HasChildren|");
  EXPECT_EQ(listed("a LIST \"\" a", {"INBOX", "a/b/c"}, {}), "a:\\NonExistent \\Noselect \\HasChildren|");
  EXPECT_EQ(listed("a LIST \"\" (a a/b)", {"INBOX", "a/b/c"}, {}), "a:\\NonExistent \\HasChildren|a/b:\\NonExistent \\HasChildren|");
  // What stands in the answer itself needs no parent that is not there.
  EXPECT_EQ(listed("a LIST \"\" (a a/b/c)", {"INBOX", "a/b/c"}, {}), "a/b/c:\\HasNoChildren|");
  EXPECT_EQ(listed("a LIST \"\" *", {"INBOX", "a/b/c"}, {}), "INBOX:\\HasNoChildren|a/b/c:\\HasNoChildren|");
  EXPECT_EQ(listed("a LIST \"\" a/%", {"a-x", "a/b/c", "a"}, {}), "a/b:\\NonExistent \\Noselect \\HasChildren|");
  EXPECT_EQ(listed("a LIST \"\" %", {"a-x", "a/b/c", "a"}, {}), "a:\\HasChildren|a-x:\\HasNoChildren|");
}

TEST(ImapList, RecursiveMatchNamesParentsOfWhatIsLeftOutAlone) {
  const std::vector<std::string> all{"box/t2", "box/t2/t1", "box/t7/t7", "box/t8/t8", "box/t8/t9"};
  const std::vector<std::string> subscribed{"box/t2/t1", "box/t7/t7", "box/t8/t8", "box/t8/t9"};
  struct row {
    std::string_view command;
    std::string_view rows;
  };
  const row rows[] = {
      {"a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" *t7", "box/t7/t7:\\Subscribed \\HasNoChildren|"},
      {"a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" *t8", "box/t8:\\NonExistent \\HasChildren+|box/t8/t8:\\Subscribed \\HasNoChildren|"},
      {"a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" box/t2", "box/t2:\\HasChildren+|"},
      {"a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (box/t2 box/t2/t1)", "box/t2/t1:\\Subscribed \\HasNoChildren|"},
      {"a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" box/%", "box/t2:\\HasChildren+|box/t7:\\NonExistent \\HasChildren+|box/t8:\\NonExistent \\HasChildren+|"},
  };
  for (const auto& r : rows) EXPECT_EQ(listed(r.command, all, subscribed), r.rows) << r.command;
}

TEST(ImapList, SpecialUseSelects) {
  EXPECT_EQ(listed("a LIST (SPECIAL-USE) \"\" *", {"INBOX", "Sent"}, {}), "Sent:\\HasNoChildren \\Sent|");
  EXPECT_EQ(listed("a LIST \"\" * RETURN (SPECIAL-USE)", {"INBOX", "Sent"}, {}), "INBOX:\\HasNoChildren|Sent:\\HasNoChildren \\Sent|");
}

} // namespace
} // namespace rookery::imap
