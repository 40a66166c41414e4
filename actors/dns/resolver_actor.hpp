/// Asks the domain name system, with DNSSEC validation, without holding anybody.
///
/// One a node. Ask with `request(resolver, resolver_time_max, dns_question{…}).then([](const dns_answer&) …)`;
/// there is always an answer, at the latest after the configured time. libunbound does the work
/// and keeps the cache; the same question asked again while it is under way is asked once.
#pragma once

#include "protocols/dns/records.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace rookery::actors {

struct resolver_settings {
  /// Resolvers to ask: numeric addresses, "192.0.2.1" or "127.0.0.1@5353"; none: from the root on.
  std::vector<std::string> servers;
  /// A file with DS or DNSKEY records; "": nothing is ever `secure`; one that cannot be read: so too, and the log says it.
  std::string trust_anchor_file;
  std::chrono::seconds time{20};          ///< for one question, CNAMEs included
  bool operator==(const resolver_settings&) const = default;
};

/// Longer than any answer takes.
inline constexpr std::chrono::seconds resolver_time_max{130};
/// Questions under way; more are answered with `failed` at once.
inline constexpr std::size_t questions_max = 20'000;

struct dns_question {
  std::string name;                       ///< ASCII, with or without the final dot
  dns::record_type type = dns::record_type::a;
};
struct dns_answer {
  std::shared_ptr<const dns::answer> value;
};
/// Other settings from now on; the cache begins anew. Questions under way are answered by the old ones.
struct configure_resolver {
  resolver_settings settings;
};

caf::actor spawn_resolver(caf::actor_system&, resolver_settings);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::dns_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::dns_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::configure_resolver)
