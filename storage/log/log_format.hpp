/// The octets of a log segment: docs/formats/log.md.
///
/// Numbers of types and flags are on disk: never renumber.
#pragma once

#include "storage/log/commit_group.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage {

enum class record_type : std::uint8_t {
  body = 1,       ///< payload: the octets of one message body
  command = 2,    ///< payload: places of the bodies it names, then the shard's command
  checkpoint = 3, ///< payload: a shard (or all) and the position it has durably reached
  pad = 4         ///< payload: anything; skipped
};

namespace record_flag {
inline constexpr std::uint16_t group_end = 1;    ///< last record of a commit group
inline constexpr std::uint16_t commit_begin = 2; ///< everything before it in the file was synced when it was written
} // namespace record_flag

inline constexpr std::size_t record_alignment = 8;
inline constexpr std::size_t record_head_octets = 32;
inline constexpr std::size_t segment_header_octets = 64;
inline constexpr std::uint8_t record_version = 1;
inline constexpr std::uint32_t segment_version = 1;
inline constexpr std::string_view segment_magic = "RKRYLOG\n";

/// In a checkpoint record: no machine needs commands before its position.
inline constexpr base::shard_id all_shards{0xffffffff};

/// The first octets of every segment file.
struct segment_header {
  std::uint32_t version = segment_version;
  base::node_id node;
  std::uint32_t segment = 0;
  std::uint64_t first_lsn = 1; ///< of its first record
  std::uint64_t salt = 0;      ///< random; begins the checksum of every record head of this file
  log_position needed_from;    ///< commands before it are needed by no machine: their segments may be gone
};

struct record_head {
  std::uint32_t length = 0;       ///< octets of the payload, without padding
  std::uint32_t payload_crc = 0;  ///< CRC-32C of the payload
  record_type type = record_type::pad;
  std::uint8_t version = record_version;
  std::uint16_t flags = 0;
  std::uint32_t shard = 0;        ///< commands and checkpoints; else 0
  std::uint32_t epoch = 0;        ///< commands; else 0
  std::uint64_t lsn = 0;
};

/// Octets of a whole record with this payload: head, payload, padding.
constexpr std::uint64_t record_octets(std::uint64_t payload) noexcept {
  return (record_head_octets + payload + record_alignment - 1) / record_alignment * record_alignment;
}

std::string write_segment_header(const segment_header&);
/// Nothing when the magic or the checksum is wrong. A version that is not ours is given back as
/// it is: the caller refuses it by name.
std::optional<segment_header> read_segment_header(std::string_view octets);

/// Writes exactly `record_head_octets`. `offset` is the record's place in the segment.
void write_record_head(const record_head&, const segment_header&, std::uint32_t offset, char* out);
/// Nothing when the checksum of the head is wrong, or its type or version is unknown.
std::optional<record_head> read_record_head(std::string_view octets, const segment_header&, std::uint32_t offset);

/// Octets of a command record's payload, given the number of its bodies and of its own octets.
std::size_t command_payload_octets(std::size_t bodies, std::size_t payload) noexcept;
void write_command_payload(const std::vector<body_ref>& bodies, std::string_view payload, std::string& out);
/// Nothing when it is malformed. `payload` is a view into the input.
struct command_payload { std::vector<body_ref> bodies; std::string_view payload; };
std::optional<command_payload> read_command_payload(std::string_view octets);

struct checkpoint_payload { base::shard_id shard; log_position position; };
std::string write_checkpoint_payload(const checkpoint_payload&);
std::optional<checkpoint_payload> read_checkpoint_payload(std::string_view octets);

/// "00000001.log"
std::string segment_name(std::uint32_t segment);
/// The number in a segment's name; nothing for other names.
std::optional<std::uint32_t> segment_number(std::string_view name);

} // namespace rookery::storage
