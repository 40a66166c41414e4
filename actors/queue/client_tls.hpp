/// TLS of outgoing connections: what a demand needs, and the verdict upon what came of it.
#pragma once

#include "actors/queue/messages.hpp"
#include "base/result.hpp"
#include "policy/delivery/tls_rules.hpp"
#include "protocols/connection_facts.hpp"
#include "protocols/dns/records.hpp"
#include "protocols/smtp/capabilities.hpp"
#include "protocols/tls/peer_check.hpp"
#include "protocols/tls/tls_context.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

struct client_tls {
  std::shared_ptr<const tls::tls_context> context;
  tls::peer_check check;
};

/// `tls_name`: the host's name at the end of CNAMEs, for DANE. `ca_file`: trusted authorities, read when a
/// demand needs them and again after an hour; fails when it cannot be read then.
base::result<client_tls> tls_for(const delivery::tls_demand&, const std::string& host, const std::string& tls_name,
                                 const std::vector<dns::tlsa>&, const std::string& ca_file);

/// After the handshake, or when it is clear that there is none: what keeps mail from this peer, if anything.
std::optional<way_failure> judge_peer(const delivery::tls_demand&, const std::string& host, const connection_facts&,
                                      const smtp::capabilities&);
/// The handshake came to nothing.
way_failure tls_broken(const delivery::tls_demand&, const std::string& host, std::string_view why);

} // namespace rookery::actors
