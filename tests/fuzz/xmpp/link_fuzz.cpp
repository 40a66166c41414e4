/// What nodes tell each other of chat: whatever is read is written again as the same octets' meaning, and a stream goes on from any begun login.
#include "actors/xmpp/links/link_item.hpp"
#include "protocols/xmpp/stream_session.hpp"

#include <cstdlib>
#include <string_view>

using namespace rookery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto item = actors::read_link_item(text)) {
    const auto written = actors::encode(*item);
    const auto again = actors::read_link_item(written);
    if (!again || actors::encode(*again) != written) std::abort();
  }
  (void)actors::read_link_ack(text);
  if (auto begun = xmpp::read_begun_login(text)) {
    const auto again = xmpp::read_begun_login(xmpp::encode(*begun));
    if (!again || xmpp::encode(*again) != xmpp::encode(*begun)) std::abort();
    connection_facts facts;
    facts.tls = true;
    xmpp::stream_session s(std::make_shared<const xmpp::stream_settings>(), facts, {}, std::move(*begun), "ann@d.test");
    for (int i = 0; i < 10; ++i) {
      auto e = s.next_event();
      if (!e) break;
      if (std::holds_alternative<xmpp::stream_event::authenticated>(*e)) s.accept_login(*xmpp::read_jid("ann@d.test"));
      else if (std::holds_alternative<xmpp::stream_event::find_tokens>(*e)) s.tokens_found({});
      else if (std::holds_alternative<xmpp::stream_event::authentication_failed>(*e)) s.say_failure();
      else if (std::holds_alternative<xmpp::stream_event::resume_stream>(*e)) s.refuse_resumption();
      else if (std::holds_alternative<xmpp::stream_event::bind_resource>(*e)) s.bound(*xmpp::read_jid("ann@d.test/r"));
      else if (std::holds_alternative<xmpp::stream_event::settle_token>(*e)) s.token_settled();
      else if (std::holds_alternative<xmpp::stream_event::enable_management>(*e)) s.management_enabled("id", std::chrono::seconds(1));
    }
    s.feed("<message/></stream:stream>", {});
    while (s.next_event()) {}
  }
  return 0;
}
