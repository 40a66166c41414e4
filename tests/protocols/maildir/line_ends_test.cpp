#include "protocols/maildir/line_ends.hpp"

#include <gtest/gtest.h>

namespace rookery::maildir {
namespace {

template <class T>
std::string through(std::string_view text, std::size_t piece) {
  T t;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece) t.add(out, text.substr(at, piece));
  if constexpr (requires { t.end(out); }) t.end(out);
  return out;
}

TEST(MaildirLineEnds, BecomeThoseOfMail) {
  struct row {
    const char *file, *mail;
  };
  for (const auto& [file, mail] : {
           row{"", ""}, row{"a\nb\n", "a\r\nb\r\n"}, row{"a\r\nb\r\n", "a\r\nb\r\n"}, row{"a\nb\r\nc", "a\r\nb\r\nc"},
           row{"a\r\nb\nc\n", "a\r\nb\nc\n"}, row{"a\rb\n", "a\rb\r\n"}, row{"\n\n", "\r\n\r\n"}, row{"a\r", "a\r"},
       })
    for (const std::size_t piece : {1u, 2u, 100u}) EXPECT_EQ(through<to_mail>(file, piece), mail) << file;
}

TEST(MaildirLineEnds, ComeBack) {
  for (const std::string mail : {"", "a\r\nb\r\n", "a\r\n\r\nno end", "a\r\nb\r", "a\rb\r\n", "a\r\nb\r\r\r\n"})
    for (const std::size_t piece : {1u, 2u, 100u}) EXPECT_EQ(through<to_mail>(through<to_file>(mail, piece), 3), mail);
  EXPECT_EQ(through<to_file>("a\r\nb\r\n", 1), "a\nb\n");
}

} // namespace
} // namespace rookery::maildir
