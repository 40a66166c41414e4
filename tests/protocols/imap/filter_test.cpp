// Named searches: what stands for what (RFC 5466).
#include "protocols/imap/command_parser.hpp"
#include "protocols/imap/filter.hpp"
#include "protocols/imap/flag.hpp"
#include "protocols/imap/search_matcher.hpp"

#include <gtest/gtest.h>

#include <map>

namespace rookery::imap {
namespace {

const server_limits limits;

search_program program(std::string_view keys) {
  const std::string text = " " + std::string(keys);
  word_reader reader(text, {&limits, true});
  search out;
  EXPECT_TRUE(read_search(reader, out, {})) << keys << ": " << reader.fault_text();
  return std::move(out.program);
}

using filters = std::map<std::string, std::string, std::less<>>;

/// "": all were there.
std::string expanded(search_program& p, const filters& all) {
  const auto find = [&all](std::string_view entry) -> std::optional<std::string> {
    const auto at = all.find(entry);
    return at == all.end() ? std::nullopt : std::optional(at->second);
  };
  return expand_filters(p, find, {&limits, true}).value_or("");
}

TEST(ImapFilter, StandsForItsKeys) {
  const filters all{{"/private/filters/values/seen", "SEEN"},
                    {"/shared/filters/values/seen", "DELETED"},
                    {"/shared/filters/values/large", "LARGER 100"},
                    {"/private/filters/values/both", "FILTER seen NOT FILTER large"},
                    {"/private/filters/values/either", "OR FILTER seen (FILTER large FLAGGED)"},
                    {"/private/filters/values/charset", "CHARSET UTF-8 SUBJECT x"}};
  search_row small, large;
  small.flags = flag::seen;
  small.size = 50;
  large.flags = flag::flagged;
  large.size = 500;
  struct row {
    std::string_view keys;
    bool small, large;
  };
  const row rows[] = {{"FILTER seen", true, false},          {"FILTER SEEN", true, false},       {"NOT FILTER seen", false, true},
                      {"FILTER large", false, true},         {"FILTER both", true, false},       {"FILTER either", true, true},
                      {"FILTER either UNSEEN", false, true}, {"OR FILTER both FLAGGED", true, true}, {"FILTER seen FILTER seen", true, false}};
  for (const auto& r : rows) {
    auto p = program(r.keys);
    EXPECT_TRUE(p.uses_filters) << r.keys;
    EXPECT_EQ(expanded(p, all), "") << r.keys;
    EXPECT_FALSE(p.uses_filters) << r.keys;
    const search_matcher matcher(p, {});
    EXPECT_EQ(matcher.test(small).match, r.small) << r.keys;
    EXPECT_EQ(matcher.test(large).match, r.large) << r.keys;
  }
  auto fuzzy = program("FUZZY FILTER charset");
  EXPECT_EQ(expanded(fuzzy, all), "");
  ASSERT_EQ(search_matcher(fuzzy, {}).leaves().size(), 1u);
  EXPECT_TRUE(search_matcher(fuzzy, {}).leaves()[0].fuzzy);
}

TEST(ImapFilter, WhatCannotBeSearchedByIsNamed) {
  filters all{{"/private/filters/values/loop", "SEEN FILTER back"}, {"/private/filters/values/back", "FILTER loop"},
              {"/private/filters/values/self", "OR FILTER self FILTER self"}, {"/private/filters/values/broken", "SUBJECT"},
              {"/private/filters/values/inner", "FILTER none"}, {"/private/filters/values/result", "RETURN (COUNT) ALL"}};
  std::string wide;
  for (int i = 0; i < 1500; ++i) wide += "SEEN ";
  all["/private/filters/values/wide"] = wide + "SEEN";
  for (int i = 0; i < 32; ++i) all["/private/filters/values/c" + std::to_string(i)] = "FILTER c" + std::to_string(i + 1);
  all["/private/filters/values/c32"] = "SEEN";
  const std::pair<std::string_view, std::string_view> rows[] = {{"FILTER none", "none"},     {"FILTER broken", "broken"}, {"FILTER inner", "none"},
                                                                {"FILTER self", "self"},     {"FILTER result", "result"}, {"FILTER wide", ""},
                                                                {"FILTER wide FILTER wide", "wide"}, {"FILTER c1", ""}, {"FILTER c0", "c32"}};
  for (const auto& [keys, name] : rows) {
    auto p = program(keys);
    EXPECT_EQ(expanded(p, all), name) << keys;
  }
  auto loop = program("FILTER loop");
  EXPECT_NE(expanded(loop, all), "");
}

TEST(ImapFilter, NamesAndValues) {
  EXPECT_TRUE(names_filter("/private/filters/values/x"));
  EXPECT_TRUE(names_filter("/shared/filters/values/x"));
  EXPECT_FALSE(names_filter("/private/filters/descriptions/x"));
  for (const auto* good : {"ALL", "FILTER other", "OR SEEN SUBJECT \"a b\"", "CHARSET UTF-8 SUBJECT \"\xc3\xbc\""}) EXPECT_TRUE(is_filter(good, {&limits, true})) << good;
  for (const auto* bad : {"", " ", "SUBJECT", "ALL)", "(ALL", "RETURN () ALL", "SUBJECT \"\xff\"", "FILTER a/b", "FILTER"}) EXPECT_FALSE(is_filter(bad, {&limits, true})) << bad;
}

} // namespace
} // namespace rookery::imap
