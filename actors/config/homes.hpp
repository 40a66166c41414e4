/// Homes in documents: which volumes there are, and which of them a domain or an account is to have. Pure.
///
/// Each node of a cluster brings one volume, whose id is the node's; a witness brings none. Without a cluster there are none, and no home is kept.
#pragma once

#include "base/result.hpp"
#include "policy/routing/home_view.hpp"
#include "protocols/json/value.hpp"
#include "storage/directory/config_table.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rookery::config {

struct volume_entry {
  std::uint64_t id = 0;
  std::string uuid, name, host;   ///< of the node that brought it
  std::uint16_t port = 0;         ///< its cluster port
};
/// Sorted by id; the first is the home of whoever has none of his own.
std::vector<volume_entry> volumes_of(const storage::directory::config_table&);

/// The operator wants nothing to be served by this node: it gets no new homes.
bool is_drained(const storage::directory::config_table&, std::uint64_t member);
/// Of the document (kind cluster) that says so.
std::string drained_key(std::uint64_t member);

/// What the documents of `now` say; what did not change since `before` is taken from `was` (null: nothing is).
std::shared_ptr<const routing::chosen_homes> chosen_homes_of(const storage::directory::config_table& now, const storage::directory::config_table* before,
                                                             std::shared_ptr<const routing::chosen_homes> was);

/// A patch's "home" may be a node's number, name, address or uuid: it is its number afterwards. null stays.
base::result<void> resolve_home(const storage::directory::config_table&, json::value& patch);
/// For a new domain that says nothing: the volume with the fewest domains. 0 without a cluster.
std::uint64_t home_for_new_domain(const storage::directory::config_table&);

} // namespace rookery::config
