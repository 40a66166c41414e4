/// Policies of our domains for other mail servers: https://mta-sts.DOMAIN/.well-known/mta-sts.txt.
///
/// Source: RFC 8461 §3.2 (file), §3.3 (where it is fetched from). Which policy: actors/config/documents.hpp.
#pragma once

#include "actors/http/web_host.hpp"
#include "actors/node.hpp"

namespace rookery::actors {

/// Answers by the Host field. `node` must outlive it.
web_reader make_sts_part(node&);

} // namespace rookery::actors
