/// A queue that takes no memory while it is empty: for the many that mostly are, one a connection. (An empty std::deque has
/// 576 octets on the heap.)
///
/// T has a default value. One thread at a time. `push_back` makes references invalid; each step costs amortized constant time.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

namespace rookery::base {

template <class T>
class fifo {
  static_assert(!std::is_same_v<T, bool>);

public:
  fifo() = default;
  fifo(fifo&& f) noexcept : items_(std::exchange(f.items_, {})), first_(std::exchange(f.first_, 0)) {}
  fifo& operator=(fifo&& f) noexcept {
    items_ = std::exchange(f.items_, {});
    first_ = std::exchange(f.first_, 0);
    return *this;
  }

  bool empty() const noexcept { return items_.empty(); }
  std::size_t size() const noexcept { return items_.size() - first_; }
  T& front() noexcept { return items_[first_]; }
  const T& front() const noexcept { return items_[first_]; }
  T& back() noexcept { return items_.back(); }
  T& operator[](std::size_t i) noexcept { return items_[first_ + i]; }
  auto begin() noexcept { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  auto begin() const noexcept { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  auto end() noexcept { return items_.end(); }
  auto end() const noexcept { return items_.end(); }

  void push_back(T item) {
    // What went is not moved along; as much has gone by then as is moved.
    if (items_.size() == items_.capacity() && first_ >= size()) drop_gone();
    items_.push_back(std::move(item));
  }
  void pop_front() {
    if (first_ + 1 == items_.size()) return clear();
    items_[first_++] = T{};
  }
  /// And its memory.
  void clear() noexcept {
    items_ = {};
    first_ = 0;
  }

private:
  void drop_gone() {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

  std::vector<T> items_;
  std::size_t first_ = 0; ///< those before it are gone; 0 while it is empty
};

} // namespace rookery::base
