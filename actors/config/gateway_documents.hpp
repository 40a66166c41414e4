/// The documents of gateways: JSON in, records out, and checked changes. Their members:
/// docs/manual/gateways.md.
///
/// A "password" in a patch is sealed before it is stored, and never shown.
#pragma once

#include "base/crypto/secret_box.hpp"
#include "base/result.hpp"
#include "policy/delivery/delivery_view.hpp"
#include "protocols/json/value.hpp"
#include "storage/directory/config_table.hpp"

#include <string>
#include <string_view>

namespace rookery::config {

/// `invalid` when the content is none: a fault of ours or of a newer node.
base::result<delivery::gateway_record> read_gateway(const storage::directory::document&);
/// As in documents.hpp. `domain` is canonical.
base::result<std::string> change_gateway(std::string_view domain, std::string_view content, const json::value& patch,
                                         const base::secret_box*);
json::value show_gateway(const storage::directory::document&);

} // namespace rookery::config
