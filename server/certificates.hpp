/// The certificates of the node file, as TLS contexts that can be read anew while the
/// server runs: new connections get the new ones.
#pragma once

#include "base/result.hpp"
#include "protocols/tls/tls_context.hpp"
#include "server/node_file.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace rookery::server {

class certificates {
public:
  /// Reads the files. On an error what was there before stays.
  base::result<void> load(const std::vector<certificate_entry>&);
  /// The context a connection begins with; null when there is no certificate.
  std::shared_ptr<const tls::tls_context> current() const;

private:
  mutable std::mutex lock_;
  std::shared_ptr<const tls::tls_context> current_;
};

} // namespace rookery::server
