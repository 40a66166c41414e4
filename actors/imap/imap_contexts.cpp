// UPDATE: searches whose results a client follows (RFC 5267 §4).
#include "actors/imap/fetch_rows.hpp"
#include "actors/imap/imap_host.hpp"
#include "protocols/imap/sort.hpp"

namespace rookery::actors {

namespace wanted = imap::search_return;

namespace {

/// How long the end of a command waits for what its contexts say of it; later it comes with the next, or in IDLE.
constexpr std::chrono::milliseconds contexts_time{500};

} // namespace

bool imap_host::may_update(std::uint16_t returns) {
  if ((returns & wanted::update) == 0 || !contexts_ || !contexts_->has(session_.tag())) return true;
  end_bad("Tag reuse");
  return false;
}

void imap_host::keep_context(std::uint16_t returns, bool uid, const imap::search_program& program,
                             std::optional<imap::sort> order, const imap::fetch_items& items,
                             std::vector<std::uint32_t> found) {
  if ((returns & wanted::update) == 0) return;
  const auto& limits = settings_->limits;
  const auto ordered = (contexts_ ? contexts_->ordered_results() : 0) + (order ? found.size() : 0);
  // Relevancies move with the other messages, so an order by them is not followed.
  const bool unsteady = order && imap::sorts_by_relevancy(*order);
  if (unsteady || (contexts_ && contexts_->count() >= limits.search_contexts) || ordered > limits.ordered_results) {
    base::buffer code;
    code.append("NOUPDATE ");
    imap::print_string(code, session_.tag());
    return session_.writer().no(code.view(), unsteady ? "An order by relevancy is not followed" : "Too many contexts");
  }
  if (!contexts_) {
    contexts_ = std::make_shared<search_contexts>(node_, link(), *selected_, [this] {
      if (ending_ && !contexts_->asking()) return end_after_contexts();
      if (session_.idling() && !rows_) contexts_->tell(session_.writer());
      show_matches();
    });
    selected_->observe(contexts_.get());
  }
  contexts_->add(std::string(session_.tag()), uid,
                 search_contexts::fixed_numbers(program, selected_->map(), session_.saved_uids()), std::move(order), items, std::move(found));
}

/// What a command changed, or saw changed, is told before its end, as far as that is soon known.
bool imap_host::wait_for_contexts(std::string_view code, std::string_view text) {
  if (!contexts_ || !contexts_->asking()) return false;
  ending_ = std::make_unique<pending_end>(pending_end{std::string(code), std::string(text)});
  link().after(contexts_time, [this, command = commands_] {
    if (ending_ && command == commands_) end_after_contexts();
  });
  return true;
}

void imap_host::end_after_contexts() {
  const auto e = std::move(ending_);
  if (session_.closed()) return;
  if (contexts_) contexts_->tell(session_.writer());
  session_.respond_ok(e->code, e->text);
  end();
}

/// RFC 5465 §7: what was asked of new messages comes before their results.
void imap_host::show_matches() {
  if (!contexts_ || rows_ || !session_.between_commands()) return;
  auto due = contexts_->due();
  if (!due) return;
  fetch_job job;
  job.rows = selected_->rows_of(due->uids);
  job.items = std::move(due->items);
  job.uid_only = session_.mode().uid_only;
  session_.hold_commands(true);
  produce_rows(std::make_unique<fetch_rows>(node_, link(), *selected_, std::move(job)), [this, serial = due->serial] {
    session_.hold_commands(false);
    if (contexts_) contexts_->shown(serial, session_.writer());
    push_soon();
  });
}

void imap_host::run(imap::cancel_update& c) {
  if (contexts_)
    for (const auto& tag : c.tags) contexts_->cancel(tag);
  end_ok("", "CANCELUPDATE completed");
}

} // namespace rookery::actors
