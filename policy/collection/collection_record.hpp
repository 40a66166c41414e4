/// Mail that an account has elsewhere and wants here: where, when, and what stays there.
///
/// Built by actors/config from the configuration; immutable, read from any thread.
#pragma once

#include "base/id.hpp"
#include "policy/delivery/schedule.hpp"
#include "protocols/remote_login.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::collection {

enum class source : std::uint8_t { pop3, imap };

struct collection_record {
  std::uint64_t id = 0;             ///< of its document; never given again
  base::account_id account;         ///< whose it is
  std::string name;                 ///< of his collections
  bool enabled = true;
  source from = source::imap;
  std::string host;                 ///< name or address
  std::uint16_t port = 993;
  tls_use tls = tls_use::implicit;
  bool certificate_checked = true;  ///< a trusted chain and the host's name are wanted
  bool plaintext_allowed = false;   ///< the password may travel without TLS
  std::string login;
  std::string sealed_password;      ///< opens with base::secret_box for `password_purpose`
  std::string source_folder = "INBOX"; ///< IMAP: what is read there
  std::string folder = "INBOX";     ///< where it goes here; made when missing
  /// Days that a collected message stays there: 0 is none, nothing is for ever.
  std::optional<std::uint32_t> keep_days = 0;
  std::uint64_t message_octets_max = 50u << 20; ///< larger ones stay there
  std::uint32_t every_minutes = 15;
  delivery::schedule hours;         ///< when it may begin
};

inline constexpr std::string_view password_purpose = "collection";

using collection_ptr = std::shared_ptr<const collection_record>;
/// The published picture, by id.
struct collection_view {
  std::uint64_t version = 0;
  std::map<std::uint64_t, collection_ptr> all;
};

/// The usual port: 110 and 995, 143 and 993.
std::uint16_t usual_port(source, tls_use) noexcept;

} // namespace rookery::collection
