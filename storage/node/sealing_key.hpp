/// The key of a node's secret box, in `sealing.key` of the data directory: 64 hex digits and a line
/// end, mode 0600. Made when it is missing; without it sealed passwords have to be set again.
#pragma once

#include "base/crypto/secret_box.hpp"
#include "base/result.hpp"
#include "storage/file/file_system.hpp"

#include <memory>
#include <string>

namespace rookery::storage {

std::string sealing_key_path(const std::string& data_directory);
/// `damaged` when the file holds no key: it is never replaced.
base::result<std::shared_ptr<const base::secret_box>> open_secret_box(file_system&, const std::string& data_directory);

} // namespace rookery::storage
