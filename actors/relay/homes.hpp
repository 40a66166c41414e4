/// A node's view of homes, and what passes its sessions on. Set when the node starts and when its cluster changes.
#pragma once

#include "policy/routing/home_view.hpp"

#include <memory>

namespace rookery::actors {

struct node;
class session_relays;

/// Never null; of a node without a cluster it says that everything is here. Thread-safe, and cheap for such a node.
std::shared_ptr<const routing::home_view> homes_of(const node&);
void set_homes(const node&, std::shared_ptr<const routing::home_view>);
/// Null: sessions are not passed on.
std::shared_ptr<session_relays> relays_of(const node&);
void set_relays(const node&, std::shared_ptr<session_relays>);

} // namespace rookery::actors
