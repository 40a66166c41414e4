/// The messages of Apache James Mime4j with their parse as XML.
#include "protocols/mime/header.hpp"
#include "protocols/mime/scanner.hpp"
#include "tests/protocols/mime/corpus.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace rookery::mime {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c != '\r') out += c;
  return out;
}

/// Our tree in the notation of the expectations, without preambles and epilogues.
std::string printed(const part_tree& t, std::string_view message, std::size_t at, bool as_message) {
  const auto& p = t[at];
  std::string out = as_message ? "<message>\n<header>\n" : "<body-part>\n<header>\n";
  header_reader r(message.substr(p.header_offset, p.header_octets));
  while (const auto f = r.next()) {
    auto raw = f->raw;
    while (raw.ends_with('\n') || raw.ends_with('\r')) raw.remove_suffix(1);
    if (!f->name.empty()) out += "<field>\n" + escaped(raw) + "</field>\n";
  }
  out += "</header>\n";
  if (p.kind == part_kind::leaf) out += "<body>\n" + escaped(message.substr(p.body_offset, p.body_octets)) + "</body>\n";
  if (p.kind == part_kind::multipart) out += "<multipart>\n";
  auto child = at + 1;
  for (std::uint32_t i = 0; i < p.children; ++i, child += t[child].descendants + 1) out += printed(t, message, child, p.kind == part_kind::message);
  if (p.kind == part_kind::multipart) out += "</multipart>\n";
  return out += as_message ? "</message>\n" : "</body-part>\n";
}

void remove_elements(std::string& xml, const std::string& name) {
  for (;;) {
    const auto begin = xml.find("<" + name + ">");
    if (begin == std::string::npos) return;
    const auto end = xml.find("</" + name + ">", begin) + name.size() + 3;
    xml.erase(begin, end + 1 - begin);
  }
}

/// Where we rightly differ: the message is scanned, and nothing is compared.
struct difference {
  std::string_view message, reason;
};
constexpr difference differences[] = {
    {"malformedHeaderStartsBody-nocrlfcrlf", "a header ends at its first empty line: a broken line shall not hide the fields behind it"},
    {"malformedHeaderStartsBody-noheader", "as above"},
    {"weird-boundary", "RFC 2046 §5.1.1: a boundary does not end with a space"},
    {"very-long-boundary", "as above"},
    {"obsolete", "a field name with 8-bit octets is kept as a field"},
    {"base64encoded-rfc822message", "RFC 2046 §5.2.1 forbids base64 of message/rfc822; its inner parts have no place in the stored octets"},
    {"base64encoded-rfc822message-nested", "as above"},
    {"bad-newlines-multiple-parts-base64", "as above"},
    {"multi-2gifs-base64", "as above"},
    {"very-very-long-boundary", "a boundary of 7,000 octets is beyond the bound (RFC 2046 §5.1.1: 70)"},
};

/// The decoded bodies lie in files named by their place in the tree, "..._1_2.txt".
void compare_bodies(const part_tree& t, std::string_view message, std::size_t at, const std::string& name, std::size_t& compared) {
  const auto& p = t[at];
  if (p.kind == part_kind::leaf) {
    for (const auto* ending : {".txt", ".bin"}) {
      if (!std::filesystem::exists(name + ending)) continue;
      EXPECT_TRUE(without_cr(decode_transfer(p.encoding, message.substr(p.body_offset, p.body_octets))) == without_cr(read_file(name + ending))) << name;
      ++compared;
    }
  }
  auto child = at + 1;
  for (std::uint32_t i = 1; i <= p.children; ++i, child += t[child].descendants + 1) compare_bodies(t, message, child, name + "_" + std::to_string(i), compared);
}

bool differs(const std::filesystem::path& file) {
  return std::any_of(std::begin(differences), std::end(differences), [&](const auto& d) { return d.message == file.stem().string(); });
}

TEST(Mime4jCorpus, DecodedBodiesAreTheSame) {
  const auto folder = corpus_folder();
  if (!folder) GTEST_SKIP() << "no corpus here";
  std::size_t compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder / "mime4j")) {
    const auto& file = entry.path();
    if (file.extension() != ".msg" || differs(file)) continue;
    const auto message = read_file(file);
    scanner s;
    s.feed(message);
    s.finish();
    compare_bodies(s.parts(), message, 0, (file.parent_path() / file.stem()).string() + "_decoded_1", compared);
  }
  EXPECT_GT(compared, 80u);
}

TEST(Mime4jCorpus, PartsFieldsAndBodiesAreTheSame) {
  const auto folder = corpus_folder();
  if (!folder) GTEST_SKIP() << "no corpus here";
  std::size_t compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder / "mime4j")) {
    auto file = entry.path();
    if (file.extension() != ".msg") continue;
    const auto message = read_file(file);
    auto expected = without_cr(read_file(file.replace_extension(".xml")));
    if (expected.empty()) continue;
    remove_elements(expected, "preamble");
    remove_elements(expected, "epilogue");
    scanner s;
    s.feed(message);
    s.finish();
    const auto got = printed(s.parts(), message, 0, true);
    if (differs(file)) continue;
    ++compared;
    const auto [a, b] = std::mismatch(got.begin(), got.end(), expected.begin(), expected.end());
    if (a == got.end() && b == expected.end()) continue;
    const auto where = static_cast<std::size_t>(a - got.begin());
    const auto from = where > 80 ? where - 80 : 0;
    ADD_FAILURE() << file.stem() << "\n--- got:\n" << got.substr(from, 240) << "\n--- expected:\n" << expected.substr(from, 240);
  }
  EXPECT_GT(compared, 50u);
}

} // namespace
} // namespace rookery::mime
