#include "protocols/mbox/message_state.hpp"

#include <gtest/gtest.h>

namespace rookery::mbox {
namespace {

TEST(MboxState, IsTakenOutOfTheHeader) {
  struct row {
    std::string header;
    bool count;
    std::string left;
    message_state state;
  };
  for (const auto& [header, count, left, state] : {
           row{"Subject: a\nStatus: RO\nX-Status: AF\nX-UID: 7\n", false, "Subject: a\n", {flag::seen | flag::answered | flag::flagged, {}}},
           row{"X-Keywords: a $Junk\n  b, A\nSubject: a\n", false, "Subject: a\n", {0, {"a", "$Junk", "b"}}},
           row{"Content-Length: 7\nSubject: a\n", true, "Subject: a\n", {}},
           row{"Content-Length: 7\nSubject: a\n", false, "Content-Length: 7\nSubject: a\n", {}},
           row{"status: DT\r\nSubject: a\r\n", false, "Subject: a\r\n", {flag::deleted | flag::draft, {}}},
           // The first fields are ours; what stands below came with the message.
           row{"Status: O\nSubject: a\nStatus: RO\nX-Keywords: theirs\n", false, "Subject: a\nStatus: RO\nX-Keywords: theirs\n", {}},
           row{"Status: RO\nX-Keywords: a\nX-Status: F\nSubject: a\n", false, "X-Status: F\nSubject: a\n", {flag::seen, {"a"}}},
           row{"Status: O\nX-Status:\nX-Keywords: a\n folded: it was the message's\n", false, " folded: it was the message's\n", {0, {"a"}}},
           row{"no field\nX-Status: F", false, "no field\n", {flag::flagged, {}}},
           row{"", false, "", {}},
       }) {
    auto text = header;
    EXPECT_EQ(take_state(text, count), state) << header;
    EXPECT_EQ(text, left);
  }
}

TEST(MboxState, ComesBackAsItWasWritten) {
  message_state s{flag::seen | flag::deleted | flag::draft, {}};
  for (int i = 0; i < 40; ++i) s.keywords.push_back("keyword" + std::to_string(i));
  auto text = state_fields(s) + "Subject: a\n";
  EXPECT_EQ(take_state(text, false), s);
  EXPECT_EQ(text, "Subject: a\n");
}

TEST(MboxState, KeepsSoManyKeywordsAndNoStrangeOnes) {
  std::string header = "X-Keywords: (a) \\b " + std::string(keyword_octets_max + 1, 'c');
  for (std::size_t i = 0; i < keywords_max + 10; ++i) header += " k" + std::to_string(i);
  const auto state = take_state(header, false);
  EXPECT_EQ(state.keywords.size(), keywords_max);
  EXPECT_EQ(state.keywords.front(), "k0");
}

} // namespace
} // namespace rookery::mbox
