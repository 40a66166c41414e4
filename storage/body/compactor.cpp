#include "storage/body/compactor.hpp"

#include "storage/mail/command.hpp"
#include "storage/queue/command.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace rookery::storage {
namespace {

/// Ordered by place, then by who refers to it; without repeats.
std::vector<live_body> ordered(std::vector<live_body> bodies) {
  const auto key = [](const live_body& b) { return std::tuple(b.ref.offset, b.shard, b.account); };
  std::sort(bodies.begin(), bodies.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  bodies.erase(std::unique(bodies.begin(), bodies.end(), [&](const auto& a, const auto& b) { return key(a) == key(b); }),
               bodies.end());
  return bodies;
}

std::string relocation(const live_body& b, base::wall_time now) {
  if (b.shard == spool_shard) return queue::encode({now, queue::relocate_body{b.ref.segment, b.ref.offset}});
  mail::command c;
  c.account = b.account;
  c.time = now;
  c.what = mail::relocate_body{b.ref.segment, b.ref.offset};
  return mail::encode(c);
}

} // namespace

compactor::compactor(body_reader& reader, compactor_settings settings) : reader_(reader), settings_(settings) {}

segment_use compactor::survey(const segment_info& info, const live_bodies& ask) {
  segment_use use{info.segment, info.octets, 0, 0};
  std::uint32_t counted = 0; // offset of the last body counted; no body lies at 0
  for (const auto& b : ordered(ask(info.segment))) {
    if (b.ref.offset == counted) continue;
    counted = b.ref.offset;
    use.live_octets += b.ref.length;
    ++use.live_count;
  }
  return use;
}

void compactor::begin(std::uint32_t segment, const live_bodies& ask) {
  segment_ = segment;
  plan_ = ordered(ask(segment));
  next_ = 0;
  damaged_ = false;
  behind_ = {};
}

base::result<commit_group> compactor::step(base::wall_time now) {
  commit_group group;
  std::uint64_t octets = 0;
  while (next_ < plan_.size() && octets < settings_.step_octets) {
    const auto ref = plan_[next_].ref;
    if (octets > 0 && octets + ref.length > settings_.step_octets) break;
    auto read = reader_.read_whole(ref);
    auto same = [&] { return next_ < plan_.size() && plan_[next_].ref.offset == ref.offset; };
    if (!read) {
      if (read.error().kind != base::error_kind::damaged) return base::fail(read.error());
      // What was gathered before it goes first; the next step comes here again.
      if (!group.bodies.empty()) return group;
      damaged_ = true;
      while (same()) ++next_;
      return base::fail(read.error());
    }
    octets += ref.length + record_head_octets;
    const auto index = static_cast<std::uint32_t>(group.bodies.size());
    body_source source;
    source.octets = std::make_shared<const std::string>(std::move(*read));
    source.length = ref.length;
    source.id = ref.id;
    group.bodies.push_back(std::move(source));
    for (; same(); ++next_)
      group.commands.push_back({plan_[next_].shard, settings_.epoch, relocation(plan_[next_], now), {index}});
  }
  return group;
}

void compactor::moved(log_position next) noexcept { behind_ = std::max(behind_, next); }

bool compactor::removable(log_position flushed_by_all, const live_bodies& ask) const {
  return segment_ != 0 && next_ == plan_.size() && !damaged_ && flushed_by_all >= behind_ &&
         flushed_by_all.segment > segment_ && ask(segment_).empty();
}

} // namespace rookery::storage
