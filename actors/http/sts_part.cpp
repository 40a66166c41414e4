#include "actors/http/sts_part.hpp"

#include "actors/config/documents.hpp"
#include "base/log.hpp"
#include "policy/routing/address_form.hpp"

namespace rookery::actors {

web_reader make_sts_part(node& n) {
  return [&n](const http_call& call) -> std::optional<web_answer> {
    static constexpr std::string_view prefix = "mta-sts.";
    if (call.path != "/.well-known/mta-sts.txt" || !call.host.starts_with(prefix)) return std::nullopt;
    const auto name = routing::canonical_domain(std::string_view(call.host).substr(prefix.size()));
    const auto directory = n.directory->get();
    const auto* domain = name ? directory->domain(*name) : nullptr;
    const auto policy = domain ? config::published_sts_policy(*domain, *n.settings->get(), n.host_name) : std::nullopt;
    if (!policy) return std::nullopt;
    if (!call.reads()) return web_answer{405, {{"Allow", "GET, HEAD"}, {"Content-Type", "text/plain"}}, "only GET and HEAD\n"};
    base::log_event(base::severity::debug, "mta_sts.served").text("domain", *name);
    // RFC 8461 §3.2: text/plain. Caches of HTTP are not for it (§3.3).
    return web_answer{200, {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}}, mailauth::print_sts_policy(*policy)};
  };
}

} // namespace rookery::actors
