/// Accounts from a CSV file (RFC 4180).
#pragma once

#include "base/result.hpp"
#include "protocols/json/value.hpp"

#include <string_view>

namespace rookery::cli {

/// The first line names the columns as the members of an account (address, password,
/// display_name, state, admin, detail_folders, quota_octets, quota_messages, may_send_as with
/// ';' between, description). Empty fields say nothing. Quoted fields may hold commas and line
/// ends; LF and CRLF end a line; a UTF-8 mark at the beginning is skipped. The refusal names
/// the line.
base::result<json::array> read_account_csv(std::string_view text);

} // namespace rookery::cli
