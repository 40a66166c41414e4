#include "actors/queue/lent_octets.hpp"

#include <algorithm>
#include <cstring>

namespace rookery::actors {

base::result<void> lent_octets::append(std::string_view octets) {
  size_ += octets.size();
  if (!file_) {
    if (head_.size() + octets.size() <= memory_octets_max) {
      head_.append(octets);
      return {};
    }
    auto opened = storage::spill_file::open(directory_);
    if (!opened) return base::fail(opened.error());
    file_ = std::move(*opened);
    if (auto done = file_->append(head_); !done) return done;
    head_.clear();
    head_.shrink_to_fit();
  }
  return file_->append(octets);
}

base::result<std::size_t> lent_octets::read(std::uint64_t offset, char* out, std::size_t octets) const {
  if (file_) return file_->read(offset, out, octets);
  if (offset >= head_.size()) return std::size_t{0};
  const auto n = std::min<std::size_t>(octets, head_.size() - static_cast<std::size_t>(offset));
  std::memcpy(out, head_.data() + offset, n);
  return n;
}

} // namespace rookery::actors
