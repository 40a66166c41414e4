#include "storage/chat/chat_store.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace rookery::storage::chat {
namespace {

/// Rows of dropped owners that one flush removes: some ten milliseconds.
constexpr std::size_t cleared_at_once_max = 20'000;

/// The smallest id that an entry of this time can have: ids are at least the time in microseconds.
std::uint64_t least_id(base::wall_time t) {
  const auto ms = base::to_milliseconds(t);
  if (ms <= 0) return 0;
  constexpr auto most = std::numeric_limits<std::int64_t>::max() / 1000;
  return static_cast<std::uint64_t>(std::min(ms, most)) * 1000;
}

/// Takes entries until the page is full.
class page_filler {
public:
  page_filler(const stream_query& q, stream_page& out) : q_(q), out_(out) {}
  /// False: no more are wanted.
  bool take(entry e) {
    if (!q_.backwards && q_.until && e.time > *q_.until) return false;
    if (q_.backwards && q_.from && e.time < *q_.from) return false;
    if (q_.from && e.time < *q_.from) return true;  // its id is ahead of its time
    const auto octets = e.stanza.size();
    if (out_.entries.size() >= q_.max || (!out_.entries.empty() && octets_ + octets > q_.octets_max)) {
      out_.more = true;
      return false;
    }
    octets_ += octets;
    out_.entries.push_back(std::move(e));
    return true;
  }

private:
  const stream_query& q_;
  stream_page& out_;
  std::size_t octets_ = 0;
};

} // namespace

std::optional<owner_head> chat_store::head(std::string_view owner) const {
  const auto row = rows_.get(key::owner(owner));
  if (!row) return std::nullopt;
  return read_owner(*row);
}

std::optional<owner_facts> chat_store::find(std::string_view owner) const {
  const auto h = head(owner);
  if (!h) return std::nullopt;
  return h->facts;
}

std::optional<stored_record> chat_store::record(std::string_view owner, record_kind kind, std::string_view its_key) const {
  const auto h = head(owner);
  if (!h) return std::nullopt;
  const auto where = key::record(h->number, kind, its_key);
  const auto row = rows_.get(where);
  if (!row) return std::nullopt;
  return read_record(where, *row);
}

std::vector<stored_record> chat_store::records(std::string_view owner, record_kind kind, std::size_t max, std::string_view after,
                                               std::string_view prefix) const {
  std::vector<stored_record> out;
  const auto h = head(owner);
  if (!h || max == 0) return out;
  const auto all = key::record(h->number, kind, prefix);
  auto from = all;
  if (!after.empty()) from = std::max(from, key::record(h->number, kind, after) + '\0');
  rows_.scan(from, pending_rows::behind(all), [&](std::string_view k, std::string_view value) {
    out.push_back(read_record(k, value));
    return out.size() < max;
  });
  return out;
}

stream_page chat_store::page(std::string_view owner, stream_kind s, const stream_query& q) const {
  stream_page out;
  const auto h = head(owner);
  if (!h) return out;
  auto first = q.after_id == std::numeric_limits<std::uint64_t>::max() ? q.after_id : q.after_id + 1;
  auto end = q.before_id;
  if (q.from) first = std::max(first, least_id(*q.from));
  if (q.backwards && q.until) {
    // Behind the last one of that time: ids may be some steps ahead of it.
    const auto later = std::max(first, least_id(*q.until + std::chrono::milliseconds(1)));
    rows_.scan(key::entry(h->number, s, later), key::entry(h->number, s, end), [&](std::string_view k, std::string_view value) {
      const auto e = read_entry(key::last_number(k), value);
      if (e.time > *q.until) end = e.id;
      return e.time <= *q.until;
    });
  }
  if (first >= end) return out;
  page_filler fill(q, out);
  const auto each = [&](std::string_view k, std::string_view value) { return fill.take(read_entry(key::last_number(k), value)); };
  const auto each_with = [&](std::string_view k, std::string_view) {
    const auto id = key::last_number(k);
    const auto row = rows_.get(key::entry(h->number, s, id));
    return row ? fill.take(read_entry(id, *row)) : true; // gone meanwhile
  };
  const auto from_key = q.with.empty() ? key::entry(h->number, s, first) : key::with(h->number, s, q.with, first);
  const auto end_key = q.with.empty() ? key::entry(h->number, s, end) : key::with(h->number, s, q.with, end);
  const pending_rows::visitor visit = q.with.empty() ? pending_rows::visitor(each) : pending_rows::visitor(each_with);
  if (q.backwards) rows_.scan_back(from_key, end_key, visit);
  else rows_.scan(from_key, end_key, visit);
  if (q.backwards) std::reverse(out.entries.begin(), out.entries.end());
  return out;
}

std::optional<entry> chat_store::find_entry(std::string_view owner, stream_kind s, std::uint64_t id) const {
  const auto h = head(owner);
  if (!h) return std::nullopt;
  const auto row = rows_.get(key::entry(h->number, s, id));
  if (!row) return std::nullopt;
  return read_entry(id, *row);
}

std::vector<owner_row> chat_store::owners(std::string_view prefix, std::size_t max, std::string_view after) const {
  std::vector<owner_row> out;
  if (max == 0) return out;
  const auto all = key::owner(prefix);
  auto from = all;
  if (!after.empty()) from = std::max(from, key::owner(after) + '\0');
  rows_.scan(from, pending_rows::behind(all), [&](std::string_view k, std::string_view value) {
    out.push_back({std::string(k.substr(1)), read_owner(value).facts});
    return out.size() < max;
  });
  return out;
}

void chat_store::put(std::string key, std::string value) {
  waiting_octets_ += key.size() + value.size();
  rows_.put(std::move(key), std::move(value));
}

void chat_store::remove(std::string key) {
  waiting_octets_ += key.size();
  rows_.remove(std::move(key));
}

void chat_store::doom(std::uint64_t number) {
  put(key::doomed(number), {});
  doomed_since_.push_back(number);
}

void chat_store::load_doomed() {
  const std::string all(1, static_cast<char>(family::doomed));
  rows_.scan(all, [&](std::string_view k, std::string_view) {
    doomed_.push_back(key::last_number(k));
    return true;
  });
}

std::size_t chat_store::clear_away(tree::batch& batch) const {
  std::size_t left = cleared_at_once_max, done = 0;
  for (const auto number : doomed_) {
    for (const auto f : {family::entry, family::record, family::with}) {
      const auto all = key::of_owner(f, number);
      if (left > 0)
        must(tree_->scan(all, pending_rows::behind(all), [&](std::string_view k, std::string_view) {
          batch.remove(std::string(k));
          return --left > 0;
        }));
    }
    if (left == 0) break;
    batch.remove(key::doomed(number));
    ++done;
  }
  return done;
}

base::result<void> chat_store::flush(bool durable) {
  tree::batch batch;
  rows_.collect(batch);
  const auto cleared = clear_away(batch);
  if (auto written = tree_->write(batch, durable); !written) return written;
  rows_.written();
  waiting_octets_ = 0;
  doomed_.erase(doomed_.begin(), doomed_.begin() + static_cast<std::ptrdiff_t>(cleared));
  doomed_.insert(doomed_.end(), doomed_since_.begin(), doomed_since_.end());
  doomed_since_.clear();
  return {};
}

} // namespace rookery::storage::chat
