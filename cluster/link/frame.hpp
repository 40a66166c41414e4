/// What nodes say to each other on a control link, as octets: one octet version, one octet type, fields.
///
/// Readers refuse other versions and what is longer than its fields. A link begins with hello, welcome, proof; until then
/// nothing else is heard (cluster/node/consensus_actor.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace rookery::cluster {

/// The dialler's first word.
struct hello {
  std::string cluster;       ///< id
  std::uint64_t from = 0;    ///< member id
  std::string uuid;          ///< of the node
  std::string certificate;   ///< PEM
  std::string nonce;         ///< what the other side is to sign
  std::string software;
};
/// The answer; signs the dialler's nonce.
struct welcome {
  std::uint64_t from = 0;
  std::string uuid;
  std::string certificate;
  std::string nonce;
  std::string signature;
  std::string software;
};
/// Signs the other's nonce.
struct proof {
  std::string signature;
};
/// No link: a sentence for the operator of the other node.
struct refusal {
  std::string text;
};
/// A message of the consensus.
struct letter_frame {
  std::string octets;
};
/// Commands for the leader to propose; told again until they took effect.
struct forward {
  std::string batch;
};
/// Within a second when it has changed, else each two seconds.
struct beat {
  std::uint64_t configuration = 0; ///< version that the node follows
  std::uint64_t agreed = 0;        ///< index
  bool operator==(const beat&) const = default;
};
/// Each two seconds, and with a report that has changed. Programs of before do not look at it.
struct vitals {
  std::uint64_t sent_us = 0, wall_us = 0, echo_us = 0, held_us = 0; ///< cluster/node/clock_comparison.hpp
  std::uint64_t disk_free = 0, disk_total = 0; ///< octets, where the data directory is; total 0: not known
  std::uint64_t sessions = 0;
  std::uint64_t queued = 0, queue_held = 0;    ///< messages of its spool; of these, held
};
/// Said once as soon as a link stands, and of which level it knows that it is agreed. Programs of before neither say nor look at it.
struct levels {
  std::uint64_t oldest = 1, newest = 1, agreed = 1; ///< cluster/node/feature_level.hpp
};
/// When it has changed, and to whoever is new: what the program tells of itself, in its own form. Programs of before do not
/// look at it.
struct report {
  std::string octets;
};
/// Whenever there is something: of the destinations that a node delivers to (policy/queueing/share_note.hpp). Programs of before
/// do not look at it.
struct note {
  std::string octets;
};
using frame = std::variant<hello, welcome, proof, refusal, letter_frame, forward, beat, vitals, levels, report, note>;

inline constexpr std::size_t field_octets_max = 16 * 1024; ///< of texts in the first frames
inline constexpr std::size_t report_frame_octets_max = 256 * 1024;
inline constexpr std::size_t note_frame_octets_max = 128 * 1024;

std::string print(const frame&);
std::optional<frame> read_frame(std::string_view octets);

/// What is signed: nobody's signature for one link serves on another.
std::string proof_text(std::string_view cluster, std::uint64_t signer, std::uint64_t reader, std::string_view nonce);

} // namespace rookery::cluster
