#include "actors/queue/connection_lender.hpp"

namespace rookery::actors {
namespace {

/// A failing destination shows its own node whether it is back; one on request waits for its server to ask this node.
bool may_be_lent(const queueing::slot& s, const delivery::way& w) { return !s.probe && !w.on_request; }

bool leaves_the_cluster(const delivery::way& w) { return w.what == delivery::way::kind::mx || w.what == delivery::way::kind::host; }

} // namespace

connection_lender::~connection_lender() {
  for (const auto& [number, c] : all_)
    if (c.node != 0) board_->returned(c.node, true);
}

void connection_lender::tell() { board_->carries(member_, {static_cast<std::uint32_t>(all_.size()) - lent_}); }

bool connection_lender::open(const queueing::slot& s, const way_ptr& way) {
  if (!leaves_the_cluster(*way)) return false;
  auto& c = all_[s.connection];
  if (make_ && may_be_lent(s, *way))
    if (const auto node = board_->lend()) {
      if (auto actor = make_(self_, *node, {s, way})) {
        c = {*node, std::move(actor)};
        self_.monitor(c.actor);
        ++lent_;
      } else {
        board_->returned(*node, true);
      }
    }
  tell();
  return c.node != 0;
}

void connection_lender::returned(queueing::connection_number number) {
  const auto at = all_.find(number);
  if (at == all_.end() || at->second.node == 0) return;
  board_->returned(at->second.node, false);
  --lent_;
  at->second = {};
  tell();
}

void connection_lender::closed(queueing::connection_number number) {
  const auto at = all_.find(number);
  if (at == all_.end()) return;
  if (at->second.node != 0) {
    board_->returned(at->second.node, true);
    --lent_;
  }
  all_.erase(at);
  tell();
}

std::optional<queueing::connection_number> connection_lender::broken(const caf::actor_addr& of) const {
  for (const auto& [number, c] : all_)
    if (c.actor && c.actor == of) return number;
  return {};
}

} // namespace rookery::actors
