#include "actors/imap/arranged_hits.hpp"

#include "actors/imap/page_columns.hpp"
#include "protocols/imap/sort.hpp"
#include "protocols/imap/thread.hpp"
#include "protocols/mime/summary.hpp"

namespace rookery::actors {
namespace {

using storage::mail::text_column;

/// Walks the hits with the columns of their pages, which it holds until its end.
class hit_columns {
public:
  hit_columns(const search_run& run, bool texts) : run_(run) {
    need_.statics = true;
    if (texts) need_.add(text_column::sort_keys);
  }
  void enter(std::uint32_t row) {
    place_ = run_.view().at(row);
    if (!held_.empty() && page_ == place_.in) return;
    page_ = place_.in;
    load_columns(*page_, need_, held_.emplace_back());
  }
  std::uint32_t slot() const { return page_->slot[place_.row]; }
  std::uint32_t uid() const { return page_->uid[place_.row]; }
  const storage::mail::static_columns& statics() const { return *held_.back().statics; }
  mime::sort_keys_view keys() const {
    auto keys = mime::read_sort_keys(held_.back().text(text_column::sort_keys, slot()));
    return keys ? std::move(*keys) : mime::sort_keys_view{};
  }

private:
  const search_run& run_;
  column_need need_;
  std::vector<held_columns> held_;
  const storage::mail::page* page_ = nullptr;
  storage::mail::row_place place_;
};

constexpr std::uint32_t criterion(imap::sort_criterion c) { return 1u << static_cast<unsigned>(c); }
constexpr std::uint32_t plain_criteria =
    criterion(imap::sort_criterion::arrival) | criterion(imap::sort_criterion::size) | criterion(imap::sort_criterion::relevancy);

} // namespace

bool sort_columns_in_memory(const search_run& run) {
  column_need need;
  need.statics = true;
  need.add(text_column::sort_keys);
  const storage::mail::page* last = nullptr;
  for (const auto row : run.hits()) {
    const auto* page = run.view().at(row).in;
    if (page == last) continue;
    held_columns held;
    if (!take_columns(*page, need, held)) return false;
    last = page;
  }
  return true;
}

arranged_hits sorted_hits(const search_run& run, const imap::sort& how) {
  const bool texts = (imap::used_criteria(how) & ~plain_criteria) != 0;
  hit_columns columns(run, texts);
  std::vector<imap::sort_row> rows;
  rows.reserve(run.hits().size());
  const auto& scores = run.relevancies();
  for (const auto hit : run.hits()) {
    columns.enter(hit);
    auto& row = rows.emplace_back();
    if (!scores.empty()) row.relevancy = scores[rows.size() - 1];
    row.order = run.number_of(hit);
    row.number = how.uid ? columns.uid() : row.order;
    row.arrival = columns.statics().internal_date[columns.slot()];
    row.size = columns.statics().size[columns.slot()];
    row.sent = row.arrival;
    if (!texts) continue;
    const auto keys = columns.keys();
    if (keys.has_date) row.sent = keys.sent_milliseconds;
    row.subject = keys.base_subject;
    row.from = keys.from;
    row.to = keys.to;
    row.cc = keys.cc;
    row.display_from = keys.display_from;
    row.display_to = keys.display_to;
  }
  const auto order = imap::sorted_order(rows, how.keys);
  arranged_hits out;
  out.numbers.reserve(order.size());
  for (const auto i : order) out.numbers.push_back(rows[i].number);
  if (!scores.empty())
    for (const auto i : order) out.relevancies.push_back(rows[i].relevancy);
  return out;
}

std::string threaded_hits(const search_run& run, const imap::thread& how) {
  hit_columns columns(run, true);
  std::vector<imap::thread_row> rows;
  rows.reserve(run.hits().size());
  for (const auto hit : run.hits()) {
    columns.enter(hit);
    auto keys = columns.keys();
    auto& row = rows.emplace_back();
    row.order = run.number_of(hit);
    row.number = how.uid ? columns.uid() : row.order;
    row.sent = keys.has_date ? keys.sent_milliseconds : columns.statics().internal_date[columns.slot()];
    row.message_id = keys.message_id;
    row.references = std::move(keys.references);
    row.base_subject = keys.base_subject;
    row.reply = keys.reply_or_forward;
  }
  return imap::thread_rows(rows, how.algorithm);
}

} // namespace rookery::actors
