/// Envelopes that were just read and will be wanted at once, so that they are not read again. Not thread-safe.
#pragma once

#include "actors/queue/messages.hpp"

#include <deque>
#include <unordered_map>
#include <utility>

namespace rookery::actors {

class recent_envelopes {
public:
  /// Envelopes kept at most: those that wait long give way to those that came last.
  static constexpr std::size_t count_max = 4096;

  void keep(storage::queue::envelope&& e) {
    const auto id = e.id;
    kept_.insert_or_assign(id, std::make_shared<const storage::queue::envelope>(std::move(e)));
    order_.push_back(id);
    if (order_.size() <= count_max) return;
    kept_.erase(order_.front());
    order_.pop_front();
  }
  /// It is not kept any more; null: it was not.
  envelope_ptr take(base::message_id id) {
    const auto at = kept_.find(id);
    if (at == kept_.end()) return nullptr;
    auto out = std::move(at->second);
    kept_.erase(at);
    return out;
  }
  void forget(base::message_id id) { kept_.erase(id); }

private:
  std::unordered_map<base::message_id, envelope_ptr> kept_;
  std::deque<base::message_id> order_;  ///< also of some that are used up
};

} // namespace rookery::actors
