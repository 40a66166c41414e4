#include "protocols/imap/language.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace rookery::imap {
namespace {

std::string said(language l, std::string_view english) {
  base::buffer out;
  say(out, l, english);
  return std::string(out.view());
}

TEST(Language, ARangeFindsALanguage) {
  const struct { std::vector<std::string> ranges; std::optional<language> found; } rows[] = {
      {{"de"}, language::german},         {{"DE-at"}, language::german},   {{"en-GB"}, language::english},
      {{"fr", "de"}, language::german},   {{"*"}, language::english},      {{"default"}, language::english},
      {{"i-default"}, language::english}, {{"fr", "*"}, language::english}, {{"fr"}, {}},
      {{"dex"}, {}},                      {{""}, {}},                      {{}, {}},
  };
  for (const auto& row : rows) EXPECT_EQ(choose_language(row.ranges), row.found) << (row.ranges.empty() ? "" : row.ranges.front());
}

TEST(Language, WhatIsNotTranslatedStaysEnglish) {
  EXPECT_EQ(said(language::german, "Unknown command"), "Unbekannter Befehl");
  EXPECT_EQ(said(language::german, "FETCH completed"), "FETCH abgeschlossen");
  EXPECT_EQ(said(language::english, "FETCH completed"), "FETCH completed");
  EXPECT_EQ(said(language::german, "Nobody has written this"), "Nobody has written this");
  EXPECT_EQ(said(language::german, ""), "");
}

TEST(Language, TablesAreInOrderAndFitALine) {
  for (const auto l : all_languages) {
    std::string_view before;
    for (const auto& t : texts(l)) {
      EXPECT_LT(before, t.english) << language_tag(l);
      before = t.english;
      EXPECT_FALSE(t.text.empty()) << t.english;
      EXPECT_EQ(t.text.find_first_of("\r\n\0[]", 0, 5), std::string_view::npos) << t.english;
    }
  }
}

/// Texts with which commands are refused and connections ended, as the sources have them.
std::set<std::string> texts_in_the_sources() {
  std::set<std::string> out;
  const std::regex answer(R"re((?:finish|tagged|no|refuse_login|respond_no|respond_bad|refuse_append|close|abort|drop_append|refuse|fail|syntax)\(([^;]*?)\);)re");
  const std::regex sentence(R"re("([A-Z][^"]* [^"]+)")re"); // not a word alone: that is a response code
  for (const auto* folder : {"/protocols/imap", "/actors/imap"})
    for (const auto& file : std::filesystem::directory_iterator(std::string(ROOKERY_SOURCE_DIR) + folder)) {
      const auto name = file.path().filename().string();
      if (!name.ends_with(".cpp") || name.starts_with("client_")) continue;
      std::ifstream in(file.path(), std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
      for (std::sregex_iterator at(text.begin(), text.end(), answer), end; at != end; ++at) {
        const std::string arguments = (*at)[1];
        for (std::sregex_iterator s(arguments.begin(), arguments.end(), sentence); s != end; ++s)
          if (const std::string one = (*s)[1]; !one.starts_with("BADCHARSET (") && !one.starts_with("BADEVENT (")) out.insert(one);
      }
    }
  return out;
}

TEST(Language, EveryRefusalIsTranslated) {
  const auto found = texts_in_the_sources();
  EXPECT_GT(found.size(), 100u);
  for (const auto l : all_languages)
    for (const auto& text : found)
      if (l != language::english && !text.ends_with(" completed")) {
        EXPECT_NE(said(l, text), text) << language_tag(l);
      }
}

} // namespace
} // namespace rookery::imap
