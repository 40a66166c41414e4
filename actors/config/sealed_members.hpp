/// Members of documents that are sealed with the key of a cluster's nodes (base/crypto/secret_box.hpp), whatever the document
/// is: when there is a new key, they are sealed anew. Pure.
#pragma once

#include "base/crypto/sealing_keys.hpp"
#include "storage/directory/config_table.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::config {

/// What "authority_key" of the cluster's document is sealed for.
inline constexpr std::string_view authority_purpose = "cluster authority";
/// What the key of the certificate of this name is sealed for.
std::string certificate_key_purpose(std::string_view name);

enum class sealed_state : std::uint8_t {
  settled,   ///< nothing is sealed in it, or all with the newest key
  old,       ///< something is sealed with another key; `content` has all that could be opened sealed anew
  unreadable ///< something is, and none of it opens
};
struct sealed_content {
  sealed_state state = sealed_state::settled;
  std::string content;
};
/// Quick for documents without such members.
sealed_content sealed_anew(const storage::directory::document&, const base::secret_box&);

} // namespace rookery::config
