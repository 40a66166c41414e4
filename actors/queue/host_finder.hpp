/// From a way out to hosts with addresses, by asking the domain name system.
///
/// Belongs to one event-based actor: the callbacks run in it. Whatever is asked is answered.
#pragma once

#include "actors/node.hpp"
#include "policy/delivery/outcome.hpp"
#include "policy/delivery/route_choice.hpp"
#include "policy/delivery/target_order.hpp"
#include "policy/delivery/tls_rules.hpp"
#include "protocols/dns/records.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

/// The hosts of a destination, best first, or why there are none.
struct found_hosts {
  std::vector<delivery::mail_host> hosts;    ///< names, or one numeric address
  bool secure = false;                       ///< the MX answer was validated
  bool named = false;                        ///< an administrator wrote the host
  std::optional<delivery::verdict> problem;
};
/// One host's addresses in the order of attempts, or why there are none.
struct found_addresses {
  std::vector<std::string> addresses;
  bool secure = false;
  delivery::tlsa_state tlsa = delivery::tlsa_state::unasked;
  std::vector<dns::tlsa> tlsas;
  std::string tls_name;                      ///< where the TLSA records are: at the end of CNAMEs, or the host itself (RFC 7672 §2.2.2)
  std::optional<delivery::verdict> problem;
};

class host_finder {
public:
  host_finder(caf::event_based_actor& self, node& n) : self_(self), node_(n) {}

  void find_hosts(const delivery::way&, std::uint64_t seed, std::function<void(found_hosts)>);
  void find_addresses(const std::string& host, std::uint16_t port, bool named, bool dane, std::uint64_t seed,
                      std::function<void(found_addresses)>);

private:
  void ask_tlsa(found_addresses, const std::string& host, std::uint16_t port, std::function<void(found_addresses)>);
  void ask(std::string name, dns::record_type, std::function<void(const dns::answer&)>);

  caf::event_based_actor& self_;
  node& node_;
};

} // namespace rookery::actors
