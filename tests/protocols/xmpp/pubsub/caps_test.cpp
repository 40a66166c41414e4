#include "protocols/xmpp/caps.hpp"

#include "protocols/xml/reader.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp {
namespace {

xml::element read(std::string_view text) {
  auto parsed = xml::parse(text);
  return std::get<xml::element>(std::move(parsed));
}

TEST(Caps, AreThoseOfTheStandard) {
  // XEP-0115 §5.2 and §5.3.
  EXPECT_EQ(caps_digest(read("<query xmlns='http://jabber.org/protocol/disco#info'><identity category='client' name='Exodus 0.9.1' type='pc'/>"
                             "<feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>"
                             "<feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/></query>")),
            "QgayPKawpkPSDYmwT/WM94uAlu0=");
  EXPECT_EQ(caps_digest(read(
                "<query xmlns='http://jabber.org/protocol/disco#info'><identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>"
                "<identity xml:lang='el' category='client' name='&#x3a8; 0.11' type='pc'/><feature var='http://jabber.org/protocol/caps'/>"
                "<feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/>"
                "<feature var='http://jabber.org/protocol/muc'/><x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>"
                "<value>urn:xmpp:dataforms:softwareinfo</value></field><field var='ip_version'><value>ipv4</value><value>ipv6</value></field>"
                "<field var='os'><value>Mac</value></field><field var='os_version'><value>10.5.1</value></field>"
                "<field var='software'><value>Psi</value></field><field var='software_version'><value>0.11</value></field></x></query>")),
            "q07IKJEyjvHSyhy//CH0CxmKi8w=");
  // §5.4: a doublet is ill-formed.
  EXPECT_EQ(caps_digest(read("<query xmlns='http://jabber.org/protocol/disco#info'><feature var='a'/><feature var='a'/></query>")), std::nullopt);
}

TEST(Caps, NameWhatIsWishedFor) {
  std::string many;
  for (int i = 0; i < 200; ++i) many += "<feature var='n" + std::to_string(i) + "+notify'/>";
  EXPECT_EQ(wished_nodes(read("<query xmlns='http://jabber.org/protocol/disco#info'><feature var='a+notify'/><feature var='+notify'/><feature var='b'/></query>")),
            (std::set<std::string>{"a"}));
  EXPECT_EQ(wished_nodes(read("<query xmlns='http://jabber.org/protocol/disco#info'>" + many + "</query>")).size(), wished_nodes_max);
  EXPECT_TRUE(caps_of(read("<presence xmlns='jabber:client'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence>")));
  EXPECT_FALSE(caps_of(read("<presence xmlns='jabber:client'><c xmlns='http://jabber.org/protocol/caps' node='n' ver='v'/></presence>")));
}

} // namespace
} // namespace rookery::xmpp
