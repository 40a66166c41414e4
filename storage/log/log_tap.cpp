#include "storage/log/log_tap.hpp"

#include "storage/log/log_format.hpp"

#include <utility>

namespace rookery::storage {

log_tap::log_tap(log_position begin) { batch_.begin = batch_.end = begin; }

void log_tap::add(log_piece p) {
  if (!batch_.whole) return;
  batch_.octets += p.size;
  batch_.pieces.push_back(std::move(p));
  if (batch_.octets <= octets_max) return;
  batch_.whole = false;
  batch_.pieces.clear();
}

void log_tap::begin_segment(std::uint32_t segment, std::uint64_t capacity, std::string header) {
  log_piece p{piece_kind::begin, segment, static_cast<std::uint32_t>(capacity), header.size(), {}, {}};
  p.keep.push_back(std::make_shared<const std::string>(std::move(header)));
  p.parts.emplace_back(*p.keep.back());
  add(std::move(p));
}

void log_tap::seal(std::uint32_t segment, std::uint64_t octets) {
  add({piece_kind::seal, segment, static_cast<std::uint32_t>(octets), 0, {}, {}});
}

void log_tap::needed_from(log_position at) { add({piece_kind::needed_from, at.segment, at.offset, 0, {}, {}}); }
void log_tap::removed(std::uint32_t segment) { add({piece_kind::remove, segment, 0, 0, {}, {}}); }

void log_tap::octets(std::uint32_t segment, std::uint64_t offset, std::vector<std::string_view> parts,
                     std::vector<std::shared_ptr<const std::string>> keep) {
  log_piece p{piece_kind::octets, segment, static_cast<std::uint32_t>(offset), 0, std::move(parts), std::move(keep)};
  for (const auto part : p.parts) p.size += part.size();
  if (p.size > 0) add(std::move(p));
}

void log_tap::spilled(std::uint64_t offset, std::string_view octets) {
  if (!batch_.whole) return;
  log_piece p{piece_kind::octets, 0, static_cast<std::uint32_t>(offset), octets.size(), {}, {}};
  p.keep.push_back(std::make_shared<const std::string>(octets));
  p.parts.emplace_back(*p.keep.back());
  aside_.push_back(std::move(p));
  std::uint64_t sum = batch_.octets;
  for (const auto& a : aside_) sum += a.size;
  if (sum <= octets_max) return;
  batch_.whole = false;
  batch_.pieces.clear();
  aside_.clear();
}

void log_tap::spilled_done(std::uint32_t segment) {
  for (auto& p : aside_) {
    p.segment = segment;
    add(std::move(p));
  }
  aside_.clear();
}

void log_tap::take_back(log_position to) {
  aside_.clear();
  while (!batch_.pieces.empty()) {
    auto& last = batch_.pieces.back();
    if (last.kind != piece_kind::octets || last.segment != to.segment || last.offset + last.size <= to.offset) return;
    if (last.offset >= to.offset) {
      batch_.octets -= last.size;
      batch_.pieces.pop_back();
      continue;
    }
    const auto left = std::uint64_t{to.offset} - last.offset;
    batch_.octets -= last.size - left;
    last.size = 0;
    std::vector<std::string_view> parts;
    for (const auto part : last.parts) {
      const auto count = std::min<std::uint64_t>(part.size(), left - last.size);
      if (count > 0) parts.push_back(part.substr(0, static_cast<std::size_t>(count)));
      last.size += count;
    }
    last.parts = std::move(parts);
    return;
  }
}

log_batch_ptr log_tap::take(log_position end) {
  if (batch_.pieces.empty() && batch_.whole && batch_.begin == end) return nullptr;
  batch_.end = end;
  auto out = std::make_shared<log_batch>(std::move(batch_));
  batch_ = {};
  batch_.begin = batch_.end = end;
  return out;
}

} // namespace rookery::storage
