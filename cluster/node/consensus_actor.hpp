/// The actor that drives the consensus and owns the links; detached. Private to cluster/node.
///
/// Understands: frames of other nodes, ticks, and tasks of this process. It never waits for anybody: applying is told to
/// `control_parts::apply`, dialling happens in threads of its own.
#pragma once

#include "cluster/consensus/consensus_log.hpp"
#include "cluster/consensus/engine.hpp"
#include "cluster/link/frame.hpp"
#include "cluster/node/batch.hpp"
#include "cluster/node/clock_comparison.hpp"
#include "cluster/node/control_plane.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <mutex>

namespace rookery::cluster {

using frame_atom = caf::atom_constant<caf::atom("frame")>;
using tick_atom = caf::atom_constant<caf::atom("tick")>;

class consensus_actor;
/// Something of this process to be done in the actor's thread.
struct actor_task {
  std::shared_ptr<const std::function<void(consensus_actor&)>> run;
};

/// The last state, for whoever asks. Thread-safe.
struct status_board {
  mutable std::mutex lock;
  control_status last;
};

class consensus_actor final : public caf::event_based_actor {
public:
  consensus_actor(caf::actor_config&, std::shared_ptr<control_parts>, std::shared_ptr<consensus::consensus_log>, std::shared_ptr<status_board>);
  caf::behavior make_behavior() override;
  void on_exit() override;

  // Tasks.
  void propose(std::string command, control_plane::proposed done);
  void set_nodes(std::vector<node_entry>);
  void applied(std::vector<storage::command_result>);
  void dialled(consensus::member_id, caf::actor there, std::string fault);
  void step_down();
  void identify(std::string certificate, std::function<std::string(std::string_view)> sign);

private:
  using clock = std::chrono::steady_clock;
  struct peer {
    node_entry entry;
    caf::actor link;               ///< of the handshake, then of the link
    bool linked = false, dialling = false;
    bool known = true;             ///< it belongs to the cluster still
    clock::time_point began{}, heard{}, next_dial{};
    clock::time_point leaves{};    ///< when its link ends, as it belongs to the cluster no more
    std::chrono::milliseconds wait{0};
    std::string nonce, certificate, fault, software;
    std::size_t unanswered = 0, unanswered_octets = 0;
    std::uint64_t dropped = 0;
    beat last_beat;
    clock_comparison clocks;
    std::optional<node_vitals> said;
    std::optional<level_range> levels;
    bool proven = false;           ///< who it is; its levels are waited for
    std::string told;              ///< our report, as it was sent last
    std::optional<beat> told_beat; ///< ours, the same
    std::string report;            ///< its
  };
  struct waiting {
    control_plane::proposed done;
    clock::time_point until;
  };

  // The engine.
  void begin_engine();
  void take(consensus::step);
  void send_letters(std::vector<consensus::letter>&);
  void tick();
  std::chrono::milliseconds next_round() const;
  void kick_apply();
  void kick_snapshot();
  // Proposals.
  void send_batch();
  void lead();
  void take_batch(std::string octets);
  void expire();
  // Members.
  void plan();
  void forget(clock::time_point);
  // Links.
  void heard(const caf::strong_actor_ptr& from, const std::string& octets);
  void greeted(const caf::strong_actor_ptr& from, const hello&);
  void linked(peer&);
  void unlink(peer&, std::string fault);
  void refuse(const caf::actor& whom, const std::string& text);
  void dial(peer&);
  void down(const caf::down_msg&);
  peer* speaker(const caf::strong_actor_ptr&);
  peer* find(consensus::member_id);
  void say(peer&, const frame&);
  void say_vitals(peer&, const node_vitals&);
  void say_note(peer&);
  bool knows_level(peer&, const level_range&);
  void proven(peer&);
  void publish();
  std::uint64_t now() const;

  std::shared_ptr<control_parts> parts_;
  std::shared_ptr<consensus::consensus_log> log_;
  std::shared_ptr<status_board> board_;
  std::unique_ptr<consensus::engine> engine_;
  std::map<consensus::member_id, peer> peers_;
  wish own_wish_ = wish::automatic;
  bool own_known_ = false;

  std::deque<agreed_item> to_apply_;
  std::vector<agreed_item> applying_;
  std::optional<std::uint64_t> snapshot_index_;

  std::uint64_t next_sequence_ = 0;
  std::deque<proposal> next_;             ///< of this node, not sent yet
  std::vector<proposal> batch_;           ///< sent, not in force yet
  clock::time_point batch_sent_{};
  std::map<std::uint64_t, waiting> waiting_;
  std::deque<proposal> to_propose_;       ///< as leader, of all nodes
  consensus::member_id told_leader_ = 0;
  bool changing_ = false;                 ///< a change of members is under way
  clock::time_point last_tick_{}, next_plan_{}, next_beat_{}, next_publish_{};
  unsigned beats_ = 0;
};

} // namespace rookery::cluster

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::cluster::actor_task)
