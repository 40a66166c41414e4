/// The index against the text: whatever it says for sure is so.
#include "search_support.hpp"

#include "protocols/charset/fold.hpp"
#include "protocols/encoding/encoded_word.hpp"
#include "protocols/mime/scanner.hpp"
#include "protocols/mime/search.hpp"
#include "protocols/mime/search_texts.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <random>

namespace rookery::storage::search {
namespace {

constexpr base::account_id account{1};
constexpr base::mailbox_id inbox{1};

struct mail {
  std::string octets;
  std::string header;
  mime::part_tree parts;
};

mail read(std::string octets) {
  mail m;
  mime::scanner s;
  s.feed(octets);
  s.finish();
  m.parts = s.parts();
  m.header = octets.substr(0, m.parts.empty() ? 0 : m.parts.front().header_octets);
  m.octets = std::move(octets);
  return m;
}

class into_document final : public mime::search_text_taker {
public:
  explicit into_document(document& to) : to_(to) {}
  bool take(mime::search_text_kind k, std::string_view folded) override {
    to_.feed(static_cast<text_source>(k), folded);
    return !to_.full();
  }
  void end() override { to_.end_text(); }

private:
  document& to_;
};

void fill(document& d, const mail& m) {
  into_document into(d);
  if (!mime::give_search_texts(m.octets, m.header, m.parts, into)) d.set_partial();
}

bool scan(const mail& m, const question& q) {
  switch (q.in) {
    case question::scope::body: return mime::search_text(m.octets, m.parts, q.text, false);
    case question::scope::text: return mime::search_text(m.octets, m.parts, q.text, true);
    case question::scope::subject: return mime::search_header(m.header, "Subject", q.text);
    case question::scope::from: return mime::search_header(m.header, "From", q.text);
    case question::scope::to: return mime::search_header(m.header, "To", q.text);
    case question::scope::cc: return mime::search_header(m.header, "Cc", q.text);
    case question::scope::bcc: return mime::search_header(m.header, "Bcc", q.text);
    case question::scope::header: return mime::search_header(m.header, q.field, q.text);
  }
  return false;
}

/// Indexes the mails in batches of different sizes and asks; counts what was decided by the index.
struct outcome {
  std::size_t asked = 0, decided = 0, hits = 0;
};
outcome compare(const std::vector<mail>& mails, const std::vector<question>& questions, std::uint32_t seed) {
  temporary_folder folder;
  index_store store(posix_file_system(), folder.path, "one", {9, 9});
  std::mt19937 random(seed);
  for (std::size_t i = 0; i < mails.size();) {
    auto b = store.begin(account, {});
    for (auto n = 1 + random() % 60; n > 0 && i < mails.size(); --n, ++i) {
      document d;
      fill(d, mails[i]);
      const auto number = b.add(key(static_cast<std::uint32_t>(i)), d);
      if (!number) {
        ADD_FAILURE() << number.error().log.value;
        return {};
      }
      b.place(inbox, static_cast<std::uint32_t>(i + 1), *number);
    }
    if (const auto done = store.commit(account, std::move(b), {1, 1}); !done) {
      ADD_FAILURE() << done.error().log.value;
      return {};
    }
  }
  outcome o;
  const auto index = store.open(account);
  for (auto q : questions) {
    const auto as_written = q.field;
    q.field = charset::fold_for_search(q.field);
    const auto answers = index->ask(q);
    if (!answers) {
      ADD_FAILURE() << answers.error().log.value;
      return o;
    }
    q.field = as_written;
    for (const auto& p : *index->places_of(inbox)) {
      ++o.asked;
      const auto v = answers->of(p.document);
      const auto& m = mails[p.uid - 1];
      const bool is = scan(m, q);
      o.hits += is;
      if (v == verdict::undecided) continue;
      ++o.decided;
      EXPECT_EQ(v == verdict::yes, is) << "seed " << seed << ", scope " << static_cast<int>(q.in) << " " << q.field << ", needle \"" << q.text
                                       << "\" in mail " << p.uid << ":\n" << m.octets.substr(0, 3000);
      if (::testing::Test::HasFailure()) return o;
    }
  }
  return o;
}

constexpr std::string_view some_words[] = {"meeting", "Straße", "budget", "naïve", "会議室", "ホテル予約", "ﬁnal", "x", "42", "2026-11-21", "e-mail",
                                           "ΣΊΣΥΦΟΣ", "report", "Zürich", "привет", "สวัสดี", "foo_bar", "a.b@example.org", "…", "😀ok", "ＦＵＬＬ", "don't"};

std::string random_text(std::mt19937& random, std::size_t words) {
  std::string text;
  for (std::size_t i = 0; i < words; ++i) {
    if (random() % 12 == 0) {
      for (auto n = 1 + random() % 120; n > 0; --n) text += static_cast<char>('a' + random() % 26);
    } else {
      text += some_words[random() % std::size(some_words)];
    }
    text += random() % 9 == 0 ? "\r\n" : random() % 7 == 0 ? ", " : random() % 11 == 0 ? "" : " ";
  }
  return text;
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n') {
      out += c;
      column = 0;
      continue;
    }
    if (column > 70) {
      out += "=\r\n";
      column = 0;
    }
    const auto u = static_cast<unsigned char>(c);
    if (u >= 33 && u < 127 && u != '=') {
      out += c;
      ++column;
    } else {
      char code[4];
      std::snprintf(code, sizeof code, "=%02X", u);
      out += code;
      column += 3;
    }
  }
  return out;
}

