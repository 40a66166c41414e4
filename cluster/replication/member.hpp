/// One node's part in one volume, stepped: the document, words of other nodes, what the disk did and the time go in; what
/// to write, to send, to propose, to open and to release comes out.
///
/// No socket, file, clock or actor; one thread at a time. Times are of any steady clock of this node; clocks of nodes may
/// run 10 % apart, and nothing depends on the time of day. What it keeps to:
///
/// - Acknowledged is what the leader and all in-sync replicas have durably. A replica that is silent is taken out of the
///   document first, by agreement, and only then does nobody wait for it.
/// - Who is about to be taken in counts from the moment it is proposed, as the proposal may take effect unseen.
/// - A leader serves while each in-sync replica has answered a beat that was *sent* less than `lease` ago; a replica claims
///   the lead `claim_after` behind the last beat that it *received*, and answers none from then on, over restarts too.
/// - Who follows an epoch has cut its log where it may differ. Who leads one has written that down before it appends.
#pragma once

#include "cluster/replication/volume.hpp"
#include "cluster/replication/words.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <variant>
#include <vector>

namespace rookery::replication {

/// Of a steady clock with any beginning.
using moment = std::chrono::milliseconds;

/// Each can be taken away, by the tests that show what it is good for.
struct guards {
  bool wait_for_all = true;      ///< released is what all in-sync replicas have
  bool agree_to_shrink = true;   ///< a silent replica is waited for until the document is without it
  bool count_at_once = true;     ///< a replica counts from the proposal to take it in
  bool lease = true;             ///< serve only while all answer
  bool lease_from_sending = true; ///< a lease begins when the beat left
  bool patience = true;          ///< claim only when the leader's lease is over
  bool in_sync_only = true;      ///< only an in-sync replica claims
  bool fence = true;             ///< nothing is heard of a leader while claiming, or of one of another epoch
  bool keep_promise = true;      ///< that it is claiming outlives a restart
  bool cut = true;               ///< what may differ is cut before following
  bool smallest_start = true;    ///< at the smallest start of all epochs that were missed
  bool new_epoch = true;         ///< a leader that starts again begins an epoch
  bool settle = true;            ///< a new leader opens its volume when what it has is on all replicas
};

struct rules {
  std::chrono::milliseconds beat_every{250};
  std::chrono::milliseconds quiet_beat_every{500}; ///< while nothing is written and all replicas have everything
  std::chrono::milliseconds lease{1500};
  std::chrono::milliseconds silent_after{2000};  ///< a replica that answers no beat, or does not get further
  std::chrono::milliseconds claim_after{3000};
  std::chrono::milliseconds claim_apart{400};    ///< the second in line waits so much longer, and so on
  std::chrono::milliseconds propose_again{1000};
  std::chrono::milliseconds home_after{5000};    ///< a volume goes home when its node was in sync for so long
  std::chrono::milliseconds hand_over_time{3000}; ///< until a hand-over that gets nowhere is given up
  std::uint64_t grow_octets = 1u << 20;          ///< a learner so near the end is taken in
  unsigned min_in_sync = 1;                      ///< below it nothing is accepted
  guards with;
};

/// What a node keeps beside its copy of the log, durably and whole.
struct held {
  std::uint64_t epoch = 0;          ///< that the log follows; 0: none
  bool whole = false;               ///< the log is a copy up to its end; false: blank, or being copied
  std::uint64_t promised = 0;       ///< the document's version on which it claims the lead; 0: it does not
  bool operator==(const held&) const = default;
};

// What is to be done, in this order; each thing durably before the next.
namespace act {
/// Stop writing what the leader sends; answer `frozen` with the log's verified end (whole groups, synced).
struct freeze {};
/// Cut the log there, durably; then `cut_done`. What it has less it has less.
struct cut { log_position at; };
struct keep { held what; };
struct say { node_number to = 0; word what; };
/// Compare and set the document. The outcome is seen in the document.
struct propose { std::uint64_t expected = 0; volume next; };
/// Begin to write in this epoch, in a new segment; answer `leading_at` with the end. Nothing is served yet.
struct lead { std::uint64_t epoch = 0; };
/// Open the volume's store for clients; then `opened`. `hold`: what is written is acknowledged by `release` alone; else as
/// soon as it is durable here.
struct open { bool hold = false; };
/// From now on (not) `hold`, as with `open`. Begun holding: answer `held_from` with this
/// number and the end of what is written by then.
struct hold_releases { bool hold = false; std::uint64_t number = 0; };
/// Stop serving and close the store; then `closed`. Everything that waits is refused.
struct close {};
/// As `close`, but sessions end in order, what was accepted is written first, and the log stays as it is: then `holding`.
struct hold {};
/// Send the log from there to this replica, on its present stream.
struct ship { node_number to = 0; log_position from; };
/// Send it a copy of everything; it says `standing` when it has it.
struct copy { node_number to = 0; };
struct stop_shipping { node_number to = 0; };
/// Everything before is acknowledged for ever: answer, apply, show it.
struct release { log_position to; };
/// A follower may apply up to here.
struct apply { log_position to; };
/// Empty the copy; it will be copied anew. Then `keep` follows.
struct wipe {};
/// Tell the operator.
struct alarm { const char* what = ""; };
} // namespace act
using action = std::variant<act::freeze, act::cut, act::keep, act::say, act::propose, act::lead, act::open, act::hold_releases, act::close, act::hold, act::ship,
                            act::copy, act::stop_shipping, act::release, act::apply, act::wipe, act::alarm>;
using step = std::vector<action>;

enum class standing : std::uint8_t {
  idle,        ///< no part in it
  following,   ///< or waiting for a leader to speak
  cutting,     ///< looks where its log ends, and brings it in line
  claiming,
  taking,      ///< leads by the document, begins to write
  settling,    ///< leads, waits until all replicas have what it has
  opening,
  serving,
  handing,     ///< gives the lead away
  closing
};
const char* name(standing) noexcept;

/// How a leader sees a replica.
struct replica_view {
  node_number id = 0;
  bool in_sync = false, connected = false, follows = false, copying = false;
  log_position durable;
  std::int64_t silent_ms = -1;
};

class member {
public:
  member(node_number self, node_number volume, const held&, const rules&, moment now);

