#include "protocols/mbox/from_line.hpp"

#include <gtest/gtest.h>

namespace rookery::mbox {
namespace {

TEST(MboxFromLine, IsReadAsProgramsWriteIt) {
  struct row {
    const char* line;
    std::int64_t seconds; ///< 0: no such line
    const char* sender;
  };
  for (const auto& [line, seconds, sender] : {
           row{"From ann@example.test Thu Nov 24 21:22:59 1994", 785712179, "ann@example.test"},
           row{"From ann@example.test Thu Nov 24 21:22:59 1994\r", 785712179, "ann@example.test"},
           row{"From - Sat Jan  3 01:05:34 1996", 820631134, "-"},
           row{"From MAILER-DAEMON Thu Jan  1 00:00:00 1970", 0, "MAILER-DAEMON"},
           row{"From 1234@xxx Sat Mar 05 09:34:01 +0000 2016", 1457170441, "1234@xxx"},
           row{"From x Sat Mar 05 10:34:01 +0100 2016", 1457170441, "x"},
           row{"From x Sat Mar 05 09:34 2016", 1457170440, "x"},
           row{"From x Sat, 5 Mar 2016 04:34:01 -0500", 1457170441, "x"},
           row{"From x Sat Mar  5 09:34:01 UTC 2016", 1457170441, "x"},
           row{"From \"two words\"@example.test Sat Mar  5 09:34:01 2016", 1457170441, "\"two words\"@example.test"},
           row{"From here it goes on", -1, ""},
           row{"From ", -1, ""},
           row{"From x Sat Mar 32 09:34:01 2016", -1, ""},
           row{"From x Sat Mar  5 25:34:01 2016", -1, ""},
           row{"From x Sat Mar  5 09:34:01", -1, ""},
           row{"From x Sat Mar  5 09:34:01 1816", -1, ""},
           row{">From x Sat Mar  5 09:34:01 2016", -1, ""},
           row{"from x Sat Mar  5 09:34:01 2016", -1, ""},
       }) {
    const auto read = read_from_line(line);
    ASSERT_EQ(read.has_value(), seconds >= 0) << line;
    if (!read) continue;
    EXPECT_EQ(base::to_seconds(read->received), seconds) << line;
    EXPECT_EQ(read->sender, sender) << line;
  }
  EXPECT_FALSE(read_from_line("From " + std::string(2000, 'x') + " Sat Mar  5 09:34:01 2016"));
}

TEST(MboxFromLine, IsWrittenInUtc) {
  const auto line = write_from_line("MAILER-DAEMON", base::from_milliseconds(1457170441999));
  EXPECT_EQ(line, "From MAILER-DAEMON Sat Mar  5 09:34:01 2016\n");
  EXPECT_EQ(base::to_seconds(read_from_line(std::string_view(line).substr(0, line.size() - 1))->received), 1457170441);
}

} // namespace
} // namespace rookery::mbox
