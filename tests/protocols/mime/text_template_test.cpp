#include "protocols/mime/text_template.hpp"

#include <gtest/gtest.h>

namespace rookery::mime {
namespace {

constexpr std::string_view known[] = {"a", "b", "c"};

TEST(TextTemplate, KnowsItsFaults) {
  using f = template_fault;
  struct row {
    std::string file;
    std::optional<f> fault;
  };
  const row rows[] = {
    {"Subject: x\n\nbody\n", {}},
    {"subject: x\r\n\r\nbody", {}},
    {"Subject: $(a)\n\n$(each)\n$(b)\n$(end)\n", {}},
    {"Subject: costs 5$ or $$5\n\n$\n", {}},
    {"", f::no_subject},
    {"body\n", f::no_subject},
    {"Subject: x\nbody\n", f::no_subject},
    {"Subject:\n\nbody\n", f::no_subject},
    {"Subject: x", f::no_subject},
    {"Subject: $(d)\n\nbody\n", f::unknown_macro},
    {"Subject: x\n\n$(d)\n", f::unknown_macro},
    {"Subject: x\n\n$(a\n", f::unknown_macro},
    {"Subject: x\n\n$(each)\n", f::blocks},
    {"Subject: x\n\n$(end)\n", f::blocks},
    {"Subject: x\n\n$(each)\n$(each)\n$(end)\n", f::blocks},
    {"Subject: x\n\nhere $(each)\n$(end)\n", f::blocks},
    {"Subject: x\n\n\xff\n", f::not_utf8},
    {"Subject: x\n\n" + std::string(template_octets_max, 'x'), f::too_long},
  };
  for (const auto& r : rows) {
    const auto read = read_template(r.file, known);
    EXPECT_EQ(!r.fault, read.ok()) << r.file.substr(0, 60);
    if (r.fault && !read.ok()) { EXPECT_EQ(*r.fault, read.error()) << r.file.substr(0, 60); }
  }
}

TEST(TextTemplate, PutsValuesIn) {
  const auto t = *read_template("Subject: $(a) for $$5$\n\nFirst $(a)$(b).\nLeft out: $(c)\n\n$(each)\n  - $(b) $(a)\n  also $(c)\n$(end)\nLast.", known);
  const auto out = expand(t, {{"a", "A\r\nX"}, {"b", ""}}, std::vector<macro_values>{{{"b", "1\n2"}}, {{"b", "3"}, {"a", "own"}, {"c", "C"}}});
  EXPECT_EQ("A  X for $5$", out.subject);
  EXPECT_EQ("First A \nX.\n\n  - 1\n  2 A \n  X\n  - 3 own\n  also C\nLast.\n", out.body);
}

TEST(TextTemplate, CutsLongValuesAtACharacter) {
  const auto t = *read_template("Subject: $(a)\n\n$(a)\n", known);
  std::string value(macro_octets_max - 1, 'x');
  value += "ü and more";
  EXPECT_EQ(std::string(macro_octets_max - 1, 'x'), expand(t, {{"a", value}}).subject);
}

} // namespace
} // namespace rookery::mime
