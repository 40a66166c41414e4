/// A node's view of homes, and what passes its sessions on. Set when the node starts and when its cluster changes.
#pragma once

#include "policy/routing/home_view.hpp"

#include <cstdint>
#include <memory>

namespace rookery::actors {

struct node;
class session_relays;

/// Never null; of a node without a cluster it says that everything is here. Thread-safe, and cheap for such a node.
std::shared_ptr<const routing::home_view> homes_of(const node&);
void set_homes(const node&, std::shared_ptr<const routing::home_view>);
/// Which volume this node object is of; 0 without a cluster.
std::uint64_t volume_of_node(const node&);
/// The account is at home in this node object's volume, which is led here.
bool at_home(const node&, const routing::account_record&);
/// The same for many accounts: with the pictures of now.
class home_check {
public:
  explicit home_check(const node& n) : homes_(homes_of(n)), volume_(homes_->alone() ? 0 : volume_of_node(n)) {}
  bool operator()(const routing::account_record& a) const noexcept { return homes_->alone() || (homes_->volume_of(a) == volume_ && homes_->here(a)); }

private:
  std::shared_ptr<const routing::home_view> homes_;
  std::uint64_t volume_;
};
/// Null: sessions are not passed on.
std::shared_ptr<session_relays> relays_of(const node&);
void set_relays(const node&, std::shared_ptr<session_relays>);

} // namespace rookery::actors
