#include "protocols/tls/peer_check.hpp"

#include <algorithm>

#include <openssl/x509_vfy.h>

namespace rookery::tls {

bool usable(const dns::tlsa& record) noexcept {
  if ((record.usage != 2 && record.usage != 3) || record.selector > 1) return false;
  switch (record.matching) {
  case 0: return !record.data.empty();
  case 1: return record.data.size() == 32;
  case 2: return record.data.size() == 64;
  default: return false;
  }
}

bool any_usable(const std::vector<dns::tlsa>& records) noexcept { return std::any_of(records.begin(), records.end(), usable); }

std::string_view failure_word(long verify_result) noexcept {
  switch (verify_result) {
  case X509_V_OK: return {};
  case X509_V_ERR_HOSTNAME_MISMATCH:
  case X509_V_ERR_IP_ADDRESS_MISMATCH: return "certificate-host-mismatch";
  case X509_V_ERR_CERT_HAS_EXPIRED: return "certificate-expired";
  case X509_V_ERR_DANE_NO_MATCH: return "tlsa-invalid";
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
  case X509_V_ERR_CERT_UNTRUSTED:
  case X509_V_ERR_CERT_REJECTED:
  case X509_V_ERR_INVALID_CA:
  case X509_V_ERR_INVALID_PURPOSE: return "certificate-not-trusted";
  default: return "validation-failure";
  }
}

} // namespace rookery::tls
