/// Connections to destinations that asked for work when there was none: each is answered when mail comes, or told to
/// end after a while. Used by one actor.
#pragma once

#include "actors/queue/messages.hpp"
#include "base/clock.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

namespace rookery::actors {

class idle_connections {
public:
  /// A connection without work is kept so long for the next message.
  static constexpr std::chrono::seconds idle_time{5};

  using promise = caf::typed_response_promise<given_work>;

  bool empty() const { return waiting_.empty(); }
  bool contains(const std::string& destination) const { return waiting_.contains(destination); }
  void wait(const std::string& destination, const take_work& what, promise answer, base::instant now) {
    waiting_[destination].push_back({what, std::move(answer), now + idle_time});
  }

  /// As many as there is work for. `next`: what a connection is to do now, or nothing.
  template <class Next>
  void serve(const std::string& destination, Next next) {
    const auto at = waiting_.find(destination);
    if (at == waiting_.end()) return;
    while (!at->second.empty()) {
      auto given = next(at->second.back().what);
      if (!given) return;
      at->second.back().answer.deliver(std::move(*given));
      at->second.pop_back();
    }
    waiting_.erase(at);
  }

  /// A connection that is there has work now. One that idles is answered; one that waits for its
  /// destination's rate asks again by itself.
  template <class Next>
  void call(const queueing::slot& slot, Next next) {
    const auto at = waiting_.find(slot.destination);
    if (at == waiting_.end()) return;
    auto& all = at->second;
    const auto one = std::find_if(all.begin(), all.end(), [&](const auto& w) { return w.what.connection == slot.connection; });
    if (one == all.end()) return;
    auto given = next(one->what);
    if (!given) return;
    auto answer = std::move(one->answer);
    all.erase(one);
    if (all.empty()) waiting_.erase(at);
    answer.deliver(std::move(*given));
  }

  void close_old(base::instant now) {
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      auto& all = at->second;
      while (!all.empty() && all.front().until <= now) {
        all.front().answer.deliver(given_work{});
        all.pop_front();
      }
      at = all.empty() ? waiting_.erase(at) : std::next(at);
    }
  }
  void stop() {
    for (auto& [destination, all] : std::exchange(waiting_, {}))
      for (auto& one : all) one.answer.deliver(given_work{queueing::take_result::stop, {}, nullptr});
  }

private:
  struct one_waiting {
    take_work what;
    promise answer;
    base::instant until{};
  };
  std::unordered_map<std::string, std::deque<one_waiting>> waiting_;
};

} // namespace rookery::actors
