/// Commands of shard 0 that a cluster has agreed on, and the whole configuration as one value.
///
/// A payload begins with its version octet: 1 is a command of one node alone (config_command.hpp), the others are here.
/// docs/formats/config_command.md.
#pragma once

#include "base/result.hpp"
#include "storage/directory/config_machine.hpp"
#include "storage/directory/config_mark.hpp"
#include "storage/directory/config_table.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage::directory {

/// The cluster itself (key "cluster") and tokens for joining it ("token/…").
inline constexpr document_kind cluster_document{40};
/// Who leads the mail of a node and who has copies of it; the key is the member's id.
inline constexpr document_kind volume_document{42};

inline constexpr std::uint8_t agreed_version = 2, picture_version = 3, parted_version = 4;

/// Takes effect once: not when `index` is not behind the last one, and not when this or a later `sequence` of the
/// same origin did (the origin repeats what it got no answer for). `already_done` then.
struct agreed_command {
  std::uint64_t index = 0;
  std::uint64_t origin = 0;    ///< 0: no sequence is kept
  std::uint64_t sequence = 0;
  std::string command;         ///< a payload of version 1
};
std::string encode(const agreed_command&);
base::result<agreed_command> decode_agreed(std::string_view payload);

/// All documents, marks and history of one moment: what a node that joins or was away for long begins with.
struct config_picture {
  std::uint64_t version = 0;
  config_mark mark;
  std::vector<document_ptr> documents;
  std::vector<history_entry> history; ///< oldest first
};
inline constexpr std::size_t picture_octets_max = 200u << 20;

std::string print_picture(const config_table&, const config_mark&, const std::vector<history_entry>& newest_first);
base::result<config_picture> read_picture(std::string_view octets);

/// Replaces the whole configuration; `index`: how much of the agreement it shows at least.
std::string encode_replacement(std::uint64_t index, std::string_view picture);
struct replacement {
  std::uint64_t index = 0;
  std::string_view picture; ///< into the payload
};
base::result<replacement> decode_replacement(std::string_view payload);

/// The node belongs to no cluster any more: documents of nodes and cluster go, the mark begins anew.
std::string encode_parting();

std::string print(const history_entry&);
base::result<history_entry> read_history(std::uint64_t version, std::string_view);

} // namespace rookery::storage::directory
