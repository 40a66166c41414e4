/// The keys with which a cluster seals secrets in its configuration, as agreed, and what is to be done about them next. Pure.
///
/// A node that was removed knows the keys it had: who remains makes another one, and seals anew what the configuration has. Each
/// node has a box key (base/crypto/public_box.hpp), its public part in its document; a key is given to it in a box. The
/// document (kind cluster, key "sealing") names the keys and has the boxes. Steps, each of them agreed before the next is taken: a key is
/// made and given to all; when all who can be heard have it, it seals; then what others have sealed is sealed anew; what has
/// sealed nothing in the configuration for `retired_key_life` is forgotten, as queues and tokens may have been sealed with it.
#pragma once

#include "base/clock.hpp"
#include "base/crypto/sealing_keys.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

inline constexpr const char* sealing_key_name = "sealing"; ///< of the document
inline constexpr std::chrono::days retired_key_life{30};
inline constexpr std::size_t agreed_keys_max = 32, sealing_nodes_max = 1000;

struct agreed_key {
  std::string id;                            ///< base::key_id
  bool named = true;
  std::map<std::string, std::string> boxes;  ///< by the uuid of who has it
  base::wall_time unused{};                  ///< since when nothing in the configuration is sealed with it; none: something may be
  bool operator==(const agreed_key&) const = default;
};
struct agreed_sealing {
  std::string sealing;                       ///< id of the key that seals
  std::vector<agreed_key> keys;              ///< the newest first; never empty
  bool operator==(const agreed_sealing&) const = default;
};

/// Nothing when it is no such document.
std::optional<agreed_sealing> read_sealing(std::string_view content);
std::string print(const agreed_sealing&);

/// What a key is boxed for.
std::string box_purpose(std::string_view key_id, std::string_view uuid);
/// `key` for each of these who has a box key. `holders`: public keys by uuid.
agreed_key boxed(const base::sealing_key& key, const std::map<std::string, std::string>& holders);

/// The keys of a node in the order in which it uses them: those of `agreed` that it has or can open. Nothing when it has not the one that
/// seals: then it goes on with those it has.
std::optional<base::sealing_keys> followed_keys(const agreed_sealing& agreed, const base::sealing_keys& present, const std::string& uuid, std::string_view private_key);

struct sealing_node {
  std::string uuid, name;
  std::string box;                           ///< public key; "": it has told none yet
  bool linked = false;
  std::string newest;                        ///< id of the newest key that it has said it has
};
struct sealing_facts {
  std::optional<agreed_sealing> agreed;
  std::vector<sealing_node> nodes;           ///< of the cluster, this one with them
  bool sealed_otherwise = false;             ///< something is sealed with another key than the agreed one
  base::wall_time now{};
};
struct sealing_step {
  enum class kind : std::uint8_t {
    nothing,
    wait,      ///< for `whom`
    begin,     ///< agree on the keys that there are
    give,      ///< box keys for who has none of them
    make,      ///< another key
    turn,      ///< the newest seals from now on
    seal_anew, ///< documents
    retire,    ///< what is not needed any more: `unused` begins
    forget     ///< `ids`
  };
  kind what = kind::nothing;
  std::string whom;                          ///< names, for people
  std::set<std::string> ids;
};
sealing_step next_sealing_step(const sealing_facts&);

} // namespace rookery::actors
