#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/push.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp {
namespace {

element read(std::string_view text) { return std::get<element>(xml::parse(text)); }

TEST(Push, AClientEnablesIt) {
  const auto good = read_push_enable(read("<enable xmlns='urn:xmpp:push:0' jid='Push.Example' node='n'><x xmlns='jabber:x:data' type='submit'>"
                                          "<field var='secret'><value>s</value></field></x></enable>"));
  const auto& p = std::get<push_registration>(good);
  EXPECT_EQ(p.service.text(), "push.example");
  EXPECT_EQ(p.node, "n");
  EXPECT_EQ(p.options.name, "x");
  EXPECT_TRUE(std::get<push_registration>(read_push_enable(read("<enable xmlns='urn:xmpp:push:0' jid='push.example'/>"))).options.name.empty());
  const struct { const char* text; condition why; } rows[] = {
      {"<enable xmlns='urn:xmpp:push:0' node='n'/>", condition::bad_request},
      {"<enable xmlns='urn:xmpp:push:0' jid='@' node='n'/>", condition::jid_malformed},
      {"<enable xmlns='urn:xmpp:push:0' jid='p.example' node='n'><x xmlns='jabber:x:data' type='form'/></enable>", condition::bad_request},
  };
  for (const auto& row : rows) EXPECT_EQ(std::get<condition>(read_push_enable(read(row.text))), row.why) << row.text;
  auto large = read("<enable xmlns='urn:xmpp:push:0' jid='push.example' node='n'/>");
  large.set("node", std::string(push_registration_octets_max, 'n'));
  EXPECT_EQ(std::get<condition>(read_push_enable(large)), condition::not_acceptable);
}

TEST(Push, ANoticeSaysWhatItMay) {
  push_registration p;
  p.service = {{}, "push.example", {}};
  p.node = "n";
  EXPECT_EQ(xml::to_text(push_notice(p, {2, "", ""}, "i1"), space::client),
            "<iq type='set' id='i1'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item><notification xmlns='urn:xmpp:push:0'>"
            "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:push:summary</value></field>"
            "<field var='message-count'><value>2</value></field></x></notification></item></publish></pubsub></iq>");
  p.options = read("<x xmlns='jabber:x:data' type='submit'/>");
  // A text is cut at a character.
  const auto text = xml::to_text(push_notice(p, {1, "ann@there.example", std::string(199, 'a') + "\xc3\xbc"}, "i2"), space::client);
  EXPECT_NE(text.find("<field var='last-message-sender'><value>ann@there.example</value></field>"), std::string::npos) << text;
  EXPECT_NE(text.find("<field var='last-message-body'><value>" + std::string(199, 'a') + "</value></field>"), std::string::npos) << text;
  EXPECT_NE(text.find("</publish><publish-options><x xmlns='jabber:x:data' type='submit'/></publish-options>"), std::string::npos) << text;
}

TEST(Push, AServiceEndsIt) {
  const auto iq = make_iq("set", "i");
  EXPECT_TRUE(ends_push(error_reply(iq, condition::item_not_found)));
  EXPECT_TRUE(ends_push(error_reply(iq, condition::forbidden)));
  EXPECT_TRUE(ends_push(error_reply(iq, condition::service_unavailable)));
  EXPECT_FALSE(ends_push(error_reply(iq, condition::remote_server_timeout)));
  EXPECT_FALSE(ends_push(error_reply(iq, condition::remote_server_not_found)));
  EXPECT_FALSE(ends_push(error_reply(iq, condition::resource_constraint)));
  EXPECT_FALSE(ends_push(iq_result(iq)));
}

} // namespace
} // namespace rookery::xmpp
