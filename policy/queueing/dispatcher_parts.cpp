// Messages and their parts: what waits, what is in flight, what comes back.
#include "policy/queueing/dispatcher_state.hpp"

#include <algorithm>
#include <unordered_set>

namespace rookery::queueing {
namespace {

std::uint64_t mixed(std::uint64_t h) noexcept {
  h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
  return h ^ h >> 32;
}
/// Whose turn it is. Two owners of one number would share a turn, no more.
std::uint64_t owner_of(const waiting_message& m) noexcept {
  if (m.account) return mixed(m.account.value);
  std::uint64_t h = 0xcbf29ce484222325u;
  for (const char c : m.sender) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return mixed(h) | 1;
}

} // namespace

std::uint64_t dispatcher::state::next_turn(destination_record& d, const message_record& m) {
  const auto kind = static_cast<std::uint64_t>(m.urgency);
  const auto size = d.last_turns.size();
  auto& last = d.last_turns[m.owner + kind * 0x9e3779b97f4a7c15u];
  last = std::max(d.turn, last) + turn_cost[kind];
  const auto turn = last;
  if (d.last_turns.size() > size && ++d.turns_added > 64 + size / 2) {
    std::erase_if(d.last_turns, [&](const auto& t) { return t.second <= d.turn; });
    d.turns_added = 0;
  }
  return turn;
}

void dispatcher::state::make_ready(std::uint32_t p) {
  auto& part = parts_[p];
  auto& lane = lanes_[part.lane];
  auto& d = destinations_[lane.destination];
  part.ready = true;
  part.turn = next_turn(d, messages_[part.message]);
  lane.ready.push(p, ready_before(), part_place());
  if (queues_[lane.queue].open) ++d.takable;
}

void dispatcher::state::touch_lane_wake(std::uint32_t l) {
  auto& lane = lanes_[l];
  if (lane.later.empty()) {
    if (lane.wake_place != not_in_heap) lane_wakes_.remove(l, lane_before(), lane_place());
  } else if (lane.wake_place == not_in_heap) {
    lane_wakes_.push(l, lane_before(), lane_place());
  } else {
    lane_wakes_.moved(l, lane_before(), lane_place());
  }
}

void dispatcher::state::enqueue(std::uint32_t p, time_ms now) {
  auto& part = parts_[p];
  if (part.due <= now) {
    make_ready(p);
  } else {
    part.ready = false;
    lanes_[part.lane].later.push(p, due_before(), part_place());
    touch_lane_wake(part.lane);
  }
  arm_deadline(p);
}

void dispatcher::state::dequeue(std::uint32_t p) {
  auto& part = parts_[p];
  if (part.place == not_in_heap) return;
  auto& lane = lanes_[part.lane];
  if (part.ready) {
    lane.ready.remove(p, ready_before(), part_place());
    if (queues_[lane.queue].open) --destinations_[lane.destination].takable;
    part.ready = false;
  } else {
    lane.later.remove(p, due_before(), part_place());
    touch_lane_wake(part.lane);
  }
}

void dispatcher::state::arm_deadline(std::uint32_t p) {
  if (parts_[p].deadline == never || parts_[p].deadline_place != not_in_heap) return;
  deadlines_.push(p, deadline_before(), deadline_place());
}

void dispatcher::state::disarm_deadline(std::uint32_t p) {
  if (parts_[p].deadline_place != not_in_heap) deadlines_.remove(p, deadline_before(), deadline_place());
}

std::uint32_t dispatcher::state::new_part(std::uint32_t m, std::uint32_t l, recipient_numbers numbers, time_ms due,
                                          time_ms deadline) {
  auto& lane = lanes_[l];
  auto& d = destinations_[lane.destination];
  ++lane.parts;
  ++d.parts;
  ++queues_[lane.queue].parts;
  d.recipients += numbers.size();
  recipients_ += numbers.size();
  part_record p;
  p.message = m;
  p.lane = l;
  p.next = messages_[m].first;
  p.due = due;
  p.deadline = deadline;
  p.numbers = std::move(numbers);
  return messages_[m].first = parts_.add(std::move(p));
}

void dispatcher::state::drop_part(std::uint32_t p, std::vector<std::uint32_t>& lanes) {
  dequeue(p);
  disarm_deadline(p);
  auto& part = parts_[p];
  auto& lane = lanes_[part.lane];
  auto& d = destinations_[lane.destination];
  --lane.parts;
  --d.parts;
  --queues_[lane.queue].parts;
  d.recipients -= part.numbers.size();
  recipients_ -= part.numbers.size();
  lanes.push_back(part.lane);
  parts_.drop(p);
}

void dispatcher::state::drop_message(std::uint32_t m, std::vector<std::uint32_t>& lanes) {
  for (auto p = messages_[m].first; p != none;) {
    const auto next = parts_[p].next;
    drop_part(p, lanes);
    p = next;
  }
  by_id_.erase(messages_[m].id);
  messages_.drop(m);
}

/// After a change of these lanes: forgets what is empty, and looks anew who wants a connection.
void dispatcher::state::settle(const std::vector<std::uint32_t>& lanes, time_ms now) {
  for (const auto l : lanes) {
    auto& lane = lanes_[l];
    const auto d = lane.destination;
    if (d == none) continue; // twice in the list, and gone
    if (lane.parts == 0) {
      std::erase(destinations_[d].lanes, l);
      auto& of_queue = queues_[lane.queue].lanes;
      of_queue[lane.queue_place] = of_queue.back();
      lanes_[of_queue.back()].queue_place = lane.queue_place;
      of_queue.pop_back();
      lanes_.drop(l);
    }
    refresh(d, now);
  }
}

void dispatcher::state::add_parts(std::uint32_t m, const waiting_part& from, std::vector<std::uint32_t>& lanes, time_ms now) {
  const auto id = messages_[m].id;
  const auto l = find_lane(find_destination(from.destination, from.tried), messages_[m].queue);
  lanes.push_back(l);
  const auto due = ms(from.due), deadline = from.deadline == wall_time::max() ? never : ms(from.deadline);
  std::vector<std::uint32_t> free = from.recipients;
  // What a transaction holds waits for its end.
  for (auto [f, end] = flights_.equal_range(id); f != end; ++f) {
    const auto& numbers = flying_.at(f->second).numbers;
    std::vector<std::uint32_t> held;
    std::erase_if(free, [&](std::uint32_t n) {
      if (!std::binary_search(numbers.begin(), numbers.end(), n)) return false;
      held.push_back(n);
      return true;
    });
    if (!held.empty()) parts_[new_part(m, l, recipient_numbers(std::move(held)), due, deadline)].flight = f->second;
  }
  if (free.empty()) return;
  enqueue(new_part(m, l, recipient_numbers(std::move(free)), due, deadline), now);
}

void dispatcher::state::put(const waiting_message& from, time_ms now) {
  if (std::all_of(from.parts.begin(), from.parts.end(), [](const auto& p) { return p.recipients.empty(); }))
    return remove(from.id.value);
  last_now_ = now;
  std::vector<std::uint32_t> lanes;
  const auto queue = find_queue(from.queue);
  const auto owner = owner_of(from);
  const auto known = by_id_.find(from.id.value);
  std::uint32_t m = none;
  std::unordered_multimap<std::string_view, std::uint32_t> before; // parts that may stay, by destination
  if (known == by_id_.end()) {
    m = messages_.add({from.id.value, owner, none, queue, from.urgency});
    by_id_.emplace(from.id.value, m);
  } else {
    m = known->second;
    auto& message = messages_[m];
    const bool same = message.queue == queue && message.owner == owner && message.urgency == from.urgency;
    for (auto p = std::exchange(message.first, none); p != none;) {
      const auto next = parts_[p].next;
      if (same && parts_[p].flight == 0)
        before.emplace(destinations_[lanes_[parts_[p].lane].destination].name, p);
      else
        drop_part(p, lanes);
      p = next;
    }
    message.queue = queue;
    message.owner = owner;
    message.urgency = from.urgency;
  }
  for (const auto& new_one : from.parts) {
    if (new_one.recipients.empty()) continue;
    bool stays = false;
    if (!before.empty()) {
      const recipient_numbers numbers(new_one.recipients);
      for (auto [b, end] = before.equal_range(new_one.destination); b != end && !stays; ++b) {
        auto& old = parts_[b->second];
        if (old.due != ms(new_one.due) || !(old.numbers == numbers)) continue;
        disarm_deadline(b->second);
        old.deadline = new_one.deadline == wall_time::max() ? never : ms(new_one.deadline);
        arm_deadline(b->second);
        old.next = std::exchange(messages_[m].first, b->second);
        before.erase(b);
        stays = true;
        break;
      }
    }
    if (!stays) add_parts(m, new_one, lanes, now);
  }
  for (const auto& [name, p] : before) drop_part(p, lanes);
  settle(lanes, now);
}

void dispatcher::state::remove(std::uint64_t id) {
  const auto known = by_id_.find(id);
  if (known == by_id_.end()) return;
  std::vector<std::uint32_t> lanes;
  drop_message(known->second, lanes);
  settle(lanes, last_now_);
}

transaction dispatcher::state::give_out(std::uint32_t p, connection_number on) {
  dequeue(p);
  disarm_deadline(p);
  auto& part = parts_[p];
  const auto& lane = lanes_[part.lane];
  auto& d = destinations_[lane.destination];
  const auto id = messages_[part.message].id;
  part.flight = next_number_++;
  part.untold = true;
  ++d.in_flight;
  auto numbers = part.numbers.to_vector();
  const bool proves = on != 0 && !connections_.at(on).in_vain;
  flying_.emplace(part.flight, flight_record{id, lane.destination, on, proves, numbers});
  flights_.emplace(id, part.flight);
  return {part.flight, base::message_id{id}, d.name, queues_[lane.queue].name, std::move(numbers)};
}

/// The transaction is no more; what it says of its destination.
void dispatcher::state::land(std::uint64_t number, const flight_record& f, end_reason how) {
  auto& d = destinations_[f.destination];
  --d.in_flight;
  for (auto [i, end] = flights_.equal_range(f.id); i != end; ++i)
    if (i->second == number) {
      flights_.erase(i);
      break;
    }
  if (!f.proves || how != end_reason::answered) return;
  const auto c = connections_.find(f.on);
  const bool there = c != connections_.end();
  if (there) c->second.answered = true;
  if (there && c->second.as != standing::proven) {
    --in_use_[static_cast<std::size_t>(c->second.as)];
    c->second.as = standing::proven;
    ++in_use_[static_cast<std::size_t>(standing::proven)];
  }
  if (!there && d.failures > 0) return; // it has failed since
  if (d.failures > 0) d.pause_until = 0;
  if (d.failures > 0 || d.known == standing::failing) d.window = 1;
  d.failures = 0;
  d.down_since = 0;
  d.known = standing::proven;
  d.heard = d.tried_on_word = false;
  d.news = destination_news::answers;
  ++d.event;
  if (d.pause_until == 0) d.reason.clear();
  d.window = std::min(std::max(d.window + 1, d.limits->first_connections), std::max(1u, d.limits->connections));
  remember_proven(d.name);
}

void dispatcher::state::end(std::uint64_t number, end_reason how, const std::vector<still_waiting>* waiting, time_ms now) {
  last_now_ = now;
  const auto found = flying_.find(number);
  if (found == flying_.end()) return;
  const auto f = std::move(found->second);
  flying_.erase(found);
  land(number, f, how);
  std::vector<std::uint32_t> lanes;
  if (const auto known = by_id_.find(f.id); known != by_id_.end()) {
    const auto m = known->second;
    std::vector<std::uint32_t> back;
    std::uint32_t kept = none;
    for (auto p = messages_[m].first; p != none;) {
      const auto next = parts_[p].next;
      if (parts_[p].flight == number) {
        back.push_back(p);
      } else {
        parts_[p].next = kept;
        kept = p;
      }
      p = next;
    }
    messages_[m].first = kept;
    for (const auto p : back) {
      auto& part = parts_[p];
      if (waiting == nullptr) {
        if (part.untold) {
          part.due = ms(at(now) + settings_.unsettled_pause);
          if (f.on == 0) part.deadline = part.due;
        }
        part.untold = false;
        part.flight = 0;
        lanes.push_back(part.lane);
        part.next = std::exchange(messages_[m].first, p);
        enqueue(p, now);
        continue;
      }
      // Those that wait on, together when their times are the same.
      std::map<std::pair<time_ms, time_ms>, std::vector<std::uint32_t>> groups;
      for (const auto& w : *waiting)
        if (part.numbers.contains(w.recipient))
          groups[{ms(w.due), w.deadline == wall_time::max() ? never : ms(w.deadline)}].push_back(w.recipient);
      for (auto& [times, numbers] : groups)
        enqueue(new_part(m, part.lane, recipient_numbers(std::move(numbers)), times.first, times.second), now);
      drop_part(p, lanes);
    }
    if (messages_[m].first == none) drop_message(m, lanes);
  }
  settle(lanes, now);
  refresh(f.destination, now);
}

std::optional<transaction> dispatcher::state::next_lapsed(time_ms now) {
  advance(now);
  if (deadlines_.empty() || parts_[deadlines_.top()].deadline > now) return {};
  const auto p = deadlines_.top();
  auto work = give_out(p, 0);
  refresh(lanes_[parts_[p].lane].destination, now);
  return work;
}

std::vector<part_status> dispatcher::state::parts_of(std::uint64_t id) const {
  std::vector<part_status> all;
  const auto known = by_id_.find(id);
  if (known == by_id_.end()) return all;
  for (auto p = messages_[known->second].first; p != none; p = parts_[p].next) {
    const auto& part = parts_[p];
    all.push_back({destinations_[lanes_[part.lane].destination].name, part.numbers.to_vector(), at(part.due),
                   part.deadline == never ? wall_time::max() : at(part.deadline), part.flight != 0});
  }
  return all;
}

void dispatcher::state::retry_message(std::uint64_t id, time_ms now) {
  advance(now);
  const auto known = by_id_.find(id);
  if (known == by_id_.end()) return;
  for (auto p = messages_[known->second].first; p != none; p = parts_[p].next) {
    const auto d = lanes_[parts_[p].lane].destination;
    destinations_[d].pause_until = 0;
    if (parts_[p].flight == 0 && !parts_[p].ready) {
      dequeue(p);
      parts_[p].due = now;
      make_ready(p);
    }
    refresh(d, now);
  }
}

} // namespace rookery::queueing
