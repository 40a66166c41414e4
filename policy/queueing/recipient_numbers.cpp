#include "policy/queueing/recipient_numbers.hpp"

#include <algorithm>

namespace rookery::queueing {

recipient_numbers::recipient_numbers(std::vector<std::uint32_t> numbers) {
  if (!std::is_sorted(numbers.begin(), numbers.end())) std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  std::vector<run> runs;
  for (const auto n : numbers) {
    if (!runs.empty() && runs.back().first + runs.back().count == n) ++runs.back().count;
    else runs.push_back({n, 1});
  }
  set(std::move(runs), numbers.size());
}

void recipient_numbers::set(std::vector<run> runs, std::size_t size) {
  size_ = static_cast<std::uint32_t>(size);
  first_ = runs.empty() ? 0 : runs.front().first;
  if (runs.size() <= 1) {
    runs_.reset();
  } else {
    runs.shrink_to_fit();
    runs_ = std::make_unique<std::vector<run>>(std::move(runs));
  }
}

bool recipient_numbers::contains(std::uint32_t number) const noexcept {
  if (runs_ == nullptr) return number - first_ < size_;
  const auto after = std::upper_bound(runs_->begin(), runs_->end(), number,
                                      [](std::uint32_t n, const run& r) { return n < r.first; });
  return after != runs_->begin() && number - std::prev(after)->first < std::prev(after)->count;
}

std::vector<std::uint32_t> recipient_numbers::to_vector() const {
  std::vector<std::uint32_t> all;
  all.reserve(size_);
  const auto add = [&](run r) {
    for (std::uint32_t i = 0; i < r.count; ++i) all.push_back(r.first + i);
  };
  if (runs_ == nullptr) add({first_, size_});
  else
    for (const auto& r : *runs_) add(r);
  return all;
}

recipient_numbers recipient_numbers::split_front(std::size_t count) {
  recipient_numbers front;
  count = std::min<std::size_t>(count, size_);
  if (runs_ == nullptr) {
    front.first_ = first_;
    front.size_ = static_cast<std::uint32_t>(count);
    first_ += front.size_;
    size_ -= front.size_;
    return front;
  }
  std::vector<run> taken, left;
  std::size_t missing = count;
  for (const auto& r : *runs_) {
    const auto part = static_cast<std::uint32_t>(std::min<std::size_t>(missing, r.count));
    if (part > 0) taken.push_back({r.first, part});
    if (part < r.count) left.push_back({r.first + part, r.count - part});
    missing -= part;
  }
  const auto rest = size_ - count;
  front.set(std::move(taken), count);
  set(std::move(left), rest);
  return front;
}

bool operator==(const recipient_numbers& a, const recipient_numbers& b) noexcept {
  if (a.size_ != b.size_ || (a.runs_ == nullptr) != (b.runs_ == nullptr)) return false;
  return a.runs_ == nullptr ? a.size_ == 0 || a.first_ == b.first_ : *a.runs_ == *b.runs_;
}

std::size_t recipient_numbers::heap_octets() const noexcept {
  return runs_ == nullptr ? 0 : sizeof(std::vector<run>) + runs_->capacity() * sizeof(run);
}

} // namespace rookery::queueing
