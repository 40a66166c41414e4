/// The administration: requests in, changes of the configuration and answers out.
///
/// Knows no socket and no HTTP; `admin_host` and the offline command line drive it.
/// Listings are in order of keys and paged: `limit` (at most `page_rows_max`) and `after`,
/// which takes the `next` of the page before.
#pragma once

#include "actors/admin/node_access.hpp"
#include "actors/admin/request.hpp"

#include <cstddef>
#include <functional>
#include <memory>

namespace rookery::admin {

inline constexpr std::size_t page_rows_max = 1000;
inline constexpr std::size_t page_rows_default = 100;
inline constexpr std::size_t import_accounts_max = 5000; ///< of one request
inline constexpr std::size_t change_many_max = 200'000;  ///< messages of one request

/// Called exactly once.
using answer = std::function<void(response)>;

/// `node` outlives the answer.
void handle(std::shared_ptr<node_access> node, request what, answer done);

} // namespace rookery::admin
