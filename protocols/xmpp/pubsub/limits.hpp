/// Every bound of a tree of nodes, with its unit, its default and the reason for it.
#pragma once

#include <cstddef>

namespace rookery::xmpp::pubsub {

struct tree_limits {
  std::size_t nodes = 500;                 ///< clients make one for each kind of news, and some for each of their devices
  std::size_t items_a_node = 1'000;        ///< "max" in a node's configuration; the oldest goes when one more comes
  std::size_t items = 5'000;               ///< of all nodes: their ids are in memory while the account is in use
  std::size_t octets = 8u << 20;           ///< of all items
  std::size_t item_octets = 200 * 1024;    ///< a picture in base64
  std::size_t name_octets = 512;           ///< of a node's name or an item's id
  std::size_t text_octets = 1024;          ///< of a title, a description or a type
  std::size_t affiliations = 500;          ///< of one node
  std::size_t subscribers = 500;           ///< of one node
  std::size_t groups = 50;                 ///< of one node: groups of the roster that may read
  std::size_t answer_octets = 512 * 1024;  ///< items of one answer; the newest ones that fit
};

} // namespace rookery::xmpp::pubsub
