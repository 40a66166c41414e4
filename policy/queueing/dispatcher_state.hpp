/// What a dispatcher remembers; seen only by its own sources.
#pragma once

#include "base/check.hpp"
#include "policy/queueing/dispatcher.hpp"
#include "policy/queueing/index_heap.hpp"
#include "policy/queueing/recipient_numbers.hpp"

#include <array>
#include <deque>
#include <limits>
#include <map>
#include <unordered_map>

namespace rookery::queueing {

inline constexpr std::uint32_t none = 0xffffffffu;
using time_ms = std::int64_t;
inline constexpr time_ms never = std::numeric_limits<time_ms>::max();
inline time_ms ms(wall_time t) noexcept { return t.time_since_epoch().count(); }
inline wall_time at(time_ms t) noexcept { return wall_time(std::chrono::milliseconds(t)); }

/// What a transaction costs its sender's turn, by urgency.
inline constexpr std::uint64_t turn_cost[] = {1, 4, 16};

/// Numbered things that stay where they are; numbers of the gone are used again.
template <class Thing>
class numbered {
public:
  Thing& operator[](std::uint32_t n) { return things_[n]; }
  const Thing& operator[](std::uint32_t n) const { return things_[n]; }
  std::uint32_t add(Thing thing) {
    ++count_;
    if (free_.empty()) {
      things_.push_back(std::move(thing));
      return static_cast<std::uint32_t>(things_.size() - 1);
    }
    const auto n = free_.back();
    free_.pop_back();
    things_[n] = std::move(thing);
    return n;
  }
  void drop(std::uint32_t n) {
    things_[n] = Thing{};
    free_.push_back(n);
    --count_;
  }
  std::size_t count() const noexcept { return count_; }
  std::size_t octets() const noexcept { return things_.size() * sizeof(Thing) + free_.capacity() * 4; }

private:
  std::deque<Thing> things_;
  std::vector<std::uint32_t> free_;
  std::size_t count_ = 0;
};

class dispatcher::state {
public:
  explicit state(dispatcher_settings s) : settings_(std::move(s)), general_(std::make_shared<destination_limits>(settings_.limits)) {}

  // dispatcher_parts.cpp
  void put(const waiting_message&, time_ms now);
  void remove(std::uint64_t id);
  void end(std::uint64_t transaction, end_reason, const std::vector<still_waiting>*, time_ms now);
  std::optional<transaction> next_lapsed(time_ms now);
  std::vector<part_status> parts_of(std::uint64_t id) const;
  void retry_message(std::uint64_t id, time_ms now);

  // dispatcher_choice.cpp
  std::optional<slot> next_open(time_ms now);
  taken take(connection_number, time_ms now, std::uint32_t recipients_max);
  void closed(connection_number, close_reason, std::string_view why, time_ms now);
  void in_vain(connection_number);
  std::optional<connection_number> admit(std::string_view, time_ms now);
  void release(std::string_view, time_ms now);
  std::optional<time_ms> wake_at() const;

  // dispatcher_shares.cpp
  void set_shared(bool, time_ms now);
  void share(const destination_share&, time_ms now);
  std::vector<destination_need> take_needs(time_ms now);

  // dispatcher_operator.cpp
  void set_queue(std::string_view, bool frozen, delivery::schedule, time_ms now);
  bool queue_open(std::string_view, time_ms now) const;
  void pause(std::string_view, std::string_view why, time_ms now);
  void unpause(std::string_view, time_ms now);
  void retry_destination(std::string_view, time_ms now);
  void retry_queue(std::string_view, time_ms now);
  void set_settings(dispatcher_settings, time_ms now);
  void set_limits(std::string_view, std::optional<destination_limits>, time_ms now);
  std::optional<destination_status> status(std::string_view, time_ms now) const;
  std::vector<destination_status> list(std::string_view after, std::size_t max, time_ms now) const;
  dispatcher_counts counts() const noexcept;
  std::uint64_t waiting_in(std::string_view queue) const noexcept;

