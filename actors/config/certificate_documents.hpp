/// The documents of certificates for clients' connections: chain and key, the same on every node. JSON in, records out, and
/// checked changes: docs/manual/certificates.md.
///
/// The key is sealed before it is stored (base/crypto/secret_box.hpp; what it is for, with the document's name, is authenticated
/// with it), and never shown.
#pragma once

#include "base/crypto/secret_box.hpp"
#include "base/result.hpp"
#include "protocols/json/value.hpp"
#include "storage/directory/config_table.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::config {

inline constexpr std::size_t certificates_max = 1000;
inline constexpr std::size_t chain_octets_max = 64 * 1024, key_octets_max = 16 * 1024;

struct certificate_record {
  std::string name;
  std::string chain;           ///< PEM, leaf first
  std::string sealed_key;
  bool is_default = false;     ///< for clients that name no host, or one that no certificate has
};

/// Lower case letters, digits, '-', '_' and '.'; at most 255. Nothing: it is none.
std::optional<std::string> canonical_certificate_name(std::string_view);
/// `invalid` when the content is none: a fault of ours or of a newer node.
base::result<certificate_record> read_certificate_document(const storage::directory::document&);
/// The private key, PEM. Nothing: it was sealed with another key than this node has, or for another document.
std::optional<std::string> open_certificate_key(const certificate_record&, const base::secret_box&);

/// As in documents.hpp. Members: "chain" and "key" (PEM; both together, and they belong together), "default", "description".
base::result<std::string> change_certificate(std::string_view name, std::string_view content, const json::value& patch,
                                             const base::secret_box*);
/// Facts of the chain in place of the chain, and nothing of the key.
json::value show_certificate_document(const storage::directory::document&);

/// A file of the configuration has the chain and leaves the key: `invalid` unless the chain goes with the key that is there.
base::result<void> check_certificate_in_file(const json::value& content, const json::value& present);
/// "SHA-256 1f…" of the leaf, in the place of a chain where differences are shown.
std::string chain_label(std::string_view chain);

} // namespace rookery::config
