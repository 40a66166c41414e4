/// From a domain to a connection to its server: the domain name system, one address after the other, TLS.
///
/// Source: RFC 6120 §3.2 (SRV, and without it the domain's own address at port 5269), XEP-0368 (direct TLS: its records
/// and the others are one set), RFC 2782.
/// Belongs to one event-based actor, which takes `attempt_task`; lives until it has failed or is let go.
#pragma once

#include "actors/xmpp/federation/peer_service.hpp"
#include "protocols/dns/records.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

/// To the actor itself.
struct attempt_task { std::shared_ptr<std::function<void()>> run; };

/// Hosts of one domain that are tried, and addresses of one host.
inline constexpr std::size_t targets_max = 10;
inline constexpr std::size_t target_addresses_max = 4;

class stream_attempt : public std::enable_shared_from_this<stream_attempt> {
public:
  using failed_function = std::function<void(const std::string& why, xmpp::condition says)>;
  /// `failed` is called once, in the actor, when nothing is left to try.
  stream_attempt(caf::event_based_actor& self, peer_service& service, std::uint64_t number, xmpp::federation::peer_errand errand, failed_function failed)
      : self_(self), service_(service), number_(number), errand_(std::move(errand)), failed_(std::move(failed)) {}

  void begin();
  /// What was connected to did not come about: the next one.
  void go_on(const std::string& why, xmpp::condition says);
  /// Nothing is called any more.
  void let_go() { over_ = true; }

  const xmpp::federation::peer_errand& errand() const noexcept { return errand_; }

private:
  struct target {
    std::string host;
    std::uint16_t port = 0;
    bool direct = false;               ///< TLS from the first octet
  };
  void find_targets();
  void targets_found(const dns::answer& direct, const dns::answer& usual);
  void next_target();
  void next_address();
  void fail();
  void ask(std::string name, dns::record_type, std::function<void(const dns::answer&)>);
  void post(std::function<void()>);

  caf::event_based_actor& self_;
  peer_service& service_;
  const std::uint64_t number_;
  const xmpp::federation::peer_errand errand_;
  failed_function failed_;
  peer_tls tls_;
  std::string ascii_;
  std::deque<target> targets_;
  target now_;
  std::deque<std::string> addresses_;
  std::string why_ = "no server was found";
  xmpp::condition says_ = xmpp::condition::remote_server_not_found;
  bool over_ = false;
};

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::attempt_task)
