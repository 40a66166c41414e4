/// The configuration as a file that people edit: from a table to it, and from it to the change that it asks for. Pure.
#pragma once

#include "actors/config/planned_change.hpp"

#include <cstddef>
#include <vector>

namespace rookery::config {

/// A file of documents: {"documents": [{"kind", "key", "content"}, …]}. What it does not name stays; with `prune` other
/// documents of the kinds that it has are removed, accounts aside. Contents are checked as a whole: `invalid` names the first
/// that no node could read, or that leads to something that is not there.
base::result<planned_change> plan_file(const storage::directory::config_table& now, const json::value& file, bool prune);

/// The documents of these kinds (none: all but accounts), secrets as `kept_secret`.
json::value export_documents(const storage::directory::config_table&, const std::vector<storage::directory::document_kind>&);

inline constexpr std::size_t file_documents_max = 50'000;

} // namespace rookery::config
