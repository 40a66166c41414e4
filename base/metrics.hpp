/// Counters, gauges and histograms, and the text form that Prometheus reads.
///
/// Metrics are made once at start, live for ever, and are updated with relaxed
/// atomics from any thread. Names follow Prometheus: `rookery_smtp_accepted_total`.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::base {

class counter {
public:
  void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

class gauge {
public:
  void add(std::int64_t n) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  void set(std::int64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::int64_t> value_{0};
};

/// Durations in buckets of powers of two from 1 µs to about 134 s.
class histogram {
public:
  static constexpr std::size_t buckets = 28;
  void observe(std::chrono::nanoseconds d) noexcept;
  std::uint64_t count(std::size_t bucket) const noexcept { return counts_[bucket].load(std::memory_order_relaxed); }
  std::uint64_t sum_nanoseconds() const noexcept { return sum_.load(std::memory_order_relaxed); }

private:
  std::array<std::atomic<std::uint64_t>, buckets> counts_{};
  std::atomic<std::uint64_t> sum_{0};
};

/// The metric of this name and label set (`service="imap"`, may be empty); the same
/// object for the same arguments. Takes a lock: call once and keep the reference.
counter& counter_named(std::string_view name, std::string_view labels, std::string_view help);
gauge& gauge_named(std::string_view name, std::string_view labels, std::string_view help);
histogram& histogram_named(std::string_view name, std::string_view labels, std::string_view help);

/// Everything in Prometheus' text exposition format 0.0.4.
std::string metrics_text();

} // namespace rookery::base
