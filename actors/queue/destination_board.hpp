/// Where the dispatchers of a process and the links to other nodes meet, so that limits of destinations hold for a whole
/// cluster, and connections are spread over its nodes: the lock and the clock around policy/queueing/share_book and lending.
///
/// One a process, made at start. Thread-safe; no call waits for anything but the lock. Outside a cluster it is asleep, and
/// dispatchers have their destinations for themselves.
#pragma once

#include "policy/queueing/lending.hpp"
#include "policy/queueing/share_book.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

/// To a dispatcher: it may have other connections now.
struct shares_changed {
  std::shared_ptr<const std::vector<queueing::destination_share>> all;
};
/// To a dispatcher: a cluster begins or has ended (`active`).
struct sharing_changed {};

class destination_board {
public:
  // The cluster. `nodes`: of all its members, with this one.
  void begin(std::uint64_t self, const std::vector<std::uint64_t>& nodes);
  void nodes(const std::vector<std::uint64_t>& nodes);
  void end();

  // Its links, in one thread, several times a second.
  /// `lends`: this node opens connections for others, and lets others open some of its own.
  void tick(bool lends = false);
  std::optional<std::string> note_for(std::uint64_t node);
  void heard(std::uint64_t node, std::string_view octets);

  // Dispatchers.
  bool active() const;
  queueing::member_number enter(caf::actor);
  /// All its connections have ended.
  void leave(queueing::member_number);
  /// What it is to have of these and others; older messages with shares may come behind it. Nothing when asleep.
  std::vector<queueing::destination_share> update(queueing::member_number, const std::vector<queueing::destination_need>&);

  // Connections that another node opens (lending.hpp).
  void carries(queueing::member_number, const queueing::node_load&);
  std::optional<std::uint64_t> lend();
  void returned(std::uint64_t node, bool came_about);
  bool borrow();
  void give_back();

  queueing::share_book::counts count() const;
  struct lending_counts { std::uint32_t lent = 0, borrowed = 0; };
  lending_counts count_lent() const;

private:
  using outbox = std::vector<std::pair<caf::actor, std::vector<queueing::destination_share>>>;
  static std::chrono::milliseconds now();
  outbox collect();
  static void send(outbox);
  static void wake(const std::vector<caf::actor>&);
  std::vector<caf::actor> dispatchers() const;

  mutable std::mutex lock_;
  std::optional<queueing::share_book> book_;
  queueing::lending lending_;
  bool lends_ = false;
  std::map<queueing::member_number, caf::actor> members_;
  queueing::member_number last_ = 0;
};

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::shares_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::sharing_changed)
