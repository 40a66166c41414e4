/// Many accounts that are copied from other servers, from a CSV file (RFC 4180).
#pragma once

#include "base/result.hpp"
#include "protocols/json/value.hpp"

#include <string_view>
#include <vector>

namespace rookery::cli {

/// The first line names the columns: account and password, and login (else that of the account), host, port,
/// tls where they differ from `common`. Each row becomes a copy of `common` with its members. The refusal
/// names the line, never a field's text.
base::result<std::vector<json::value>> read_migration_list(std::string_view text, const json::value& common);

} // namespace rookery::cli
