#include "actors/imap/arranged_hits.hpp"
#include "actors/imap/fetch_rows.hpp"
#include "actors/imap/imap_host.hpp"
#include "actors/imap/message_limit.hpp"
#include "actors/imap/told_hits.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

namespace item = imap::fetch_item;

constexpr std::string_view too_many_text = "Too many messages for one command, try fewer";

/// Hits that are arranged in the connection's thread.
constexpr std::size_t arranged_here_max = 300;

constexpr std::string_view gone_messages_text = "Some of the messages were expunged meanwhile";

imap::number_ranges ranges_of(const std::vector<std::uint32_t>& numbers) {
  imap::number_ranges ranges;
  for (const auto n : numbers) imap::append_number(ranges, n);
  return ranges;
}

storage::mail::flag_change change_of(imap::store::change how) {
  switch (how) {
    case imap::store::change::add: return storage::mail::flag_change::add;
    case imap::store::change::remove: return storage::mail::flag_change::remove;
    case imap::store::change::replace: break;
  }
  return storage::mail::flag_change::replace;
}

/// UIDs of rows that are not \Seen yet.
imap::number_ranges unseen_of(const storage::mail::mailbox_view& view, const std::vector<imap::row_range>& rows) {
  imap::number_ranges uids;
  for (const auto& range : rows)
    for (auto row = range.first; row < range.end;) {
      const auto place = view.at(row);
      const auto& page = *place.in;
      const auto n = std::min(range.end - row, static_cast<std::uint32_t>(page.rows()) - place.row);
      for (std::uint32_t i = place.row; i < place.row + n; ++i)
        if ((page.flags[i] & imap::flag::seen) == 0) imap::append_number(uids, page.uid[i]);
      row += n;
    }
  return uids;
}

} // namespace

std::optional<imap::sequence_map::selection> imap_host::select_rows(const imap::sequence_set& set, bool uid) {
  auto chosen = selected_->map().select(set, uid, session_.saved_uids());
  if (chosen.out_of_range) {
    end_bad("There is no message with such a number");
    return std::nullopt;
  }
  if (uid) chosen.ghosts = false; // UIDs that are gone name nothing (RFC 3501 §6.4.8)
  return chosen;
}

void imap_host::keep_allowed(imap::sequence_map::selection& chosen) {
  const auto most = settings_->limits.messages;
  if (most == 0 || !keep_newest(chosen.rows, most)) return;
  chosen.count = most;
  limit_code_ = imap::message_limit_code(most, selected_->map().list().at(chosen.rows.front().first));
}

// FETCH

void imap_host::run(imap::fetch& f) {
  if (!tell_news_early()) return;
  auto chosen = select_rows(f.set, f.uid);
  if (!chosen) return;
  std::optional<imap::number_ranges> page;
  if (f.page) {
    const auto [first, last] = std::minmax(f.page->first, f.page->last);
    if (const auto most = settings_->limits.messages; most != 0 && last - first >= most)
      return end_no(imap::message_limit_code(most), too_many_text);
    chosen->keep(*f.page);
    page = selected_->map().uids_of(chosen->rows);
  } else if (keep_allowed(*chosen); !limit_code_.empty()) {
    page = selected_->map().uids_of(chosen->rows);
  }
  if (f.items.marks_seen() && !selected_->read_only() && may(rights::right::seen) && chosen->count > 0) {
    auto unseen = unseen_of(selected_->view(), chosen->rows);
    if (!unseen.empty()) {
      auto shared = std::make_shared<imap::fetch>(std::move(f));
      const auto go_on = [this, shared, page, gone = chosen->ghosts](imap::number_ranges just_seen) {
        fetch_selected(*shared, page, std::move(just_seen), gone);
      };
      storage::mail::store_flags mark{selected_->id(), unseen, storage::mail::flag_change::add, {imap::flag::seen, {}}, {}};
      mark.reader = own_id_as_reader_of(selected_owner());
      return change_flags(
          std::move(mark),
          [this, go_on, unseen = std::move(unseen)](const storage::command_result&) {
            own_change own{unseen, false, imap::store::change::add, {imap::flag::seen, {}}};
            const auto expunges = std::exchange(expunges_, false);
            const bool there = tell_news(&own);
            expunges_ = expunges;
            if (!there) return end_unavailable();
            go_on(unseen);
          },
          // Messages can be read even when flags cannot be written.
          [go_on] { go_on({}); });
    }
  }
  // RFC 2180 §4.1.3: nothing of what was named is left.
  if (chosen->ghosts && chosen->count == 0) return end_no("EXPUNGEISSUED", gone_messages_text);
  fetch_selected(f, page, {}, chosen->ghosts);
}

