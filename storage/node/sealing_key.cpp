#include "storage/node/sealing_key.hpp"

#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

#include <utility>

namespace rookery::storage {

std::string sealing_key_path(const std::string& data_directory) { return data_directory + "/sealing.key"; }

base::result<std::shared_ptr<const base::secret_box>> open_secret_box(file_system& files, const std::string& data_directory) {
  const auto path = sealing_key_path(data_directory);
  auto text = files.read_all(path, 4096);
  if (!text && text.error().kind == base::error_kind::not_found) {
    auto fresh = base::to_hex(base::random_octets(base::sealing_key_octets)) + '\n';
    if (const auto written = files.replace(path, fresh); !written) return base::fail(written.error());
    base::log_event(base::severity::notice, "secrets.key_made").text("file", path);
    text = std::move(fresh);
  }
  if (!text) return base::fail(text.error());
  auto key = base::from_hex(base::trim(*text));
  base::wipe(*text);
  if (!key || key->size() != base::sealing_key_octets)
    return base::fail(base::error_kind::damaged, "The store cannot be read",
                      path + " holds no key of 64 hex digits: bring it back from a backup, or move it away and set the passwords for other servers again");
  return std::make_shared<const base::secret_box>(std::move(*key));
}

} // namespace rookery::storage
