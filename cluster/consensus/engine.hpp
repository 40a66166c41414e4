/// Agreement among nodes on one order of commands, stepped: a message, a time, a proposal or "that is
/// on the disk" goes in; what to write, to send and to apply comes out.
///
/// No socket, file, clock, thread or randomness of its own; one thread at a time. Inside is libraft, whose
/// version 0.15.0 acknowledges writes that it then loses; the guards here keep that from happening, and
/// docs/decisions/0015-consensus-is-libraft-behind-guards.md says which defect each is for. Nothing outside
/// this folder sees the library.
///
/// The driver's duty after each call: send `step::before`; write all of `step::writes` durably, in order;
/// send `step::after`; call `persisted` and treat its step likewise. Until then every other call but
/// `persisted` throws base::broken. When a write fails, the process ends: nothing is tried twice.
#pragma once

#include "cluster/consensus/records.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::consensus {

/// Each can be taken away, by the tests that show what it is good for. Names in brackets are used in the decision.
struct guards {
  bool persist_first = true;    ///< [G1] nothing goes in before the last step's writes are durable
  bool barrier_first = true;    ///< [G2] a new leader's first message carries an entry of its term
  bool cap_match = true;        ///< [G3] a follower vouches only for what the request compared
  bool send_never_fails = true; ///< [G4] a peer without a connection loses messages; the library is not told at once
  bool one_in_flight = true;    ///< [G5] one proposal at a time
  bool one_vote = true;         ///< [G6] no second vote in a term for the target of a hand-over
  bool change_hygiene = true;   ///< [G7] uncommitted members are neither kept in snapshots nor rolled back in place
  bool vouch_for_snapshot = true; ///< [G11] what a follower's snapshot covers counts as agreed, whatever the leader asks from
  bool short_install = true;    ///< [G9] a lost snapshot is sent again after seconds; votes are asked for before terms grow
};

struct engine_options {
  member_id self = 0;
  std::uint32_t heartbeat_ms = 50;
  std::uint32_t election_ms = 500;         ///< to twice as much; at least four heartbeats
  std::uint32_t install_ms = 3000;         ///< until a snapshot that was not answered is sent again
  std::uint32_t snapshot_after = 1024;     ///< entries
  std::uint32_t trailing = 128;            ///< entries that stay behind a snapshot; at least 1
  std::uint64_t seed = 1;                  ///< of election times
  guards with;
};

struct letter {
  member_id to = 0;
  std::string octets;
};

/// A command took effect: it will be there on every node, at this place.
struct committed {
  std::uint64_t index = 0;
  std::string octets;
};
/// Everything before was replaced by a snapshot.
struct restored {
  snapshot_ptr what;
};
using applied = std::variant<committed, restored>;

enum class fate : std::uint8_t {
  done,
  not_leader,  ///< nothing happened; ask the leader
  busy,        ///< nothing happened; one is under way
  lost,        ///< leadership went while it was under way: it may still take effect, or not
  refused      ///< a change of members that makes no sense, or whose node did not catch up
};
struct finished {
  std::uint64_t ticket = 0;
  fate what = fate::done;
  std::uint64_t index = 0; ///< of a command
};

/// The library wants a snapshot: give the state by `snapshot_taken` when everything up to `index` is in it.
struct snapshot_wanted {
  std::uint64_t index = 0;
};

struct step {
  std::vector<letter> before;           ///< may leave at once, while the writes go on
  std::vector<durable_write> writes;    ///< one sync for all
  std::vector<letter> after;            ///< leave when the writes are durable
  std::vector<applied> apply;           ///< in this order
  std::vector<finished> ended;
  std::optional<snapshot_wanted> snapshot;
  bool start_again = false;             ///< [G7] write, then make a new engine from what is on the disk
  bool failed = false;                  ///< [G8] the library gave up: end the process
};

enum class standing : std::uint8_t { out, follower, candidate, leader };

/// How a leader sees a peer.
struct peer_progress {
  member_id id = 0;
  std::uint64_t match = 0;  ///< it has everything up to here
  bool recent = false;      ///< it answered within the election time
};

class engine {
public:
  /// The library's version, as packaged [G10].
  static std::string_view version() noexcept;
  /// The state of a group whose only member is `first`: what a new group's log begins with.
  static durable_state found(member_id first, std::string octets);

  /// `first` has what starting brought about.
  engine(const engine_options&, durable_state, std::uint64_t now_ms, step& first);
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;
  ~engine();

  step persisted(std::uint64_t now_ms);
  /// Octets that are no message are dropped.
  step receive(member_id from, std::string_view octets, std::uint64_t now_ms);
  /// At `next_tick` at the latest.
  step tick(std::uint64_t now_ms);
  /// When something is due by the time alone: a leader's heartbeats, or others' patience with it. Each call may bring it nearer.
  std::uint64_t next_tick(std::uint64_t now_ms) const noexcept;
  /// Its end is told by `finished` with the ticket: in this step, or later.
  step propose(std::uint64_t ticket, std::string octets, std::uint64_t now_ms);
  /// Ends when everything proposed before it, by any leader, was applied here: then reads are up to date.
  step barrier(std::uint64_t ticket, std::uint64_t now_ms);
  // Changes of members; one at a time.
  step add(std::uint64_t ticket, member_id, std::uint64_t now_ms);                ///< as a spare
  step assign(std::uint64_t ticket, member_id, role, std::uint64_t now_ms);
  step remove(std::uint64_t ticket, member_id, std::uint64_t now_ms);
  /// Lets another voter lead (0: any). `done` says that it was asked, not that it leads.
  step hand_over(std::uint64_t ticket, member_id to, std::uint64_t now_ms);
  step snapshot_taken(std::string octets, std::uint64_t now_ms);
  /// Peers are taken to be connected until this says otherwise. A follower whose leader is not gives others its vote.
  void connected(member_id, bool);

  standing state() const noexcept;
  member_id leader() const noexcept; ///< 0: not known
  std::uint64_t term() const noexcept;
  std::uint64_t last_index() const noexcept;
  std::uint64_t commit_index() const noexcept;
  std::uint64_t applied_index() const noexcept;
  std::vector<member> members() const;
  std::vector<peer_progress> progress() const; ///< of a leader
  std::uint32_t in_flight() const noexcept;

  struct inside; ///< private to the folder

private:
  std::unique_ptr<inside> in_;
};

} // namespace rookery::consensus
