#include "protocols/xml/element.hpp"
#include "protocols/xml/writer.hpp"

#include <gtest/gtest.h>

namespace rookery::xml {
namespace {

TEST(Element, IsBuiltAndAsked) {
  element e("message", "c");
  e.set("to", "a").set("type", "chat").set("to", "b").set("lang", "en", xml_space);
  e.add("body").add_text("one").add_text(" two");
  e.add("x", "other").add_text("not this");
  e.add("body").add_text("three");
  EXPECT_EQ(e.get("to"), "b");
  EXPECT_EQ(e.get("lang"), "");
  EXPECT_EQ(e.get("lang", xml_space), "en");
  EXPECT_FALSE(e.has("from"));
  EXPECT_EQ(e.child_text("body", "c"), "one two");
  EXPECT_EQ(e.child_text("body", "other"), "");
  EXPECT_EQ(e.elements("body", "c").size(), 2u);
  EXPECT_EQ(e.elements().size(), 3u);
  EXPECT_EQ(e.child("", "other")->name, "x");
  const auto copy = e;
  e.remove("body", "c");
  e.unset("to");
  EXPECT_EQ(to_text(e, "c"), "<message type='chat' xml:lang='en'><x xmlns='other'>not this</x></message>");
  EXPECT_EQ(to_text(copy), "<message xmlns='c' to='b' type='chat' xml:lang='en'><body>one two</body><x xmlns='other'>not this</x><body>three</body></message>");
  EXPECT_FALSE(copy == e);
}

TEST(Writer, EscapesWhatXmlWouldReadOtherwise) {
  element e("a", "");
  e.set("b", "<>&'\"\t\r\n\x01");
  e.add_text("<>&'\"\t\r\n\x01\xff\xef\xbf\xbf.");
  EXPECT_EQ(to_text(e), "<a b='&lt;&gt;&amp;&apos;&quot;&#9;&#13;&#10;\xef\xbf\xbd'>&lt;&gt;&amp;&apos;&quot;\t&#13;\n\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd.</a>");
}

} // namespace
} // namespace rookery::xml
