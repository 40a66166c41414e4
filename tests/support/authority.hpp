/// A certificate authority of a test: issues what a server shows, good and bad.
#pragma once

#include "base/clock.hpp"
#include "protocols/tls/certificate.hpp"

#include <memory>
#include <string>
#include <vector>

namespace rookery::tests {

/// A moment long past for everybody's clock but the test's own.
inline constexpr auto test_day = base::wall_time(std::chrono::milliseconds(1'750'000'000'000));

class authority {
public:
  struct request {
    std::vector<std::string> names{};        ///< dNSNames; "127.0.0.1" becomes an iPAddress
    std::string common_name{};               ///< "": the first name
    base::wall_time from = test_day - std::chrono::hours(24);
    base::wall_time until = test_day + std::chrono::hours(24 * 30);
  };
  explicit authority(const std::string& name = "Test Authority", base::wall_time around = test_day);
  ~authority();
  /// A leaf and then this authority's own certificate.
  tls::pem_pair issue(const request&) const;
  const std::string& pem() const noexcept { return pem_; }

private:
  struct parts;
  std::unique_ptr<parts> parts_;
  std::string pem_;
};

/// The octets a TLSA record has for the first certificate of `pem`: of all of it or of its key, whole or as digest.
std::string tlsa_data(const std::string& pem, int selector, int matching);

} // namespace rookery::tests
