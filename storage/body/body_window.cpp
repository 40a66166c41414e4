#include "storage/body/body_window.hpp"

#include <algorithm>

namespace rookery::storage {
namespace {

/// Read at once when bodies lie near each other: some of the processor's second cache.
constexpr std::size_t window_octets = 128u << 10;
/// Bodies with less than this between them are near.
constexpr std::uint64_t gap_octets_max = 16u << 10;

} // namespace

body_window::body_window(std::shared_ptr<body_reader> bodies) : bodies_(std::move(bodies)) {}

std::string_view body_window::view(const body_ref& body, std::uint32_t octets) const noexcept {
  return {buffer_.get() + (body.offset - at_), octets};
}

base::result<std::string_view> body_window::octets(const body_ref& body, std::uint32_t octets) {
  octets = std::min(octets, body.length);
  const std::uint64_t begin = body.offset, end = begin + octets;
  const bool here = segment_ == body.segment && size_ != 0;
  if (here && begin >= at_ && end <= at_ + size_) {
    behind_ = end;
    return view(body, octets);
  }
  const bool near = here && begin >= behind_ && begin - behind_ < gap_octets_max;
  const auto wanted = near ? std::max<std::size_t>(octets, window_octets) : octets;
  if (wanted > room_) {
    buffer_ = std::make_unique_for_overwrite<char[]>(wanted);
    room_ = wanted;
  }
  size_ = 0;
  const auto count = near ? bodies_->read_on(body, buffer_.get(), wanted) : bodies_->read(body, 0, buffer_.get(), octets);
  if (!count) return base::fail(count.error());
  segment_ = body.segment;
  at_ = begin;
  size_ = *count;
  behind_ = end;
  return view(body, octets);
}

} // namespace rookery::storage
