/// Which connections of a dispatcher other nodes of the cluster have, and how many it has itself: what
/// dispatch_actor keeps beside the dispatcher where connections are lent (policy/queueing/lending.hpp). Used by one actor.
#pragma once

#include "actors/queue/destination_board.hpp"
#include "actors/queue/messages.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

namespace rookery::actors {

class connection_lender {
public:
  /// Makes what speaks with the other node; null: it cannot now.
  using make_lent = std::function<caf::actor(caf::local_actor& parent, std::uint64_t to, open_connection)>;
  connection_lender(caf::event_based_actor& self, std::shared_ptr<destination_board> board, queueing::member_number member, make_lent make)
      : self_(self), board_(std::move(board)), member_(member), make_(std::move(make)) {}
  ~connection_lender();
  connection_lender(const connection_lender&) = delete;
  connection_lender& operator=(const connection_lender&) = delete;

  /// True: another node opens it; false: it is opened here. What stays in the cluster is, and does not count.
  bool open(const queueing::slot&, const way_ptr&);
  /// The other node did not reach the destination: it is opened here.
  void returned(queueing::connection_number);
  void closed(queueing::connection_number);
  /// One that was lent and has broken by a fault.
  std::optional<queueing::connection_number> broken(const caf::actor_addr&) const;

private:
  struct one {
    std::uint64_t node = 0;                  ///< 0: it is this node's
    caf::actor actor;
  };
  void tell();

  caf::event_based_actor& self_;
  std::shared_ptr<destination_board> board_;
  queueing::member_number member_;
  make_lent make_;
  std::unordered_map<queueing::connection_number, one> all_;
  std::uint32_t lent_ = 0;
};

} // namespace rookery::actors
