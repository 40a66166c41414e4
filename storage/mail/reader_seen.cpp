#include "storage/mail/reader_seen.hpp"

#include "storage/mail/keys.hpp"
#include "storage/mail/records.hpp"

#include <algorithm>

namespace rookery::storage::mail {
namespace {

void append_range(uid_ranges& out, uid_range r) {
  if (!out.empty() && out.back().second >= r.first - 1) out.back().second = std::max(out.back().second, r.second);
  else out.push_back(r);
}

/// The flags of a page as the reader has them.
std::vector<std::uint64_t> flags_of_reader(const page& p, const uid_ranges& seen) {
  auto flags = p.flags;
  auto at = std::lower_bound(seen.begin(), seen.end(), p.uid.front(), [](const uid_range& r, std::uint32_t u) { return r.second < u; });
  for (std::size_t row = 0; row < flags.size(); ++row) {
    while (at != seen.end() && at->second < p.uid[row]) ++at;
    const bool has = at != seen.end() && at->first <= p.uid[row];
    flags[row] = (flags[row] & ~flag::seen) | (has ? flag::seen : 0);
  }
  return flags;
}

} // namespace

uid_ranges united(const uid_ranges& a, const uid_ranges& b) {
  uid_ranges out;
  for (auto x = a.begin(), y = b.begin(); x != a.end() || y != b.end();)
    append_range(out, y == b.end() || (x != a.end() && x->first <= y->first) ? *x++ : *y++);
  return out;
}

uid_ranges without(const uid_ranges& a, const uid_ranges& b) {
  uid_ranges out;
  auto cut = b.begin();
  for (auto [first, last] : a) {
    while (cut != b.end() && cut->second < first) ++cut;
    bool left = true;
    for (auto c = cut; c != b.end() && c->first <= last; ++c) {
      if (c->first > first) out.emplace_back(first, c->first - 1);
      left = c->second < last;
      if (!left) break;
      first = c->second + 1;
    }
    if (left) out.emplace_back(first, last);
  }
  return out;
}

bool contains(const uid_ranges& ranges, std::uint32_t uid) {
  const auto at = std::lower_bound(ranges.begin(), ranges.end(), uid, [](const uid_range& r, std::uint32_t u) { return r.second < u; });
  return at != ranges.end() && at->first <= uid;
}

void append_uid(uid_ranges& ranges, std::uint32_t uid) { append_range(ranges, {uid, uid}); }

uid_ranges read_seen(const pending_rows& rows, base::account_id a, base::mailbox_id m, base::account_id reader) {
  const auto stored = rows.get(key::reader_seen(a, m, reader));
  return stored ? read_ranges(*stored) : uid_ranges{};
}

void write_seen(pending_rows& rows, base::account_id a, base::mailbox_id m, base::account_id reader, const uid_ranges& seen) {
  auto k = key::reader_seen(a, m, reader);
  if (seen.empty()) rows.remove(std::move(k));
  else rows.put(std::move(k), encode_ranges(seen));
}

std::shared_ptr<const mailbox_view> view_of_reader(const mailbox_view& base, const uid_ranges& seen,
                                                   const mailbox_view* before_base, const mailbox_view* before) {
  auto view = std::make_shared<mailbox_view>(base);
  std::uint32_t unseen = 0;
  std::size_t old = 0;
  for (auto& in : view->pages) {
    auto flags = flags_of_reader(*in, seen);
    for (const auto f : flags) unseen += (f & flag::seen) == 0 ? 1u : 0u;
    // Pages keep their order, so what the last view made of this page is found going on.
    if (before_base != nullptr) {
      while (old < before_base->pages.size() && before_base->pages[old]->uid.back() < in->uid.front()) ++old;
      if (old < before_base->pages.size() && before_base->pages[old] == in && before->pages[old]->flags == flags) {
        in = before->pages[old];
        continue;
      }
    }
    if (flags == in->flags) continue;
    auto made = std::make_shared<page>(*in);
    made->flags = std::move(flags);
    in = std::move(made);
  }
  view->status.unseen = unseen;
  return view;
}

} // namespace rookery::storage::mail