  // The world.
  step document(std::uint64_t version, const volume&, moment now);
  step heard(node_number from, const word&, moment now);
  step connected(node_number peer, moment now);
  step disconnected(node_number peer, moment now);
  /// At `next_tick` at the latest.
  step tick(moment now, std::chrono::milliseconds wall);
  /// When something is due by the time alone; other calls may bring it nearer.
  moment next_tick(moment now) const;
  // The disk.
  step frozen(log_position verified_end, moment now);
  step cut_done(log_position end, moment now);
  step leading_at(log_position end, moment now);
  step opened(moment now);
  step closed(moment now);
  step holding(log_position end, moment now);
  step held_from(std::uint64_t number, log_position written, moment now);
  /// Of a leader: its log was handed to the replicas up to `position`, and is durable up to `synced`.
  step written(log_position position, moment now);
  step synced(log_position position, moment now);
  /// Of a follower: durable up to there, in this epoch.
  step stored(log_position position, moment now);
  /// Of a learner: its copy is whole up to there, in this epoch.
  step copied(log_position end, moment now);
  /// Of a follower: its leader cannot ship from where it stands.
  step copy_anew(moment now);
  // The operator.
  /// Gives the lead to an in-sync replica (0: the one that is furthest); false: there is none, or it does not lead.
  bool hand_over(node_number to, moment now, std::chrono::milliseconds paused_until, step& out);
  /// This node goes away soon: it is given nothing to lead, and its leader need not wait for it.
  step leaving(moment now);
  /// It stays after all.
  void staying() { leaving_ = false; }
  /// For a leader that is not the volume's home: how long the home has to be in sync before it goes there; `home_after` at the least.
  void goes_home_after(std::chrono::milliseconds wait) { home_wait_ = wait; }
  /// Changes the document's learners, copies or pause, as leader; false: something else is being changed, try later.
  bool change(volume next, moment now, step& out);

