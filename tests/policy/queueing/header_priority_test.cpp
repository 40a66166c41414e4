#include "policy/queueing/header_priority.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace rookery::queueing {
namespace {

struct row {
  std::vector<std::pair<const char*, std::string>> fields;
  int raised, not_raised; ///< by somebody who may raise, and by others
};

TEST(HeaderPriority, IsTheMostUrgentFieldUnlessTheMailIsBulk) {
  const row rows[] = {
      {{}, 0, 0},
      {{{"Subject", "urgent"}}, 0, 0},
      {{{"Priority", " urgent"}}, 4, 0},
      {{{"PRIORITY", "URGENT"}}, 4, 0},
      {{{"Priority", "normal"}}, 0, 0},
      {{{"Priority", "non-urgent"}}, -4, -4},
      {{{"Importance", "high"}}, 4, 0},
      {{{"Importance", "low\r\n"}}, -4, -4},
      {{{"Importance", "medium"}}, 0, 0},
      {{{"X-MSMail-Priority", "High"}}, 4, 0},
      {{{"X-Priority", "1 (Highest)"}}, 4, 0},
      {{{"X-Priority", "2"}}, 4, 0},
      {{{"X-Priority", "3"}}, 0, 0},
      {{{"X-Priority", "\r\n 5"}}, -4, -4},
      {{{"X-Priority", "11"}}, 0, 0},
      {{{"X-Priority", ""}}, 0, 0},
      {{{"MT-Priority", "9"}}, 9, 0},
      {{{"MT-Priority", "-9"}}, -9, -9},
      {{{"MT-Priority", "+3"}}, 0, 0},
      {{{"MT-Priority", "10"}}, 0, 0},
      {{{"MT-Priority", "-"}}, 0, 0},
      {{{"Precedence", "bulk"}}, -4, -4},
      {{{"Precedence", "list"}, {"X-Priority", "1"}}, -4, -4},
      {{{"X-Priority", "1"}, {"Precedence", "junk"}}, -4, -4},
      {{{"Precedence", "first-class"}}, 4, 0},
      {{{"Importance", "low"}, {"X-Priority", "2"}}, 4, 0},
      {{{"X-Priority", "5"}, {"Priority", "normal"}}, 0, 0},
      {{{"X-Priority", std::string(101, ' ') + "1"}}, 0, 0}, // beyond what is read
  };
  for (const auto& r : rows) {
    priority_reader reader;
    std::string said;
    for (const auto& [name, value] : r.fields) {
      reader.field(name, value);
      said += std::string(name) + ": " + value + "; ";
    }
    EXPECT_EQ(reader.number(true), r.raised) << said;
    EXPECT_EQ(reader.number(false), r.not_raised) << said;
  }
}

} // namespace
} // namespace rookery::queueing