void imap_host::fetch_selected(const imap::fetch& f, const std::optional<imap::number_ranges>& page,
                               imap::number_ranges just_seen, bool some_gone) {
  fetch_job job;
  job.rows = page ? selected_->rows_of(*page) : selected_->map().select(f.set, f.uid, session_.saved_uids()).rows;
  job.items = f.items;
  job.uid_only = session_.mode().uid_only;
  job.changed_since = f.changed_since;
  // A flag that just changed is told with its modseq (RFC 7162 §3.2).
  if (!just_seen.empty() && session_.mode().condstore && !virtual_) job.items.bits |= item::modseq;
  job.with_flags = std::move(just_seen);
  const auto begin = [this, job = std::make_shared<fetch_job>(std::move(job)), some_gone] {
    auto made = std::make_unique<fetch_rows>(node_, link(), *selected_, std::move(*job));
    const auto* rows = made.get();
    produce_rows(std::move(made), [this, rows, some_gone] {
      if (rows->failed()) return end_unavailable();
      if (rows->unknown_encoding()) return end_no("UNKNOWN-CTE", "A part has an unknown transfer encoding");
      // RFC 5530 §3: the data of the others were given; the client learns what is gone soon.
      if (some_gone) return end_ok("EXPUNGEISSUED", gone_messages_text);
      end_ok("", "FETCH completed");
    });
  };
  if (!f.vanished || !f.changed_since) return begin();
  // "1:*" asks for all that is gone, and the last message may be: "*" reaches over those that were there.
  const auto known = f.set.resolve(selected_->view().status.uid_next - 1, session_.saved_uids());
  tell_vanished(*f.changed_since, known, begin);
}

// STORE

void imap_host::run(imap::store& s) {
  if (visit_ended()) return;
  if (selected_->read_only()) return end_no("READ-ONLY", "The mailbox is selected read-only");
  auto chosen = select_rows(s.set, s.uid);
  if (!chosen) return;
  keep_allowed(*chosen);
  if (chosen->count == 0)
    return chosen->ghosts ? end_no("EXPUNGEISSUED", gone_messages_text) : end_ok("", "STORE completed");
  auto uids = selected_->map().uids_of(chosen->rows);
  storage::mail::store_flags what{selected_->id(), uids, change_of(s.how), {s.flags.system, s.flags.keywords},
                                  s.unchanged_since};
  if (visiting_) {
    // RFC 4314 §4: a change goes on with those flags for which there is a right.
    const auto wanted = s.how == imap::store::change::replace ? imap::flag_right::all : imap::kinds_of(s.flags);
    if ((wanted & selected_->may()) == 0) return end_no("NOPERM", "No right to change these flags");
    what.reader = entry_.id();
    what.may = selected_->may();
  }
  change_flags(std::move(what), [this, s = std::move(s), uids = std::move(uids), gone = chosen->ghosts](
                              const storage::command_result& r) { stored(s, uids, gone, r); });
}

void imap_host::stored(const imap::store& s, const imap::number_ranges& uids, bool some_gone,
                       const storage::command_result& r) {
  if (r.what == storage::outcome::over_limit) return end_no("LIMIT", "The mailbox has too many keywords");
  if (r.what != storage::outcome::done) return end_refused(r.what);
  const auto refused = ranges_of(r.refused_uids);
  own_change own{imap::subtract(uids, refused), s.silent, s.how, s.flags};
  const auto expunges = std::exchange(expunges_, false);
  const bool there = tell_news(&own);
  expunges_ = expunges;
  if (!there) return end_no("", gone_text());
  // RFC 2180 §4.2: who asked for silence is content when the others were changed.
  const auto finish = [this, refused, some_gone = some_gone && !s.silent, uid = s.uid] {
    if (refused.empty()) return some_gone ? end_no("EXPUNGEISSUED", gone_messages_text) : end_ok("", "STORE completed");
    auto named = refused;
    if (!uid) {
      named.clear();
      for (const auto& [first, last] : refused)
        for (std::uint64_t u = first; u <= last; ++u)
          if (const auto number = selected_->map().number_of(static_cast<std::uint32_t>(u))) imap::append_number(named, *number);
    }
    end_ok(imap::modified_code(named), "Some messages were changed meanwhile");
  };
  if (s.silent) return finish();
  fetch_job job;
  job.rows = selected_->rows_of(own.uids);
  job.items.bits = item::flags;
  const auto& mode = session_.mode();
  job.uid_only = mode.uid_only;
  if ((s.uid || mode.condstore || mode.rev2) && !mode.uid_only) job.items.bits |= item::uid;
  if ((mode.condstore && !virtual_) || s.unchanged_since) job.items.bits |= item::modseq;
  produce_rows(std::make_unique<fetch_rows>(node_, link(), *selected_, std::move(job)), finish);
}

