/// Reads bodies one after the other; those that lie near each other are read at once.
///
/// Mail that came one after the other lies so in the log, and whoever reads a mailbox in its order meets it in this order: one
/// call of the system brings many small bodies. Reading on begins with the second of two that are near.
///
/// Of one thread at a time. What was read is kept until the window moves: bodies asked for must have been complete when
/// the window was first used (those of one view are).
#pragma once

#include "storage/body/body_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace rookery::storage {

class body_window {
public:
  explicit body_window(std::shared_ptr<body_reader>);

  /// The first `octets` of the body, all of it at the most; they live until the next call.
  /// Errors: as body_reader::read.
  base::result<std::string_view> octets(const body_ref&, std::uint32_t octets);

private:
  std::string_view view(const body_ref&, std::uint32_t octets) const noexcept;

  std::shared_ptr<body_reader> bodies_;
  std::unique_ptr<char[]> buffer_;
  std::size_t room_ = 0;
  std::uint32_t segment_ = 0;
  std::uint64_t at_ = 0;    ///< of the buffer's first octet in the segment
  std::size_t size_ = 0;    ///< octets in the buffer
  std::uint64_t behind_ = 0; ///< end of what was last asked for
};

} // namespace rookery::storage
