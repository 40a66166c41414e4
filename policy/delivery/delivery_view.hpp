/// What an administrator has written about the way out: queues, routes by domain, logins by
/// host, gateways. An immutable picture made for being asked.
///
/// Built by actors/config from the configuration table and published as a shared_ptr; read from
/// any thread. Domains and hosts are canonical: ASCII, lower case; addresses without brackets.
#pragma once

#include "policy/delivery/schedule.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::delivery {

/// What is wanted of TLS; the numbers are those of storage::queue::route_tls.
enum class tls_use : std::uint8_t {
  when_offered = 0,
  never = 1,
  required = 2,  ///< any certificate
  verified = 3   ///< with a certificate for the host's name
};

/// A host that is named instead of found.
struct relay {
  std::string host;                ///< name or address; "": none is named
  std::uint16_t port = 25;
  bool mx = false;                 ///< `host` is a domain: ask for its MX
  bool lmtp = false;
  tls_use tls = tls_use::when_offered;
  bool tls_at_once = false;        ///< TLS from the first octet (RFC 8314 submissions)
  std::string login;               ///< "": see `login_for`
  std::string sealed_password;     ///< opens with base::secret_box for `password_purpose`
  bool operator==(const relay&) const = default;
};

/// Of passwords in relays, host logins and routes of single messages.
inline constexpr std::string_view password_purpose = "relay";

/// Bounds of a queue's or domain's own; 0: the general setting.
struct own_limits {
  std::uint32_t connections = 0;
  std::uint32_t messages_a_connection = 0;
  std::uint32_t messages_a_minute = 0;
  bool operator==(const own_limits&) const = default;
};

struct queue_record {
  std::string name;
  bool custom = false;             ///< else one of `built_in_queues`
  bool frozen = false;             ///< nothing leaves it
  schedule hours;                  ///< when mail leaves it
  relay way;                       ///< custom queues; no host: as if it were "remote"
  std::string return_path;         ///< replaces the envelope sender, not the null one; "": none does
  own_limits limits;
  std::string description;
};

enum class dane_use : std::uint8_t { as_published, ignored, required };

struct route_record {
  std::string domain;              ///< "example.org", "*.example.org" for all below it, "*"
  std::string queue;               ///< mail waits there and goes its way; "": this route's
  relay way;                       ///< no host: the domain's own MX, with what follows
  tls_use tls = tls_use::when_offered; ///< at least; for the MX hosts and for `way` alike
  dane_use dane = dane_use::as_published;
  bool mta_sts = true;             ///< followed when published
  bool dnssec_required = false;    ///< answers that are not validated are failures
  std::vector<std::string> source_addresses; ///< none: the general ones
  std::string helo_name;           ///< "": the general one
  own_limits limits;
  std::string description;
};

/// Credentials for a host that asks for them, where the way has none of its own.
struct host_login {
  std::string host;                ///< "mail.example.org", "*.example.org"
  std::string login;
  std::string sealed_password;
  bool without_tls = false;        ///< may be sent over a connection without TLS
};

/// What is known of the recipients of a gateway before their mail is taken.
enum class recipient_check : std::uint8_t {
  none,         ///< any address of the domain
  list,         ///< those of `gateway_record::recipients`
  call_forward  ///< the server that has them is asked
};

/// A domain whose mail is taken here for another server. Its mail waits in a queue of its own.
struct gateway_record {
  std::string domain;
  std::string queue;               ///< `gateway_queue(domain)`
  bool on_request = false;         ///< mail waits until ETRN or ATRN asks for it; else it leaves at once
  relay way;                       ///< no host: the domain's own MX hosts that come before this server
  std::vector<std::string> dequeuers; ///< canonical addresses of the accounts that may ask for the mail
  recipient_check check = recipient_check::none;
  std::vector<std::string> recipients; ///< local parts, lower case, sorted; for `list`
  bool accept_unchecked = false;   ///< when the server cannot be asked now: accept; else 4yz
  std::string description;

  bool may_dequeue(std::string_view account) const noexcept;
  bool has_recipient(std::string_view local_part) const;
};

inline constexpr std::size_t gateway_recipients_max = 50'000;
inline constexpr std::size_t gateway_dequeuers_max = 100;
/// The queue of a gateway: its domain, made to fit the names of queues.
std::string gateway_queue(std::string_view domain);

inline constexpr std::array<std::string_view, 9> built_in_queues = {"bad",        "deferred", "holding", "inbound", "local",
                                                                    "quarantine", "remote",   "retry",   "system"};
bool is_built_in(std::string_view queue) noexcept;

class delivery_view {
public:
  using queue_map = std::map<std::string, std::shared_ptr<const queue_record>, std::less<>>;
  using route_map = std::map<std::string, std::shared_ptr<const route_record>, std::less<>>;
  using login_map = std::map<std::string, std::shared_ptr<const host_login>, std::less<>>;
  using gateway_map = std::map<std::string, std::shared_ptr<const gateway_record>, std::less<>>;

  delivery_view();
  std::uint64_t version() const noexcept { return version_; }

  /// Null when nothing is written of it: a built-in queue then has no freeze and no hours.
  std::shared_ptr<const queue_record> queue(std::string_view name) const;
  /// A built-in queue, one that is written, or a gateway's.
  bool has_queue(std::string_view name) const;
  /// The route of this domain: its own, else that of the nearest "*.parent", else "*", else null.
  std::shared_ptr<const route_record> route(std::string_view domain) const;
  /// The gateway of exactly this domain, or null.
  std::shared_ptr<const gateway_record> gateway(std::string_view domain) const;
  /// The same as `route` for hosts.
  std::shared_ptr<const host_login> login_for(std::string_view host) const;

  const queue_map& queues() const noexcept { return *queues_; }
  const route_map& routes() const noexcept { return *routes_; }
  const login_map& logins() const noexcept { return *logins_; }
  const gateway_map& gateways() const noexcept { return *gateways_; }

private:
  friend class delivery_builder;
  std::uint64_t version_ = 0;
  std::shared_ptr<const queue_map> queues_;
  std::shared_ptr<const route_map> routes_;
  std::shared_ptr<const login_map> logins_;
  std::shared_ptr<const gateway_map> gateways_;
};

/// Makes the next picture from one; copies only the maps that change. Not thread-safe.
class delivery_builder {
public:
  explicit delivery_builder(const delivery_view& from) : view_(from) {}
  void put(queue_record);
  void put(route_record);
  void put(host_login);
  void put(gateway_record);
  void remove_queue(std::string_view name);
  void remove_route(std::string_view domain);
  void remove_login(std::string_view host);
  void remove_gateway(std::string_view domain);
  std::shared_ptr<const delivery_view> finish(std::uint64_t version);

private:
  template <class Map>
  Map& own(std::shared_ptr<const Map>& shown, std::shared_ptr<Map>& owned);

  delivery_view view_;
  std::shared_ptr<delivery_view::queue_map> queues_;
  std::shared_ptr<delivery_view::route_map> routes_;
  std::shared_ptr<delivery_view::login_map> logins_;
  std::shared_ptr<delivery_view::gateway_map> gateways_;
};

} // namespace rookery::delivery