// SEARCH, SORT, THREAD

void imap_host::search_then(const imap::search_program& program, bool in_parts,
                            std::function<void(std::shared_ptr<search_run>)> then) {
  if (!tell_news_early()) return;
  const auto most = settings_->limits.messages;
  auto run = std::make_shared<search_run>(node_, *selected_, program, session_.saved_uids(), most);
  if (run->cut_at_uid() != 0) {
    if (!in_parts) return end_no(imap::message_limit_code(most), too_many_text); // RFC 9738 §3.3
    limit_code_ = imap::message_limit_code(most, run->cut_at_uid());
  }
  if (!run->in_memory())
    tell_progress([run] { return std::pair<std::uint32_t, std::uint32_t>(run->looked_at(), run->to_look_at()); });
  auto made = std::make_unique<search_rows>(node_, link(), run);
  const auto* rows = made.get();
  produce_rows(std::move(made), [this, rows, run, then = std::move(then)] {
    if (rows->failed()) {
      session_.save_uids({});
      return end_unavailable();
    }
    then(run);
  });
}

void imap_host::run(imap::search& s) {
  if (s.program.uses_filters) return run_expanded(s, &imap::search::program);
  if (!may_update(s.returns)) return;
  auto shared = std::make_shared<imap::search>(std::move(s));
  search_then(shared->program, true, [this, shared](const std::shared_ptr<search_run>& run) {
    namespace returns = imap::search_return;
    const auto& hits = run->hits();
    const auto wanted = shared->returns;
    // RFC 7162 §3.1.10, RFC 5182 §2.1, RFC 9394 §3.2: without ALL and COUNT only what is told counts.
    const bool some_only = tells_some_only(shared->extended, wanted);
    const auto counted = some_only ? told_hits(hits, wanted, shared->page) : std::vector<std::uint32_t>();
    const auto& of = some_only ? counted : hits;
    if (wanted & returns::save) {
      imap::number_ranges uids;
      for (const auto row : of) imap::append_number(uids, run->uid_of(row));
      session_.save_uids(std::move(uids));
    }
    std::uint64_t modseq = 0;
    if (shared->program.uses_modseq)
      for (const auto row : of) modseq = std::max(modseq, run->modseq_of(row));
    std::vector<std::uint32_t> numbers;
    numbers.reserve(hits.size());
    for (const auto row : hits) numbers.push_back(shared->uid ? run->uid_of(row) : run->number_of(row));
    session_.writer().search(session_.tag(), *shared, numbers, modseq, run->relevancies());
    if (wanted & returns::update) {
      std::vector<std::uint32_t> uids;
      for (const auto row : hits) uids.push_back(run->uid_of(row));
      keep_context(wanted, shared->uid, shared->program, std::nullopt, shared->update_items, std::move(uids));
    }
    end_ok("", "SEARCH completed");
  });
}

template <class Result>
void imap_host::arrange(std::shared_ptr<search_run> run, std::function<Result(const search_run&)> work,
                        std::function<void(const Result&)> then) {
  if (run->hits().size() <= arranged_here_max && sort_columns_in_memory(*run)) return then(work(*run));
  auto result = std::make_shared<std::optional<Result>>();
  in_reader([run, work, result] { *result = work(*run); },
            [this, result, then] {
              if (!*result) return end_unavailable();
              then(**result);
            });
}

