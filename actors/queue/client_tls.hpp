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
  std::string server_name;           ///< for SNI
  std::shared_ptr<const tls::tls_context> context;
  tls::peer_check check;
};

/// Whom the TLS is with.
struct tls_peer {
  std::string host;
  std::string tls_name;              ///< for DANE: the TLSA base domain; also the name given in SNI then (RFC 7672 §8.1)
  std::string next_hop;              ///< for DANE: the domain whose host it is, if name servers said so; or ""
  std::vector<dns::tlsa> tlsas;
};
/// `ca_file`: trusted authorities, read when a demand needs them and again after an hour; fails when it cannot
/// be read then.
base::result<client_tls> tls_for(const delivery::tls_demand&, const tls_peer&, const std::string& ca_file);

/// How TLS went, as facts for the rules.
delivery::tls_result result_of(const connection_facts&, const smtp::capabilities&);

/// After the handshake, or when it is clear that there is none: what keeps mail from this peer, if anything.
std::optional<way_failure> judge_peer(const delivery::tls_demand&, const std::string& host, const connection_facts&,
                                      const smtp::capabilities&);
/// STARTTLS was not offered, or the handshake came to nothing.
way_failure tls_broken(const delivery::tls_demand&, const std::string& host, bool offered, std::string_view why);

} // namespace rookery::actors
