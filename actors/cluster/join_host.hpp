/// The door of a cluster: HTTPS for nodes that want to join, with the node's cluster certificate.
///
/// GET /ca gives the authority's certificate (the token has its fingerprint), POST /join takes a token and gives a
/// certificate and keys. Bounded: small bodies, few at a time.
#pragma once

#include "actors/http/http_host.hpp"
#include "actors/system/worker_pool.hpp"
#include "base/result.hpp"
#include "protocols/json/value.hpp"

#include <functional>
#include <memory>
#include <string>

namespace rookery::actors {

inline constexpr std::size_t join_octets_max = 16 * 1024;

struct join_parts {
  const base::clock* clock = nullptr;
  std::function<std::string()> authority;  ///< PEM; it may be renewed
  std::function<base::result<json::value>(const json::value&)> admit; ///< blocks; in a worker
  std::shared_ptr<worker_pool> workers;
};

std::unique_ptr<net::protocol> make_join_host(std::shared_ptr<const join_parts>, const connection_facts&);

} // namespace rookery::actors