void imap_host::run(imap::sort& s) {
  if (s.program.uses_filters) return run_expanded(s, &imap::sort::program);
  if (!may_update(s.returns)) return;
  auto shared = std::make_shared<imap::sort>(std::move(s));
  search_then(shared->program, false, [this, shared](const std::shared_ptr<search_run>& run) {
    arrange<arranged_hits>(
        run, [shared](const search_run& r) { return sorted_hits(r, *shared); },
        [this, shared, run](const arranged_hits& arranged) {
          const auto& numbers = arranged.numbers;
          namespace returns = imap::search_return;
          std::uint64_t modseq = 0;
          if (shared->program.uses_modseq || (shared->returns & returns::save)) {
            auto uids = tells_some_only(shared->extended, shared->returns) ? told_hits(numbers, shared->returns, shared->page)
                                                                           : numbers;
            if (!shared->uid)
              for (auto& n : uids) n = selected_->map().uid_of(n);
            std::sort(uids.begin(), uids.end());
            auto ranges = ranges_of(uids);
            if (shared->program.uses_modseq)
              for (const auto& rows : selected_->rows_of(ranges))
                for (auto row = rows.first; row < rows.end; ++row) modseq = std::max(modseq, run->modseq_of(row));
            if (shared->returns & returns::save) session_.save_uids(std::move(ranges));
          }
          session_.writer().sort(session_.tag(), *shared, numbers, modseq, arranged.relevancies);
          if (shared->returns & returns::update) {
            auto uids = numbers;
            if (!shared->uid)
              for (auto& n : uids) n = selected_->map().uid_of(n);
            keep_context(shared->returns, shared->uid, shared->program, *shared, shared->update_items, std::move(uids));
          }
          end_ok("", "SORT completed");
        });
  });
}

void imap_host::run(imap::thread& t) {
  if (t.program.uses_filters) return run_expanded(t, &imap::thread::program);
  auto shared = std::make_shared<imap::thread>(std::move(t));
  search_then(shared->program, false, [this, shared](const std::shared_ptr<search_run>& run) {
    arrange<std::string>(
        run, [shared](const search_run& r) { return threaded_hits(r, *shared); },
        [this](const std::string& tree) {
          session_.writer().thread(tree);
          end_ok("", "THREAD completed");
        });
  });
}

/// The batches touch, and the last reaches UID 1: so each UID is in one of them.
void imap_host::run(imap::uid_batches& b) {
  if (!tell_news_early()) return;
  const std::uint64_t rows = selected_->map().announced_rows();
  const auto there = (rows + b.messages - 1) / b.messages;
  const auto [first, last] = b.batches.value_or(std::pair<std::uint32_t, std::uint32_t>{1, UINT32_MAX});
  const auto end = std::min<std::uint64_t>(last, there);
  const auto most = settings_->limits.uid_batches;
  if (first <= end && end - first >= most) return end_no("TOOMANY", "Too many batches: ask for larger ones, or for some of them");
  const auto uid_of = [this](std::uint64_t row) { return selected_->map().list().at(static_cast<std::uint32_t>(row)); };
  imap::number_ranges batches;
  for (std::uint64_t n = first; n <= end; ++n) {
    const auto high = n == 1 ? uid_of(rows - 1) : uid_of(rows - (n - 1) * b.messages) - 1;
    batches.emplace_back(high, n == there ? 1 : uid_of(rows - n * b.messages));
  }
  session_.writer().uid_batches(session_.tag(), batches);
  end_ok("", "UIDBATCHES completed");
}

// COPY, MOVE, EXPUNGE

void imap_host::run(imap::copy& c) { transfer(false, c.uid, c.set, c.mailbox); }

void imap_host::run(imap::move& m) {
  if (selected_->read_only()) return end_no("READ-ONLY", "The mailbox is selected read-only");
  transfer(true, m.uid, m.set, m.mailbox);
}

void imap_host::transfer(bool leave, bool uid, const imap::sequence_set& set, const std::string& to_name) {
  if (visit_ended()) return;
  auto chosen = select_rows(set, uid);
  if (!chosen) return;
  if (leave) keep_allowed(*chosen);
  if (const auto most = settings_->limits.saved_at_once(); !leave && most != 0 && chosen->count > most) {
    auto rows = chosen->rows; // RFC 9738 §3.1: all or none
    keep_newest(rows, most);
    return end_no(imap::message_limit_code(most, selected_->map().list().at(rows.front().first)), too_many_text);
  }
  const auto all = mailboxes();
  const auto* to = all->find(to_name);
  if (to == nullptr || visiting_) return transfer_foreign(leave, *chosen, to_name);
  transfer_known(leave, *chosen, to->id, nullptr, imap::flag_right::all);
}

