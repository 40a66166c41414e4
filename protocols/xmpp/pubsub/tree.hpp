/// The nodes of one owner and what is published in them, as a pure machine: requests in, changes and news out.
///
/// Source: XEP-0060; XEP-0163 (the owner is an account: nodes come with their first item).
///
/// In memory are nodes and the ids of items; what is in an item is with the host, who reads it when `outcome::items`
/// asks for it. The host keeps `changes` (all or none), and only then sends the answer and the news. When they could
/// not be kept the tree is void and is made anew from the records. One thread at a time.
#pragma once

#include "protocols/xmpp/pubsub/node_config.hpp"
#include "protocols/xmpp/stanza.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::xmpp::pubsub {

inline constexpr std::string_view space = "http://jabber.org/protocol/pubsub";
inline constexpr std::string_view owner_space = "http://jabber.org/protocol/pubsub#owner";
inline constexpr std::string_view event_space = "http://jabber.org/protocol/pubsub#event";
inline constexpr std::string_view error_space = "http://jabber.org/protocol/pubsub#errors";

enum class affiliation : std::uint8_t { none, member, publisher, owner, outcast };

/// Who asks, and how the owner knows him.
struct asker {
  jid who;
  bool owner = false;                     ///< one of the owner's own clients
  bool sees_presence = false;
  std::vector<std::string> groups;        ///< of the owner's roster
};

struct item_head {
  std::string id;
  std::size_t octets = 0;
};

struct node {
  node_config config;
  std::map<jid, affiliation> affiliations; ///< by bare address; the owner is not in it
  std::vector<jid> subscribers;            ///< who subscribed by a request of his own
  std::vector<item_head> items;            ///< the newest is last
};
using node_ptr = std::shared_ptr<const node>;

/// The record of a node: `tree::encode`, or no more.
struct put_node {
  std::string name;
};
struct drop_node {
  std::string name;                       ///< and its items
};
struct put_item {
  std::string node, id, octets;           ///< the item element as text
};
struct drop_item {
  std::string node, id;
};
using change = std::variant<put_node, drop_node, put_item, drop_item>;

/// News for all who may read the node as it was then.
struct notice {
  std::string node;
  node_ptr of;
  element event;
};

struct outcome {
  std::optional<element> answer;          ///< to the request
  struct fetch {
    std::string node;
    std::vector<std::string> ids;         ///< the newest first
  };
  std::optional<fetch> items;             ///< instead of an answer: read them, then `items_answer`
  std::vector<change> changes;
  std::vector<notice> notices;
  std::optional<std::pair<std::string, jid>> subscribed; ///< to a node: it gets the last item
};

class tree {
public:
  explicit tree(jid service, tree_limits l = {}) : service_(std::move(service)), limits_(l) {}

  // From records; items in the order in which they were published. False: it cannot be read.
  bool restore_node(const std::string& name, std::string_view stored);
  void restore_item(const std::string& node, std::string id, std::size_t octets);

  /// An IQ request with the child pubsub, of either namespace. `fresh_id`: for an item without one.
  outcome handle(const element& iq, const asker&, std::string_view fresh_id);
  /// The same without a request, by the owner's own server. Nothing happens beyond the limits: false.
  bool publish(outcome&, const std::string& node, const std::string& id, element payload, const jid& publisher, const node_config& if_new);
  bool retract(outcome&, const std::string& node, const std::string& id, bool told);

  element items_answer(const element& iq, const std::string& node, const std::vector<element>& items, bool complete) const;
  bool may_read(const node&, const asker&) const;
  /// Null when there is none.
  const node* find(const std::string& name) const;
  const std::map<std::string, node>& nodes() const noexcept { return nodes_; }
  const tree_limits& limits() const noexcept { return limits_; }
  std::string encode(const std::string& name) const;

  /// disco#info of a node, and disco#items of the whole or of a node. Nothing: there is no such node for him.
  std::optional<element> info(const std::string& name, const asker&) const;
  std::optional<element> item_list(const std::string& name, const asker&) const;

private:
  struct request;
  void read(const request&, outcome&);
  void write(const request&, outcome&, std::string_view fresh_id);
  void owner_read(const request&, outcome&);
  void owner_write(const request&, outcome&);
  void publish_request(const request&, const element& publish, outcome&, std::string_view fresh_id);
  void retract_request(const request&, const element& retract, outcome&);
  void subscribe(const request&, const element& subscribe, outcome&);
  void unsubscribe(const request&, const element& unsubscribe, outcome&);
  void create(const request&, const element& create, outcome&);
  void configure(const request&, const element& configure, outcome&);
  void set_affiliations(const request&, const element& list, outcome&);
  void refuse(const request&, outcome&, condition, std::string_view specific = {}, std::string_view feature = {}) const;
  bool refused_reading(const request&, const node&, outcome&) const;
  bool may_publish(const node&, const asker&) const;
  affiliation rank(const node&, const asker&) const;
  void trim(outcome&, const std::string& name, node&);
  void remove_item(outcome&, const std::string& name, node&, std::size_t at);
  node_ptr picture(const node&) const;

  jid service_;
  tree_limits limits_;
  std::map<std::string, node> nodes_;
  std::size_t items_ = 0, octets_ = 0;
};

/// The event that tells of an item.
element item_event(std::string_view node, const element& item);
/// Features for disco#info of an account that has a tree.
std::vector<std::string> features();

} // namespace rookery::xmpp::pubsub
