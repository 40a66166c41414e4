#include "storage/log/segment_scanner.hpp"

#include "base/crc32c.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace rookery::storage {
namespace {

constexpr std::size_t window_octets = 256u << 10;
constexpr std::size_t piece_octets = 1u << 20;

} // namespace

base::result<open_segment> open_segment_file(file_system& files, const std::string& directory, std::uint32_t segment,
                                             open_mode mode) {
  const auto path = directory + "/" + segment_name(segment);
  const auto refuse = [&](base::error_kind kind, const std::string& what) {
    return base::fail(kind, "The server's store is damaged.", path + ": " + what);
  };
  auto opened = files.open(path, mode);
  if (!opened) return base::fail(opened.error());
  const auto size = (*opened)->size();
  if (!size) return base::fail(size.error());
  char octets[segment_header_octets];
  const auto count = (*opened)->read(0, octets, sizeof octets);
  if (!count) return base::fail(count.error());
  const auto header = read_segment_header({octets, *count});
  if (!header) return refuse(base::error_kind::damaged, "this is no log segment, or its header is damaged");
  if (header->version != segment_version)
    return refuse(base::error_kind::unsupported, "format version " + std::to_string(header->version) +
                                                   " is newer than this program (" + std::to_string(segment_version) + ")");
  if (header->segment != segment)
    return refuse(base::error_kind::damaged, "the header says segment " + std::to_string(header->segment));
  if (*size > std::numeric_limits<std::uint32_t>::max()) return refuse(base::error_kind::damaged, "too large");
  return open_segment{std::move(*opened), *header, *size};
}

segment_scanner::segment_scanner(const open_segment& segment, std::uint64_t offset, std::uint64_t end)
  : segment_(segment), end_(std::min(end, segment.size)), offset_(offset), next_(offset) {}

base::result<std::string_view> segment_scanner::view(std::uint64_t offset, std::size_t octets) {
  if (offset >= end_) return std::string_view();
  octets = static_cast<std::size_t>(std::min<std::uint64_t>(octets, end_ - offset));
  if (offset < buffer_offset_ || offset + octets > buffer_offset_ + buffer_size_) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(std::max(octets, window_octets), end_ - offset));
    if (buffer_.size() < want) buffer_.resize(want);
    buffer_size_ = 0;
    const auto count = segment_.octets->read(offset, buffer_.data(), want);
    if (!count) return base::fail(count.error());
    buffer_offset_ = offset;
    buffer_size_ = *count;
    octets = std::min(octets, *count);
  }
  return std::string_view(buffer_).substr(static_cast<std::size_t>(offset - buffer_offset_), octets);
}

base::result<segment_scanner::found> segment_scanner::next() {
  offset_ = next_;
  const auto seen = view(offset_, record_head_octets);
  if (!seen) return base::fail(seen.error());
  if (seen->find_first_not_of('\0') == std::string_view::npos) return found::end;
  const auto head = read_record_head(*seen, segment_.header, static_cast<std::uint32_t>(offset_));
  if (!head || offset_ + record_octets(head->length) > end_) return found::damage;
  head_ = *head;
  next_ = offset_ + record_octets(head->length);
  return found::record;
}

base::result<std::optional<std::string_view>> segment_scanner::payload() {
  const auto octets = view(offset_ + record_head_octets, head_.length);
  if (!octets) return base::fail(octets.error());
  if (octets->size() != head_.length || base::crc32c(*octets) != head_.payload_crc)
    return std::optional<std::string_view>();
  return std::optional(*octets);
}

base::result<bool> segment_scanner::payload_is_whole() {
  std::uint32_t crc = 0;
  std::uint64_t left = head_.length;
  for (auto at = offset_ + record_head_octets; left > 0;) {
    const auto octets = view(at, static_cast<std::size_t>(std::min<std::uint64_t>(left, window_octets)));
    if (!octets) return base::fail(octets.error());
    if (octets->empty()) return false;
    crc = base::crc32c(*octets, crc);
    at += octets->size();
    left -= octets->size();
  }
  return crc == head_.payload_crc;
}

base::result<std::uint64_t> used_end(const open_segment& segment, std::uint64_t from) {
  std::string piece(std::min<std::uint64_t>(piece_octets, segment.size - from), '\0');
  for (auto end = segment.size; end > from;) {
    const auto begin = end - from > piece_octets ? end - piece_octets : from;
    const auto count = segment.octets->read(begin, piece.data(), static_cast<std::size_t>(end - begin));
    if (!count) return base::fail(count.error());
    const auto last = std::string_view(piece).substr(0, *count).find_last_not_of('\0');
    if (last != std::string_view::npos) return begin + last + 1;
    end = begin;
  }
  return from;
}

} // namespace rookery::storage
