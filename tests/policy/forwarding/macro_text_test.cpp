#include "policy/forwarding/macro_text.hpp"

#include <gtest/gtest.h>

#include <array>

namespace rookery::forwarding {
namespace {

const std::array<macro_value, 2> values = {{{"local", "ann"}, {"domain", "{local}"}}};
constexpr std::array<std::string_view, 2> names = {"local", "domain"};

TEST(MacroText, PlacesAreFilled) {
  struct row {
    const char *text, *result;
  };
  const row rows[] = {{"", ""},           {"plain", "plain"}, {"{local}", "ann"},     {"a{local}b{local}", "aannbann"}, {"{{local}", "{local}"},
                      {"{domain}", "{local}"}, {"}", "}"},    {"{unknown}x", "x"}};
  for (const auto& r : rows) EXPECT_EQ(expand(r.text, values, 100), r.result) << r.text;
  EXPECT_FALSE(expand("{local", values, 100));
  EXPECT_EQ(expand("{local}", values, 3), "ann");
  EXPECT_FALSE(expand("{local}", values, 2));
  EXPECT_FALSE(expand(std::string(macro_text_octets_max + 1, 'x'), values, 100000));
}

TEST(MacroText, WrongOnesAreNamed) {
  EXPECT_TRUE(check_macros("{local}@{domain} {{x", names));
  const auto unknown = check_macros("ab{locl}", names);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().offset, 2u);
  EXPECT_EQ(unknown.error().what, "no such name");
  EXPECT_EQ(check_macros("ab{", names).error().what, "a brace is not closed");
}

} // namespace
} // namespace rookery::forwarding