  /// A follower writes what comes from there in this epoch.
  bool accepts(node_number from, std::uint64_t epoch) const noexcept;
  /// Until when clients may be answered from this node; nothing: not at all. Ask right before an answer leaves.
  std::optional<moment> lease_end() const noexcept;
  bool may_serve(moment now) const noexcept;
  /// Enough replicas to accept something.
  bool may_accept() const noexcept;
  /// To whom a leader keeps a stream.
  std::vector<node_number> audience() const;

  standing state() const noexcept { return state_; }
  const volume& agreed() const noexcept { return doc_; }
  std::uint64_t version() const noexcept { return version_; }
  const held& kept() const noexcept { return held_; }
  log_position released() const noexcept { return released_; }
  log_position end() const noexcept { return written_; }
  std::vector<replica_view> replicas(moment now) const;
  /// Something of the document is being proposed.
  bool proposing() const noexcept { return pending_.has_value(); }
  node_number leader() const noexcept { return doc_.leader; }

private:
  struct replica {
    bool connected = false, follows = false, copying = false, willing = true;
    log_position durable;
    moment lease_from{-1};                     ///< when the last answered beat left; -1: none
    moment heard{0};                           ///< the last answer, or since when one is waited for
    moment progress{0};                        ///< when it got further, or had everything
    moment in_sync_since{-1};
    std::map<std::uint64_t, moment> beats;     ///< not answered
  };
  struct proposal {
    std::uint64_t expected = 0;
    volume next;
    moment said{0};
    node_number grows = 0;
    bool hands_over = false;
  };

  bool leads() const noexcept;
  bool quiet() const noexcept;
  std::optional<moment> claim_time() const;
  bool follows_well() const noexcept;
  std::vector<node_number> counted() const;     ///< whose answers are needed, without this node
  void reconsider(moment, step&);
  void consider_lead(moment, step&);
  void consider_following(moment, step&);
  void in_line(log_position end, moment, step&);
  void take(moment, step&);
  void claim(step&);
  void step_down(moment, step&);
  void propose(volume next, node_number grows, bool hands_over, moment, step&);
  void advance(moment, step&);
  void open(step&);
  void mind_holding(step&);
  void lead_tick(moment, std::chrono::milliseconds wall, step&);
  void change_members(moment, step&);
  void beat(moment, step&);
  void begin_hand_over(node_number, moment, std::chrono::milliseconds, step&);
  void press_hand_over(moment, step&);
  void keep_lead(moment, step&);
  bool near_end(const replica&) const noexcept;
  bool fresh(const replica&, moment) const noexcept;
  void heard_by_leader(node_number, const word&, moment, step&);
  void heard_by_follower(node_number, const word&, moment, step&);
  void say_standing(step&);
  void keep(step&);
  replica& peer(node_number, moment);

  node_number self_, id_;
  rules rules_;
  held held_;
  volume doc_;
  std::uint64_t version_ = 0;                   ///< 0: no document yet
  standing state_ = standing::idle;
  bool led_here_ = false;                       ///< this process has led `held_.epoch`
  bool leaving_ = false;
  // Leader.
  std::map<node_number, replica> peers_;
  std::optional<proposal> pending_;
  log_position written_, synced_, released_, start_;
  std::uint64_t beat_number_ = 0;
  moment next_beat_{0};
  log_position told_written_, told_released_;   ///< by the last beat
  node_number hand_to_ = 0;
  moment hand_until_{0}, hand_next_{0};
  std::chrono::milliseconds home_wait_{0};
  std::chrono::milliseconds hand_pause_{0};
  std::optional<log_position> held_end_;        ///< handing over: nothing is written behind it
  node_number joining_ = 0;                     ///< releases wait for it, so that it reaches the end and can be taken in
  std::optional<log_position> joining_at_;      ///< what may be acknowledged without it ends here
  moment joining_until_{0}, joining_next_{0};
  bool holds_ = false;                          ///< as last said
  std::uint64_t hold_number_ = 0;
  // Follower.
  moment last_beat_{0};
  bool end_known_ = false;
  log_position stored_;
  std::uint64_t asked_ = 0;                     ///< epoch whose leader wants to know how it stands
};

} // namespace rookery::replication
