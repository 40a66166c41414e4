/// A binary heap of numbers whose places are known, so that any of them can be taken
/// out or moved in O(log n). Order and places live with the things that are numbered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace rookery::queueing {

inline constexpr std::uint32_t not_in_heap = 0xffffffffu;

/// `before(a, b)` orders two numbers, `place(a)` gives a reference to where a's place is
/// kept (`not_in_heap` when it is not here). Both are given with each call: a heap is its
/// vector alone. A key may be changed only while its number is out, or followed by `moved`.
class index_heap {
public:
  bool empty() const noexcept { return items_.empty(); }
  std::size_t size() const noexcept { return items_.size(); }
  std::uint32_t top() const noexcept { return items_.front(); }
  const std::vector<std::uint32_t>& items() const noexcept { return items_; }

  template <class Before, class Place>
  void push(std::uint32_t n, Before&& before, Place&& place) {
    items_.push_back(n);
    place(n) = static_cast<std::uint32_t>(items_.size() - 1);
    up(items_.size() - 1, before, place);
  }
  template <class Before, class Place>
  void remove(std::uint32_t n, Before&& before, Place&& place) {
    const std::size_t at = place(n);
    place(n) = not_in_heap;
    const auto last = items_.back();
    items_.pop_back();
    if (last == n) {
      if (items_.empty() && items_.capacity() > 64) std::vector<std::uint32_t>().swap(items_);
      return;
    }
    items_[at] = last;
    place(last) = static_cast<std::uint32_t>(at);
    moved(last, before, place);
  }
  template <class Before, class Place>
  void moved(std::uint32_t n, Before&& before, Place&& place) {
    up(place(n), before, place);
    down(place(n), before, place);
  }

private:
  template <class Before, class Place>
  void up(std::size_t at, Before& before, Place& place) {
    const auto n = items_[at];
    while (at > 0) {
      const auto parent = (at - 1) / 2;
      if (!before(n, items_[parent])) break;
      items_[at] = items_[parent];
      place(items_[at]) = static_cast<std::uint32_t>(at);
      at = parent;
    }
    items_[at] = n;
    place(n) = static_cast<std::uint32_t>(at);
  }
  template <class Before, class Place>
  void down(std::size_t at, Before& before, Place& place) {
    const auto n = items_[at];
    for (;;) {
      auto child = 2 * at + 1;
      if (child >= items_.size()) break;
      if (child + 1 < items_.size() && before(items_[child + 1], items_[child])) ++child;
      if (!before(items_[child], n)) break;
      items_[at] = items_[child];
      place(items_[at]) = static_cast<std::uint32_t>(at);
      at = child;
    }
    items_[at] = n;
    place(n) = static_cast<std::uint32_t>(at);
  }

  std::vector<std::uint32_t> items_;
};

} // namespace rookery::queueing
