/// What is written to the node log together, and where it came to lie.
///
/// A commit group is atomic: after a crash either all of its records are there
/// or none. The log writer gathers many groups into one write and one
/// fdatasync; docs/formats/log.md has the octets.
#pragma once

#include "base/crypto/crypto.hpp"
#include "base/id.hpp"

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage {

/// A place in the node log. Positions only grow; segment numbers begin with 1.
struct log_position {
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;
  auto operator<=>(const log_position&) const = default;
  std::uint64_t packed() const noexcept { return std::uint64_t{segment} << 32 | offset; }
  static log_position unpacked(std::uint64_t v) noexcept {
    return {static_cast<std::uint32_t>(v >> 32), static_cast<std::uint32_t>(v)};
  }
};

/// Identity of a message body: SHA-256 of its octets, the same on every node.
using body_id = base::sha256_digest;

/// Where a body lies on this node: `length` octets at `offset` of a segment file.
struct body_ref {
  body_id id{};
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;  ///< of the first octet of the body itself, behind the record's head
  std::uint32_t length = 0;
  bool operator==(const body_ref&) const = default;
};

/// A message body on its way into the log: in memory, or in an open spill file
/// (large messages) from whose beginning `length` octets are copied.
struct body_source {
  std::shared_ptr<const std::string> octets; ///< null when spilled
  int spill_fd = -1;                          ///< owned by the sender, open until the group is durable
  std::uint32_t length = 0;
  body_id id{};                               ///< computed by the sender, as the octets came
};

/// The closed list of shards by number: 0 configuration, 1 the spool of this node,
/// 2.. accounts.
inline constexpr base::shard_id config_shard{0};
inline constexpr base::shard_id spool_shard{1};
inline constexpr std::uint32_t first_mail_shard = 2;

/// One deterministic change of one shard.
struct shard_command {
  base::shard_id shard;
  std::uint32_t epoch = 1;             ///< of the shard's leadership; 1 on a single node
  std::string payload;                 ///< type, version and fields; the shard's own encoding
  std::vector<std::uint32_t> bodies;   ///< indexes into the group's bodies that it names, in its order
};

struct commit_group {
  std::vector<body_source> bodies;
  std::vector<shard_command> commands;
};

/// A command as the log has it: what a machine applies, now or at replay.
struct committed_command {
  base::shard_id shard;
  std::uint32_t epoch = 1;
  std::uint64_t lsn = 0;         ///< grows by one with each record of this node
  log_position at;               ///< of its record
  log_position next;             ///< right behind its commit group: what `applied` becomes
  bool group_end = true;         ///< the last command of its group for its shard
  std::string payload;
  std::vector<body_ref> bodies;  ///< places of the bodies it names, in its order
};

/// Sets `group_end` in the commands of one group, given in their order.
void mark_group_ends(std::vector<committed_command>& group);

} // namespace rookery::storage
