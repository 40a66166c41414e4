/// In which order the hosts of a destination are tried, and which of them never.
///
/// Source: RFC 5321 §5.1 (MX, implicit MX, preference, own host in the list: loop), RFC 7505 (null
/// MX), RFC 8305 §4 (address families take turns). Pure; the seed makes it repeatable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::delivery {

struct mx_record {
  std::uint16_t preference = 0;
  std::string host;                  ///< "." or "" is the null MX
};

enum class host_problem : std::uint8_t {
  none,
  null_mx,   ///< the domain takes no mail: 5.1.10
  loop,      ///< we are the best host of it, yet it is not ours: 5.4.6
  no_host    ///< no record of it is a usable name: 5.4.4
};

struct mail_host {
  std::string name;                  ///< lower case, without a final dot
  std::uint16_t preference = 0;
  bool implicit = false;             ///< the domain itself (RFC 5321 §5.1)
};

struct host_order {
  std::vector<mail_host> hosts;      ///< best first
  host_problem problem = host_problem::none;
};

inline constexpr std::size_t mail_hosts_max = 20;

/// `records` as the name server gave them; none: the domain itself is the host. Hosts of one
/// preference are mixed by `seed`. Where `is_ours` knows a host, it and all that are not
/// better are cut off.
host_order order_hosts(std::string_view domain, const std::vector<mx_record>& records,
                       const std::function<bool(std::string_view host)>& is_ours, std::uint64_t seed);

enum class address_families : std::uint8_t { ipv6_first, ipv4_first, ipv6_only, ipv4_only };

struct host_addresses {
  std::vector<std::string> ipv4, ipv6; ///< numeric
};

struct address_rules {
  address_families families = address_families::ipv6_first;
  std::size_t addresses_max = 8;     ///< of one host
  bool loopback = false;             ///< may one of this machine's own stand in a name server's answer?
};

/// The host's addresses in the order of attempts: families take turns, each mixed by `seed`;
/// what cannot be a mail host's (unspecified, multicast, broadcast, loopback without leave)
/// and what `is_ours` knows is left out.
std::vector<std::string> order_addresses(const host_addresses&, const address_rules&,
                                         const std::function<bool(std::string_view address)>& is_ours, std::uint64_t seed);

/// May mail go to this numeric address at all?
bool usable_address(std::string_view address, bool loopback) noexcept;

} // namespace rookery::delivery
