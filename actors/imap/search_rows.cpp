#include "actors/imap/search_rows.hpp"

#include "actors/imap/message_limit.hpp"
#include "actors/imap/object_id.hpp"

#include <algorithm>
#include <chrono>

namespace rookery::actors {
namespace {

namespace column = imap::search_column;

/// What a search may take of the connection's thread, and of a reader, at a time.
constexpr std::chrono::microseconds slice_here{1000};
constexpr std::chrono::microseconds slice_in_reader{20000};
constexpr std::chrono::milliseconds try_again{5};
/// Rows between two looks at the clock.
constexpr std::uint32_t rows_a_look = 256;
constexpr std::uint32_t rows_a_look_with_octets = 4;
constexpr std::uint32_t rows_a_look_with_index = 64;
/// So few messages are read sooner than the index is asked.
constexpr std::uint32_t rows_without_index = 32;

constexpr std::uint32_t static_columns_used =
    column::size | column::internal_date | column::save_date | column::email_id | column::thread_id;

imap::search_context context_of(const mailbox_session& mailbox, std::span<const imap::number_range> saved,
                                base::wall_time now) {
  const auto& map = mailbox.map();
  return {&mailbox.view().keywords, map.size(), map.largest_uid(), saved, now};
}

std::vector<imap::row_range> rows_that_may_match(const mailbox_session& mailbox, const imap::search_matcher& matcher) {
  const auto all = mailbox.map().announced_rows();
  if (const auto uids = matcher.uid_bounds()) return mailbox.rows_of(*uids);
  if (const auto numbers = matcher.number_bounds()) {
    // Numbers are rows plus one as long as nothing is missing; else let the matcher decide.
    if (mailbox.map().has_ghosts()) return {{0, all}};
    std::vector<imap::row_range> rows;
    for (const auto& [first, last] : *numbers)
      if (first <= all && first > 0) rows.push_back({first - 1, std::min(last, all)});
    return rows;
  }
  return {{0, all}};
}

} // namespace

search_run::search_run(const node& n, const mailbox_session& mailbox, const imap::search_program& program,
                       std::span<const imap::number_range> saved_uids, std::uint32_t newest)
    : view_(mailbox.shared_view()), map_(mailbox.map()), recent_(mailbox.recent()),
      matcher_(program, context_of(mailbox, saved_uids, n.clock->wall())), ranked_(program.uses_fuzzy),
      fuzzy_(fuzzy_questions_of(matcher_.leaves(), n.settings->get()->search_languages)),
      answers_(n.bodies, mailbox.cell(), matcher_.leaves(), fuzzy_), hints_(n, *view_, mailbox.cell(), matcher_.leaves(), fuzzy_),
      rows_(rows_that_may_match(mailbox, matcher_)), owner_(mailbox.foreign_owner()) {
  if (newest != 0 && keep_newest(rows_, newest)) cut_at_uid_ = uid_of(rows_.front().first);
  if (!rows_.empty()) row_ = rows_.front().first;
  for (const auto& range : rows_) to_look_at_ += range.end - range.first;
}

std::uint32_t search_run::uid_of(std::uint32_t row) const {
  const auto place = view_->at(row);
  return place.in->uid[place.row];
}

std::uint64_t search_run::modseq_of(std::uint32_t row) const {
  const auto place = view_->at(row);
  return place.in->modseq[place.row];
}

/// Rows [first, end) of one page. False when columns are missing and it may not wait.
bool search_run::run_page(std::uint32_t page_number, std::uint32_t first, std::uint32_t end, bool may_wait) {
  const auto& page = *view_->pages[page_number];
  const auto base_row = view_->first_row[page_number];
  const bool with_recent = !recent_.empty();
  if (const auto test = matcher_.flags_only(); test && (!with_recent || (test->mask & imap::flag::recent) == 0)) {
    for (auto r = first; r < end; ++r)
      if ((page.flags[r] & test->mask) == test->value) hits_.push_back(base_row + r);
    if (ranked_) relevancies_.resize(hits_.size(), 100);
    return true;
  }
  const auto columns = matcher_.columns();
  const storage::mail::static_columns* statics = nullptr;
  if (columns & static_columns_used) {
    statics = storage::mail::statics_of(page);
    if (statics == nullptr) {
      if (!may_wait) return false;
      statics = &storage::mail::load_statics(page);
    }
  }
  for (auto r = first; r < end; ++r) {
    imap::search_row row;
    row.uid = page.uid[r];
    row.flags = page.flags[r];
    row.modseq = page.modseq[r];
    if (with_recent && imap::contains(recent_, row.uid)) row.flags |= imap::flag::recent;
    row.leaves = hints_.of(row.uid);
    row.relevancies = hints_.relevancies();
    if (columns & column::number) row.number = map_.number_of_row(base_row + r);
    object_id email, thread;
    if (statics) {
      const auto slot = page.slot[r];
      row.size = statics->size[slot];
      row.internal_date = statics->internal_date[slot];
      row.save_date = statics->save_date[slot];
      if (columns & column::email_id) row.email_id = email = email_id(statics->body[slot].id);
      if (columns & column::thread_id) row.thread_id = thread = thread_id(statics->thread[slot], owner_);
    }
    auto verdict = matcher_.test(row);
    const bool asked = !verdict.decided;
    if (asked) {
      ++read_;
      answers_.begin(page, r);
      do {
        if (!answers_.bring(verdict.needs)) break;
        verdict = matcher_.test(row, &answers_);
      } while (!verdict.decided);
    }
    if (!verdict.decided || !verdict.match) continue;
    hits_.push_back(base_row + r);
    if (ranked_) relevancies_.push_back(matcher_.relevancy(row, asked ? &answers_ : nullptr));
  }
  return true;
}

search_run::outcome search_run::run(std::chrono::microseconds time, bool may_wait) {
  const auto end_time = std::chrono::steady_clock::now() + time;
  if (may_wait && to_look_at_ > rows_without_index) hints_.prepare();
  const auto begun_with = read_;
  const auto step_now = [&] {
    if (matcher_.needs() == 0) return rows_a_look;
    // Until messages are read in this slice.
    return hints_.any() && read_ == begun_with ? rows_a_look_with_index : rows_a_look_with_octets;
  };
  while (range_ < rows_.size()) {
    row_ = std::max(row_, rows_[range_].first);
    if (row_ >= rows_[range_].end) {
      ++range_;
      continue;
    }
    const auto place = view_->at(row_);
    const auto left = std::min(rows_[range_].end - row_, static_cast<std::uint32_t>(place.in->rows()) - place.row);
    const auto n = std::min(left, step_now());
    if (!run_page(place.page_number, place.row, place.row + n, may_wait)) return outcome::needs_disk;
    row_ += n;
    looked_at_.store(looked_at() + n, std::memory_order_relaxed);
    if (std::chrono::steady_clock::now() >= end_time && range_ < rows_.size()) return outcome::more;
  }
  hints_.tell(read_);
  return outcome::done;
}

search_rows::search_rows(const node& n, net::connection& link, std::shared_ptr<search_run> run)
    : node_(n), link_(link), run_(std::move(run)), disk_(!run_->in_memory()) {}

rows::progress search_rows::produce(base::buffer&) {
  if (waiting_) return progress::waiting;
  if (done_ || failed_) return progress::done;
  if (!disk_) {
    switch (run_->run(slice_here, false)) {
      case search_run::outcome::done: return progress::done;
      case search_run::outcome::more: return progress::more;
      case search_run::outcome::needs_disk: disk_ = true;
    }
  }
  go_on_in_reader();
  return progress::waiting;
}

void search_rows::go_on_in_reader() {
  struct answer {
    search_run::outcome what = search_run::outcome::needs_disk; // what a fault leaves
  };
  auto a = std::make_shared<answer>();
  waiting_ = true;
  const bool taken = node_.readers->run(
      link_, [a, run = run_] { a->what = run->run(slice_in_reader, true); },
      [this, a] {
        waiting_ = false;
        if (a->what == search_run::outcome::done) done_ = true;
        if (a->what == search_run::outcome::needs_disk) failed_ = true;
      });
  if (!taken) link_.after(try_again, [this] { waiting_ = false; });
}

} // namespace rookery::actors
