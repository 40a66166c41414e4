#include "base/bytes.hpp"

#include <algorithm>

namespace rookery::base {

void buffer::make_room(std::size_t octets) {
  const auto used = size();
  if (begin_ > 0 && begin_ >= used && data_.size() - used >= octets) {
    std::memmove(data_.data(), data_.data() + begin_, used);
  } else {
    std::string larger;
    larger.resize(std::max<std::size_t>({512, used + octets, used + used / 2 + octets}));
    std::memcpy(larger.data(), data_.data() + begin_, used);
    data_.swap(larger);
  }
  begin_ = 0;
  end_ = used;
}

} // namespace rookery::base
