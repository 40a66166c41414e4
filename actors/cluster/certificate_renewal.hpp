/// When a node's certificate is renewed, and what comes next on the way: a decision from what lies on its disk and what is
/// agreed. Pure.
///
/// A new certificate is agreed on before it is used, and both are accepted until the old one is forgotten. A new authority is
/// trusted by all before anybody uses a certificate of it, and the old one is forgotten when nobody has one of its
/// certificates any more. Each step can be taken again after a crash.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

/// Of a node's certificate.
inline constexpr std::chrono::days certificate_life{365};
/// Renewed when this is left, and used without waiting for nodes that are away when that is left.
inline constexpr std::chrono::days renewed_before{120}, last_moment{21};
/// A status says so from here on: renewal has not come about.
inline constexpr std::chrono::days warned_before{30};

/// What lies in the node's directory. Fingerprints; "" is nothing.
struct certificates_here {
  std::string used, used_issuer;             ///< of the certificate in use, and of the authority that has signed it
  base::wall_time begins{}, ends{};
  std::string prepared, prepared_issuer;     ///< made, not used yet
  std::vector<std::string> trusted;          ///< authorities, the newest first
};

/// A node as the configuration has it.
struct certificates_agreed {
  std::string used, next;                    ///< fingerprints that others accept
  std::string issuer;                        ///< the authority of the one in use
  std::string trusts;                        ///< the newest authority that the node trusts
  base::wall_time ends{};                    ///< of the one in use; for people
  bool operator==(const certificates_agreed&) const = default;
};

struct renewal_facts {
  base::wall_time now{};
  certificates_here here;
  certificates_agreed agreed;
  std::vector<std::string> authorities;      ///< as agreed, the newest first; never empty
  bool all_trust_newest = false;             ///< every node of the cluster
  bool all_accept = false;                   ///< every node follows a configuration with our `next`
  bool wanted = false;                       ///< somebody has asked for a new certificate
};

struct renewal_step {
  enum class kind : std::uint8_t {
    nothing,
    trust,     ///< write the authorities
    prepare,   ///< make a key and a certificate of the newest authority, and keep them beside those in use
    announce,  ///< have `agreed` put into the configuration
    use        ///< what was prepared
  };
  kind what = kind::nothing;
  certificates_agreed agreed;                ///< of announce
};

renewal_step next_renewal_step(const renewal_facts&);

/// Every node trusts the newest authority, and has its certificate from it: the older ones can be forgotten.
bool authority_settled(const std::string& newest, const std::vector<certificates_agreed>& nodes);

} // namespace rookery::actors
