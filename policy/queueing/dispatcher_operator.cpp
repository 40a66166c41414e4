// What the operator sets and sees.
#include "policy/queueing/dispatcher_state.hpp"

#include <algorithm>

namespace rookery::queueing {

void dispatcher::state::evaluate_queue(std::uint32_t n, time_ms now) {
  auto& q = queues_[n];
  const auto change = q.hours.next_change(at(now));
  q.change = change ? ms(*change) : never;
  queue_change_ = never;
  for (const auto& each : queues_) queue_change_ = std::min(queue_change_, each.change);
  const bool open = !q.frozen && q.hours.open(at(now));
  if (open == q.open) return;
  for (const auto l : q.lanes) {
    auto& lane = lanes_[l];
    auto& d = destinations_[lane.destination];
    if (open) {
      // Their turns have passed while others were served: they take new ones in the same order.
      auto due = lane.ready.items();
      std::sort(due.begin(), due.end(), ready_before());
      for (const auto p : due) {
        lane.ready.remove(p, ready_before(), part_place());
        parts_[p].ready = false;
      }
      q.open = true;
      for (const auto p : due) make_ready(p);
      q.open = false;
    } else {
      d.takable -= lane.ready.size();
    }
  }
  q.open = open;
  for (const auto l : q.lanes) refresh(lanes_[l].destination, now);
}

void dispatcher::state::set_queue(std::string_view name, bool frozen, delivery::schedule hours, time_ms now) {
  advance(now);
  const auto n = find_queue(name);
  queues_[n].frozen = frozen;
  queues_[n].hours = std::move(hours);
  evaluate_queue(n, now);
}

bool dispatcher::state::queue_open(std::string_view name, time_ms now) const {
  const auto known = by_queue_.find(name);
  if (known == by_queue_.end()) return true;
  const auto& q = queues_[known->second];
  return !q.frozen && q.hours.open(at(now));
}

void dispatcher::state::pause(std::string_view name, std::string_view why, time_ms now) {
  advance(now);
  const auto n = find_destination(name, false);
  destinations_[n].paused = true;
  destinations_[n].reason = why.substr(0, 500);
  refresh(n, now);
}

void dispatcher::state::unpause(std::string_view name, time_ms now) {
  advance(now);
  const auto known = by_name_.find(name);
  if (known == by_name_.end()) return;
  const auto n = known->second;
  if (!std::exchange(destinations_[n].paused, false)) return;
  if (destinations_[n].failures == 0) destinations_[n].reason.clear();
  refresh(n, now);
}

void dispatcher::state::retry_destination(std::string_view name, time_ms now) {
  advance(now);
  const auto known = by_name_.find(name);
  if (known == by_name_.end()) return;
  auto& d = destinations_[known->second];
  leave_heaps(known->second);
  d.pause_until = 0;
  d.asked = true;
  for (const auto l : d.lanes) make_all_ready(l, now);
  refresh(known->second, now);
}

void dispatcher::state::retry_queue(std::string_view name, time_ms now) {
  advance(now);
  const auto known = by_queue_.find(name);
  if (known == by_queue_.end()) return;
  for (const auto l : queues_[known->second].lanes) {
    destinations_[lanes_[l].destination].pause_until = 0;
    make_all_ready(l, now);
    refresh(lanes_[l].destination, now);
  }
}

void dispatcher::state::make_all_ready(std::uint32_t l, time_ms now) {
  auto& lane = lanes_[l];
  while (!lane.later.empty()) {
    const auto p = lane.later.top();
    lane.later.remove(p, due_before(), part_place());
    parts_[p].due = now;
    make_ready(p);
  }
  touch_lane_wake(l);
}

void dispatcher::state::set_settings(dispatcher_settings settings, time_ms now) {
  advance(now);
  settings_ = std::move(settings);
  const auto before = std::exchange(general_, std::make_shared<destination_limits>(settings_.limits));
  for (const auto& [name, n] : std::vector(by_name_.begin(), by_name_.end())) {
    if (destinations_[n].limits == before) destinations_[n].limits = general_;
    refresh(n, now);
  }
}

void dispatcher::state::set_limits(std::string_view name, std::optional<destination_limits> limits, time_ms now) {
  advance(now);
  auto shared = limits ? std::make_shared<const destination_limits>(std::move(*limits)) : nullptr;
  if (shared != nullptr) own_limits_.insert_or_assign(std::string(name), shared);
  else if (const auto own = own_limits_.find(name); own != own_limits_.end()) own_limits_.erase(own);
  const auto known = by_name_.find(name);
  if (known == by_name_.end()) return;
  auto& d = destinations_[known->second];
  d.limits = shared != nullptr ? shared : general_;
  d.rate_tat_us = std::min(d.rate_tat_us, now * 1000); // the new rate begins here
  if (d.connections == 0 && d.known == standing::fresh) d.window = d.limits->first_connections;
  refresh(known->second, now);
}

destination_status dispatcher::state::describe(const destination_record& d, time_ms now) const {
  destination_status s;
  s.destination = d.name;
  s.reason = d.reason;
  s.failures = d.failures;
  s.connections = d.connections;
  s.connections_allowed = allowed(d);
  s.messages = d.parts;
  s.recipients = d.recipients;
  s.due = d.takable;
  s.in_flight = d.in_flight;
  if (d.share != unshared) s.share = d.share;
  s.nodes = d.nodes;
  if (d.down_since != 0) s.down_since = at(d.down_since);
  std::size_t ready = 0;
  auto next = never;
  for (const auto l : d.lanes) {
    const auto& lane = lanes_[l];
    ready += lane.ready.size();
    if (queues_[lane.queue].open && !lane.later.empty()) next = std::min(next, parts_[lane.later.top()].due);
  }
  if (d.paused) {
    s.state = destination_state::paused;
  } else if (d.takable == 0 && d.connections == 0 && ready > 0) {
    s.state = destination_state::closed;
  } else if (d.pause_until > now && d.connections == 0) {
    s.state = destination_state::down;
    if (d.takable > 0) next = d.pause_until;
    else if (next != never) next = std::max(next, d.pause_until);
  } else if (d.takable > 0 && rate_free(d) > now) {
    s.state = destination_state::rated;
    next = rate_free(d);
  } else if (d.connections > 0) {
    s.state = destination_state::active;
  } else if (d.takable > 0 && d.limits->on_request && !d.released) {
    s.state = destination_state::on_request;
    next = never;
  } else if (d.takable > 0) {
    s.state = destination_state::waiting;
    next = now;
  }
  if (next != never && !d.paused) s.next_try = at(next);
  return s;
}

std::optional<destination_status> dispatcher::state::status(std::string_view name, time_ms now) const {
  const auto known = by_name_.find(name);
  if (known == by_name_.end()) return {};
  return describe(destinations_[known->second], now);
}

std::vector<destination_status> dispatcher::state::list(std::string_view after, std::size_t max, time_ms now) const {
  std::vector<std::pair<std::string_view, std::uint32_t>> names;
  for (const auto& [name, n] : by_name_)
    if (name > after) names.emplace_back(name, n);
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(max, names.size()));
  std::partial_sort(names.begin(), end, names.end());
  std::vector<destination_status> all;
  for (auto n = names.begin(); n != end; ++n) all.push_back(describe(destinations_[n->second], now));
  return all;
}

dispatcher_counts dispatcher::state::counts() const noexcept {
  dispatcher_counts c;
  c.messages = messages_.count();
  c.parts = parts_.count();
  c.recipients = recipients_;
  c.destinations = destinations_.count();
  c.connections = static_cast<std::uint32_t>(connections_.size());
  c.transactions = static_cast<std::uint32_t>(flying_.size());
  constexpr std::size_t node = 48, heaps_of_part = 12, vectors_of_destination = 160, turn_of_part = 40;
  c.octets = parts_.octets() + messages_.octets() + lanes_.octets() + destinations_.octets() + by_id_.size() * node +
             parts_.count() * (heaps_of_part + turn_of_part) + destinations_.count() * (node + vectors_of_destination) +
             proven_.size() * node;
  return c;
}

std::uint64_t dispatcher::state::waiting_in(std::string_view name) const noexcept {
  const auto known = by_queue_.find(name);
  return known == by_queue_.end() ? 0 : queues_[known->second].parts;
}

} // namespace rookery::queueing
