/// What a node knows of its cluster without asking anybody: `cluster/member.json` in its data directory.
///
/// There only when the node belongs to a cluster; written last when it joins and removed first when it leaves.
#pragma once

#include "actors/cluster/certificate_renewal.hpp"
#include "base/result.hpp"
#include "cluster/node/control_plane.hpp"
#include "storage/file/file_system.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

struct member_facts {
  std::string cluster;              ///< id
  std::uint64_t member = 0;
  std::uint16_t port = 0;           ///< of the control link; the next one is for those who join
  bool witness = false;             ///< it votes and keeps no mail: its own volume stays closed
  std::vector<cluster::node_entry> nodes; ///< as told at joining; the configuration has them later
};

std::string cluster_directory(const std::string& data_directory);
/// Does this data directory belong to a cluster's node?
bool is_member(const std::string& data_directory);
/// Of one that keeps no mail?
bool is_witness(const std::string& data_directory);
base::result<member_facts> read_member(storage::file_system&, const std::string& data_directory);
base::result<void> write_member(storage::file_system&, const std::string& data_directory, const member_facts&);

/// A file of the cluster's directory, for the node's user alone; secrets among them.
base::result<void> keep_private(const std::string& path, std::string_view text);
base::result<std::string> read_kept(const std::string& path);

/// A node's document in the configuration.
std::optional<cluster::node_entry> read_node_document(std::uint64_t id, const std::string& uuid, std::string_view content);
std::string print_node_document(const cluster::node_entry&, const std::string& name, const certificates_agreed&);
/// What it says of the node's certificates: nothing yet, when a program of before has written it.
certificates_agreed read_node_certificates(std::string_view content);
std::string_view name(cluster::wish) noexcept;

} // namespace rookery::actors
