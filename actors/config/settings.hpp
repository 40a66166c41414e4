/// Every setting: its key, type, unit, default, range and one sentence; and their values.
///
/// A setting is a document of kind `setting` whose content is a JSON scalar. What is not
/// set has its default. docs/manual/settings.md is generated from `schema()`.
#pragma once

#include "base/result.hpp"
#include "storage/directory/config_table.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::config {

/// The values a node works with; immutable once published. Connections keep those they
/// began with.
struct settings {
  // Who is who.
  std::string directory_default_domain;                       ///< "": the domain made first
  std::string directory_detail_folders = "ignored";           ///< for accounts that say nothing
  std::uint64_t quota_octets_default = 0;
  std::uint64_t quota_messages_default = 0;
  std::uint64_t password_iterations = 60000;
  std::uint64_t password_characters_min = 8;
  bool password_scram_sha_1 = false;
  // Logins with certificates and tokens.
  bool imap_client_certificates = false;
  bool pop3_client_certificates = false;
  bool submission_client_certificates = false;
  std::string tls_client_ca_file;                             ///< "": only certificates that accounts have count
  std::string token_keys_file;                                ///< "": no token is taken
  std::string token_issuer;
  std::string token_audience;
  std::string token_claim = "email";
  std::string token_scope;
  std::string token_discovery;
  // Archives.
  std::string archive_spam_field;                             ///< "X-Spam-Flag: YES*"; "": nothing is taken for spam
  // Connections.
  std::uint64_t connections_max = 40000;
  std::uint64_t connections_address_max = 100;
  // SMTP.
  std::uint64_t smtp_message_octets_max = 52428800;
  std::uint64_t smtp_recipients_max = 1000;
  std::uint64_t smtp_errors_max = 20;
  std::uint64_t smtp_received_fields_max = 100;
  std::uint64_t smtp_command_seconds = 300;
  std::uint64_t smtp_data_seconds = 180;
  bool submission_from_checked = true;
  std::uint64_t submission_messages_a_day = 0;                ///< of an account; 0: no limit
  bool submission_recipients_counted = true;
  // Reading.
  std::uint64_t imap_idle_seconds = 1800;
  std::uint64_t imap_login_seconds = 60;
  std::uint64_t imap_messages_max = 0;                        ///< of one command (RFC 9738); 0: any number
  std::uint64_t imap_progress_seconds = 10;
  std::string imap_other_users = "Other Users";
  std::string imap_public_folders = "Public";
  std::uint64_t imap_saved_max = 0;                           ///< of one COPY or APPEND (RFC 9738); 0: any number
  std::uint64_t pop3_idle_seconds = 600;
  // Chat with other servers.
  bool chat_federation = false;
  std::string chat_federation_allowed;                        ///< domains parted by spaces; "": all but the blocked ones
  std::string chat_federation_blocked;
  bool chat_federation_tls = true;
  bool chat_federation_dialback = true;
  std::uint64_t chat_federation_idle_seconds = 600;
  // What notices for phones say (XEP-0357).
  bool chat_push_sender = true;
  bool chat_push_text = false;
  // Searching.
  bool search_index = true;
  std::string search_languages;                               ///< of forms of words, as storage/search/ranking.hpp knows them
  std::uint64_t mailboxes_keep_removed_days = 0;
  std::string mailboxes_template = "standard";
  std::string mailboxes_virtual = "none";
  std::uint64_t search_text_octets_max = 4194304;
  // The store.
  std::uint64_t storage_reserve_octets = 67108864;
  // Mail for other servers.
  std::uint64_t queue_messages_max = 1000000;
  std::string queue_retry_plan = "5m 10m 20m 40m 1h 2h 4h"; ///< durations, as docs/manual/settings.md says
  std::uint64_t queue_expire_seconds = 432000;
  std::uint64_t queue_report_expire_seconds = 172800;
  std::uint64_t queue_delay_notice_seconds = 14400;
  std::uint64_t queue_answer_seconds = 600;
  std::uint64_t queue_connections_max = 500;
  std::uint64_t queue_destination_connections_max = 20;
  std::uint64_t queue_new_destination_connections_max = 2;
  std::uint64_t queue_connection_messages_max = 100;
  std::uint64_t queue_transaction_recipients_max = 100;
  std::uint64_t queue_destination_messages_a_minute = 0;
  std::string queue_smart_host;                               ///< "", "relay.example.net", "[2001:db8::1]:587"
  std::string queue_smart_host_tls = "when_offered";
  std::string queue_source_addresses;                         ///< addresses parted by spaces; "": the system chooses
  std::string queue_ip_versions = "ipv6_first";
  std::string queue_helo_name;                                ///< "": the node's host name
  std::string queue_dnssec_rules;                             ///< as policy/delivery/dnssec_rule.hpp reads
  bool queue_dane = true;
  bool queue_mta_sts = true;
  std::string report_languages = "en de";                     ///< of reports, the first one's subject
  // Other servers: their names, their certificates.
  std::string dns_servers;                                    ///< "192.0.2.1 127.0.0.1@5353"; "": from the root on
  std::string dns_trust_anchor_file = "/usr/share/dns/root.key";
  std::uint64_t dns_timeout_seconds = 20;
  std::string http_connect_to;                                ///< "HOST:PORT:ADDRESS:PORT" parted by spaces
  std::string tls_ca_file = "/etc/ssl/certs/ca-certificates.crt";
  // What our domains publish.
  std::string mta_sts_hosts;                                  ///< "mx" patterns parted by spaces; "": the node's host name
  std::uint64_t mta_sts_max_age_seconds = 604800;
  // Reports about TLS.
  std::string tlsrpt_reports = "off";                         ///< "count": counted and shown; "send": sent too
  std::string tlsrpt_contact;                                 ///< "": postmaster of the default domain
  std::string tlsrpt_address;                                 ///< that takes reports: "tlsrpt@example.org", or "tlsrpt" in every domain
  std::uint64_t tlsrpt_spread_seconds = 14400;
  // Forwarding.
  bool forward_foreign_domains = true;
  std::string forward_foreign_allowed;                        ///< domains parted by spaces
  // Orders by mail.
  std::string system_local_part = "rookery";                  ///< of every domain here; "": none
  std::uint64_t recall_messages = 1000;                       ///< remembered; 0: nothing can be recalled
  bool recall_read = false;
  std::uint64_t recall_seconds = 0;                           ///< how old a message may be; 0: as long as it is remembered
  // Logs.
  std::string log_level = "info";
  // Gateways.
  std::string gateway_etrn = "anyone";                        ///< as policy/gateway/dequeue.hpp reads
  std::uint64_t gateway_etrn_interval_seconds = 60;
  std::uint64_t gateway_verify_seconds = 20;
  std::uint64_t gateway_verify_keep_seconds = 3600;
  std::uint64_t gateway_verify_keep_unknown_seconds = 600;
  // Logins of chat, and accounts that strangers make by it (XEP-0077).
  bool chat_client_certificates = false;
  bool chat_registration = false;
  std::uint64_t chat_registrations_an_hour = 3;               ///< from one address
};

