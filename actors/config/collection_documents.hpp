/// The documents of collections: JSON in, records out, and checked changes. Their members:
/// docs/manual/collection.md.
///
/// A document's key is the account's id and the collection's name: the account may get another
/// address. A "password" in a patch is sealed before it is stored, and never shown.
#pragma once

#include "base/crypto/secret_box.hpp"
#include "base/id.hpp"
#include "base/result.hpp"
#include "policy/collection/collection_record.hpp"
#include "protocols/json/value.hpp"
#include "storage/directory/config_table.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rookery::config {

inline constexpr std::size_t collections_max = 20; ///< of one account

/// Lower case letters, digits, "-", "_" and "."; at most 64.
std::optional<std::string> canonical_collection(std::string_view name);
/// "17/work"; with an empty name what the keys of the account begin with.
std::string collection_key(base::account_id, std::string_view name);

/// `invalid` when the content is none: a fault of ours or of a newer node.
base::result<collection::collection_record> read_collection(const storage::directory::document&);
/// As in documents.hpp.
base::result<std::string> change_collection(std::string_view content, const json::value& patch, const base::secret_box*);
/// `address` is that of the account now.
json::value show_collection(const storage::directory::document&, std::string_view address);

} // namespace rookery::config
