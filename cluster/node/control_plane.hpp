/// A node's part in its cluster: the consensus in a thread of its own, and the links to the other nodes.
///
/// It lives in an actor system of its own (CAF's middleman and OpenSSL, mutual TLS with the cluster's certificates), so
/// that a node without a cluster starts none of it. All calls may come from any thread; what is given in `control_parts`
/// is called in the consensus' thread, and must not call back but where it says so.
#pragma once

#include "base/result.hpp"
#include "cluster/consensus/records.hpp"
#include "cluster/node/feature_level.hpp"
#include "cluster/node/member_plan.hpp"
#include "storage/shard/machine.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::cluster {

/// A node as the agreed configuration has it.
struct node_entry {
  consensus::member_id id = 0;
  std::string uuid;
  std::string host;            ///< name or address; names are asked anew at each connect
  std::uint16_t port = 0;
  std::string fingerprint;     ///< of its certificate: SHA-256 of the DER, hexadecimal
  wish role = wish::automatic;
  std::string next_fingerprint;///< of the certificate it will use; accepted as well. "": none
  bool witness = false;        ///< it votes and keeps no mail
  std::string box = {};        ///< what secrets for it are sealed for, hexadecimal; "": it has told none
  bool operator==(const node_entry&) const = default;
};

/// One agreed command, or a picture of everything.
struct agreed_item {
  std::uint64_t index = 0;
  std::uint64_t origin = 0, sequence = 0;
  std::string command;
  consensus::snapshot_ptr picture; ///< not null: replaces all; the fields above but index are empty
};

/// What a node says of itself.
struct node_vitals {
  std::uint64_t disk_free = 0, disk_total = 0; ///< octets; total 0: not known
  std::uint64_t sessions = 0;
  std::uint64_t queued = 0, queue_held = 0;    ///< messages
  std::string report;                          ///< more of it, in the program's own form; told when it has changed
};

struct control_parts {
  consensus::member_id self = 0;
  std::string cluster, uuid, software;
  std::uint16_t port = 0;                ///< to listen at, all addresses
  std::string directory;                 ///< of the log of the consensus
  std::string authority_file, certificate_file, key_file; ///< PEM
  std::string certificate;               ///< the text of certificate_file
  std::vector<node_entry> nodes;         ///< as known now

  /// Applies in order, and calls `done` once from any thread with a result each. It tries until it succeeds.
  std::function<void(std::vector<agreed_item>, std::function<void(std::vector<storage::command_result>)> done)> apply;
  std::function<std::uint64_t()> agreed;                          ///< index of the last applied command
  std::function<std::uint64_t(std::uint64_t origin)> last_sequence; ///< that took effect
  std::function<std::uint64_t()> version;                         ///< of the configuration that is followed
  level_range levels;                                             ///< that this node's program knows
  std::function<unsigned()> level;                                ///< that is agreed
  std::function<std::string()> picture;
  std::function<node_vitals()> vitals;                            ///< at once; may be empty
  /// What is told beside all that, several times a second: `notes_tick`, then for each node with a link `note_for`, which gives
  /// nothing when there is nothing to tell; `noted` gets what others tell. All may be empty.
  std::function<void()> notes_tick;
  std::function<std::optional<std::string>(consensus::member_id to)> note_for;
  std::function<void(consensus::member_id from, std::string_view octets)> noted;
  /// Blocks for `wait` at most; called in threads of their own. Nothing: a node shakes hands there just now; else why not.
  std::function<std::optional<std::string>(const std::string& host, std::uint16_t port, std::chrono::milliseconds wait)> silence;
  std::function<std::string(std::string_view octets)> sign;
  /// Nothing: all is well; else a sentence.
  std::function<std::optional<std::string>(const std::string& certificate, const node_entry&, std::string_view octets,
                                           std::string_view signature)> verify;
  std::function<std::string()> nonce;
  std::function<void(const std::string& why)> failed;              ///< end the process

  /// Each heartbeat wakes four threads of the leader for each peer; five that get lost are an election.
  std::uint32_t heartbeat_ms = 250, election_ms = 1000;
};

struct peer_status {
  consensus::member_id id = 0;
  std::string uuid, host;
  std::uint16_t port = 0;
  bool linked = false;
  std::string fault;            ///< why there is no link
  std::int64_t silent_ms = -1;  ///< since its last word; -1: none yet
  std::string software;
  std::uint64_t configuration = 0, agreed = 0;
  std::optional<std::chrono::microseconds> round_trip;   ///< nothing: not known yet
  std::optional<std::chrono::microseconds> clock_offset; ///< what its clock shows more than ours
  std::optional<node_vitals> vitals;                     ///< nothing: it has said none
  std::optional<level_range> levels;                     ///< nothing: it is not linked, or has not said them yet
  std::uint64_t dropped = 0;    ///< letters that were not sent since too many were unanswered
};
struct control_status {
  consensus::member_id self = 0, leader = 0;
  std::string standing;         ///< leader, follower, candidate
  std::uint64_t term = 0, last = 0, committed = 0, agreed = 0, configuration = 0;
  std::vector<consensus::member> members;
  std::vector<peer_status> peers;
  std::size_t waiting = 0;      ///< proposals of this node without an answer
};

/// Beyond these a node's proposals are refused, and letters to a peer that does not answer are dropped.
inline constexpr std::size_t proposals_waiting_max = 10'000;
inline constexpr std::size_t unanswered_max = 256;
inline constexpr std::size_t unanswered_octets_max = 32u << 20;
inline constexpr std::chrono::seconds proposal_time{10};

class control_plane {
public:
  using proposed = std::function<void(base::result<storage::command_result>)>;
  /// Fails when the log is damaged, the certificates cannot be used, or the port is taken.
  static base::result<std::unique_ptr<control_plane>> start(control_parts);
  /// Its threads end soon after; the caller keeps what `control_parts` names alive.
  ~control_plane();

  void propose(std::string command, proposed done);
  /// The agreed configuration names these nodes now.
  void nodes(std::vector<node_entry>);
  /// From the next handshake on this node shows another certificate; links stay. The files of `control_parts` have it already.
  void identify(std::string certificate, std::function<std::string(std::string_view octets)> sign);
  /// Lets another lead, if this node does; `done` in another thread.
  void step_down();
  control_status status() const;

private:
  control_plane();
  struct inside;
  std::unique_ptr<inside> in_;
};

} // namespace rookery::cluster
