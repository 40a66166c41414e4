/// One question of the administration and its answer: method, path, query and JSON.
///
/// The same interface for the command line (over a local socket) and for the web.
/// docs/manual/administration.md lists the paths.
#pragma once

#include "base/result.hpp"
#include "protocols/json/value.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::admin {

struct request {
  std::string method;                        ///< "GET", "POST", "PATCH", "PUT", "DELETE"
  std::vector<std::string> path;             ///< segments, percent-decoded: {"v1", "accounts", "ann@x"}
  std::map<std::string, std::string> query;
  json::value body;                          ///< null when there was none
  std::string author = "local";              ///< for the history
};

struct response {
  unsigned status = 200;
  json::value body;
};

/// Cuts "/v1/accounts/ann%40x?limit=10". Nothing when an escape is malformed or a part has
/// control octets, or there are more than 16 segments.
bool parse_target(std::string_view target, request& into);
/// "%40" for '@' and so on: one segment of a path, or one value of a query.
std::string percent_encoded(std::string_view segment);

/// {"error": {"kind": "not_found", "text": "…"}} with the status that belongs to the kind.
response refusal(const base::error&);
std::string_view kind_name(base::error_kind) noexcept;
unsigned status_of(base::error_kind) noexcept;

} // namespace rookery::admin
