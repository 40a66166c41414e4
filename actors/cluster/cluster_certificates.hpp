/// A cluster's own authority and the certificates of its nodes, over OpenSSL: ECDSA P-256, PEM text.
///
/// The authority signs nothing but nodes; who holds one of its certificates is trusted with the whole cluster. Thread-safe.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rookery::actors {

struct key_and_certificate {
  std::string certificate, key;
};

/// Valid for twenty years from a day before `now`.
base::result<key_and_certificate> make_authority(const std::string& cluster, base::wall_time now);

struct key_pair {
  std::string private_key, public_key;
};
base::result<key_pair> make_key_pair();
/// A node's certificate, as server and client: its uuid is the name; as long as the authority's at most.
base::result<std::string> issue_certificate(const key_and_certificate& authority, const std::string& public_key, const std::string& uuid,
                                            base::wall_time now);

/// SHA-256 of the first certificate's DER octets, hexadecimal; "" when there is none.
std::string certificate_fingerprint(std::string_view certificate);
/// When it ends.
std::optional<base::wall_time> certificate_end(std::string_view certificate);

std::string sign(std::string_view private_key, std::string_view octets);
/// Nothing: the certificate is the one of this fingerprint, was issued by `authority`, and its key made the signature.
/// Else a sentence.
std::optional<std::string> signature_fault(std::string_view authority, std::string_view certificate, std::string_view fingerprint,
                                           std::string_view octets, std::string_view signature);

} // namespace rookery::actors
