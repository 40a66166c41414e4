/// The documents of the way out: queues, routes, host logins. JSON in, records out, and checked
/// changes. Their members: docs/manual/queues.md.
///
/// A "password" in a patch is sealed before it is stored, and never shown.
#pragma once

#include "base/crypto/secret_box.hpp"
#include "base/result.hpp"
#include "policy/delivery/delivery_view.hpp"
#include "protocols/json/value.hpp"
#include "storage/directory/config_table.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::config {

inline constexpr std::size_t source_addresses_max = 64;

/// Lower case letters, digits, "-", "_" and "."; at most 64.
std::optional<std::string> canonical_queue(std::string_view name);
/// A host name, or an IPv4 or IPv6 address with or without brackets, which are taken off.
std::optional<std::string> canonical_host(std::string_view host);
/// The usual text of an IPv4 or IPv6 address, with or without brackets.
std::optional<std::string> canonical_address_literal(std::string_view text);
/// A name, "*." and a domain, or "*".
std::optional<std::string> canonical_domain_pattern(std::string_view pattern);
std::optional<std::string> canonical_host_pattern(std::string_view pattern);

/// Records of stored documents. `invalid` when the content is none: a fault of ours or of a newer node.
base::result<delivery::queue_record> read_queue(const storage::directory::document&);
base::result<delivery::route_record> read_route(const storage::directory::document&);
base::result<delivery::host_login> read_host_login(const storage::directory::document&);

/// As in documents.hpp. Of a built-in queue only frozen, schedule, limits and description may be set.
base::result<std::string> change_queue(std::string_view name, std::string_view content, const json::value& patch,
                                       const base::secret_box*);
base::result<std::string> change_route(std::string_view content, const json::value& patch, const base::secret_box*);
base::result<std::string> change_host_login(std::string_view content, const json::value& patch, const base::secret_box*);

json::value show_queue(const storage::directory::document&);
json::value show_route(const storage::directory::document&);
json::value show_host_login(const storage::directory::document&);

/// A way of its own for one message, from {"host", "port", "tls", "tls_at_once", "login", "password"};
/// without a host: none.
base::result<delivery::relay> read_relay(const json::value&, const base::secret_box*);

std::string_view name_of(delivery::tls_use) noexcept;

} // namespace rookery::config