std::string random_mail(std::mt19937& random) {
  std::string m = "Received: from a.example (b [192.0.2." + std::to_string(random() % 256) + "])\r\n\tby c; Sat, 21 Nov 2026 10:00:00 +0000\r\n";
  auto subject = random_text(random, 1 + random() % 6);
  std::erase(subject, '\r');
  std::erase(subject, '\n');
  m += "Subject: " + encoding::encode_words(subject) + "\r\n";
  if (random() % 5 == 0) m += "subject : a second " + std::to_string(random() % 50) + "\r\n";
  m += "From: " + encoding::encode_words(std::string(some_words[random() % std::size(some_words)])) + " <user" + std::to_string(random() % 9) +
       "(comment)@ example.org>\r\n";
  m += "To: \"Quo\\ted, Na\\me\" <to" + std::to_string(random() % 9) + "@example.net>,\r\n \"j\\ohn\"@example.com, group: x@y.z;\r\n";
  if (random() % 2) m += "Cc: someone@example.net\r\n";
  if (random() % 3 == 0) m += "Bcc: hidden" + std::to_string(random() % 3) + "@example.net\r\n";
  m += "Sender: " + std::string("(c) \"se\\nder\"@example.org\r\n");
  m += "X-Thing-" + std::to_string(random() % 3) + ": value " + std::to_string(random() % 100) + "\r\n";
  m += "Message-ID: <" + std::to_string(random()) + "@example.org>\r\n";
  const auto text = random_text(random, random() % 80);
  switch (random() % 4) {
    case 0: return m + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted_printable(text);
    case 1: return m + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text;
    case 2:
      return m + "Content-Type: text/html; charset=utf-8\r\n\r\n<html><head><title>Title</title><style>.css{}</style></head><body><p>" + text +
             "</p>caf&eacute;<b>bo</b>ld</body></html>\r\n";
    default: break;
  }
  return m + "Content-Type: multipart/mixed; boundary=bb\r\n\r\npreamble words\r\n--bb\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nlatin \xe4\xf6 " +
         std::to_string(random() % 100) + "\r\n--bb\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
         quoted_printable("<i>" + text + "</i>") +
         "\r\n--bb\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''R%C3%A9sum%C3%A9%20" +
         std::to_string(random() % 20) + ".pdf\r\n\r\nJVBERi0\r\n--bb\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner " +
         std::to_string(random() % 20) + "\r\n\r\ninside\r\n--bb--\r\n";
}

