#include "actors/imap/arranged_hits.hpp"

#include "actors/imap/page_columns.hpp"
#include "protocols/imap/sort.hpp"
#include "protocols/imap/thread.hpp"
#include "protocols/mime/summary.hpp"

namespace rookery::actors {
namespace {

using storage::mail::text_column;

/// Walks the hits, which ascend, with the columns of their pages, which it holds until its end.
class hit_columns {
public:
  hit_columns(const search_run& run, bool texts) : run_(run) {
    need_.statics = true;
    if (texts) need_.add(text_column::sort_keys);
  }
  void enter(std::uint32_t row) {
    if (page_ == nullptr || row - first_ >= page_->uid.size()) {
      const auto place = run_.view().at(row);
      page_ = place.in;
      first_ = row - place.row;
      load_columns(*page_, need_, held_.emplace_back());
    }
    row_ = row - first_;
  }
  std::uint32_t slot() const { return page_->slot[row_]; }
  std::uint32_t uid() const { return page_->uid[row_]; }
  const storage::mail::static_columns& statics() const { return *held_.back().statics; }
  std::string_view stored_keys() const { return held_.back().text(text_column::sort_keys, slot()); }
  mime::sort_keys_view keys() const {
    auto keys = mime::read_sort_keys(stored_keys());
    return keys ? std::move(*keys) : mime::sort_keys_view{};
  }

private:
  const search_run& run_;
  column_need need_;
  std::vector<held_columns> held_;
  const storage::mail::page* page_ = nullptr;
  std::uint32_t first_ = 0; ///< row of the view that its first one is
  std::uint32_t row_ = 0;   ///< of the page
};

constexpr std::uint32_t criterion(imap::sort_criterion c) { return 1u << static_cast<unsigned>(c); }
constexpr std::uint32_t plain_criteria =
    criterion(imap::sort_criterion::arrival) | criterion(imap::sort_criterion::size) | criterion(imap::sort_criterion::relevancy);

} // namespace

bool sort_columns_in_memory(const search_run& run) {
  column_need need;
  need.statics = true;
  need.add(text_column::sort_keys);
  std::uint32_t end = 0;
  for (const auto row : run.hits()) {
    if (row < end) continue;
    const auto place = run.view().at(row);
    held_columns held;
    if (!take_columns(*place.in, need, held)) return false;
    end = row - place.row + static_cast<std::uint32_t>(place.in->uid.size());
  }
  return true;
}

arranged_hits sorted_hits(const search_run& run, const imap::sort& how) {
  using by = imap::sort_criterion;
  const auto used = imap::used_criteria(how);
  const auto uses = [used](by c) { return (used & criterion(c)) != 0; };
  const auto& hits = run.hits();
  imap::sort_columns in;
  in.messages = hits.size();
  std::vector<std::pair<std::vector<std::string_view>*, mime::sort_text>> texts;
  const auto use_text = [&](by c, std::vector<std::string_view>& column, mime::sort_text text) {
    if (!uses(c)) return;
    column.reserve(hits.size());
    texts.emplace_back(&column, text);
  };
  use_text(by::subject, in.subject, mime::sort_text::base_subject);
  use_text(by::from, in.from, mime::sort_text::from);
  use_text(by::to, in.to, mime::sort_text::to);
  use_text(by::cc, in.cc, mime::sort_text::cc);
  use_text(by::display_from, in.display_from, mime::sort_text::display_from);
  use_text(by::display_to, in.display_to, mime::sort_text::display_to);
  const auto& scores = run.relevancies();
  if (uses(by::relevancy)) {
    in.relevancy = scores;
    in.relevancy.resize(hits.size()); // none where the program has no fuzzy key
  }
  hit_columns columns(run, (used & ~plain_criteria) != 0);
  std::vector<std::uint32_t> numbers;
  numbers.reserve(hits.size());
  for (const auto hit : hits) {
    columns.enter(hit);
    numbers.push_back(how.uid ? columns.uid() : run.number_of(hit));
    for (const auto& [column, text] : texts) column->push_back(mime::read_sort_text(columns.stored_keys(), text));
    if (uses(by::arrival)) in.arrival.push_back(columns.statics().internal_date[columns.slot()]);
    if (uses(by::size)) in.size.push_back(columns.statics().size[columns.slot()]);
    if (uses(by::date))
      in.sent.push_back(mime::read_sort_date(columns.stored_keys()).value_or(columns.statics().internal_date[columns.slot()]));
  }
  const auto order = imap::sorted_order(in, how.keys);
  arranged_hits out;
  out.numbers.reserve(order.size());
  for (const auto i : order) out.numbers.push_back(numbers[i]);
  if (!scores.empty())
    for (const auto i : order) out.relevancies.push_back(scores[i]);
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
