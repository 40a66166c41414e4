// Connections: which destination gets one, what is sent on it, what its end means.
#include "policy/queueing/dispatcher_state.hpp"

#include <algorithm>

namespace rookery::queueing {
namespace {

constexpr std::size_t proven_max = 65536, reason_octets_max = 500;
/// No new connection for so long, or as long as its first pause if that is shorter, after a destination that works refused one.
constexpr time_ms refused_pause = 30'000;

std::uint64_t name_hash(std::string_view name) noexcept {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return h ^ h >> 29;
}
/// When the next one is allowed, `at_once` together, by the time the rate is used up to.
time_ms free_at(std::int64_t used_up_us, std::int64_t spacing_us, std::int64_t at_once) noexcept {
  return (used_up_us - (std::max<std::int64_t>(1, at_once) - 1) * spacing_us + 999) / 1000;
}
constexpr std::size_t index(auto standing) noexcept { return static_cast<std::size_t>(standing); }

} // namespace

std::uint32_t dispatcher::state::find_queue(std::string_view name) {
  if (const auto known = by_queue_.find(name); known != by_queue_.end()) return known->second;
  queues_.push_back({});
  queues_.back().name = name;
  const auto q = static_cast<std::uint32_t>(queues_.size() - 1);
  by_queue_.emplace(queues_.back().name, q);
  return q;
}

std::uint32_t dispatcher::state::find_destination(std::string_view name, bool tried) {
  if (const auto known = by_name_.find(name); known != by_name_.end()) return known->second;
  const auto own = own_limits_.find(name);
  const auto n = destinations_.add({});
  auto& d = destinations_[n];
  d.name = name;
  d.used = true;
  d.limits = own == own_limits_.end() ? general_ : own->second;
  d.window = std::max(1u, std::min(d.limits->first_connections, d.limits->connections));
  d.share = shared_ ? 0 : unshared;
  if (proven_.contains(name_hash(name))) d.known = standing::proven;
  else if (tried) d.known = standing::failing;
  by_name_.emplace(d.name, n);
  return n;
}

std::uint32_t dispatcher::state::find_lane(std::uint32_t d, std::uint32_t q) {
  for (const auto l : destinations_[d].lanes)
    if (lanes_[l].queue == q) return l;
  lane_record fresh;
  fresh.destination = d;
  fresh.queue = q;
  fresh.queue_place = static_cast<std::uint32_t>(queues_[q].lanes.size());
  const auto l = lanes_.add(std::move(fresh));
  destinations_[d].lanes.push_back(l);
  queues_[q].lanes.push_back(l);
  return l;
}

void dispatcher::state::remember_proven(std::string_view name) {
  if (proven_.size() >= proven_max && !proven_.contains(name_hash(name))) {
    std::vector<time_ms> times;
    times.reserve(proven_.size());
    for (const auto& p : proven_) times.push_back(p.second);
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    std::erase_if(proven_, [m = *middle](const auto& p) { return p.second <= m; });
  }
  proven_[name_hash(name)] = last_now_;
}

std::uint32_t dispatcher::state::allowed(const destination_record& d) const noexcept {
  return std::min(own_allowed(d), d.share);
}

std::uint32_t dispatcher::state::own_allowed(const destination_record& d) const noexcept {
  if (d.failures > 0 || d.known == standing::failing) return 1;
  return std::max(1u, std::min(d.window, d.limits->connections));
}

time_ms dispatcher::state::rate_free(const destination_record& d) const noexcept {
  const std::int64_t rate = d.limits->messages_a_minute;
  return rate == 0 ? 0 : free_at(d.rate_tat_us, 60'000'000 * std::int64_t{d.nodes} / rate, rate / 60 / d.nodes);
}

time_ms dispatcher::state::failing_free() const noexcept {
  const std::int64_t rate = settings_.failing_a_second;
  return rate == 0 ? 0 : free_at(failing_tat_us_, 1'000'000 / rate, rate / 5);
}

bool dispatcher::state::may_open(standing s) const noexcept {
  return slot_for(s) && (s != standing::failing || failing_free() <= last_now_);
}

bool dispatcher::state::slot_for(standing s) const noexcept {
  const std::size_t limit = settings_.connections;
  if (connections_.size() >= limit) return false;
  if (s == standing::proven) return true;
  const std::size_t failing = in_use_[index(standing::failing)];
  if (s == standing::failing && failing >= std::max<std::size_t>(1, limit / 4)) return false;
  return in_use_[index(standing::fresh)] + failing < std::max<std::size_t>(1, limit * 2 / 3);
}

std::uint32_t dispatcher::state::best_open() const noexcept {
  std::uint32_t best = none;
  for (const auto s : {standing::proven, standing::fresh, standing::failing}) {
    const auto& heap = open_[index(s)];
    if (heap.empty() || !may_open(s)) continue;
    if (best == none || open_before()(heap.top(), best)) best = heap.top();
  }
  return best;
}

void dispatcher::state::leave_heaps(std::uint32_t n) {
  auto& d = destinations_[n];
  if (d.open_place != not_in_heap) open_[index(d.open_as)].remove(n, open_before(), open_place());
  if (d.timer_place != not_in_heap) timers_.remove(n, timer_before(), timer_place());
}

/// Puts a destination where it belongs now: among those that want a connection, on the
/// timer, nowhere, or out of memory.
void dispatcher::state::refresh(std::uint32_t n, time_ms now) {
  auto& d = destinations_[n];
  if (!d.used) return;
  if (d.takable == 0 && d.connections == 0 && d.in_flight == 0) d.released = false;
  bool wants = false;
  time_ms timer = never;
  note_need(n);
  if (!d.resting.empty() && over_share(d) && !d.called) {
    d.called = true;
    called_.push_back(n);
  }
  if (d.parts == 0 && d.connections == 0 && d.in_flight == 0 && !d.paused) {
    if (d.pause_until <= now) {
      leave_heaps(n);
      forget_need(d);
      by_name_.erase(d.name);
      destinations_.drop(n);
      return;
    }
    timer = d.pause_until;
  } else if (!d.paused && d.takable > d.fetching) {
    const auto rate = rate_free(d);
    if (!d.resting.empty()) {
      if (rate > now) {
        timer = rate;
      } else if (!d.called) {
        d.called = true;
        called_.push_back(n);
      }
    } else if (d.connections < allowed(d) && (!d.limits->on_request || d.released)) {
      timer = std::max(rate, d.pause_until);
      wants = timer <= now;
      if (wants) timer = never;
    }
  }
  if (d.open_place != not_in_heap && (!wants || d.open_as != d.known)) {
    open_[index(d.open_as)].remove(n, open_before(), open_place());
  }
  if (wants && d.open_place == not_in_heap) {
    d.open_as = d.known;
    d.served = std::exchange(d.asked, false) ? 0 : next_served_++;
    open_[index(d.open_as)].push(n, open_before(), open_place());
  }
  if (d.timer_place != not_in_heap && timer != d.timer) timers_.remove(n, timer_before(), timer_place());
  if (timer != never && d.timer_place == not_in_heap) {
    d.timer = timer;
    timers_.push(n, timer_before(), timer_place());
  }
}

void dispatcher::state::advance(time_ms now) {
  last_now_ = now;
  if (queue_change_ <= now)
    for (std::uint32_t q = 0; q < queues_.size(); ++q)
      if (queues_[q].change <= now) evaluate_queue(q, now);
  while (!lane_wakes_.empty()) {
    const auto l = lane_wakes_.top();
    auto& lane = lanes_[l];
    if (parts_[lane.later.top()].due > now) break;
    while (!lane.later.empty() && parts_[lane.later.top()].due <= now) {
      const auto p = lane.later.top();
      lane.later.remove(p, due_before(), part_place());
      make_ready(p);
    }
    touch_lane_wake(l);
    refresh(lane.destination, now);
  }
  while (!timers_.empty() && destinations_[timers_.top()].timer <= now) {
    const auto n = timers_.top();
    timers_.remove(n, timer_before(), timer_place());
    refresh(n, now);
  }
}

std::optional<slot> dispatcher::state::next_open(time_ms now) {
  advance(now);
  while (!called_.empty()) {
    const auto n = called_.front();
    called_.pop_front();
    auto& d = destinations_[n];
    if (!std::exchange(d.called, false)) continue;
    if (d.resting.empty() || (!over_share(d) && (d.paused || d.takable <= d.fetching || rate_free(d) > now))) {
      refresh(n, now);
      continue;
    }
    const auto c = d.resting.back();
    d.resting.pop_back();
    auto& connection = connections_.at(c);
    connection.resting = false;
    connection.fetching = true;
    ++d.fetching;
    refresh(n, now);
    return slot{c, d.name, true, d.failures > 0};
  }
  const auto n = best_open();
  if (n == none) return {};
  auto& d = destinations_[n];
  leave_heaps(n);
  if (const std::int64_t rate = settings_.failing_a_second; rate != 0 && d.known == standing::failing)
    failing_tat_us_ = std::max(failing_tat_us_, now * 1000) + 1'000'000 / rate;
  const auto c = next_number_++;
  connections_.emplace(c, connection_record{n, 0, d.known, true, false, false, false, false, false});
  ++in_use_[index(d.known)];
  ++d.connections;
  ++d.fetching;
  refresh(n, now);
  return slot{c, d.name, false, d.failures > 0};
}

taken dispatcher::state::take(connection_number number, time_ms now, std::uint32_t recipients_max) {
  advance(now);
  const auto found = connections_.find(number);
  if (found == connections_.end()) return {take_result::stop, {}, {}};
  auto& c = found->second;
  const auto n = c.destination;
  auto& d = destinations_[n];
  if (std::exchange(c.fetching, false)) --d.fetching;
  if (std::exchange(c.resting, false)) std::erase(d.resting, number);
  const auto answer = [&](take_result what, time_ms until = 0) {
    refresh(n, now);
    return taken{what, {}, at(until)};
  };
  if (d.paused) return answer(take_result::stop);
  if (!c.admitted && (c.leaving || over_share(d))) {
    if (!std::exchange(c.leaving, true)) ++d.leaving;
    return answer(take_result::give_way);
  }
  if (!c.admitted && c.messages >= std::max(1u, d.limits->messages_a_connection)) return answer(take_result::give_way);
  if (!c.admitted && c.messages > 0 && connections_.size() >= settings_.connections) {
    // Who could open if this one closed?
    --in_use_[index(c.as)];
    auto held = connections_.extract(number);
    const auto other = best_open();
    connections_.insert(std::move(held));
    ++in_use_[index(c.as)];
    if (other != none && other != n &&
        (c.messages >= settings_.quantum || destinations_[other].connections + 1 < d.connections))
      return answer(take_result::give_way);
  }
  const auto rest = [&] {
    c.resting = true;
    d.resting.push_back(number);
  };
  if (d.takable == 0) {
    rest();
    return answer(take_result::nothing);
  }
  if (const auto free = rate_free(d); free > now) {
    rest();
    return answer(take_result::later, free);
  }
  std::uint32_t p = none;
  for (const auto l : d.lanes) {
    const auto& lane = lanes_[l];
    if (!queues_[lane.queue].open || lane.ready.empty()) continue;
    if (p == none || ready_before()(lane.ready.top(), p)) p = lane.ready.top();
  }
  base::check(p != none, "dispatcher: takable parts are ready in open queues");
  auto limit = std::max(1u, d.limits->recipients_a_transaction);
  if (recipients_max != 0) limit = std::min(limit, recipients_max);
  // Who comes now begins where this turn began.
  d.turn = std::max(d.turn, parts_[p].turn - turn_cost[index(messages_[parts_[p].message].urgency)]);
  if (parts_[p].numbers.size() > limit) {
    // The first ones go; the others wait behind what else their sender has.
    const auto m = parts_[p].message;
    auto front = parts_[p].numbers.split_front(limit);
    d.recipients -= front.size();
    recipients_ -= front.size();
    dequeue(p);
    make_ready(p);
    const auto whole = p;
    p = new_part(m, parts_[whole].lane, std::move(front), parts_[whole].due, parts_[whole].deadline);
  }
  ++c.messages;
  if (const auto rate = d.limits->messages_a_minute; rate != 0)
    d.rate_tat_us = std::max(d.rate_tat_us, now * 1000) + 60'000'000 * std::int64_t{d.nodes} / rate;
  taken t{take_result::work, give_out(p, number), {}};
  refresh(n, now);
  return t;
}

/// `works`: the destination has taken mail on this connection or does so on another one.
void dispatcher::state::failed(destination_record& d, std::string_view why, bool works, time_ms now) {
  d.reason = why.substr(0, reason_octets_max);
  const auto& pauses = d.limits->pauses;
  if (works) {
    const auto pause = pauses.empty() ? refused_pause : std::min<time_ms>(refused_pause, pauses.front().count() * 1000);
    d.window = std::max(1u, std::min(d.window, d.connections + 1) / 2);
    d.pause_until = std::max(d.pause_until, now + pause);
    return;
  }
  if (d.failures > 0 && d.pause_until > now) return; // a second connection of the same attempt
  ++d.failures;
  d.released = false;
  d.known = standing::failing;
  d.window = 1;
  d.heard = false;
  d.news = destination_news::down;
  ++d.event;
  if (d.down_since == 0) d.down_since = now;
  const auto step = pauses.empty() ? std::chrono::seconds(300) : pauses[std::min<std::size_t>(d.failures, pauses.size()) - 1];
  const auto pause = std::max<time_ms>(1000, step.count() * 1000);
  const auto spread = static_cast<time_ms>((name_hash(d.name) + d.failures * 0x9e3779b97f4a7c15u) >> 40) % (pause / 5 + 1);
  d.pause_until = now + pause - pause / 10 + spread;
}

void dispatcher::state::closed(connection_number number, close_reason how, std::string_view why, time_ms now) {
  advance(now);
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;
  const auto c = found->second;
  connections_.erase(found);
  auto& d = destinations_[c.destination];
  if (c.fetching) --d.fetching;
  if (c.resting) std::erase(d.resting, number);
  --in_use_[index(c.as)];
  --d.connections;
  if (c.admitted) --d.admitted;
  if (c.leaving) --d.leaving;
  if (d.open_place != not_in_heap) open_[index(d.open_as)].moved(c.destination, open_before(), open_place());
  if (how != close_reason::finished) failed(d, why, c.answered || d.connections > d.fetching, now);
  refresh(c.destination, now);
}

void dispatcher::state::in_vain(connection_number number) {
  if (const auto found = connections_.find(number); found != connections_.end()) found->second.in_vain = true;
}

std::optional<connection_number> dispatcher::state::admit(std::string_view name, time_ms now) {
  advance(now);
  const auto known = by_name_.find(name);
  if (known == by_name_.end()) return {};
  const auto n = known->second;
  auto& d = destinations_[n];
  if (d.paused || d.parts == 0) return {};
  const auto c = next_number_++;
  connections_.emplace(c, connection_record{n, 0, d.known, true, false, false, true, false, false});
  ++in_use_[index(d.known)];
  ++d.connections;
  ++d.admitted;
  ++d.fetching;
  if (d.open_place != not_in_heap) open_[index(d.open_as)].moved(n, open_before(), open_place());
  refresh(n, now);
  return c;
}

void dispatcher::state::release(std::string_view name, time_ms now) {
  advance(now);
  const auto known = by_name_.find(name);
  if (known == by_name_.end()) return;
  destinations_[known->second].released = true;
  retry_destination(name, now);
}

std::optional<time_ms> dispatcher::state::wake_at() const {
  auto first = queue_change_;
  if (!lane_wakes_.empty()) first = std::min(first, parts_[lanes_[lane_wakes_.top()].later.top()].due);
  if (!timers_.empty()) first = std::min(first, destinations_[timers_.top()].timer);
  if (!deadlines_.empty()) first = std::min(first, parts_[deadlines_.top()].deadline);
  if (!called_.empty() || best_open() != none) first = std::min(first, last_now_);
  else if (!open_[index(standing::failing)].empty() && slot_for(standing::failing)) first = std::min(first, failing_free());
  if (first == never) return {};
  return first;
}

} // namespace rookery::queueing
