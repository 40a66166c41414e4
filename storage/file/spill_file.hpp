/// A nameless file for a message that is too large for memory while it arrives.
///
/// It is never synced and is gone with the object, or with the process. Its
/// descriptor goes to the log as `body_source::spill_fd`; keep the object until the
/// group is durable. Not thread-safe.
#pragma once

#include "base/crypto/crypto.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rookery::storage {

class spill_file {
public:
  /// In `directory`, which must exist (the node's data directory has `spill/`).
  static base::result<std::unique_ptr<spill_file>> open(const std::string& directory);
  spill_file(const spill_file&) = delete;
  spill_file& operator=(const spill_file&) = delete;
  ~spill_file();

  /// no_space when the volume is full.
  base::result<void> append(std::string_view octets);
  base::result<std::size_t> read(std::uint64_t offset, char* out, std::size_t octets) const;
  std::uint64_t size() const noexcept { return size_; }
  int descriptor() const noexcept { return descriptor_; }

private:
  explicit spill_file(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
  std::uint64_t size_ = 0;
};

} // namespace rookery::storage
