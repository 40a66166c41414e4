/// What operators ask about volumes: `rookery volume list`, `open`, `close`.
#pragma once

#include "actors/root/running_node.hpp"
#include "base/result.hpp"
#include "protocols/json/value.hpp"

#include <string>

namespace rookery::server {

/// "volumes": {"items": [{"id", "directory", "own", "queued"}]}. "volume-open", "volume-close": {"volume": id}, to open
/// also {"directory": "…"}; else it lies in `volumes/<id>/` of the data directory. Blocks.
base::result<json::value> order_volume(actors::running_node&, const std::string& verb, const json::value& body);

} // namespace rookery::server
