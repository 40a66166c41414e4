/// Whether the next connection to a destination is opened here, or by a node of the cluster that has less to do.
///
/// Each node tells what it has to do with its notes (share_note.hpp). A connection is lent to the node that has least to do when
/// that is less than half of what this one has; it stays a connection of the lender's queue and part of its claim (share_book.hpp), so
/// limits of destinations are not touched. What a node borrows counts as what it has to do, and is never lent again.
///
/// Several dispatchers of one process (*members*) have one of these. Pure, not thread-safe. Source: none, a rule of this
/// project's cluster.
#pragma once

#include "policy/queueing/share_book.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace rookery::queueing {

struct lending_rule {
  std::uint32_t above = 4;                    ///< connections that a node carries itself before it lends one
  std::uint32_t times = 2;                    ///< the other one carries so many times less
  std::uint32_t lent_max = 64, borrowed_max = 64; ///< connections at once
  std::chrono::milliseconds fresh{3000};      ///< so old may be what a node told last
  std::chrono::milliseconds pause{15'000};    ///< no connection is lent to a node that could not open one, for so long
};

class lending {
public:
  using moment = std::chrono::milliseconds;   ///< of a clock that is never set
  explicit lending(lending_rule rule = {}) : rule_(rule) {}

  /// What a dispatcher carries itself.
  void carries(member_number m, const node_load& load) { own_[m] = load; }
  void leave(member_number m) { own_.erase(m); }
  /// Nothing: it takes no part.
  void heard(node_number, const std::optional<node_load>&, moment now);
  /// Forgets what nodes have told; connections that are lent or borrowed go on.
  void forget_nodes() { peers_.clear(); }
  /// To be told to the others.
  node_load load() const;

  /// The node that is to open the next connection, which is lent from now on; nothing: this one.
  std::optional<node_number> lend(moment now);
  /// It is over. `came_about`: the node reached the destination.
  void returned(node_number, bool came_about, moment now);
  /// A connection of another node; false: enough are borrowed. Then `give_back`.
  bool borrow();
  void give_back();

  std::uint32_t lent() const;
  std::uint32_t borrowed() const noexcept { return borrowed_; }

private:
  struct peer {
    node_load told;
    moment heard_at{0}, paused_until{0};
    bool takes_part = false;
    std::uint32_t since = 0;                  ///< lent since it told that
  };
  lending_rule rule_;
  std::map<member_number, node_load> own_;
  std::map<node_number, peer> peers_;
  std::map<node_number, std::uint32_t> lent_;
  std::uint32_t borrowed_ = 0;
};

} // namespace rookery::queueing