question random_question(std::mt19937& random, const std::vector<mail>& mails) {
  question q;
  q.in = static_cast<question::scope>(random() % 8);
  static constexpr std::string_view fields[] = {"X-Thing-1", "message-id", "Sender", "Received", "Subject", "x-absent", "Content-Type", "To"};
  if (q.in == question::scope::header) q.field = fields[random() % std::size(fields)];
  std::string text;
  switch (random() % 5) {
    case 0: text = some_words[random() % std::size(some_words)]; break;
    case 1: text = random_text(random, 2); break;
    case 2: text = std::string(1, static_cast<char>('a' + random() % 26)); break;
    default: {
      // A piece of one of the mails, as it stands there.
      const auto& m = mails[random() % mails.size()].octets;
      if (m.empty()) break;
      const auto at = random() % m.size();
      text = m.substr(at, 1 + random() % (random() % 6 == 0 ? 100 : 12));
    }
  }
  q.text = charset::fold_for_search(text);
  if (q.text.empty()) q.text = "A";
  return q;
}

TEST(SearchNarrowing, AgreesWithTheTextsOfRandomMails) {
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    std::mt19937 random(seed);
    std::vector<mail> mails;
    for (int i = 0; i < 150; ++i) mails.push_back(read(random_mail(random)));
    std::vector<question> questions;
    for (int i = 0; i < 250; ++i) questions.push_back(random_question(random, mails));
    const auto o = compare(mails, questions, seed);
    if (HasFailure()) return;
    // It would agree as well if it knew nothing.
    EXPECT_GT(o.decided * 10, o.asked * 7) << o.decided << " of " << o.asked;
    EXPECT_GT(o.hits * 100, o.asked) << o.hits << " of " << o.asked;
  }
}