  bool contains(std::uint64_t id) const noexcept { return by_id_.contains(id); }
  bool in_flight(std::uint64_t id) const noexcept { return flights_.contains(id); }

private:
  struct part_record {
    std::uint32_t message = none, lane = none;
    std::uint32_t next = none;             ///< of the same message
    std::uint32_t place = not_in_heap;     ///< in its lane's `ready` or `later`
    std::uint32_t deadline_place = not_in_heap;
    bool ready = false;                    ///< in `ready`, not in `later`
    bool untold = false;                   ///< in flight, and nothing was put since
    std::uint64_t flight = 0;              ///< transaction that holds it
    std::uint64_t turn = 0;
    time_ms due = 0, deadline = never;
    recipient_numbers numbers;
  };
  struct message_record {
    std::uint64_t id = 0, owner = 0;
    std::uint32_t first = none, queue = none;
    priority urgency = priority::normal;
  };
  /// What waits for one destination in one queue.
  struct lane_record {
    std::uint32_t destination = none, queue = none;
    std::uint32_t parts = 0;               ///< also those in flight
    std::uint32_t wake_place = not_in_heap;
    std::uint32_t queue_place = 0;         ///< in the queue's `lanes`
    index_heap ready, later;
  };
  struct queue_record {
    std::string name;
    bool frozen = false, open = true;
    time_ms change = never;                ///< of its hours
    delivery::schedule hours;
    std::uint64_t parts = 0;
    std::vector<std::uint32_t> lanes;
  };
  /// Destinations by what is known of them; each has its share of the connections.
  enum class standing : std::uint8_t { proven, fresh, failing };
  struct destination_record {
    std::string name, reason;
    std::shared_ptr<const destination_limits> limits;
    std::vector<std::uint32_t> lanes;
    std::vector<connection_number> resting; ///< connections that were told `nothing` or `later`
    std::unordered_map<std::uint64_t, std::uint64_t> last_turns;
    std::uint64_t turn = 0;                 ///< up to here turns are taken
    std::uint32_t turns_added = 0;          ///< to `last_turns` since it was swept
    std::uint64_t served = 0;               ///< order among those that wait for a connection
    std::uint64_t parts = 0, recipients = 0;
    std::uint64_t takable = 0;              ///< ready in open queues
    time_ms pause_until = 0, down_since = 0;
    std::int64_t rate_tat_us = 0;           ///< when the rate's next message is due if none is early
    std::uint32_t connections = 0, fetching = 0; ///< all; those opening or called to `take`
    std::uint32_t window = 1, failures = 0, in_flight = 0;
    std::uint32_t open_place = not_in_heap, timer_place = not_in_heap;
    time_ms timer = 0;
    standing known = standing::fresh;
    standing open_as = standing::fresh;     ///< in which heap it stands
    bool paused = false, called = false, used = false;
    bool released = false;                  ///< of one on request
    bool asked = false;                     ///< by the operator: its next wait for a connection is in front of others
    // Other nodes
    std::uint32_t share = unshared, nodes = 1;
    std::uint64_t share_number = 0;
    std::uint32_t admitted = 0, leaving = 0; ///< connections: made by its server; told to close for other nodes
    std::uint32_t event = 0;                ///< of `news`
    destination_news news = destination_news::none;
    bool heard = false;                     ///< another node has failed, not this one
    bool tried_on_word = false;             ///< since its last answer it was tried because another node had one
    bool need_changed = false;
  };
  struct connection_record {
    std::uint32_t destination = none, messages = 0;
    standing as = standing::fresh;
    bool fetching = true, resting = false;
    bool answered = false;                  ///< the peer has spoken about recipients on it
    bool admitted = false;
    bool in_vain = false;                   ///< nobody was reached on it
    bool leaving = false;                   ///< it was told to close for another node's
  };
  struct flight_record {
    std::uint64_t id = 0;
    std::uint32_t destination = none;
    connection_number on = 0;               ///< 0: a lapse
    bool proves = false;                    ///< the peer was there: what it answers is its own
    std::vector<std::uint32_t> numbers;
  };

  // Parts and their places
  std::uint32_t new_part(std::uint32_t message, std::uint32_t lane, recipient_numbers, time_ms due, time_ms deadline);
  void drop_part(std::uint32_t part, std::vector<std::uint32_t>& lanes); ///< not from its message's list
  void enqueue(std::uint32_t part, time_ms now);
  void dequeue(std::uint32_t part);
  void make_ready(std::uint32_t part);
  std::uint64_t next_turn(destination_record&, const message_record&);
  void arm_deadline(std::uint32_t part);
  void disarm_deadline(std::uint32_t part);
  void touch_lane_wake(std::uint32_t lane);
  void make_all_ready(std::uint32_t lane, time_ms now);
  void drop_message(std::uint32_t message, std::vector<std::uint32_t>& lanes);
  void land(std::uint64_t transaction, const flight_record&, end_reason);
  transaction give_out(std::uint32_t part, connection_number);
  void add_parts(std::uint32_t message, const waiting_part&, std::vector<std::uint32_t>& lanes, time_ms now);

