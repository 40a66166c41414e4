/// The meeting place of one outgoing connection: takes work from dispatch, streams messages
/// from the store into smtp::client_session, and passes what came of it to record.
///
/// Lives in the connection's actor, in its reactor.
#pragma once

#include "actors/net/connection.hpp"
#include "actors/net/protocol.hpp"
#include "actors/node.hpp"
#include "actors/queue/messages.hpp"
#include "actors/queue/seven_bit_stream.hpp"
#include "protocols/smtp/client_session.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

/// What the connection is for.
struct delivery_parts {
  node* of = nullptr;
  caf::actor dispatch, record, destination;
  queueing::connection_number connection = 0;
  /// The peer has connected to us (ATRN): there is no destination's actor, and when nothing waits any more the
  /// next of these connections of dispatch, which are all this one, is served.
  bool admitted = false;
  std::vector<queueing::connection_number> further;
  bool lent = false;                         ///< by another node, which is asked before the end of each message (end_message)
  std::shared_ptr<const smtp::client_settings> session;
  std::string host;                          ///< the name that was dialed
  std::string dns;                           ///< were the answers that led here validated, for the logs; "": nobody asked
  std::string return_path;                   ///< replaces the sender of what has one; "": does not
  /// After TLS, or before mail goes without: what keeps mail from this peer, if anything.
  std::function<std::optional<way_failure>(const connection_facts&, const smtp::capabilities&)> judge;
  std::function<way_failure(bool offered, std::string_view why)> tls_broken; ///< STARTTLS was not offered, refused, or came to nothing
};

class delivery_host final : public net::session_host<smtp::client_session> {
public:
  delivery_host(std::shared_ptr<const delivery_parts>, const connection_facts&, base::instant now);

  bool produce() override;
  void ending(std::string_view why) override;
  void gone() override;

private:
  void on(smtp::client_session::event&) override;
  void handle(const smtp::client_session::start_tls&) { link().start_tls(); }
  void handle(const smtp::client_session::check_peer&);
  void handle(const smtp::client_session::derive_key&);
  void handle(const smtp::client_session::ready&);
  void handle(const smtp::client_session::want_body&);
  void handle(const smtp::client_session::transaction_ended&);
  void handle(const smtp::client_session::session_failed&);
  void handle(const smtp::client_session::gone&);

  void ask_for_work();
  void no_more_work();
  void tell_over(queueing::connection_number);
  void take(const given_work&);
  void begin(smtp::body_type body);
  void convert();
  void produce_converted();
  void end_body();
  void have_piece(std::uint64_t transaction, const base::result<std::string>&);
  void pass_on(const smtp::client_session::transaction_ended&);
  void pass_on(attempt_result_ptr);
  void answer_all(const delivery::verdict&);
  void unfit(way_failure);

  std::shared_ptr<const delivery_parts> parts_;
  given_work work_;                          ///< `message` is null between transactions
  std::shared_ptr<seven_bit_stream> converted_; ///< the message in 7 bits; a worker's while `reading_`
  bool ready_ = false, asking_ = false, streaming_ = false, reading_ = false;
  std::uint64_t streamed_ = 0;
  std::uint64_t passed_ = 0;
  std::optional<way_failure> failed_;
  queueing::connection_number connection_;   ///< dispatch's number of what is served now
  std::size_t further_ = 0;                  ///< of `parts_->further`: those served
};

} // namespace rookery::actors
