#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/date_time.hpp"
#include "protocols/xmpp/stanza.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp {
namespace {

element read(std::string_view text) {
  auto parsed = xml::parse(text);
  return std::get<element>(std::move(parsed));
}
std::string print(const element& e) { return xml::to_text(e, space::client); }

TEST(Stanza, IsAnsweredWithAnError) {
  const auto iq = read("<iq xmlns='jabber:client' type='get' id='1' from='a@x/r' to='b@x'><q xmlns='u'/></iq>");
  EXPECT_EQ(print(error_reply(iq, condition::service_unavailable)),
            "<iq type='error' id='1' from='b@x' to='a@x/r'><error type='cancel'><service-unavailable "
            "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
  EXPECT_EQ(print(error_reply(iq, condition::not_acceptable, "why", "cancel")),
            "<iq type='error' id='1' from='b@x' to='a@x/r'><error type='cancel'><not-acceptable "
            "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' "
            "xml:lang='en'>why</text></error></iq>");
  EXPECT_EQ(print(iq_result(iq)), "<iq type='result' id='1' from='b@x' to='a@x/r'/>");
}

TEST(Stanza, HasAShape) {
  const struct { const char* text; bool good; } rows[] = {
      {"<iq type='get' id='1'><a/></iq>", true},       {"<iq type='get' id='1'> <a/> </iq>", true}, {"<iq type='get' id='1'/>", false},
      {"<iq type='set' id='1'><a/><b/></iq>", false},  {"<iq type='get'><a/></iq>", false},          {"<iq id='1'><a/></iq>", false},
      {"<iq type='what' id='1'><a/></iq>", false},     {"<iq type='result' id='1'/>", true},         {"<iq type='result' id='1'><a/><b/></iq>", false},
      {"<iq type='error' id='1'><a/><b/></iq>", true}, {"<message type='what'/>", true},             {"<presence type='probe'/>", true},
      {"<presence type='what'/>", false},              {"<presence/>", true}};
  for (const auto& row : rows) EXPECT_EQ(well_shaped(read(row.text)), row.good) << row.text;
}

TEST(Stanza, IsOfTheClientsNamespace) {
  EXPECT_EQ(kind_of(read("<iq xmlns='jabber:client'/>")), stanza_kind::iq);
  EXPECT_EQ(kind_of(read("<iq xmlns='jabber:server'/>")), std::nullopt);
  EXPECT_EQ(kind_of(read("<what xmlns='jabber:client'/>")), std::nullopt);
}

TEST(DateTime, IsReadAndWritten) {
  const struct { const char* text; std::int64_t ms; const char* written; } rows[] = {
      {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"},
      {"2026-11-21T22:35:00.123Z", 1795300500123, "2026-11-21T22:35:00.123Z"},
      {"2026-11-21T22:35:00.1239Z", 1795300500123, "2026-11-21T22:35:00.123Z"},
      {"2026-11-21T23:35:00.5+01:00", 1795300500500, "2026-11-21T22:35:00.500Z"},
      {"2026-11-21T17:05:00-05:30", 1795300500000, "2026-11-21T22:35:00Z"},
      {"2000-02-29T00:00:00Z", 951782400000, "2000-02-29T00:00:00Z"}};
  for (const auto& row : rows) {
    const auto t = read_date_time(row.text);
    ASSERT_TRUE(t) << row.text;
    EXPECT_EQ(base::to_milliseconds(*t), row.ms) << row.text;
    EXPECT_EQ(date_time(*t), row.written);
  }
  for (const auto* text : {"", "2026-11-21", "2026-11-21T22:35:00", "2026-13-21T22:35:00Z", "2026-02-29T22:35:00Z", "2026-11-21T24:35:00Z",
                           "2026-11-21T22:60:00Z", "2026-11-21T22:35:00.Z", "2026-11-21T22:35:00Zx", "2026-11-21 22:35:00Z", "2026-11-21T22:35:00+1:00",
                           "20261121T22:35:00"})
    EXPECT_FALSE(read_date_time(text)) << text;
}

} // namespace
} // namespace rookery::xmpp
