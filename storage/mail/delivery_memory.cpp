#include "storage/mail/delivery_memory.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"
#include "storage/mail/keys.hpp"
#include "storage/tree/pending_rows.hpp"

namespace rookery::storage::mail {
namespace {
constexpr std::uint8_t format_version = 1;
}

void delivery_memory::open(const tree& from) {
  const auto prefix = key::all(family::delivered);
  must(from.scan(prefix, key::behind(prefix), [&](std::string_view k, std::string_view value) {
    key_reader in_key(k);
    const auto sequence = in_key.u64();
    base::decoder in(value);
    base::check(in_key.ok() && in.u8() == format_version, "mail tree: damaged delivery row");
    row r{sequence, 0};
    while (in.ok() && !in.rest().empty()) {
      remembered d;
      d.what.account = in.u64();
      d.what.origin = in.u64();
      d.what.recipient = in.u32();
      d.time = in.i64();
      known_.insert(d.what);
      by_age_.push_back(d);
      ++r.left;
    }
    base::check(in.ok(), "mail tree: damaged delivery row");
    rows_.push_back(r);
    next_sequence_ = sequence + 1;
    return true;
  }));
}

void delivery_memory::forget_first() {
  known_.erase(by_age_.front().what);
  by_age_.pop_front();
  if (rows_.empty()) {
    --fresh_;
    return;
  }
  if (--rows_.front().left == 0) {
    emptied_.push_back(rows_.front().sequence);
    rows_.pop_front();
  }
}

void delivery_memory::forget(base::wall_time now) {
  const auto oldest = base::to_milliseconds(now - deliveries_kept);
  while (!by_age_.empty() && (by_age_.size() >= deliveries_kept_max || by_age_.front().time < oldest)) forget_first();
}

void delivery_memory::remember(const delivery& d, base::wall_time now) {
  if (!known_.insert(d).second) return;
  by_age_.push_back({d, base::to_milliseconds(now)});
  ++fresh_;
}

void delivery_memory::collect(tree::batch& batch) const {
  for (const auto sequence : emptied_) batch.remove(key::delivered(sequence));
  if (fresh_ == 0) return;
  std::string value;
  value.reserve(1 + fresh_ * 28);
  base::encoder out(value);
  out.u8(format_version);
  for (auto d = by_age_.end() - static_cast<std::ptrdiff_t>(fresh_); d != by_age_.end(); ++d) {
    out.u64(d->what.account);
    out.u64(d->what.origin);
    out.u32(d->what.recipient);
    out.i64(d->time);
  }
  batch.put(key::delivered(next_sequence_), std::move(value));
}

void delivery_memory::flushed() {
  emptied_.clear();
  if (fresh_ == 0) return;
  rows_.push_back({next_sequence_++, fresh_});
  fresh_ = 0;
}

} // namespace rookery::storage::mail
