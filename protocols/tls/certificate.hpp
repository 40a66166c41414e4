/// Certificates as values: PEM text in, facts or PEM text out. No files.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rookery::tls {

/// A certificate chain (leaf first) and its private key, both as PEM text.
struct pem_pair {
  std::string certificates;
  std::string key;
};

/// A certificate of our own for a demo or a closed network: ECDSA P-256, signed by
/// itself, valid for ten years from a day before `now`; every name is a subjectAltName
/// (an IPv4 or IPv6 address becomes an iPAddress, anything else a dNSName).
/// Fails with `invalid` when `names` is empty. Draws randomness for key and serial.
base::result<pem_pair> make_self_signed(const std::vector<std::string>& names, base::wall_time now);

/// What an operator wants to know about a chain.
struct certificate_facts {
  std::vector<std::string> names;   ///< dNSName and iPAddress entries of the leaf, lower case.
  base::wall_time not_before, not_after;
  std::string subject, issuer;      ///< RFC 2253 text.
  std::string sha256;               ///< Of the leaf's DER octets, 32 octets.
  std::string key_sha256;           ///< Of its public key (SubjectPublicKeyInfo): the same for a renewed certificate of one key.
};

/// Reads the leaf of a PEM chain; `invalid` when it is none.
base::result<certificate_facts> read_certificate(std::string_view certificates_pem);

} // namespace rookery::tls
