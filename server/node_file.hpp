/// The node file (TOML): who am I, where is my data, which addresses do I listen on.
///
/// Everything else is configuration in the store (`rookery settings`). Read once at
/// start; docs/manual/install.md describes it. Unknown keys are refused, so that a
/// typing error is not silently a default.
#pragma once

#include "base/log.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::server {

enum class service : std::uint8_t {
  smtp, submission, lmtp, imap, pop3, metrics, http, admin,
  odmr, ///< RFC 2645: submission on a port of its own, for ATRN
  xmpp, ///< streams of chat clients
  xmpp_server ///< streams of other chat servers
};
enum class tls_mode : std::uint8_t {
  none,     ///< plain text only
  starttls, ///< plain text that may become TLS
  implicit  ///< TLS from the first octet
};
std::string_view name(service) noexcept;
std::string_view name(tls_mode) noexcept;

struct listener_entry {
  service what{};
  std::string address = "127.0.0.1";  ///< numeric, IPv4 or IPv6 without brackets
  std::uint16_t port = 0;             ///< before `port_base` is added
  tls_mode tls = tls_mode::starttls;
  bool proxy_protocol = false;        ///< expects PROXY v1/v2 and believes it
};

/// One certificate for the host names in it; the first is the default.
struct certificate_entry {
  std::string host;                   ///< for SNI; "" or "*": the default
  std::string chain_file, key_file;   ///< PEM; relative to the node file's directory
};

enum class log_format : std::uint8_t { text, journald, json };

struct node_file {
  std::uint32_t id = 1;
  std::string node_name = "node1";
  std::string host_name;              ///< greetings, Received; default: the machine's name
  std::string data_directory;
  std::string admin_socket;           ///< default: admin.sock in the data directory
  std::string web_url;                ///< where clients find the web service, as "https://chat.example.org"; default: see `web_url`
  std::string run_as;                 ///< user to become after opening ports; "" = stay
  std::uint16_t port_base = 0;        ///< added to every port
  std::uint32_t mail_shards = 2;      ///< when the store is made; fixed afterwards
  std::uint32_t reactors = 0;         ///< network threads; 0: one a core
  std::uint32_t segment_octets = 64u << 20; ///< of the log's files; changes at a start
  std::uint32_t maintenance_milliseconds = 60'000; ///< between two rounds of checkpoint and compaction
  std::uint32_t cluster_level = 0;    ///< the newest level that this node says it knows; 0: what its program knows
  std::vector<listener_entry> listeners;
  std::vector<certificate_entry> certificates;
  base::severity log_least = base::severity::info;
  log_format format = log_format::text;
  bool log_files = true;              ///< rookery.jsonl and auth-failures.log in the log directory
  std::string log_directory;          ///< default: `logs` in the data directory

  std::uint16_t port_of(const listener_entry& l) const noexcept { return static_cast<std::uint16_t>(l.port + port_base); }
};

/// http or https, a host, perhaps a port and a path.
bool is_web_url(std::string_view) noexcept;
/// `web_url`, else https on the host name and the port of the first HTTPS listener. Without '/' at the end.
std::string web_url(const node_file&);

/// The port that the standards give a service.
std::uint16_t standard_port(service, tls_mode) noexcept;

/// Where the web service is on loopback in the clear, for a reverse proxy: what chat servers use for BOSH.
inline constexpr std::uint16_t web_port_of_loopback = 5280;

/// SMTP, submission(s), IMAP(S), POP3(S), XMPP of clients and of servers, HTTPS, HTTP, LMTP and metrics with their standard ports (24
/// for LMTP, 90 for metrics); `public_address` for mail, chat and HTTPS; LMTP, metrics and HTTP on loopback.
std::vector<listener_entry> standard_listeners(const std::string& public_address);

/// Paths come out absolute. Errors name the line or the key and say what would be right.
base::result<node_file> read_node_file(const std::string& path);
base::result<node_file> parse_node_file(std::string_view toml, const std::string& directory);
/// A node file with comments, for `rookery init`.
std::string print_node_file(const node_file&);

} // namespace rookery::server