enum class setting_type : std::uint8_t {
  flag, number, octets, seconds, choice, domain,
  durations, ///< "5m 10m 1h", at least one
  host,      ///< a name or an address, with ":port" if need be; or empty
  addresses, ///< IPv4 and IPv6 addresses parted by spaces; or empty
  rules,     ///< as policy/delivery/dnssec_rule.hpp reads them; or empty
  languages, ///< whose forms of words storage/search/ranking.hpp knows, parted by spaces; or empty
  text       ///< one line without quotation marks and backslashes; or empty
};

inline constexpr std::size_t durations_max = 32;
inline constexpr std::size_t setting_addresses_max = 64;
inline constexpr std::size_t setting_text_octets_max = 10000;

struct setting_info {
  std::string_view key;             ///< "smtp.message_octets_max"
  setting_type type{};
  std::variant<std::uint64_t settings::*, bool settings::*, std::string settings::*> member;
  std::uint64_t least = 0, most = 0; ///< for numbers
  std::string_view choices;          ///< for choices, parted by '|'
  std::string_view sentence;
};

/// All settings, sorted by key.
std::span<const setting_info> schema() noexcept;
const setting_info* find_setting(std::string_view key) noexcept;

/// Checks what a person or a program gave ("50M", "30m", "on", "info", or the JSON scalar
/// itself) and gives the JSON scalar to be stored. The refusal names the setting and its range.
/// Units: K M G (powers of 1024) for octets, s m h d for seconds.
base::result<std::string> check_setting(const setting_info&, std::string_view text);
/// Sets one value from a stored scalar; false (and nothing changes) when it does not fit,
/// as after a downgrade.
bool apply_setting(settings&, std::string_view key, std::string_view scalar);
/// The JSON scalar of the present value.
std::string print_setting(const settings&, const setting_info&);
/// "octets", "seconds", or "".
std::string_view unit_of(setting_type) noexcept;
std::string_view name_of(setting_type) noexcept;

/// A setting of durations as numbers; those that cannot be read are left out.
std::vector<std::chrono::seconds> durations_of(std::string_view text);
/// A setting of a host: its canonical name or address, and the port or `otherwise`. Empty: none.
struct host_and_port {
  std::string host;
  std::uint16_t port = 0;
};
std::optional<host_and_port> read_host_and_port(std::string_view text, std::uint16_t otherwise);

/// The values that a table gives.
settings settings_of(const storage::directory::config_table&);

/// docs/manual/settings.md.
std::string settings_manual();

} // namespace rookery::config
