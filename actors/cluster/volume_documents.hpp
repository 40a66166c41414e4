/// The documents of volumes in the agreed configuration, as text: kind `volume_document`, key the member's id. Pure.
#pragma once

#include "cluster/replication/volume.hpp"
#include "storage/directory/config_table.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

std::string print_volume(const replication::volume&);
/// Nothing: no document of this kind, or one that cannot be.
std::optional<replication::volume> read_volume(std::string_view content);
std::string volume_key(replication::node_number);

struct agreed_volume {
  std::uint64_t version = 0; ///< of the document: what a change of it expects
  replication::volume is;
};
/// All, by id.
std::vector<agreed_volume> agreed_volumes(const storage::directory::config_table&);
std::optional<agreed_volume> find_volume(const storage::directory::config_table&, replication::node_number);

/// Why the node cannot be taken out of the cluster without losing mail: a sentence. Nothing: it can.
std::optional<std::string> loss_without(const std::vector<agreed_volume>&, replication::node_number, const std::string& name);

/// One thing that happens when a node's plug is pulled.
struct consequence {
  replication::node_number volume = 0; ///< 0: the configuration
  bool interrupts = false;             ///< until the node is back
  bool alone = false;                  ///< what was acknowledged is on that node's disk and nowhere else
  std::string text;                    ///< a sentence
};
struct voting {
  std::size_t voters = 0, linked = 0;  ///< of the cluster; of them those that can be reached now, the node's own included
  bool node_votes = false, node_linked = false;
};
std::vector<consequence> what_if(const std::vector<agreed_volume>&, replication::node_number, const voting&);

} // namespace rookery::actors
