#include "protocols/xml/reader.hpp"
#include "protocols/xmpp/muc/room_config.hpp"
#include "protocols/xmpp/namespaces.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp {
namespace {

std::optional<data_form> form(const std::string& inner, const std::string& type = "submit") {
  const auto read = xml::parse("<x xmlns='jabber:x:data' type='" + type + "'>" + inner + "</x>");
  return read_form(std::get<xml::element>(read));
}

TEST(DataForm, IsReadAsItWasWritten) {
  const auto f = muc::config_form({}, 100);
  const auto again = read_form(to_element(f));
  ASSERT_TRUE(again);
  EXPECT_EQ(to_element(*again), to_element(f));
  EXPECT_EQ(again->form_type(), "http://jabber.org/protocol/muc#roomconfig");
  EXPECT_EQ(again->find("muc#roomconfig_whois")->options.size(), 2u);
}

TEST(DataForm, WhatIsNone) {
  EXPECT_FALSE(form("", "other"));
  std::string many;
  for (std::size_t i = 0; i <= form_fields_max; ++i) many += "<field var='f'/>";
  EXPECT_FALSE(form(many));
  EXPECT_TRUE(form(many.substr(16)));
  EXPECT_FALSE(read_form(xml::element("x", "other")));
}

TEST(RoomConfig, GoesThroughItsForm) {
  muc::room_config c;
  c.name = "Den";
  c.description = "two\nlines";
  c.password = "secret";
  c.persistent = c.members_only = c.moderated = c.non_anonymous = c.members_see_list = true;
  c.listed = c.tell_visitors = false;
  c.pm = muc::private_messages::moderators;
  c.users_max = 37;
  c.history = 5;
  auto f = muc::config_form(c, 1000);
  f.type = "submit";
  const auto read = muc::read_config(*read_form(to_element(f)), {});
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, c);
}

TEST(RoomConfig, RowByRow) {
  struct row { const char* why; const char* var; const char* value; bool good; };
  const row rows[] = {
      {"a flag", "muc#roomconfig_membersonly", "true", true},
      {"no flag", "muc#roomconfig_membersonly", "yes", false},
      {"whois", "muc#roomconfig_whois", "anyone", true},
      {"no whois", "muc#roomconfig_whois", "nobody", false},
      {"pm", "muc#roomconfig_allowpm", "none", true},
      {"no pm", "muc#roomconfig_allowpm", "all", false},
      {"users", "muc#roomconfig_maxusers", "none", true},
      {"no number", "muc#roomconfig_maxusers", "-1", false},
      {"history", "muc#roomconfig_historylength", "0", true},
      {"no history", "muc#roomconfig_historylength", "x", false},
      {"a password without one", "muc#roomconfig_passwordprotectedroom", "1", false},
      {"none", "muc#roomconfig_passwordprotectedroom", "0", true},
      {"unknown fields stay unread", "muc#roomconfig_other", "x", true}};
  for (const auto& r : rows) {
    const auto f = form(std::string("<field var='") + r.var + "'><value>" + r.value + "</value></field>");
    EXPECT_EQ(muc::read_config(*f, {}).has_value(), r.good) << r.why;
  }
  muc::room_config long_name;
  long_name.name = std::string(muc::config_text_octets_max + 1, 'x');
  EXPECT_FALSE(muc::read_config(muc::config_form(long_name, 10), {}));
}

} // namespace
} // namespace rookery::xmpp
