#include "protocols/json/value.hpp"
#include "protocols/json/writer.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace rookery::json {
namespace {

TEST(Json, ATextThatIsReadAndPrintedIsTheSame) {
  for (const std::string text : {
           R"({"b":1,"a":[true,false,null,-5,1.5,"x"],"c":{}})", R"([])", R"("")", R"(0)", R"(null)",
           R"("\"\\\n\r\t\u0001\u007f")", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa6\"", R"(9223372036854775807)",
           R"(-9223372036854775808)", R"([[[[[1]]]]])"}) {
    const auto read = parse(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(to_text(*read), text);
    EXPECT_EQ(*parse(to_text(*read, true)), *read) << text;
  }
}

TEST(Json, PrettyTextIsIndented) {
  EXPECT_EQ(to_text(*parse(R"({"a":[1,{}],"b":{"c":[]}})"), true),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": []\n  }\n}\n");
}

TEST(Json, WhatIsNoDocumentIsRefused) {
  for (const std::string_view text :
       {"", " ", "{", "}", "[1,]", "{\"a\":}", "{\"a\" 1}", "01", "1.", "+1", "nul", "'a'", "\"a", "\"\n\"", "\"\\x\"",
        "{}{}", "[1] 2", "\"\xff\"", "\"\\ud800\"", "NaN", "{\"a\":1,\"b\":2,\"a\":3}", "/* */ 1"}) {
    const auto read = parse(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, base::error_kind::invalid) << text;
  }
}

TEST(Json, EveryLimitHasItsAnswer) {
  const auto kind = [](std::string_view text, limits bounds) {
    const auto read = parse(text, bounds);
    return read ? base::error_kind::io : read.error().kind;
  };
  EXPECT_EQ(kind("[1,2,3]", {.octets = 6}), base::error_kind::over_limit);
  EXPECT_EQ(kind("[1,2,3]", {.octets = 7}), base::error_kind::io);
  EXPECT_EQ(kind("[1,2,3]", {.values = 3}), base::error_kind::over_limit);
  EXPECT_EQ(kind("[1,2,3]", {.values = 4}), base::error_kind::io);
  EXPECT_EQ(kind("[[[]]]", {.depth = 2}), base::error_kind::over_limit);
  EXPECT_EQ(kind("[[[]]]", {.depth = 3}), base::error_kind::io);
  EXPECT_EQ(kind(std::string(1000, '[') + std::string(1000, ']'), {}), base::error_kind::over_limit);
}

TEST(Json, ValuesAreFoundByNameAndByPointer) {
  const auto v = *parse(R"({"a.b":"dot","a":{"b":[10,{"c/d~":true}],"":2},"n":-1,"d":1.5,"s":["x","y"],"m":["x",1]})");
  EXPECT_EQ(v.get_string("a.b"), "dot");
  EXPECT_EQ(v.get_integer("/a/b/0"), 10);
  EXPECT_EQ(v.get_bool("/a/b/1/c~1d~0"), true);
  EXPECT_EQ(v.get_integer("/a/"), 2);
  EXPECT_EQ(v.get_integer("/a/b/2"), std::nullopt);
  EXPECT_EQ(v.get_integer("/a/b/00"), std::nullopt);
  EXPECT_EQ(v.get_integer("/x/y"), std::nullopt);
  EXPECT_EQ(v.get_integer("n"), -1);
  EXPECT_EQ(v.get_unsigned("n"), std::nullopt);
  EXPECT_EQ(v.find("d")->as_double(), 1.5);
  EXPECT_EQ(v.get_integer("d"), std::nullopt);
  EXPECT_EQ(v.get_strings("s"), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(v.get_strings("m"), std::nullopt);
  EXPECT_EQ(v.get_array("s")->size(), 2u);
  EXPECT_EQ(v.get_object("/a")->size(), 2u);
}

TEST(Json, AnObjectKeepsOrderWhenMembersAreReplaced) {
  value v;
  v.set("b", 1);
  v.set("a", "x");
  v.set("b", array{1u, 2.5, false, nullptr});
  EXPECT_EQ(to_text(v), R"({"b":[1,2.5,false,null],"a":"x"})");
  EXPECT_TRUE(v.as_object()->erase("b"));
  EXPECT_FALSE(v.as_object()->erase("b"));
  EXPECT_EQ(to_text(v), R"({"a":"x"})");
  EXPECT_EQ(*parse(R"({"x":1,"y":2})"), *parse(R"({"y":2,"x":1})"));
  EXPECT_FALSE(*parse(R"({"x":1,"y":2})") == *parse(R"({"y":2,"x":3})"));
}

TEST(Json, TheWriterSetsCommasAndEscapes) {
  std::string out;
  writer w(out);
  w.begin_object().key("a").begin_array().number(1).number(-2).string("q\"\\\x1f\x7f").end_array();
  w.key("b").boolean(true).key("c").null().key("d").number(0.1).key("e").number(std::uint64_t(-1));
  w.key("f").begin_object().end_object().key("g").number(std::nan("")).end_object();
  EXPECT_EQ(out, R"({"a":[1,-2,"q\"\\\u001f\u007f"],"b":true,"c":null,"d":0.1,"e":18446744073709551615,"f":{},"g":null})");
}

TEST(Json, OctetsThatAreNoUtf8AreReplaced) {
  struct {
    std::string_view in;
    int replaced;
  } rows[] = {{"\xff", 1}, {"\xc0\xaf", 2}, {"\xed\xa0\x80", 3}, {"\xe2\x82", 2}, {"\xf4\x90\x80\x80", 4}, {"\xc3\xa4", 0}};
  for (const auto& [in, replaced] : rows) {
    std::string out;
    append_quoted(out, in);
    const auto read = parse(out);
    ASSERT_TRUE(read);
    int found = 0;
    for (auto at = out.find("\xef\xbf\xbd"); at != std::string::npos; at = out.find("\xef\xbf\xbd", at + 3)) ++found;
    EXPECT_EQ(found, replaced);
  }
}

} // namespace
} // namespace rookery::json
