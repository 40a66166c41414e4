/// Octets: views and the one owning buffer that sessions and connections share.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace rookery::base {

/// Some octets, not owned. Not necessarily text; never zero-terminated.
using const_bytes = std::string_view;

/// An owning queue of octets: appended at the end, consumed at the front.
///
/// Consuming moves an offset; the memory is compacted only when that is cheap,
/// so that both ends are amortised O(1) per octet. Views into it live until the
/// next non-const call. Not thread-safe.
class buffer {
public:
  const_bytes view() const noexcept { return {data_.data() + begin_, end_ - begin_}; }
  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }

  void append(const_bytes octets) {
    std::memcpy(prepare(octets.size()), octets.data(), octets.size());
    end_ += octets.size();
  }
  void push_back(char octet) {
    *prepare(1) = octet;
    ++end_;
  }
  /// Room for `octets` more, to be filled in place and then given to `commit`.
  char* prepare(std::size_t octets) {
    if (data_.size() - end_ < octets) make_room(octets);
    return data_.data() + end_;
  }
  void commit(std::size_t octets) noexcept { end_ += octets; }
  void consume(std::size_t octets) noexcept {
    begin_ += octets;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void clear() noexcept { begin_ = end_ = 0; }
  /// Gives the memory back when nothing is stored, so that an idle connection is small.
  void release() noexcept {
    if (empty()) std::string().swap(data_);
  }
  std::size_t capacity() const noexcept { return data_.capacity(); }

private:
  void make_room(std::size_t octets);

  std::string data_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

} // namespace rookery::base
