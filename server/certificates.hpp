/// The certificates for clients' connections, as TLS contexts: those of the node file, and those of the configuration, which are
/// the same on all nodes of a cluster. Both can change while the server runs: new connections get the new ones.
#pragma once

#include "base/crypto/secret_box.hpp"
#include "base/result.hpp"
#include "protocols/tls/certificate.hpp"
#include "protocols/tls/tls_context.hpp"
#include "server/node_file.hpp"
#include "storage/directory/config_table.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::server {

/// Thread-safe.
class certificates {
public:
  /// Reads the files. On an error what was there before stays.
  base::result<void> load(const std::vector<certificate_entry>&);
  /// The documents of the configuration. Those that cannot be used are left out, with a sentence each.
  std::vector<std::string> follow(const storage::directory::config_table&, const base::secret_box&);
  /// The context a connection begins with; null when there is no certificate. It is that of the document that says so, else the node
  /// file's first, else the first document; where a document and the file have one name, the document's is served.
  std::shared_ptr<const tls::tls_context> current() const;
  /// What a connection that asks for this name is shown, with its key; nothing when there is no certificate. Any thread.
  std::optional<tls::pem_pair> pem_for(std::string_view name) const;

private:
  struct material {
    std::vector<std::string> names;  ///< lower case; a wildcard is for one label
    std::string chain, key, origin;
    bool is_default = false;
  };
  struct combined {
    std::shared_ptr<const tls::tls_context> context;
    std::map<std::string, tls::pem_pair, std::less<>> pems; ///< by name; "": the default
  };
  static base::result<combined> combine(const std::vector<material>& files, const std::vector<material>& agreed);

  std::mutex changing_;              ///< one change at a time
  std::vector<material> files_, agreed_;
  mutable std::mutex lock_;          ///< of what follows; short
  combined current_;
};

} // namespace rookery::server
