/// Requests that concern every volume of a cluster, whichever node leads it: asked of all, and one answer made of theirs.
///
/// Pure; `admin_host` drives it in a worker. What a request is not spread for is answered by the node that was asked.
/// Rows get "volume" (the number of the node that brought it) and "node" (the name of the one that serves it). What could
/// not be asked stands in "unreached", [{"volume", "node", "text"}], which is there only then.
#pragma once

#include "actors/admin/request.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rookery::admin {

struct volume_answer {
  std::uint64_t volume = 0;
  std::string node;                     ///< who serves it, for people; "": nobody
  response said;                        ///< 503 when it could not be asked
};

/// Blocks; an answer for each volume, in their order. `only`: of this one.
using volume_asker = std::function<std::vector<volume_answer>(const request&, std::optional<std::uint64_t> only)>;

/// ?volume=N of the request restricts to one volume; of one that belongs to a single volume it is needed where two have
/// something of that name.
bool is_for_volumes(const request&);
/// Such a request that names a volume, where there are none; nothing: it names none.
std::optional<response> refusal_without_cluster(const request&);

/// Nothing: nobody objects, and the node that was asked is to answer as without a cluster.
std::optional<response> ask_volumes(const request&, const volume_asker&);

// A request on its way to another node, and what came of it there.
json::value print_order(const request&, std::uint64_t volume);
struct volume_order {
  std::uint64_t volume = 0;
  request what;
};
std::optional<volume_order> read_order(const json::value&);
json::value print_answer(const response&);
std::optional<response> read_answer(const json::value&);

} // namespace rookery::admin
