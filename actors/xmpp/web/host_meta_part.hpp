/// Where chat is found on the web: /.well-known/host-meta and /.well-known/host-meta.json.
///
/// Source: XEP-0156 §4; RFC 6415 (host-meta).
#pragma once

#include "actors/http/web_host.hpp"

#include <string>

namespace rookery::actors {

/// `url` is that of the web service, http or https, without '/' at its end. The same for every host: all domains are on one
/// web service.
web_reader make_host_meta_part(std::string url);

} // namespace rookery::actors