/// Within one account.
void imap_host::transfer_known(bool leave, const selected_rows& chosen, base::mailbox_id to, const guest_ptr& to_guest,
                               std::uint8_t keep) {
  const std::string_view name = leave ? "MOVE" : "COPY";
  // RFC 2180 §4.4.2: all or none.
  if (chosen.ghosts) return end_no("EXPUNGEISSUED", gone_messages_text);
  if (chosen.count == 0) return end_ok("", std::string(name) + " completed, no messages");
  const auto uids = selected_->map().uids_of(chosen.rows);
  const auto send = [this, leave, name, from = selected_->id(), to, uids, keep] {
    if (virtual_) return copy_from_virtual(uids, to, keep);
    storage::mail::any_command what;
    if (leave) what = storage::mail::move_messages{from, to, uids, keep};
    else what = storage::mail::copy_messages{from, to, uids, keep};
    change_in(selected_owner(), std::move(what), [this, leave, name](const storage::command_result& r) {
      if (r.what != storage::outcome::done) return end_refused(r.what, "TRYCREATE");
      note_own_messages(selected_owner(), r);
      const auto text = std::string(name) + " completed";
      if (r.source_uids.empty()) return end_ok("", text);
      const auto code = imap::copy_uid_code(r.uid_validity, r.source_uids, r.uids);
      if (!leave) return end_ok(code, text);
      // RFC 6851 §4.3: COPYUID before the EXPUNGEs.
      session_.writer().ok(code, "Moved");
      end_ok("", text);
    });
  };
  if (leave) return send();
  if_room(to_guest, chosen, send);
}

void imap_host::if_room(const guest_ptr& guest, const selected_rows& chosen, std::function<void()> send) {
  const auto account = node_.directory->get()->account(guest ? guest->owner->id : entry_.id());
  if (!account || (account->quota_octets == 0 && account->quota_messages == 0)) return send();
  // Copies count again.
  auto octets = std::make_shared<std::uint64_t>(0);
  in_reader(
      [octets, view = selected_->shared_view(), rows = chosen.rows] {
        for (const auto& range : rows)
          for (auto row = range.first; row < range.end; ++row) {
            const auto at = view->at(row);
            *octets += storage::mail::load_statics(*at.in).size[at.in->slot[at.row]];
          }
      },
      [this, guest, octets, send, count = chosen.count] {
        if (over_quota(guest, *octets, count)) return end_no("OVERQUOTA", quota_text);
        send();
      });
}

void imap_host::run(imap::expunge& e) {
  if (visit_ended()) return;
  if (selected_->read_only()) return end_no("READ-ONLY", "The mailbox is selected read-only");
  if (!may(rights::right::expunge)) return end_no("NOPERM", "No right to expunge messages here");
  std::optional<storage::mail::uid_ranges> uids;
  if (e.uids) uids = e.uids->resolve(selected_->map().largest_uid(), session_.saved_uids());
  const auto now = selected_->cell()->view();
  if (const auto most = settings_->limits.messages; most != 0 && uids)
    if (const auto lowest = newest_deleted(selected_->view(), selected_->rows_of(*uids), most)) {
      uids = imap::intersect(*uids, imap::number_ranges{{*lowest, UINT32_MAX}});
      limit_code_ = imap::message_limit_code(most, *lowest);
    }
  if (now->status.deleted == 0 || (uids && uids->empty())) return end_ok("", "EXPUNGE completed");
  change_in(selected_owner(), storage::mail::expunge{selected_->id(), std::move(uids), false, false, keeps_removed(node_)}, [this](const storage::command_result& r) {
    if (r.what != storage::outcome::done) return end_refused(r.what);
    if (!session_.mode().condstore || r.uids.empty()) return end_ok("", "EXPUNGE completed");
    end_ok(imap::highest_modseq_code(r.modseq), "EXPUNGE completed");
  });
}

} // namespace rookery::actors
