/// The meeting place of a stream to or from another server: proofs, stanzas in and out.
#pragma once

#include "actors/net/connection.hpp"
#include "actors/net/protocol.hpp"
#include "actors/xmpp/federation/messages.hpp"
#include "actors/xmpp/federation/peer_service.hpp"
#include "base/fifo.hpp"
#include "protocols/xmpp/federation/peer_session.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>

namespace rookery::actors {

class peer_host final : public net::session_host<xmpp::federation::peer_session> {
public:
  /// `errand`, and the `number` that the actor of the domain gave it: of who connects.
  peer_host(peer_service&, std::shared_ptr<const xmpp::federation::peer_settings>, const connection_facts&, std::uint64_t number,
            std::optional<xmpp::federation::peer_errand> errand);

  void begin(net::connection&) override;
  caf::message_handler messages() override;
  bool busy() const override { return session_.asking(); }
  void ending(std::string_view why) override { why_ = why; }
  void gone() override;

private:
  void on(xmpp::federation::peer_session::event&) override;
  void handle(const xmpp::federation::peer_event::check_domain&);
  void handle(const xmpp::federation::peer_event::start_tls&);
  void handle(const xmpp::federation::peer_event::check_key&);
  void handle(const xmpp::federation::peer_event::proved&);
  void handle(const xmpp::federation::peer_event::ready&);
  void handle(const xmpp::federation::peer_event::key_judged&);
  void handle(xmpp::federation::peer_event::stanza&);
  void handle(const xmpp::federation::peer_event::acknowledged&);
  void handle(const xmpp::federation::peer_event::gone&);
  caf::actor self() { return caf::actor_cast<caf::actor>(&link()); }
  void offer(const xmpp::federation::domain_pair&);
  void note(std::string_view how);
  void leave(std::string_view why, xmpp::condition says);

  peer_service& service_;
  const std::uint64_t number_;
  const std::string errand_domain_;        ///< empty: it was accepted
  running_stream_ptr record_ = std::make_shared<running_stream>();
  std::shared_ptr<handled_counter> handled_ = std::make_shared<handled_counter>();
  base::fifo<std::shared_ptr<carrying_progress>> unacknowledged_; ///< of each stanza in its order
  std::set<std::string> told_;             ///< domains whose actors know of this stream
  std::string why_;
  bool left_ = false;
};

} // namespace rookery::actors
