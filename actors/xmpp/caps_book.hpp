/// Which news clients wish for, by the digest of their abilities: asked of one client, known for all of its kind.
///
/// One a node; any thread. Only what was checked against its digest is put in (XEP-0115 §5.4).
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace rookery::actors {

/// Nodes of pubsub; never null where it is known.
using wish_list = std::shared_ptr<const std::set<std::string>>;

class caps_book {
public:
  /// Kinds of clients that are remembered; then the first one is forgotten, and asked again.
  static constexpr std::size_t kinds_max = 2'000;

  wish_list find(const std::string& version) const {
    const std::lock_guard hold(lock_);
    const auto at = kinds_.find(version);
    return at == kinds_.end() ? nullptr : at->second;
  }
  wish_list put(const std::string& version, std::set<std::string> nodes) {
    const std::lock_guard hold(lock_);
    const auto [at, fresh] = kinds_.emplace(version, nullptr);
    if (!fresh) return at->second;
    at->second = std::make_shared<const std::set<std::string>>(std::move(nodes));
    auto kept = at->second;
    order_.push_back(version);
    if (order_.size() > kinds_max) {
      kinds_.erase(order_.front());
      order_.pop_front();
    }
    return kept;
  }

private:
  mutable std::mutex lock_;
  std::unordered_map<std::string, wish_list> kinds_;
  std::deque<std::string> order_;
};

} // namespace rookery::actors
