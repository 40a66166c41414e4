/// The files of a node's certificates in its cluster's directory: node.pem, node.key and authority.pem in use, next.pem and
/// next.key while they are changed.
#pragma once

#include "actors/cluster/certificate_renewal.hpp"
#include "base/result.hpp"
#include "protocols/tls/tls_context.hpp"

#include <memory>
#include <string>

namespace rookery::actors {

/// Facts of what lies there.
base::result<certificates_here> read_certificates_here(const std::string& directory);
/// A key and a certificate, beside those in use. `next.pem` comes last: without it nothing is prepared.
base::result<void> keep_prepared(const std::string& directory, const std::string& certificate, const std::string& key);
/// What is prepared takes the place of what is in use.
base::result<void> use_prepared(const std::string& directory);
/// The same where a crash has left it half done; else nothing. Before the files are used.
base::result<void> finish_use(const std::string& directory);

/// For nodes that join.
base::result<std::shared_ptr<const tls::tls_context>> door_context(const std::string& certificate, const std::string& key);

} // namespace rookery::actors
