#include "protocols/smtp/dsn/text_book.hpp"

#include <gtest/gtest.h>

namespace rookery::smtp::dsn {
namespace {

TEST(TextBook, FilesStandBeforeTheBuiltInTexts) {
  text_book book;
  EXPECT_EQ(book.choose(action::failed, "en").texts.at(0).subject, built_in_text(action::failed, "en").subject);
  ASSERT_TRUE(book.put("failed.en.txt", "Subject: Sorry: $(subject)\n\nFrom $(host)\n"));
  ASSERT_TRUE(book.put("failed.FR.txt", "Subject: Non: $(subject)\n\n$(host)\n"));
  EXPECT_EQ(book.size(), 2u);
  const auto c = book.choose(action::failed, "fr de en");
  ASSERT_EQ(c.texts.size(), 3u);
  EXPECT_EQ(c.texts[0].subject, "Non: $(subject)");
  EXPECT_EQ(c.texts[1].subject, built_in_text(action::failed, "de").subject);
  EXPECT_EQ(c.texts[2].subject, "Sorry: $(subject)");
  EXPECT_EQ(c.languages, (std::vector<std::string_view>{"fr", "de", "en"}));
  EXPECT_EQ(book.choose(action::delayed, "en").texts[0].subject, built_in_text(action::delayed, "en").subject);
  ASSERT_TRUE(book.put("failed.en.txt", "Subject: Again\n\nx\n")) << "another one replaces it";
  EXPECT_EQ(book.choose(action::failed, "EN").texts[0].subject, "Again");
}

TEST(TextBook, LanguagesWithoutATextAreLeftOut) {
  const text_book book;
  EXPECT_EQ(book.choose(action::failed, "fr  it de").languages, (std::vector<std::string_view>{"de"}));
  for (const char* none : {"", "   ", "fr", "english"}) EXPECT_EQ(book.choose(action::failed, none).languages, (std::vector<std::string_view>{"en"})) << none;
  EXPECT_EQ(book.choose(action::failed, "de en DE en").languages.size(), 2u) << "none twice";
}

TEST(TextBook, FaultsAreNamedAndChangeNothing) {
  struct row {
    const char* file;
    std::string content;
    const char* part;
  };
  const row rows[] = {
      {"readme", "Subject: x\n\ny\n", "ACTION.LANGUAGE.txt"},
      {"failed.txt", "Subject: x\n\ny\n", "ACTION.LANGUAGE.txt"},
      {"failed.en.txt~", "Subject: x\n\ny\n", "ACTION.LANGUAGE.txt"},
      {"failed.e1.txt", "Subject: x\n\ny\n", "ACTION.LANGUAGE.txt"},
      {"lost.en.txt", "Subject: x\n\ny\n", "ACTION.LANGUAGE.txt"},
      {"failed.en.txt", "Hello\n", "Subject:"},
      {"failed.en.txt", "Subject: $(wrong)\n\ny\n", "macro"},
      {"failed.en.txt", "Subject: $(subject\n\ny\n", "macro"},
      {"failed.en.txt", "Subject: x\n\n$(each)\n", "$(end)"},
      {"failed.en.txt", "Subject: x\n\n\xff\n", "UTF-8"},
      {"failed.en.txt", "Subject: x\n\n" + std::string(mime::template_octets_max, 'x'), "65536"},
  };
  text_book book;
  for (const auto& r : rows) {
    const auto done = book.put(r.file, r.content);
    ASSERT_FALSE(done) << r.file;
    EXPECT_NE(done.error().find(r.part), std::string::npos) << r.file << ": " << done.error();
  }
  EXPECT_EQ(book.size(), 0u);
}

TEST(TextBook, HasABoundedNumberOfFiles) {
  text_book book;
  std::size_t made = 0;
  for (char a = 'a'; a <= 'z'; ++a)
    for (char b = 'a'; b <= 'z'; ++b) made += book.put(std::string("failed.") + a + b + ".txt", "Subject: x\n\ny\n").ok();
  EXPECT_EQ(made, text_files_max);
  EXPECT_TRUE(book.put("failed.aa.txt", "Subject: z\n\ny\n")) << "one that is there may be replaced";
}

} // namespace
} // namespace rookery::smtp::dsn