  // Destinations
  std::uint32_t find_queue(std::string_view name);
  std::uint32_t find_destination(std::string_view name, bool tried);
  std::uint32_t find_lane(std::uint32_t destination, std::uint32_t queue);
  void settle(const std::vector<std::uint32_t>& lanes, time_ms now);
  void refresh(std::uint32_t destination, time_ms now);
  void leave_heaps(std::uint32_t destination);
  void advance(time_ms now);
  void evaluate_queue(std::uint32_t queue, time_ms now);
  std::uint32_t allowed(const destination_record&) const noexcept;
  bool slot_for(standing) const noexcept;
  bool may_open(standing) const noexcept;
  time_ms failing_free() const noexcept;
  std::uint32_t best_open() const noexcept;
  time_ms rate_free(const destination_record&) const noexcept;
  void failed(destination_record&, std::string_view why, bool works, time_ms now);
  void remember_proven(std::string_view name);
  std::uint32_t own_allowed(const destination_record&) const noexcept;
  bool over_share(const destination_record&) const noexcept;
  void note_need(std::uint32_t destination);
  void forget_need(const destination_record&);
  void hear(destination_record&, const destination_share&, time_ms now);
  destination_status describe(const destination_record&, time_ms now) const;

  auto ready_before() const {
    return [this](std::uint32_t a, std::uint32_t b) {
      const auto &x = parts_[a], &y = parts_[b];
      if (x.turn != y.turn) return x.turn < y.turn;
      if (x.due != y.due) return x.due < y.due;
      return messages_[x.message].id < messages_[y.message].id;
    };
  }
  auto due_before() const {
    return [this](std::uint32_t a, std::uint32_t b) { return parts_[a].due < parts_[b].due; };
  }
  auto deadline_before() const {
    return [this](std::uint32_t a, std::uint32_t b) { return parts_[a].deadline < parts_[b].deadline; };
  }
  auto part_place() {
    return [this](std::uint32_t p) -> std::uint32_t& { return parts_[p].place; };
  }
  auto deadline_place() {
    return [this](std::uint32_t p) -> std::uint32_t& { return parts_[p].deadline_place; };
  }
  auto lane_before() const {
    return [this](std::uint32_t a, std::uint32_t b) {
      return parts_[lanes_[a].later.top()].due < parts_[lanes_[b].later.top()].due;
    };
  }
  auto lane_place() {
    return [this](std::uint32_t l) -> std::uint32_t& { return lanes_[l].wake_place; };
  }
  auto open_before() const {
    return [this](std::uint32_t a, std::uint32_t b) {
      const auto &x = destinations_[a], &y = destinations_[b];
      return x.connections != y.connections ? x.connections < y.connections : x.served < y.served;
    };
  }
  auto open_place() {
    return [this](std::uint32_t d) -> std::uint32_t& { return destinations_[d].open_place; };
  }
  auto timer_before() const {
    return [this](std::uint32_t a, std::uint32_t b) { return destinations_[a].timer < destinations_[b].timer; };
  }
  auto timer_place() {
    return [this](std::uint32_t d) -> std::uint32_t& { return destinations_[d].timer_place; };
  }

  dispatcher_settings settings_;
  std::shared_ptr<const destination_limits> general_;
  std::map<std::string, std::shared_ptr<const destination_limits>, std::less<>> own_limits_;

  numbered<part_record> parts_;
  numbered<message_record> messages_;
  numbered<lane_record> lanes_;
  numbered<destination_record> destinations_;
  std::deque<queue_record> queues_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_id_;
  std::unordered_map<std::string_view, std::uint32_t> by_name_; ///< keys are the records' own names
  std::unordered_map<std::string_view, std::uint32_t> by_queue_;
  std::unordered_map<connection_number, connection_record> connections_;
  std::unordered_map<std::uint64_t, flight_record> flying_;
  std::unordered_multimap<std::uint64_t, std::uint64_t> flights_; ///< message → transactions
  /// Destinations that have answered, by hash, though nothing waits for them now.
  std::unordered_map<std::uint64_t, time_ms> proven_;

  index_heap lane_wakes_, deadlines_, timers_;
  std::array<index_heap, 3> open_;         ///< by standing: who wants a connection
  std::array<std::uint32_t, 3> in_use_{};  ///< connections, by the standing they were opened in
  std::deque<std::uint32_t> called_;       ///< destinations whose resting connections have work
  bool shared_ = false;                    ///< with other nodes
  std::vector<std::uint32_t> needs_;       ///< destinations with other needs than told
  std::vector<std::string> gone_;          ///< destinations that were told of, and are forgotten
  time_ms queue_change_ = never, last_now_ = 0;
  std::int64_t failing_tat_us_ = 0;        ///< when the next failing destination's turn is, if none is early
  std::uint64_t next_number_ = 1, next_served_ = 1, recipients_ = 0;
};

} // namespace rookery::queueing
