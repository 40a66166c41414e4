/// The documents of domains, accounts and aliases: JSON in, records out, and checked changes.
///
/// A document's members: docs/manual/accounts.md. Members that this version does not
/// know are kept when a document is changed, so that a rolling upgrade loses nothing.
#pragma once

#include "actors/config/settings.hpp"
#include "base/crypto/secret_box.hpp"
#include "base/result.hpp"
#include "policy/routing/directory_view.hpp"
#include "protocols/mailauth/mta_sts.hpp"
#include "protocols/json/value.hpp"
#include "protocols/sasl/server_exchange.hpp"
#include "storage/directory/config_table.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::config {

inline constexpr std::size_t display_name_octets_max = 200;
inline constexpr std::size_t may_send_as_max = 100;
inline constexpr std::size_t sts_own_hosts_max = 100; ///< in a policy of ours
inline constexpr std::size_t quiet_exempt_max = 1000;
inline constexpr std::size_t salt_octets = 16; ///< of new passwords; RFC 8018 §4.1 asks for 8 at least

/// Records of stored documents. `invalid` when the content is none: a fault of ours or of a newer node.
base::result<routing::account_record> read_account(const storage::directory::document&, const settings&);
base::result<routing::alias_record> read_alias(const storage::directory::document&);
base::result<routing::domain_record> read_domain(const storage::directory::document&);

/// The policy that a domain publishes (RFC 8461 §3.2): what its document leaves open comes from the
/// settings, and at last from the node's name. Nothing when it publishes none.
std::optional<mailauth::sts_policy> published_sts_policy(const routing::domain_record&, const settings&, std::string_view host_name);

/// The content of a document after a change. `content` is the present one, "" for a new
/// document; `patch` a JSON object whose members replace those of the document (null takes
/// one away). The refusal names the member.
/// `secrets` seals the password that goes with forward_login.
base::result<std::string> change_account(std::string_view content, const json::value& patch, const base::secret_box* secrets = nullptr);
base::result<std::string> change_alias(std::string_view content, const json::value& patch);
base::result<std::string> change_domain(std::string_view content, const json::value& patch);

/// What is kept of a password.
struct password_keys {
  sasl::scram_credentials sha_256;
  std::optional<sasl::scram_credentials> sha_1; ///< with the setting password.scram_sha_1
};
/// Slow; never in a reactor's thread. Draws salts.
password_keys make_keys(std::string_view password, const settings&);
/// Puts them into an account's content, in the place of all that was kept of an older password.
std::string with_keys(std::string_view content, const password_keys&);

/// `fingerprint`: 64 hex digits, colons and case do not matter; 32 octets, or nothing.
std::optional<std::string> read_fingerprint(std::string_view text);
/// The content with one certificate more or less; refused when it is there already, is not there, or there
/// are too many.
base::result<std::string> with_certificate(std::string_view content, std::string_view sha256, std::string_view note);
base::result<std::string> without_certificate(std::string_view content, std::string_view sha256);
/// [{"sha256": hex, "note": text}]
json::value show_certificates(const storage::directory::document&);

/// What the administration shows; no secrets.
json::value show_account(const storage::directory::document&, const settings&);
json::value show_alias(const storage::directory::document&);
json::value show_domain(const storage::directory::document&);

} // namespace rookery::config
