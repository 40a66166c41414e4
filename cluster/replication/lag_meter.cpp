#include "cluster/replication/lag_meter.hpp"

#include <algorithm>

namespace rookery::replication {

void lag_meter::begin(log_position end, moment now) {
  *this = {};
  before_.end = end;
  before_.since = now;
}

void lag_meter::written(log_position end, std::uint64_t octets, std::uint64_t next_record, moment now) {
  if (end <= (marks_.empty() ? before_.end : marks_.back().end)) return;
  octets_ += octets;
  // Of the first batch it is not known how many it had.
  records_ += next_record_ == 0 ? 1 : next_record > next_record_ ? next_record - next_record_ : 0;
  next_record_ = next_record;
  add({end, octets_, records_, now});
}

void lag_meter::add(mark m) {
  if (in_last_ < stride_ && !marks_.empty()) {
    ++in_last_;
    m.since = marks_.back().since;
    marks_.back() = m;
    return;
  }
  in_last_ = 1;
  marks_.push_back(m);
  if (marks_.size() <= marks_max) return;
  // Two become one, with the end of the later and the time of the earlier one; from now on as many go into one at once.
  stride_ *= 2;
  std::deque<mark> fewer;
  for (std::size_t i = 0; i < marks_.size(); i += 2) {
    auto one = marks_[std::min(i + 1, marks_.size() - 1)];
    one.since = marks_[i].since;
    fewer.push_back(one);
  }
  marks_ = std::move(fewer);
}

void lag_meter::forget(log_position all) {
  while (!marks_.empty() && marks_.front().end <= all) {
    before_ = marks_.front();
    marks_.pop_front();
  }
  if (marks_.empty()) stride_ = in_last_ = 1;
}

lag lag_meter::of(log_position durable, moment now) const {
  auto first = std::upper_bound(marks_.begin(), marks_.end(), durable, [](log_position p, const mark& m) { return p < m.end; });
  lag out;
  out.at_least = durable < before_.end;
  if (first == marks_.end() && !out.at_least) return out;
  const auto& had = first == marks_.begin() ? before_ : *std::prev(first);
  out.octets = octets_ - had.octets;
  out.records = records_ - had.records;
  const auto since = out.at_least ? before_.since : first->since;
  out.time = std::max(now - since, std::chrono::milliseconds(0));
  return out;
}

} // namespace rookery::replication
