/// Where stanzas go: to the actors of accounts, to services of our domains, or back with an error.
///
/// One a node, made at start, lives until the process ends; any thread. Services are added before connections
/// are accepted.
#pragma once

#include "actors/node.hpp"
#include "actors/relay/homes.hpp"
#include "actors/xmpp/chat_book.hpp"
#include "actors/xmpp/ended_streams.hpp"
#include "actors/xmpp/messages.hpp"
#include "actors/xmpp/shared_stanza.hpp"
#include "protocols/xmpp/jid.hpp"
#include "protocols/xmpp/registration.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rookery::actors {

/// Takes what is for accounts and rooms at home in other volumes of the cluster; any thread. What it cannot bring goes back to its
/// sender with an error.
class other_homes {
public:
  virtual ~other_homes() = default;
  virtual void send(std::uint64_t volume, routed_stanza) = 0;
  virtual void send_news(std::uint64_t volume, routed_stanza) = 0;
  virtual void send_shared(std::uint64_t volume, const shared_stanza_ptr&, std::vector<xmpp::jid> to) = 0;
};

class chat_router {
public:
  explicit chat_router(node& n) : node_(n), book_(n) {}

  /// Is it a domain of ours whose users chat?
  bool serves(std::string_view domain) const;
  /// One of those, or of the services at them?
  bool is_ours(std::string_view domain) const;
  /// Sends it on its way. From ourselves: with a receipt that may be null.
  void route(routed_stanza);
  /// The same for a stanza that has its addresses. False: it has none that can be read.
  bool route(xmpp::element stanza, receipt_ptr = nullptr);
  /// One message or presence to many full addresses, but those of `except`.
  void route_shared(const shared_stanza_ptr&, const std::vector<xmpp::jid>& to, const std::vector<xmpp::jid>& except);
  /// To the actor of an account of ours, if there is one now: news, for which nobody is woken.
  void route_news(routed_stanza);
  /// Back to its sender with an error, unless it is an answer itself.
  void refuse(const routed_stanza&, xmpp::condition, std::string_view text = {});

  /// A service at `prefix`.<each of our domains>, as "conference". Takes stanzas in any thread.
  struct service {
    std::string prefix;
    std::string category, type, name;                 ///< of its identity (XEP-0030), for the domain's list
    std::function<void(routed_stanza_ptr)> take;
    std::function<bool(std::string_view domain)> shown = {}; ///< is it in that domain's list? Empty: always
    bool at_home = false;                             ///< one for all nodes: at the home of its domain. Else each answers
  };
  void add_service(service);
  /// Who takes what is for other servers; without one it is refused. Before connections are accepted.
  void set_outside(std::function<void(routed_stanza)> take) { outside_ = std::move(take); }
  const std::vector<service>& services() const noexcept { return services_; }

  // In a cluster.
  /// Before connections are accepted.
  void set_other_homes(std::shared_ptr<other_homes> o) { others_ = std::move(o); }
  /// The volume in which an account or a service is at home, if that is another one than this; else 0.
  std::uint64_t away(const xmpp::jid& to) const;
  /// From another home. It is not passed on again.
  void arrive(routed_stanza, bool news);
  void arrive_shared(const shared_stanza_ptr&, const std::vector<xmpp::jid>& to);
  /// See `home_lost`.
  void tell_home_lost(std::uint64_t volume) const;

  std::shared_ptr<const chat_rules> rules() const { return book_.now(); }
  /// Of a domain in Unicode form.
  chat_limits limits(std::string_view domain) const;
  caps_book& caps() noexcept { return caps_; }
  ended_streams& ended() noexcept { return ended_; }

  /// May this address ask for another account (setting chat.registrations_an_hour)? It is counted.
  bool may_register(std::string_view peer_address);

  /// The account of a bare address, if it may chat.
  routing::account_ptr find(const xmpp::jid&) const;
  /// Its address.
  static xmpp::jid address_of(const routing::account_record&);
  /// The name by which an account logs in.
  static std::string login_name(std::string_view user, std::string_view domain);

  /// The actor of an account, made when there is none; null when there is no such account. Who asks sends it one
  /// message that expects an answer: until then it does not end.
  caf::actor account(const xmpp::jid& bare);
  /// The same, if it is there; for the operator.
  std::vector<std::pair<xmpp::jid, caf::actor>> accounts() const;
  /// From an account's actor: nobody needs it. True: it is forgotten and may end; false: something is on its way.
  bool retire(const xmpp::jid& bare, std::uint64_t taken);

private:
  struct entry {
    caf::actor actor;
    base::account_id id;
    std::uint64_t handed = 0; ///< stanzas and handles given since it was made
  };
  caf::actor get(const xmpp::jid& bare);
  void route_here(routed_stanza);
  std::vector<const xmpp::jid*> give_shared(const shared_stanza_ptr&, const std::vector<xmpp::jid>& to, const std::vector<xmpp::jid>& except);
  std::uint64_t known_away(const xmpp::jid& to);
  const service* service_at(std::string_view domain) const;
  void answer(const routed_stanza&);

  node& node_;
  std::vector<service> services_;
  std::function<void(routed_stanza)> outside_;
  std::shared_ptr<other_homes> others_;
  caps_book caps_;
  ended_streams ended_;
  chat_book book_;
  /// Whose homes were looked up, while nothing has changed.
  struct known_homes {
    std::shared_ptr<const routing::home_view> homes;
    std::shared_ptr<const routing::directory_view> directory;
    std::unordered_map<xmpp::jid, std::uint64_t> of;
  };
  known_homes known_;
  std::mutex known_lock_;
  mutable std::mutex lock_;
  std::unordered_map<xmpp::jid, entry> accounts_;
  std::mutex registering_;
  xmpp::registration_rate registrations_;
};

} // namespace rookery::actors
