/// The meeting place of POP3: logins, the maildrop's lock, bodies, and the one commit at QUIT.
///
/// The maildrop is the account's INBOX as it was at login. One POP3 session holds it at a
/// time; IMAP sessions and deliveries go on beside it. Messages marked as deleted are
/// expunged by one command at QUIT, whatever their \Deleted flags say.
#pragma once

#include "actors/account/account_entry.hpp"
#include "actors/net/connection.hpp"
#include "actors/net/protocol.hpp"
#include "actors/node.hpp"
#include "actors/pop3/maildrop_view.hpp"
#include "actors/relay/handover.hpp"
#include "protocols/pop3/server_session.hpp"

#include <memory>
#include <string>

namespace rookery::actors {

class pop3_host final : public net::session_host<pop3::server_session> {
public:
  pop3_host(node&, std::shared_ptr<const pop3::server_settings>, const connection_facts&);
  pop3_host(node&, std::shared_ptr<const pop3::server_settings>, const session_handover&);

  caf::message_handler messages() override;
  bool busy() const override { return session_.asking(); }
  bool produce() override { return reading_ && !waiting_ && some_of_message(); }
  void gone() override { leave(); }
  base::const_bytes rest() const override { return session_.unread(); }

private:
  void on(pop3::server_session::event&) override;
  void handle(const pop3::check_password&);
  void handle(const pop3::check_proof&);
  void handle(const pop3::find_credentials&);
  void handle(const pop3::open_maildrop&);
  void handle(const pop3::retrieve&);
  void handle(const pop3::quit_with_deletions&);
  void handle(const pop3::start_tls&) { link().start_tls(); }
  void handle(const pop3::authentication_failed&);
  void handle(const pop3::gone&);

  void hand_over();
  void lock();
  void open_inbox();
  void list();
  void listed(pop3::maildrop);
  void refuse(pop3::refusal);
  /// Gives the maildrop's lock back. The next session may have it at once.
  void leave();
  /// Puts one piece of the message under way; false when it waits for a reader.
  bool some_of_message();
  void read_waiting();
  void write_piece(base::const_bytes);
  void end_message();

  node& node_;
  account_entry entry_;
  base::account_id handed_over_;          ///< whom another node has logged in; 0 when nobody, or when that is over
  maildrop_view drop_;
  message_octets message_;                ///< under way
  std::uint64_t offset_ = 0;
  std::size_t header_octets_ = 0;         ///< at its front, to be shown as RFC 6858 says; 0: as it is
  std::uint64_t token_ = 0;
  bool reading_ = false;                  ///< a message is under way
  bool waiting_ = false;                  ///< for a reader
};

/// For a session that another node has logged in (actors/relay).
std::unique_ptr<net::protocol> make_pop3_host(node&, std::shared_ptr<const pop3::server_settings>, const session_handover&);

/// For a listener.
std::unique_ptr<net::protocol> make_pop3_host(node&, std::shared_ptr<const pop3::server_settings>,
                                              const connection_facts&);

} // namespace rookery::actors
