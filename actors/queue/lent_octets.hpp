/// The octets of a message that another node has in its spool, while this node sends it: in memory as long as it is small, then
/// in a nameless file. Filled in one thread, then read from any; several may read.
#pragma once

#include "base/result.hpp"
#include "storage/file/spill_file.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rookery::actors {

class lent_octets {
public:
  static constexpr std::size_t memory_octets_max = 256 * 1024; ///< of one; queueing::lending_rule bounds their number

  explicit lent_octets(std::string spill_directory) : directory_(std::move(spill_directory)) {}
  base::result<void> append(std::string_view octets);
  std::uint64_t size() const noexcept { return size_; }
  /// No reading waits for the disk.
  bool in_memory() const noexcept { return file_ == nullptr; }
  /// Fewer octets than asked for only at the end.
  base::result<std::size_t> read(std::uint64_t offset, char* out, std::size_t octets) const;

private:
  std::string directory_, head_;
  std::unique_ptr<storage::spill_file> file_;
  std::uint64_t size_ = 0;
};

} // namespace rookery::actors
