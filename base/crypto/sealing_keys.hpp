/// The keys of a secret box (base/crypto/secret_box.hpp), where there are several: what is new is sealed with the first, and all open what was
/// sealed with them. Whoever only seals and opens knows nothing of them. Thread-safe.
///
/// The first key that a node ever has seals version 1, as secret_box.hpp has it, which programs of before several keys can open. Others
/// seal version 2, which has the key's id (`key_id_octets`) between the version octet and the nonce.
#pragma once

#include "base/crypto/secret_box.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::base {

inline constexpr std::size_t key_id_octets = 8;

struct sealing_key {
  std::string key;             ///< `sealing_key_octets`
  bool named = true;           ///< it seals version 2
  bool operator==(const sealing_key&) const = default;
};
/// Never empty where a box has them.
using sealing_keys = std::vector<sealing_key>;

/// Which key it is, for those who have it and those who do not: 16 hex digits.
std::string key_id(std::string_view key);

std::shared_ptr<const secret_box> make_secret_box(sealing_keys);
sealing_keys keys_of(const secret_box&);
/// In place of those it has; all who share the box have them from now on.
void use_keys(const secret_box&, sealing_keys);
/// The present first key has sealed it, as far as can be seen from outside.
bool sealed_with_newest(const secret_box&, std::string_view sealed);
/// secret_box::derive of each key, the first one's first.
std::vector<std::string> derive_all(const secret_box&, std::string_view purpose);

} // namespace rookery::base
