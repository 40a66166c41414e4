/// Chat with other servers, as one thing: settings, whom we talk to, the actors of their domains, the open streams.
///
/// One a volume, made at start, lives until the process ends; any thread. Off unless the setting `chat.federation` says
/// otherwise.
#pragma once

#include "actors/net/protocol.hpp"
#include "actors/net/reactor.hpp"
#include "actors/node.hpp"
#include "actors/xmpp/federation/messages.hpp"
#include "policy/federation/peer_rules.hpp"
#include "protocols/tls/certificate.hpp"
#include "protocols/tls/tls_context.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rookery::actors {

class chat_router;

struct peer_options {
  std::vector<net::reactor*> reactors;
  /// Certificate and key for a domain of ours, in ASCII form; nothing: there is none. Any thread.
  std::function<std::optional<tls::pem_pair>(std::string_view domain)> own_certificate;
};

/// What clients of TLS need, for one of our domains.
struct peer_tls {
  std::shared_ptr<const tls::tls_context> after_starttls, direct; ///< null: nothing can be trusted; they fail
};

/// An open stream, for the operator.
struct peer_stream {
  std::uint64_t number = 0;
  std::string session, peer_address, tls;
  bool outgoing = false, both_ways = false;
  xmpp::federation::domain_pair between;
  std::string how;                       ///< "EXTERNAL", "dialback"; empty: nothing is proved yet
  base::wall_time since{};
  std::uint64_t in = 0, out = 0;         ///< stanzas
};
/// The same while it runs: counted by its connection.
struct running_stream {
  peer_stream facts;                     ///< but for the counts; changed under the service's lock
  std::atomic<std::uint64_t> in{0}, out{0};
  caf::actor connection;
};
using running_stream_ptr = std::shared_ptr<running_stream>;

/// Domains of others that are in use at once; stanzas to further ones are refused.
inline constexpr std::size_t remote_domains_max = 20'000;

class peer_service {
public:
  peer_service(node&, chat_router&, peer_options);

  node& of() const noexcept { return node_; }
  chat_router& router() const noexcept { return router_; }

  bool on() const;
  /// Do we talk to this domain (Unicode form)?
  bool admits(std::string_view domain) const;
  /// Why a stream between these may not be; nothing: it may. `theirs` may be empty.
  struct refusal { xmpp::stream_fault what{}; std::string text; };
  std::optional<refusal> look(const xmpp::federation::domain_pair&) const;
  std::shared_ptr<const xmpp::federation::peer_settings> settings(bool starttls_available) const;

  /// A stanza for another server.
  void route(routed_stanza);
  /// For the listener.
  std::unique_ptr<net::protocol> accept(const connection_facts&, bool starttls_available);
  /// The actor of a domain, made when there is none; null when there are too many. Who asks sends it one message.
  caf::actor remote(const std::string& domain);
  /// From that actor: nobody needs it. False: something is on its way.
  bool retire(const std::string& domain, std::uint64_t taken);
  /// Blocks: reads the trusted certificates now and then.
  peer_tls tls_of(std::string_view our_domain);
  net::reactor& next_reactor() { return *options_.reactors[turn_++ % options_.reactors.size()]; }
  std::uint64_t next_number() { return ++last_number_; }

  void put(const running_stream_ptr&);
  void change(const running_stream_ptr&, const std::function<void(peer_stream&)>&);
  void erase(std::uint64_t number);
  std::vector<peer_stream> streams() const;
  /// Closes those with this session id or this domain of others; how many they were.
  std::size_t end_streams(std::string_view which);
  /// The settings are others: streams that they do not want are closed.
  void configured();

private:
  struct entry {
    caf::actor actor;
    std::uint64_t handed = 0;
  };
  struct known_tls {
    tls::pem_pair pem;
    peer_tls made;
    std::string ca_file;
    base::instant when{};
  };

  node& node_;
  chat_router& router_;
  const peer_options options_;
  std::string secret_;
  std::atomic<std::size_t> turn_{0};
  std::atomic<std::uint64_t> last_number_{0};
  mutable std::mutex lock_;              ///< of all below
  std::unordered_map<std::string, entry> remotes_;
  std::map<std::uint64_t, running_stream_ptr> streams_;
  std::map<std::string, known_tls, std::less<>> tls_;
  mutable std::shared_ptr<const config::settings> seen_;
  mutable std::shared_ptr<const xmpp::federation::peer_settings> with_starttls_, without_starttls_;
  mutable std::shared_ptr<const federation::peer_rules> rules_;
  void look_at_settings() const;         ///< under the lock
};

/// Makes it, and has the router give it what is for others.
std::shared_ptr<peer_service> open_federation(node&, chat_router&, peer_options);

} // namespace rookery::actors
