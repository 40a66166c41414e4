#include "storage/node/sealing_key.hpp"

#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "storage/node/sealing_keys_text.hpp"

#include <utility>

namespace rookery::storage {

std::string sealing_key_path(const std::string& data_directory) { return data_directory + "/sealing.key"; }

std::string print_sealing_keys(const base::sealing_keys& keys) {
  std::string out;
  for (const auto& k : keys) out += (k.named ? "2 " : "") + base::to_hex(k.key) + '\n';
  return out;
}

std::optional<base::sealing_keys> read_sealing_keys(std::string_view text) {
  base::sealing_keys out;
  for (auto line : base::split(base::trim(text), '\n')) {
    line = base::trim(line);
    const bool named = line.starts_with("2 ");
    auto key = base::from_hex(named ? line.substr(2) : line);
    if (!key || key->size() != base::sealing_key_octets || out.size() == sealing_keys_max) return {};
    out.push_back({std::move(*key), named});
  }
  if (out.empty()) return {};
  return out;
}

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
  auto keys = read_sealing_keys(*text);
  base::wipe(*text);
  if (!keys)
    return base::fail(base::error_kind::damaged, "The store cannot be read",
                      path + " holds no keys of 64 hex digits: bring it back from a backup, or move it away and set the passwords for other servers again");
  return base::make_secret_box(std::move(*keys));
}

} // namespace rookery::storage
