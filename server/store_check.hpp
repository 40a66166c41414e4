/// `rookery check`: reads the whole store and says what does not agree. Changes no record.
#pragma once

#include "base/result.hpp"
#include "protocols/json/value.hpp"
#include "storage/node/node_store.hpp"

#include <string>

namespace rookery::server {

/// The records of an open store against each other:
/// {"faults": ["…"], "domains": n, "accounts": n, "replayed": n}.
base::result<json::value> check_machines(storage::node_store&);

/// A store that nobody uses: the log with every checksum and the SHA-256 of every body, then
/// the records, then that every body a record names is there and whole. Adds "segments",
/// "records", "commands", "bodies", "body_octets".
base::result<json::value> check_store(const std::string& data_directory);

} // namespace rookery::server
