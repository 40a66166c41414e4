#include "protocols/mime/part_reader.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/scanner.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace rookery::mime {
namespace {

using namespace std::string_view_literals;
using path = std::vector<std::uint32_t>;

part_tree scan(std::string_view message) {
  scanner s;
  s.feed(message);
  s.finish();
  return s.parts();
}

/// The octets of the section, or "none".
std::string fetch(std::string_view message, const path& p, section_kind kind) {
  const auto tree = scan(message);
  const auto s = find_section(tree, p, kind, message.size());
  return s ? std::string(message.substr(s->offset, s->octets)) : "none";
}

struct row {
  path p;
  section_kind kind;
  std::string_view expected;
};

void check(std::string_view message, const std::vector<row>& rows) {
  for (const auto& r : rows) {
    std::string shown;
    for (const auto n : r.p) shown += std::to_string(n) + ".";
    EXPECT_EQ(fetch(message, r.p, r.kind), r.expected) << shown << static_cast<int>(r.kind);
  }
}

TEST(PartReader, APlainMessageHasThePartOne) {
  constexpr auto m = "A: b\r\n\r\nbody\r\n"sv;
  using enum section_kind;
  check(m, {{{}, all, m},
            {{}, header, "A: b\r\n\r\n"},
            {{}, header_fields, "A: b\r\n\r\n"},
            {{}, text, "body\r\n"},
            {{1}, all, "body\r\n"},
            {{1}, section_kind::mime, "A: b\r\n\r\n"},
            {{}, section_kind::mime, "none"},
            {{1}, header, "none"},
            {{1}, text, "none"},
            {{2}, all, "none"},
            {{0}, all, "none"},
            {{1, 1}, all, "none"}});
}

TEST(PartReader, NumbersPartsOfMessagesInsideAsRfc9051Says) {
  constexpr auto m = "From: user@domain.org\r\nContent-Type: message/rfc822\r\n\r\nFrom: sub@domain.org\r\nContent-Type: multipart/digest; boundary=\"foo\"\r\n\r\n"
                     "prologue\r\n\r\n--foo \r\n\r\nFrom: m1@example.com\r\nSubject: m1\r\n\r\nm1 body\r\n\r\n--foo \r\nX-Mime: m2 header\r\n\r\nFrom: m2@example.com\r\n\r\nm2 body\r\n\r\n--foo--\r\n\r\nepilogue\r\n\r\n"sv;
  const auto inner = m.substr(m.find("From: sub"));
  const auto inner_text = m.substr(m.find("prologue"));
  using enum section_kind;
  check(m, {{{}, text, inner},
            {{1}, all, inner},
            {{1}, header, inner.substr(0, inner.size() - inner_text.size())},
            {{1}, text, inner_text},
            {{1, 1}, all, "From: m1@example.com\r\nSubject: m1\r\n\r\nm1 body\r\n"},
            {{1, 1}, section_kind::mime, "\r\n"},
            {{1, 1}, header, "From: m1@example.com\r\nSubject: m1\r\n\r\n"},
            {{1, 1}, text, "m1 body\r\n"},
            {{1, 1, 1}, all, "m1 body\r\n"},
            {{1, 1, 1}, section_kind::mime, "From: m1@example.com\r\nSubject: m1\r\n\r\n"},
            {{1, 1, 2}, all, "none"},
            {{1, 2}, all, "From: m2@example.com\r\n\r\nm2 body\r\n"},
            {{1, 2}, section_kind::mime, "X-Mime: m2 header\r\n\r\n"},
            {{1, 2}, text, "m2 body\r\n"},
            {{1, 3}, all, "none"},
            {{2}, all, "none"}});
}

TEST(PartReader, TheExampleOfRfc9051HoldsForNestedMultiparts) {
  const std::string m = "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\none\r\n--a\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\ntwo one\r\n--c\r\n"
                        "Content-Type: message/rfc822\r\n\r\nSubject: s\r\n\r\ntwo two\r\n--c--\r\n--a--\r\n";
  using enum section_kind;
  check(m, {{{1}, all, "one"},
            {{2, 1}, all, "two one"},
            {{2, 2}, header, "Subject: s\r\n\r\n"},
            {{2, 2}, text, "two two"},
            {{2, 2, 1}, all, "two two"},
            {{2}, header, "none"},
            {{2}, section_kind::mime, "Content-Type: multipart/mixed; boundary=c\r\n\r\n"},
            {{2, 3}, all, "none"},
            {{3}, all, "none"}});
}

TEST(PartReader, BinaryUndoesTheTransferEncoding) {
  constexpr auto m = "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n"sv;
  const auto tree = scan(m);
  const path one = {1};
  const auto s = find_section(tree, one, section_kind::all, m.size());
  ASSERT_TRUE(s);
  EXPECT_EQ(decode_section(*s, m.substr(s->offset, s->octets)), "hello");
  const auto whole = find_section(tree, {}, section_kind::all, m.size());
  EXPECT_EQ(decode_section(*whole, m), m);
  constexpr auto odd = "Content-Transfer-Encoding: x-odd\r\n\r\nabc"sv;
  const auto odd_tree = scan(odd);
  EXPECT_FALSE(decode_section(*find_section(odd_tree, one, section_kind::all, odd.size()), "abc"));
}

} // namespace
} // namespace rookery::mime
