/// Several engines in one process with a disk, a clock and a network that the test moves by hand.
#pragma once

#include "cluster/consensus/engine.hpp"
#include "cluster/consensus/message.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace rookery::consensus {

/// The disk of one node as values.
class disk {
public:
  explicit disk(durable_state s) : state(std::move(s)) {}
  void write(const durable_write&);
  durable_state state;
};

struct node_of_group {
  member_id id = 0;
  std::unique_ptr<disk> on;
  std::unique_ptr<engine> runs;            ///< null: it is down
  std::vector<durable_write> unwritten;    ///< not on the disk yet
  std::vector<letter> held;                ///< leave when the writes are durable
  std::vector<std::string> machine;        ///< what was applied, in order
  std::map<std::uint64_t, std::uint64_t> index_of; ///< of applied ones: index to place
  std::vector<finished> ended;
  bool starts_again = false;
};

struct posted {
  member_id from = 0, to = 0;
  message what;
};

class group {
public:
  /// Each begins with the same log: the members at index 1.
  group(unsigned nodes, guards with, std::function<void(engine_options&)> adjust = {});

  node_of_group& at(member_id id) { return nodes[id]; }
  engine& operator()(member_id id) { return *nodes[id].runs; }
  void start(member_id);
  void kill(member_id);                     ///< what is not on the disk is lost
  void add_blank(member_id);                ///< a node with an empty log
  /// Takes what a call on the engine of `id` gave; writes it at once unless `slow_disk`.
  void take(member_id id, step);
  void write_now(member_id id);
  void tick(member_id id);
  void pass(std::uint64_t ms) { now += ms; }
  void propose(member_id id, std::uint64_t ticket, const std::string& octets);
  /// Delivers those for which `wanted` says so, the oldest first, until there are none.
  void deliver(const std::function<bool(const posted&)>& wanted);
  void drop(const std::function<bool(const posted&)>& unwanted);
  /// Time goes on with everybody reachable but those in `cut`, until `until` or for `ms` at most. True: it came true.
  bool run(std::uint64_t ms, const std::function<bool()>& until = {}, const std::set<member_id>& cut = {});
  /// Makes `id` the leader, by its own election; `voters` are reachable.
  bool elect(member_id id, const std::set<member_id>& voters);
  member_id leader() const;
  /// The engines' states, for failures.
  std::string describe() const;
  bool ended(member_id id, std::uint64_t ticket, fate what) const;

  std::map<member_id, node_of_group> nodes;
  std::vector<posted> post;
  std::set<member_id> slow_disk;
  std::function<bool(const posted&)> lose; ///< asked for each letter that would arrive
  std::uint64_t now = 1'000'000;
  guards with;
  std::function<void(engine_options&)> adjust;
};

} // namespace rookery::consensus
