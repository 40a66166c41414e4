#include "protocols/mbox/reader.hpp"

#include <gtest/gtest.h>

namespace rookery::mbox {
namespace {

struct message {
  std::uint64_t offset = 0, next = 0;
  std::string octets;
  message_state state;
  bool internal = false;
};
struct found {
  std::vector<message> messages;
  bool no_mbox = false;
};

void take(reader& r, found& into) {
  while (auto e = r.next()) {
    if (auto* b = std::get_if<reader::message_begin>(&*e)) into.messages.push_back({b->offset, 0, {}, b->state, b->internal});
    else if (auto* c = std::get_if<reader::chunk>(&*e)) into.messages.back().octets += c->octets;
    else if (auto* m = std::get_if<reader::message_end>(&*e)) into.messages.back().next = m->next;
    else into.no_mbox = true;
  }
}

found read(std::string_view file, dialect d = dialect::mboxrd, std::size_t piece = 7) {
  reader r(d);
  found out;
  for (std::size_t at = 0; at < file.size(); at += piece) {
    r.feed(file.substr(at, piece));
    take(r, out);
  }
  r.finish();
  take(r, out);
  return out;
}

std::vector<std::string> octets(const found& f) {
  std::vector<std::string> out;
  for (const auto& m : f.messages) out.push_back(m.octets);
  return out;
}

const std::string from = "From a@b Sat Mar  5 09:34:01 2016\n";

TEST(MboxReader, CutsAFileIntoMessages) {
  using all = std::vector<std::string>;
  struct row {
    const char* what;
    std::string file;
    all messages;
    dialect d = dialect::mboxrd;
  };
  for (const auto& [what, file, messages, d] : {
           row{"nothing", "", {}},
           row{"empty lines alone", "\n\r\n", {}},
           row{"one", from + "A: 1\n\nx\n\n", {"A: 1\r\n\r\nx\r\n"}},
           row{"two", from + "A: 1\n\nx\n\n" + from + "B: 2\n\ny\n\n", {"A: 1\r\n\r\nx\r\n", "B: 2\r\n\r\ny\r\n"}},
           row{"CRLF", "From a Sat Mar  5 09:34:01 2016\r\nA: 1\r\n\r\nx\r\n\r\n" + from + "B: 2\n", {"A: 1\r\n\r\nx\r\n", "B: 2\r\n"}},
           row{"empty lines at the end are the message's", from + "A: 1\n\nx\n\n\n\n", {"A: 1\r\n\r\nx\r\n\r\n\r\n"}},
           row{"no body", from + "A: 1\n\n" + from + "B: 2\n\n\n", {"A: 1\r\n", "B: 2\r\n\r\n"}},
           row{"no header", from + "\nx\n\n", {"\r\nx\r\n"}},
           row{"nothing between two", from + from + "A: 1\n\n", {"", "A: 1\r\n"}},
           row{"no end", from + "A: 1\n\nx", {"A: 1\r\n\r\nx\r\n"}},
           row{"no end of the header", from + "A: 1", {"A: 1\r\n"}},
           row{"no empty line between", from + "A: 1\n\nx\n" + from + "B: 2\n\ny\n", {"A: 1\r\n\r\nx\r\n", "B: 2\r\n\r\ny\r\n"}},
           row{"From without a date is text", from + "A: 1\n\nFrom here on\n\n", {"A: 1\r\n\r\nFrom here on\r\n"}},
           row{"mboxrd quotes", from + "A: 1\n\n>From x\n>>From y\n>Frim\n> From z\n\n", {"A: 1\r\n\r\nFrom x\r\n>From y\r\n>Frim\r\n> From z\r\n"}},
           row{"mboxo quotes", from + "A: 1\n\n>From x\n>>From y\n\n", {"A: 1\r\n\r\nFrom x\r\n>>From y\r\n"}, dialect::mboxo},
           row{"counted, no end", from + "Content-Length: 3\n\nx\ny\n" + from + "B: 2\n\ny\n", {"\r\nx\r\ny", "B: 2\r\n\r\ny\r\n"}, dialect::mboxcl2},
           row{"counted too short", from + "Content-Length: 1\n\nxyz\n\n" + from + "B: 2\n", {"\r\nxyz\r\n", "B: 2\r\n"}, dialect::mboxcl2},
           row{"counted too long", from + "Content-Length: 100\n\nx\n", {"\r\nx\r\n"}, dialect::mboxcl2},
           row{"not counted", from + "A: 1\n\n>From x\n\n" + from + "B: 2\n", {"A: 1\r\n\r\n>From x\r\n", "B: 2\r\n"}, dialect::mboxcl2},
           row{"bare CR", from + "A: 1\n\na\rb\n\n", {"A: 1\r\n\r\na\rb\r\n"}},
       }) {
    for (const std::size_t piece : {1u, 3u, 7u, 100'000u}) EXPECT_EQ(octets(read(file, d, piece)), messages) << what << " in pieces of " << piece;
  }
}

TEST(MboxReader, LeavesACountedBodyAlone) {
  const auto body = from + ">From x\n\n";
  const auto file = from + "Content-Length: " + std::to_string(body.size()) + "\nA: 1\n\n" + body + "\n" + from + "B: 2\n\ny\n";
  for (const std::size_t piece : {1u, 7u, 100'000u}) {
    const auto all = octets(read(file, dialect::mboxcl2, piece));
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0], "A: 1\r\n\r\nFrom a@b Sat Mar  5 09:34:01 2016\r\n>From x\r\n\r\n");
  }
}

TEST(MboxReader, SaysWhereMessagesAre) {
  const auto all = read(from + "A: 1\n\n" + from + "Status: RO\n\nx\n").messages;
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].offset, 0u);
  EXPECT_EQ(all[0].next, from.size() + 6);
  EXPECT_EQ(all[1].offset, from.size() + 6);
  EXPECT_EQ(all[1].next, 2 * from.size() + 6 + 14);
  EXPECT_EQ(all[1].state.system, flag::seen);
}

TEST(MboxReader, RefusesWhatIsNoMbox) {
  for (const auto* file : {"Subject: a\n\nx\n", "From me to you\n", "\x7f""ELF\n", "no line"}) {
    const auto f = read(file);
    EXPECT_TRUE(f.no_mbox) << file;
    EXPECT_TRUE(f.messages.empty());
  }
}

TEST(MboxReader, PassesTheFoldersOwnData) {
  const auto f = read(from + "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1 2\n\nThis text\n\n" + from + "A: 1\n");
  ASSERT_EQ(f.messages.size(), 2u);
  EXPECT_TRUE(f.messages[0].internal);
  EXPECT_EQ(f.messages[0].octets, "");
  EXPECT_FALSE(f.messages[1].internal);
}

TEST(MboxReader, HoldsABoundedPieceOfALongLine) {
  reader r(dialect::mboxrd);
  r.feed(from + "A: 1\n\n");
  std::size_t got = 0, most = 0;
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 50; ++i) {
    r.feed(piece);
    while (auto e = r.next())
      if (auto* c = std::get_if<reader::chunk>(&*e)) {
        got += c->octets.size();
        most = std::max(most, c->octets.size());
      }
  }
  EXPECT_LT(most, 4 * reader::piece_octets);
  EXPECT_GT(got, 4'800'000u);
}

TEST(MboxReader, PassesAnEndlessHeaderOn) {
  std::string file = from + "Status: RO\n";
  while (file.size() < reader::header_octets_max + 1000) file += "A: " + std::string(70, 'a') + "\n";
  const auto size = file.size() - from.size();
  const auto f = read(file + "\nx\n", dialect::mboxrd, 4096);
  ASSERT_EQ(f.messages.size(), 1u);
  EXPECT_EQ(f.messages[0].state.system, 0u);
  EXPECT_GT(f.messages[0].octets.size(), size);
}

} // namespace
} // namespace rookery::mbox
