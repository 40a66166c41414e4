#include "protocols/imap/result_update.hpp"

#include <algorithm>

namespace rookery::imap {

std::vector<result_step> remove_results(std::vector<std::uint32_t>& list, std::span<const std::uint32_t> gone) {
  std::vector<std::uint32_t> sorted(gone.begin(), gone.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<result_step> steps;
  std::size_t kept = 0;
  for (const auto number : list) {
    // What was taken out before moved this one up: its place is that of the next that stays.
    if (std::binary_search(sorted.begin(), sorted.end(), number))
      steps.push_back({static_cast<std::uint32_t>(kept) + 1, number});
    else list[kept++] = number;
  }
  list.resize(kept);
  return steps;
}

std::vector<result_step> add_results(std::span<const std::uint32_t> before, std::span<const std::uint32_t> after) {
  std::vector<result_step> steps;
  std::size_t old = 0;
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (old < before.size() && before[old] == after[i]) ++old;
    else steps.push_back({static_cast<std::uint32_t>(i) + 1, after[i]});
  }
  return steps;
}

} // namespace rookery::imap
