/// Some recipients of a message by their numbers, in 16 octets while they are one run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace rookery::queueing {

/// Ascending, none twice. Not thread-safe.
class recipient_numbers {
public:
  recipient_numbers() = default;
  /// Any order; what is there twice counts once.
  explicit recipient_numbers(std::vector<std::uint32_t> numbers);

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  bool contains(std::uint32_t number) const noexcept;
  std::vector<std::uint32_t> to_vector() const;
  /// Takes the first `count` out.
  recipient_numbers split_front(std::size_t count);
  friend bool operator==(const recipient_numbers&, const recipient_numbers&) noexcept;
  /// Beyond the object itself.
  std::size_t heap_octets() const noexcept;

private:
  struct run {
    std::uint32_t first = 0, count = 0;
    friend bool operator==(const run&, const run&) noexcept = default;
  };
  void set(std::vector<run> runs, std::size_t size);

  std::uint32_t size_ = 0;
  std::uint32_t first_ = 0;                 ///< of the only run, when `runs_` is null
  std::unique_ptr<std::vector<run>> runs_;
};

} // namespace rookery::queueing
