/// A cluster's own authority and the certificates of its nodes, over OpenSSL: ECDSA P-256, PEM text.
///
/// The authority signs nothing but nodes; who holds one of its certificates is trusted with the whole cluster. Thread-safe.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

struct key_and_certificate {
  std::string certificate, key;
};

/// Valid for twenty years from a day before `now`; its nodes get another one before (`rookery cluster renew-ca`).
base::result<key_and_certificate> make_authority(const std::string& cluster, base::wall_time now);

struct key_pair {
  std::string private_key, public_key;
};
base::result<key_pair> make_key_pair();
/// A node's certificate, as server and client: its uuid is the name; for `certificate_life` from `now`, as long as the authority's at most.
base::result<std::string> issue_certificate(const key_and_certificate& authority, const std::string& public_key, const std::string& uuid,
                                            base::wall_time now);

/// SHA-256 of the first certificate's DER octets, hexadecimal; "" when there is none.
std::string certificate_fingerprint(std::string_view certificate);
/// When it begins and ends.
std::optional<base::wall_time> certificate_begin(std::string_view certificate);
std::optional<base::wall_time> certificate_end(std::string_view certificate);
/// The fingerprints of all certificates in the text.
std::vector<std::string> certificate_fingerprints(std::string_view certificates);
/// The fingerprint of the authority, among these, that has signed it; "" when none has.
std::string certificate_issuer(std::string_view authorities, std::string_view certificate);

std::string sign(std::string_view private_key, std::string_view octets);
/// Nothing: the certificate is one of these fingerprints, was issued by one of the authorities, and its key made the signature.
/// Else a sentence.
std::optional<std::string> signature_fault(std::string_view authorities, std::string_view certificate, const std::vector<std::string>& fingerprints,
                                           std::string_view octets, std::string_view signature);

} // namespace rookery::actors
