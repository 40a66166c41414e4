#include "base/metrics.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <mutex>
#include <variant>

#include <fmt/format.h>

namespace rookery::base {
namespace {

struct family {
  std::string help;
  std::map<std::string, std::variant<std::unique_ptr<counter>, std::unique_ptr<gauge>, std::unique_ptr<histogram>>,
           std::less<>> members;
};

struct registry {
  std::mutex lock;
  std::map<std::string, family, std::less<>> families;
};

registry& all() {
  static auto* one = new registry; // lives for ever: actors may count while the process ends
  return *one;
}

template <class T>
T& named(std::string_view name, std::string_view labels, std::string_view help) {
  auto& r = all();
  const std::lock_guard hold(r.lock);
  auto& f = r.families[std::string(name)];
  if (f.help.empty()) f.help = help;
  auto& member = f.members[std::string(labels)];
  if (!std::holds_alternative<std::unique_ptr<T>>(member) || !std::get<std::unique_ptr<T>>(member))
    member = std::make_unique<T>();
  return *std::get<std::unique_ptr<T>>(member);
}

std::string braces(std::string_view labels) { return labels.empty() ? "" : fmt::format("{{{}}}", labels); }

void print(std::string& out, const std::string& name, const std::string& labels, const histogram& h) {
  std::uint64_t seen = 0;
  const auto comma = labels.empty() ? "" : ",";
  for (std::size_t i = 0; i < histogram::buckets; ++i) {
    seen += h.count(i);
    out += fmt::format("{}_bucket{{{}{}le=\"{}\"}} {}\n", name, labels, comma,
                       static_cast<double>(std::uint64_t{1000} << i) / 1e9, seen);
  }
  out += fmt::format("{}_bucket{{{}{}le=\"+Inf\"}} {}\n", name, labels, comma, seen);
  out += fmt::format("{}_sum{} {}\n", name, braces(labels), static_cast<double>(h.sum_nanoseconds()) / 1e9);
  out += fmt::format("{}_count{} {}\n", name, braces(labels), seen);
}

} // namespace

void histogram::observe(std::chrono::nanoseconds d) noexcept {
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(0, d.count()));
  const auto bucket = std::min<std::size_t>(buckets - 1, static_cast<std::size_t>(std::bit_width(ns / 1000)));
  counts_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(ns, std::memory_order_relaxed);
}

counter& counter_named(std::string_view name, std::string_view labels, std::string_view help) {
  return named<counter>(name, labels, help);
}
gauge& gauge_named(std::string_view name, std::string_view labels, std::string_view help) {
  return named<gauge>(name, labels, help);
}
histogram& histogram_named(std::string_view name, std::string_view labels, std::string_view help) {
  return named<histogram>(name, labels, help);
}

std::string metrics_text() {
  auto& r = all();
  const std::lock_guard hold(r.lock);
  std::string out;
  for (const auto& [name, f] : r.families) {
    if (f.members.empty()) continue;
    static constexpr const char* kinds[] = {"counter", "gauge", "histogram"};
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, f.help, name, kinds[f.members.begin()->second.index()]);
    for (const auto& [labels, member] : f.members) {
      if (const auto* c = std::get_if<0>(&member)) out += fmt::format("{}{} {}\n", name, braces(labels), (*c)->value());
      else if (const auto* g = std::get_if<1>(&member)) out += fmt::format("{}{} {}\n", name, braces(labels), (*g)->value());
      else print(out, name, labels, *std::get<2>(member));
    }
  }
  return out;
}

} // namespace rookery::base
