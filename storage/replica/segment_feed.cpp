#include "storage/replica/segment_feed.hpp"

#include "storage/log/log_reader.hpp"

#include <algorithm>

namespace rookery::storage {

base::result<void> segment_feed::open(std::uint32_t segment) {
  if (segment_ && number_ == segment) return {};
  segment_.reset();
  auto opened = open_segment_file(files_, directory_, segment);
  if (!opened) return base::fail(opened.error());
  segment_ = std::move(*opened);
  number_ = segment;
  return {};
}

base::result<log_position> segment_feed::read(log_position from, log_position until, std::size_t octets_most, std::string& out) {
  const auto begin = out.size();
  auto at = from;
  while (at < until && out.size() - begin < octets_most) {
    if (at.segment > 0) {
      if (auto done = open(at.segment); !done) return base::fail(done.error());
      std::uint64_t end = until.offset;
      if (at.segment < until.segment) { // it was sealed, perhaps while it was open here
        const auto size = segment_->octets->size();
        if (!size) return base::fail(size.error());
        end = *size;
      }
      if (at.offset > end)
        return base::fail(base::error_kind::invalid, "The replica does not follow.",
                          directory_ + "/" + segment_name(at.segment) + " ends at " + std::to_string(end) + ", before " + std::to_string(at.offset));
      if (at.offset < end) {
        const auto room = std::max<std::size_t>(octets_most - (out.size() - begin), 1);
        const auto want = static_cast<std::size_t>(std::min<std::uint64_t>({piece_octets_max, room, end - at.offset}));
        if (buffer_.size() < want) buffer_.resize(want);
        const auto count = segment_->octets->read(at.offset, buffer_.data(), want);
        if (!count) return base::fail(count.error());
        if (*count == 0) return base::fail(base::error_kind::damaged, "The server's store is damaged.", directory_ + "/" + segment_name(at.segment) + " is too short");
        write_piece({piece_kind::octets, at.segment, at.offset, std::string_view(buffer_).substr(0, *count)}, out);
        at.offset += static_cast<std::uint32_t>(*count);
        continue;
      }
      write_piece({piece_kind::seal, at.segment, at.offset, {}}, out);
    }
    const auto next = at.segment + 1;
    if (auto done = open(next); !done) return base::fail(done.error());
    write_piece({piece_kind::begin, next, static_cast<std::uint32_t>(segment_->size), write_segment_header(segment_->header)}, out);
    at = {next, segment_header_octets};
  }
  return at;
}

base::result<void> segment_feed::say_present(log_position position, std::string& out) const {
  auto numbers = list_segments(files_, directory_);
  if (!numbers) return base::fail(numbers.error());
  std::erase_if(*numbers, [&](auto n) { return n >= position.segment; });
  if (numbers->size() > present_segments_max || position.segment == 0) return {};
  write_piece({piece_kind::present, position.segment, 0, write_present(*numbers)}, out);
  return {};
}

} // namespace rookery::storage
