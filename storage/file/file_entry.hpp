/// What a directory says of an entry, and its time: for files that are not the store's own
/// (mailboxes that are imported and exported). Blocks on the disk.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>

namespace rookery::storage {

struct file_entry {
  enum class kind : std::uint8_t { regular, directory, other }; ///< a symbolic link is other
  kind what = kind::other;
  std::uint64_t octets = 0;
  base::wall_time modified{};
};

/// Does not follow a link at the end of the path. `not_found`, or `io`.
base::result<file_entry> entry_at(const std::string& path);
base::result<void> set_modified(const std::string& path, base::wall_time);

} // namespace rookery::storage
