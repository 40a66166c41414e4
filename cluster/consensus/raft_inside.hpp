/// The library's structures and the calls that it makes back to us. Private to cluster/consensus.
///
/// The library may not be entered again from inside one of its calls, and touches a request after `send`
/// and `append` have returned: what completes them waits in `later` until the outermost call is back.
#pragma once

#include "cluster/consensus/engine.hpp"
#include "cluster/consensus/message.hpp"

#include <deque>
#include <functional>
#include <limits>
#include <random>

extern "C" {
#include <raft.h>
}

namespace rookery::consensus {

struct engine::inside {
  inside(const engine_options&, durable_state, std::uint64_t now_ms);
  ~inside();

  // Of one call.
  void begin(std::uint64_t now_ms);
  step finish();
  void settle();            ///< runs what waits, and what a new leader owes
  void lead();
  void tell_commit();

  bool accept(const message&);              ///< false: a guard drops it
  bool cut_changes(const entries_request&); ///< [G7]
  void begin_at_snapshot(entries_request&); ///< [G11]
  void deliver(member_id from, message);
  void complete_writes();
  step end_at_once(std::uint64_t ticket, fate);

  // What the library calls.
  static raft_io calls(inside*);
  static raft_fsm machine(inside*);
  int load(raft_term*, raft_id* vote, struct raft_snapshot**, raft_index* start, struct raft_entry**, std::size_t*);
  int send(struct raft_io_send*, const struct raft_message*, raft_io_send_cb);
  int append(struct raft_io_append*, const struct raft_entry*, unsigned n, raft_io_append_cb);
  int truncate(raft_index);
  int put(unsigned trailing, struct raft_io_snapshot_put*, const struct raft_snapshot*, raft_io_snapshot_put_cb);
  int get(struct raft_io_snapshot_get*, raft_io_snapshot_get_cb);
  int picture(struct raft_buffer**, unsigned*);
  void note(std::uint64_t first, const entry&);

  struct place {
    std::uint64_t term;
    entry_kind kind;
  };
  const place* at(std::uint64_t index) const;
  std::uint64_t last_change() const; ///< index of the last entry that changes members; 0: none

  struct waiting_append {
    struct raft_io_append* request;
    raft_io_append_cb done;
    std::uint64_t cap;
  };
  struct waiting_put {
    struct raft_io_snapshot_put* request;
    raft_io_snapshot_put_cb done;
    snapshot what;          ///< without octets until they are given
    snapshot_ptr written;   ///< among the writes
    std::uint64_t trailing;
  };

  engine_options options;
  durable_state loading;
  struct raft core {};
  raft_io io{};
  raft_fsm fsm{};
  raft_io_tick_cb on_tick = nullptr;
  raft_io_recv_cb on_message = nullptr;
  raft_io_close_cb on_close = nullptr;
  std::uint64_t now = 0;
  std::mt19937_64 random;

  step out;
  std::vector<letter> letters;
  std::deque<std::function<void()>> later;
  std::vector<waiting_append> appends;
  std::optional<waiting_put> putting;
  snapshot_ptr last;
  snapshot_ptr restoring;
  std::deque<place> places;         ///< of the log's entries, as on the disk
  std::uint64_t first_place = 1;
  std::vector<member_id> unreachable;
  std::uint64_t cap = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t led_term = 0;       ///< in which the first entry was proposed
  std::uint64_t told_commit = 0;    ///< of the present term
  std::uint32_t in_flight = 0;
  bool unwritten = false;           ///< `persisted` is owed
  bool closing = false;
  bool over = false;                ///< start again, or failed
};

/// The library's copy of some octets; never null.
void* raft_copy(std::string_view octets);
void print_members(const std::vector<member>&, struct raft_configuration*);
std::vector<member> read_members(const struct raft_configuration&);

} // namespace rookery::consensus
