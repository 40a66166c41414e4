/// The meeting place of a client's stream: logins, the account's actor, stanzas in and out.
///
/// What comes from the client goes to the account's actor with a receipt; what comes from there goes out encoded. The
/// stream of a client that manages it (XEP-0198) is parked with the account's actor when the connection dies.
#pragma once

#include "actors/account/account_entry.hpp"
#include "actors/net/connection.hpp"
#include "actors/net/protocol.hpp"
#include "actors/node.hpp"
#include "actors/queue/spool_commit.hpp"
#include "actors/relay/handover.hpp"
#include "actors/xmpp/messages.hpp"
#include "protocols/xmpp/login_tokens.hpp"
#include "protocols/xmpp/stream_session.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rookery::storage::mail {
class account_cell;
}
namespace rookery::config {
struct password_keys;
}

namespace rookery::actors {

class chat_router;

/// Takes over a stream whose wire stays here, though it goes on at its account's home: the protocol that carries octets there, and the wire.
using wire_taker = std::function<void(std::unique_ptr<net::protocol>, std::unique_ptr<xmpp::stream_wire>)>;

class c2s_host final : public net::session_host<xmpp::stream_session> {
public:
  c2s_host(node&, chat_router&, std::shared_ptr<const xmpp::stream_settings>, const connection_facts&, std::unique_ptr<xmpp::stream_wire> = nullptr, wire_taker = {});

  /// Goes on with a stream of another node.
  c2s_host(node&, chat_router&, std::shared_ptr<const xmpp::stream_settings>, const session_handover&, xmpp::begun_login, std::unique_ptr<xmpp::stream_wire>);

  caf::message_handler messages() override;
  bool busy() const override { return session_.asking(); }
  void gone() override;
  base::const_bytes rest() const override { return session_.unread(); }

private:
  void on(xmpp::stream_session::event&) override;
  void handle(const xmpp::stream_event::check_domain&);
  void handle(const xmpp::stream_event::start_tls&);
  void handle(const xmpp::stream_event::find_credentials&);
  void handle(const xmpp::stream_event::check_password&);
  void handle(const xmpp::stream_event::check_proof&);
  void handle(const xmpp::stream_event::authenticated&);
  void handle(const xmpp::stream_event::authentication_failed&);
  void handle(const xmpp::stream_event::make_account&);
  void handle(const xmpp::stream_event::find_tokens&);
  void handle(const xmpp::stream_event::settle_token&);
  void handle(const xmpp::stream_event::bind_resource&);
  void handle(const xmpp::stream_event::enable_management&);
  void handle(const xmpp::stream_event::resume_stream&);
  void handle(xmpp::stream_event::stanza&);
  void handle(const xmpp::stream_event::client_state&);
  void handle(const xmpp::stream_event::gone&);

  void make_account(const std::string& address, const config::password_keys&);
  void hand_over(const routing::account_record&);
  std::string login_name(std::string_view user) const;
  /// An authorization identity is a bare address (RFC 6120 §6.3.8).
  std::string authorization(std::string_view authzid) const;
  void take(const deliver_stanza&);
  void watch_mail();
  void look_at_mail();
  void flush_waiting();
  void close_account();
  void leave(bool finished);

  node& node_;
  chat_router& router_;
  account_entry entry_;
  awaited_commits commits_;               ///< of an account that a stranger makes
  base::account_id handed_over_;          ///< whom another node has logged in; 0: nobody, or that is over
  caf::actor account_;
  std::uint64_t client_ = 0;              ///< as the account's actor calls it; 0: not bound
  std::shared_ptr<handled_counter> handled_ = std::make_shared<handled_counter>();
  std::shared_ptr<delivery_progress> progress_ = std::make_shared<delivery_progress>();
  std::shared_ptr<storage::mail::account_cell> mail_; ///< null: it is not told of mail
  std::uint32_t mail_next_ = 0;           ///< the UID from which on mail is new
  xmpp::login_tokens tokens_;             ///< of the client that logs in by one
  bool by_password_ = false;              ///< or by a token that was earned with one
  bool password_changes_ = false, closed_meanwhile_ = false;
  std::string own_key_;                   ///< of the password that this client has set; empty: it has set none
  bool active_ = true, resumable_ = false, left_ = false;
  wire_taker taker_;
  std::vector<deliver_stanza> waiting_;   ///< for an inactive client; presence once for each sender
};

/// XML for `stream_settings::features`: what streams offer after the login besides what they do themselves.
std::string stream_features();

/// For a listener; with a wire for what else carries streams, and who takes it where it stays when the stream goes to another node.
std::unique_ptr<net::protocol> make_c2s_host(node&, chat_router&, std::shared_ptr<const xmpp::stream_settings>, const connection_facts&,
                                             std::unique_ptr<xmpp::stream_wire> = nullptr, wire_taker = {});
/// For a stream of another node; null: what it says cannot be read.
std::unique_ptr<net::protocol> make_c2s_host(node&, chat_router&, std::shared_ptr<const xmpp::stream_settings>, const session_handover&);

} // namespace rookery::actors
