/// The documents of archives: JSON in, rules out, and checked changes. Their members: docs/manual/archive.md.
#pragma once

#include "base/result.hpp"
#include "policy/archiving/archive_rule.hpp"
#include "protocols/json/value.hpp"
#include "storage/directory/config_table.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rookery::config {

/// Lower case letters, digits, "-", "_" and "."; at most 64.
std::optional<std::string> canonical_archive(std::string_view name);

/// `invalid` when the content is none: a fault of ours or of a newer node. Nothing when it is switched off.
base::result<std::optional<archiving::archive_rule>> read_archive(const storage::directory::document&);
/// As in documents.hpp.
base::result<std::string> change_archive(std::string_view content, const json::value& patch);
json::value show_archive(const storage::directory::document&);

} // namespace rookery::config
