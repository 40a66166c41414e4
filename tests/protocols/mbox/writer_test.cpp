#include "protocols/mbox/reader.hpp"
#include "protocols/mbox/writer.hpp"

#include <gtest/gtest.h>

namespace rookery::mbox {
namespace {

const auto moment = base::from_milliseconds(1457170441000);
const std::string from = "From MAILER-DAEMON Sat Mar  5 09:34:01 2016\n";

std::string written(std::string_view message, bool counted, std::size_t piece, const message_state& state = {}) {
  std::string out;
  body_counter count;
  count.add(message);
  writer w(counted);
  w.begin(out, moment, state, count.octets());
  for (std::size_t at = 0; at < message.size(); at += piece) w.add(out, message.substr(at, piece));
  w.end(out);
  return out;
}

TEST(MboxWriter, QuotesWhatWouldBeginAMessage) {
  struct row {
    std::string message, file;
  };
  for (const auto& [message, file] : {
           row{"A: 1\r\n\r\nx\r\n", "A: 1\n\nx\n\n"},
           row{"A: 1\r\n\r\nFrom x\r\n>From y\r\n From z\r\nFro\r\nFromage\r\n", "A: 1\n\n>From x\n>>From y\n From z\nFro\nFromage\n\n"},
           row{"A: 1\r\n\r\nno end", "A: 1\n\nno end\n\n"},
           row{"A: 1\r\n\r\nFrom", "A: 1\n\nFrom\n\n"},
           row{"A: 1\r\n\r\na\rb\r", "A: 1\n\na\rb\r\n\n"},
           row{"A: 1\r\n\r\n\r\n\r\n", "A: 1\n\n\n\n\n"},
           row{"", "\n"},
       })
    for (const std::size_t piece : {1u, 3u, 1000u}) EXPECT_EQ(written(message, false, piece), from + "Status: O\nX-Status:\nX-Keywords:\n" + file) << message;
}

TEST(MboxWriter, CountsInsteadOfQuoting) {
  EXPECT_EQ(written("A: 1\r\n\r\nFrom x\r\nno end", true, 3), from + "Status: O\nX-Status:\nX-Keywords:\nContent-Length: 13\nA: 1\n\nFrom x\nno end\n");
}

TEST(MboxWriter, WritesWhatTheReaderReads) {
  const message_state state{flag::seen | flag::flagged, {"$Junk", "work"}};
  for (const std::string message :
       {"A: 1\r\n\r\nx\r\n", "A: 1\r\n", "A: 1\r\n\r\n", "A: 1\r\n\r\n\r\nFrom a@b Sat Mar  5 09:34:01 2016\r\n>From y\r\n\r\n",
        "Status: RO\r\nContent-Length: 3\r\n\r\nlong body\r\n", "X-Status: A\r\n\r\nx\r\n", "X-Keywords: a\r\n\r\nx\r\n", "From x\r\nA: 1\r\n\r\nx\r\n", "A: 1\r\n\r\nno end", "A: 1\r\r\n\r\nx\r\r\r\ny\rz\r\n"}) {
    for (const auto d : {dialect::mboxrd, dialect::mboxcl2}) {
      // Only a count can say that a last line has no end, or that there is no body.
      const bool ends = message.ends_with("\n"), has_body = message.find("\r\n\r\n") != std::string::npos;
      if (d == dialect::mboxrd ? !ends : !has_body) continue;
      reader r(d);
      const auto file = written(message, d == dialect::mboxcl2, 5, state);
      r.feed(file);
      r.feed(file); // and behind it another one
      r.finish();
      std::vector<std::string> got;
      while (auto e = r.next()) {
        if (auto* b = std::get_if<reader::message_begin>(&*e)) {
          EXPECT_EQ(b->state, state);
          EXPECT_EQ(b->received, moment);
          got.emplace_back();
        }
        if (auto* c = std::get_if<reader::chunk>(&*e)) got.back() += c->octets;
      }
      EXPECT_EQ(got, (std::vector<std::string>{message, message})) << file;
    }
  }
}

} // namespace
} // namespace rookery::mbox
