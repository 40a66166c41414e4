/// What the node's counter is told of one connection to another server, for the reports about TLS (RFC 8460).
#pragma once

#include "actors/node.hpp"
#include "actors/tlsrpt/counter_actor.hpp"
#include "policy/delivery/route_choice.hpp"
#include "policy/delivery/tls_rules.hpp"
#include "protocols/dns/records.hpp"
#include "protocols/mailauth/mta_sts.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

/// Are connections on this way counted? Not those to hosts that an administrator named, nor those of mail that
/// asks for no TLS (RFC 8689 §3), reports about TLS among it.
bool counts_sessions(const node&, const delivery::way&, bool named);

/// Empty when nothing is to be counted. Any thread.
class session_count {
public:
  session_count() = default;
  session_count(const node&, std::string domain, delivery::tls_policy);
  /// The policy that was followed, for the report.
  void follow(const mailauth::sts_policy&);
  void follow(std::string_view tlsa_name, const std::string& host, const std::vector<dns::tlsa>&);
  void between(std::string host, std::string from, std::string to);
  /// Nothing: not counted.
  void tell(std::optional<std::string_view> result) const;

private:
  caf::actor counter_;
  tls_session_seen what_;
};

} // namespace rookery::actors