TEST(SearchNarrowing, AgreesWithTheTextsOfDifficultMails) {
  std::vector<std::filesystem::path> folders;
  if (const char* named = std::getenv("ROOKERY_MIME_DATA")) folders.emplace_back(named);
  const std::filesystem::path source = ROOKERY_SOURCE_DIR;
  folders.push_back(source / "../shared/data/mime");
  folders.push_back(source / "../../shared/data/mime");
  // Those of our own are always there.
  std::vector<mail> mails;
  std::vector<std::filesystem::path> files;
  for (const auto& e : std::filesystem::recursive_directory_iterator(source / "tests/fuzz/mime"))
    if (e.is_regular_file() && e.file_size() < 200'000) files.push_back(e.path());
  for (const auto& f : folders) {
    if (!std::filesystem::is_directory(f)) continue;
    for (const auto& e : std::filesystem::recursive_directory_iterator(f))
      if (e.is_regular_file() && e.file_size() < 200'000 && (e.path().extension() == ".msg" || e.path().extension() == ".eml" || e.path().extension() == ".txt"))
        files.push_back(e.path());
    break;
  }
  std::sort(files.begin(), files.end());
  for (const auto& f : files) {
    std::ifstream in(f, std::ios::binary);
    mails.push_back(read({std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()}));
  }
  ASSERT_FALSE(mails.empty());
  std::mt19937 random(11);
  std::vector<question> questions;
  for (int i = 0; i < 150; ++i) questions.push_back(random_question(random, mails));
  const auto o = compare(mails, questions, 11);
  EXPECT_GT(o.decided, o.asked / 4) << o.decided << " of " << o.asked << " in " << mails.size() << " mails";
}

// Addresses and names are decided however many messages have all of their words.
TEST(SearchNarrowing, NeedlesOfOneJoinedWordAreDecided) {
  std::mt19937 random(21);
  std::vector<mail> mails;
  for (int i = 0; i < 150; ++i) mails.push_back(read(random_mail(random)));
  std::vector<question> questions;
  for (const auto in : {question::scope::body, question::scope::text, question::scope::subject, question::scope::from, question::scope::to,
                        question::scope::cc, question::scope::bcc})
    for (const char* text : {"EXAMPLE.ORG", "@EXAMPLE.NET", "A.B@EXAMPLE.ORG", "FOO_BAR", "E-MAIL", "2026-11", "X@Y.Z", "@EXAMPLE", "NO.SUCH", "192.0.2.1"})
      questions.push_back({in, "", text});
  const auto o = compare(mails, questions, 21);
  EXPECT_EQ(o.decided, o.asked);
  EXPECT_GT(o.hits, 500u);
}

// Messages that have both words of a needle are read only if the words stand side by side in them, or seem to.
TEST(SearchNarrowing, NeedlesOfTwoFrequentWordsAreReadWhereTheyAreNeighbours) {
  temporary_folder folder;
  index_store store(posix_file_system(), folder.path, "one", {9, 9});
  auto b = store.begin(account, {});
  for (std::uint32_t i = 1; i <= 400; ++i) {
    document d;
    fill(d, read("Subject: s\r\n\r\nfirst " + std::string(i % 40 == 0 ? "" : "of all a ") + "budget meeting of the year, number " + std::to_string(i) + "\r\n"));
    b.place(inbox, i, *b.add(key(i), d));
  }
  ASSERT_TRUE(store.commit(account, std::move(b), {1, 1}));
  const auto index = store.open(account);
  const auto asked = [&](const char* text) { return index->ask({question::scope::text, "", text})->count(); };
  EXPECT_GE(asked("FIRST BUDGET"), 10u);
  EXPECT_LE(asked("FIRST BUDGET"), 10u + 400u / 10);
  EXPECT_EQ(asked("BUDGET MEETING"), 400u);
  EXPECT_LE(asked("MEETING BUDGET"), 400u / 10);
  // Without signatures, as older nodes wrote: all that have the words.
  for (const auto& f : std::filesystem::recursive_directory_iterator(folder.path))
    if (f.path().extension() == ".near") std::filesystem::remove(f);
  index_store again(posix_file_system(), folder.path, "one", {9, 9});
  EXPECT_EQ(again.open(account)->ask({question::scope::text, "", "MEETING BUDGET"})->count(), 400u);
}

// An older node's words have no joined ones, and neither has what is merged with them: such needles are narrowed as before.
TEST(SearchNarrowing, WhatIsMergedWithOlderWordsIsNotDecidedByJoinedOnes) {
  temporary_folder folder;
  auto& files = posix_file_system();
  const auto part = [&](std::uint32_t number) {
    const auto path = folder.path + "/" + std::to_string(number);
    document d;
    fill(d, read("Subject: s\r\n\r\na.b and c\r\n"));
    segment_builder b(path + ".scratch");
    EXPECT_TRUE(b.add(number, d));
    EXPECT_TRUE(b.finish(files, path));
    return path;
  };
  const auto found = [&](const std::vector<std::string>& parts, const std::string& to) {
    EXPECT_TRUE(merge_segments(files, parts, to));
    auto answer = segment(files, to, {1, 2}).find({word_class::body}, cut_needle("A.B"), "A.B");
    EXPECT_TRUE(answer);
    return std::pair(answer->sure.count(), answer->maybe.count());
  };
  const auto first = part(1), second = part(2);
  EXPECT_EQ(found({first, second}, folder.path + "/new"), (std::pair<std::size_t, std::size_t>(2, 0)));
  word_list::writer older;
  for (const char* term : {"BA", "BAND", "BB", "BC", "HS", "HSUBJECT", "SS"}) older.add(term, {});
  const auto stored = older.finish(false);
  std::filesystem::remove(second + ".near");
  std::ofstream(second + ".words", std::ios::binary | std::ios::trunc) << stored;
  EXPECT_EQ(found({first, second}, folder.path + "/mixed"), (std::pair<std::size_t, std::size_t>(0, 2)));
}

TEST(SearchNarrowing, AMessageBeyondTheLimitsIsAlwaysAsked) {
  temporary_folder folder;
  index_store store(posix_file_system(), folder.path, "one", {9, 9});
  auto b = store.begin(account, {});
  const auto m = read("Subject: s\r\n\r\n" + std::string(200, 'a') + " needle " + std::string(200, 'b'));
  document d({100, 100});
  fill(d, m);
  ASSERT_TRUE(d.partial());
  ASSERT_TRUE(b.add(key(1), d));
  b.place(inbox, 1, 1);
  ASSERT_TRUE(store.commit(account, std::move(b), {1, 1}));
  EXPECT_EQ(store.open(account)->ask({question::scope::body, "", "NEEDLE"})->of(1), verdict::undecided);
  EXPECT_EQ(store.open(account)->ask({question::scope::body, "", "NEEDLE"})->of(2), verdict::undecided);
}

} // namespace
} // namespace rookery::storage::search
