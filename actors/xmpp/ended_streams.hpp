/// Streams that could be resumed and are over: how much of what they sent was dealt with, for a client that comes too late.
///
/// Source: XEP-0198 §5 (`h` in item-not-found). In memory, the last `streams_max`. Thread-safe.
#pragma once

#include "actors/xmpp/receipt.hpp"
#include "protocols/xmpp/jid.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace rookery::actors {

class ended_streams {
public:
  static constexpr std::size_t streams_max = 10'000;

  /// `counted_from`: what the counter said when the client began to count.
  void put(const std::string& id, xmpp::jid account, std::shared_ptr<const handled_counter> counter, std::uint32_t counted_from) {
    const std::lock_guard hold(lock_);
    if (!streams_.insert_or_assign(id, stream{std::move(account), std::move(counter), counted_from}).second) return;
    order_.push_back(id);
    if (order_.size() <= streams_max) return;
    streams_.erase(order_.front());
    order_.pop_front();
  }
  /// Stanzas of it that were dealt with, as its client counts. Nothing: it is not known, or not this account's.
  std::optional<std::uint32_t> handled(const std::string& id, const xmpp::jid& account) const {
    const std::lock_guard hold(lock_);
    const auto at = streams_.find(id);
    if (at == streams_.end() || !at->second.account.same_bare(account)) return {};
    return at->second.counter->handled() - at->second.counted_from;
  }

private:
  struct stream {
    xmpp::jid account;
    std::shared_ptr<const handled_counter> counter;
    std::uint32_t counted_from = 0;
  };
  mutable std::mutex lock_;
  std::unordered_map<std::string, stream> streams_;
  std::deque<std::string> order_;
};

} // namespace rookery::actors
