/// A set of document numbers within [first, first + size).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rookery::storage::search {

class number_set {
public:
  number_set() = default;
  number_set(std::uint32_t first, std::uint32_t size, bool full = false)
      : first_(first), size_(size), bits_((size + 63) / 64, full ? ~std::uint64_t{0} : 0) {
    if (full && size % 64 != 0) bits_.back() = (std::uint64_t{1} << size % 64) - 1;
  }
  std::uint32_t first() const noexcept { return first_; }
  std::uint32_t size() const noexcept { return size_; }
  bool contains(std::uint32_t n) const noexcept {
    const auto i = n - first_;
    return n >= first_ && i < size_ && (bits_[i / 64] >> i % 64 & 1) != 0;
  }
  /// Numbers outside are left out.
  void add(std::uint32_t n) noexcept {
    const auto i = n - first_;
    if (n >= first_ && i < size_) bits_[i / 64] |= std::uint64_t{1} << i % 64;
  }
  std::size_t count() const noexcept {
    std::size_t n = 0;
    for (const auto b : bits_) n += static_cast<std::size_t>(std::popcount(b));
    return n;
  }
  bool full() const noexcept { return count() == size_; }
  bool empty() const noexcept {
    for (const auto b : bits_)
      if (b != 0) return false;
    return true;
  }
  /// Both over the same numbers.
  void keep(const number_set& other) noexcept {
    for (std::size_t i = 0; i < bits_.size(); ++i) bits_[i] &= other.bits_[i];
  }
  /// Keeps those of which `f(number)` is true.
  template <class F>
  void keep_if(F f) {
    for (std::size_t i = 0; i < bits_.size(); ++i)
      for (auto left = bits_[i]; left != 0; left &= left - 1) {
        const auto bit = static_cast<unsigned>(std::countr_zero(left));
        if (!f(first_ + static_cast<std::uint32_t>(i * 64 + bit))) bits_[i] &= ~(std::uint64_t{1} << bit);
      }
  }
  void add(const number_set& other) noexcept {
    for (std::size_t i = 0; i < bits_.size(); ++i) bits_[i] |= other.bits_[i];
  }

private:
  std::uint32_t first_ = 0, size_ = 0;
  std::vector<std::uint64_t> bits_;
};

} // namespace rookery::storage::search
