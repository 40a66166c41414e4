#include "actors/search/indexer.hpp"

#include "actors/search/message_words.hpp"
#include "actors/shard/messages.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "storage/mail/account_list.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>

namespace rookery::actors {
namespace {

namespace search = storage::search;
using storage::mail::mailbox_view;

/// How long the shard may take to answer.
constexpr std::chrono::seconds answer_time{120};
/// Free space beside the reserve below which nothing is indexed.
constexpr std::uint64_t free_octets_min = 128u << 20;
constexpr std::chrono::milliseconds full_disk_rest{30'000};
/// Without a change nothing is done but a look at the clock.
constexpr std::chrono::milliseconds idle_rest{600'000};
/// Accounts of the walk after a start that are looked at between two looks at the board.
constexpr std::size_t walked_at_once = 50;
/// At night, UTC: quiet hours differ, but the work yields to everything else.
constexpr std::chrono::hours tidy_hour{2};
/// Tails shorter than this are not worth a segment at night.
constexpr std::uint32_t night_tail_min = 16;
/// Accounts whose totals are remembered for the status.
constexpr std::size_t remembered_max = 1'000'000;

struct metrics {
  explicit metrics(std::uint32_t shard)
      : left(base::gauge_named("rookery_search_messages_left", "shard=\"" + std::to_string(shard) + "\"",
                               "Messages that are not in the search index of an account")) {}
  base::gauge& left;
  base::counter& messages = base::counter_named("rookery_search_indexed_total", "", "Messages read for the search index");
  base::counter& commits = base::counter_named("rookery_search_commits_total", "", "Batches written to search indexes");
  base::counter& faults = base::counter_named("rookery_search_faults_total", "", "Search indexes found damaged, and failures to write them");
  base::histogram& time = base::histogram_named("rookery_search_batch_seconds", "", "Time to index a batch of messages");
};

/// A message to be indexed.
struct row {
  base::mailbox_id mailbox;
  std::shared_ptr<storage::mail::mailbox_cell> cell;
  std::shared_ptr<const storage::mail::page> page;
  std::uint32_t in_page = 0;
  search::content_key key{};
};

class indexer final : public caf::blocking_actor {
public:
  indexer(caf::actor_config& cfg, std::shared_ptr<indexer_parts> parts)
      : caf::blocking_actor(cfg), parts_(std::move(parts)), store_(parts_->search->store), board_(*parts_->search->boards[parts_->shard]),
        numbers_(storage::first_mail_shard + static_cast<std::uint32_t>(parts_->shard)) {}

  void act() override {
    // The thread's own: mail is delivered first, whatever the index has to do.
    (void)::setpriority(PRIO_PROCESS, 0, 19);
    status_.shard = storage::first_mail_shard + static_cast<std::uint32_t>(parts_->shard);
    next_tidy_ = following_tidy();
    begin_walk();
    while (!ended()) {
      take_board();
      work();
      tell(idle_state());
      const bool more = !walk_.empty() || !pending_.empty() || walking_;
      rest(full_ ? full_disk_rest : more ? std::chrono::milliseconds(0) : idle_rest);
    }
  }

private:
  bool ended() const { return ended_ || parts_->gate->closed(); }

  /// Takes messages for so long, or until there is something to do; changes that come close together
  /// are looked at together.
  void rest(std::chrono::milliseconds time) {
    auto until = std::chrono::steady_clock::now() + time;
    bool woken = false;
    asked_ = false;
    do {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      bool changed = false;
      receive([this](const caf::exit_msg&) { ended_ = true; },
              [&](board_changed) { changed = true; },
              [this](const index_account& i) { return answer([&] { index_all(i.account); }); },
              [this](const rebuild_index& r) { return answer([&] { remove(r.account), rewalk(r.account); }); },
              [this](const remove_index& r) { return answer([&] { remove(r.account); }); },
              [this](tidy_indexes) { return answer([&] { tidy(); }); },
              caf::others >> [](caf::message_view&) -> caf::result<caf::message> { return caf::sec::unexpected_message; },
              caf::after(std::max(std::chrono::milliseconds(0), left)) >> [] {});
      if (changed && !std::exchange(woken, true)) until = std::min(until, std::chrono::steady_clock::now() + parts_->pace);
    } while (!ended() && !asked_ && std::chrono::steady_clock::now() < until);
  }

  template <class Work>
  index_done answer(Work work) {
    asked_ = true;
    const auto faults = status_.faults;
    guarded(std::move(work));
    return status_.faults == faults ? index_done{} : index_done{false, status_.last_fault};
  }

  template <class Work>
  void guarded(Work work) {
    try {
      work();
    } catch (const std::exception& e) {
      fault(e.what());
    }
  }

  void fault(const std::string& what) {
    ++status_.faults;
    status_.last_fault = what;
    numbers_.faults.add();
    base::log_event(base::severity::warning, "search.fault").number("shard", status_.shard).text("fault", what);
  }

  template <class Answer, class Question>
  std::optional<Answer> ask(Question what) {
    std::optional<Answer> got;
    request(parts_->machine, answer_time, std::move(what)).receive([&](const Answer& a) { got = a; }, [](const caf::error&) {});
    return got;
  }

  // What is to be looked at.

  void begin_walk() {
    walk_after_ = {};
    walking_ = true;
  }
  void walk_on() {
    if (!walking_ || !walk_.empty()) return;
    const auto records = ask<machine_records>(get_records{});
    if (!records) return;
    const auto read = storage::mail::list_accounts(*records->tree, walk_after_, [&](const storage::mail::account_use& use) {
      walk_after_ = use.account;
      walk_.push_back(use.account);
      return walk_.size() < walked_at_once;
    });
    if (!read) fault(read.error().log.value);
    if (walk_.size() < walked_at_once) walking_ = false;
  }
  void rewalk(base::account_id account) {
    if (account) pending_.push_back(account);
    else begin_walk();
  }

  void take_board() {
    reached_ = board_.position();
    auto changes = board_.take();
    if (changes.any) begin_walk();
    pending_.insert(pending_.end(), changes.accounts.begin(), changes.accounts.end());
  }

  void work() {
    const auto how = parts_->settings();
    if (!how.on) {
      pending_.clear();
      walk_.clear();
      was_off_ = true;
      return;
    }
    if (std::exchange(was_off_, false)) begin_walk();
    drop_damaged();
    guarded([this] { walk_on(); });
    // Questions are answered in between.
    const auto until = std::chrono::steady_clock::now() + parts_->pace;
    while (!ended() && (!pending_.empty() || !walk_.empty()) && std::chrono::steady_clock::now() < until) {
      if (disk_full(how)) return;
      auto& from = pending_.empty() ? walk_ : pending_;
      const auto account = from.front();
      from.pop_front();
      guarded([&] { look(account, how); });
      if (pending_.empty() && walk_.empty()) guarded([this] { walk_on(); });
    }
    if (!full_ && !walking_ && pending_.empty()) status_.position = reached_;
    if (parts_->clock->wall() >= next_tidy_) {
      next_tidy_ = following_tidy();
      guarded([this] { tidy(); });
    }
  }

  base::wall_time following_tidy() const {
    const auto now = base::to_milliseconds(parts_->clock->wall());
    constexpr std::int64_t day = 86'400'000;
    const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(tidy_hour).count();
    auto next = now / day * day + at;
    if (next <= now) next += day;
    return base::from_milliseconds(next);
  }

  bool disk_full(const indexer_settings& how) {
    const auto free = storage::posix_file_system().free_octets(parts_->directory);
    const bool full = free && *free < how.disk_reserve_octets + free_octets_min;
    if (full && !full_) base::log_event(base::severity::warning, "search.paused").number("shard", status_.shard).text("error", "the disk is nearly full");
    full_ = full;
    return full;
  }

  /// Those of this shard; the others' are found by their own indexers.
  bool mine(base::account_id account) const { return parts_->search->index_of(account) == parts_->shard; }

  void drop_damaged() {
    for (const auto& [account, what] : store_.take_damaged()) {
      fault(what.log.value);
      if (auto gone = store_.remove(account); !gone) fault(gone.error().log.value);
      parts_->search->board_of(account).changed(account);
    }
  }

  // One account.

  struct tail {
    std::uint64_t messages = 0;
    std::vector<std::shared_ptr<const storage::mail::mailbox_status>> mailboxes;
  };
  static tail tail_of(const storage::mail::account_view& view, const search::account_index* index) {
    tail t;
    for (const auto& m : view.mailboxes) {
      const auto reached = index ? index->reached(m->id) : 1;
      if (m->uid_next <= reached || m->messages == 0) continue;
      t.messages += std::min(m->uid_next - reached, m->messages);
      t.mailboxes.push_back(m);
    }
    return t;
  }

  /// Octets of the tail's messages, as far as they matter.
  std::uint64_t octets_of(const tail& t, base::account_id account, const search::account_index* index) {
    std::uint64_t octets = 0;
    for (const auto& m : t.mailboxes) {
      const auto opened = ask<opened_mailbox>(open_mailbox{account, m->id});
      if (!opened || !opened->cell) continue;
      const auto view = opened->cell->view();
      for (auto i = view->lower_bound(index ? index->reached(m->id) : 1); i < view->size() && octets <= parts_->tail_octets_max; ++i) {
        const auto at = view->at(i);
        octets += storage::mail::load_statics(*at.in).size[at.in->slot[at.row]];
      }
    }
    return octets;
  }

  std::shared_ptr<const storage::mail::account_view> view_of(base::account_id account) {
    const auto seen = ask<seen_account>(look_at_account{account});
    return seen && seen->cell ? seen->cell->view() : nullptr;
  }

  /// One batch of what is left of the account, then its turn comes again; with `tail_min` all of it at
  /// once, if it is so much.
  void look(base::account_id account, const indexer_settings& how, std::uint32_t tail_min = 0) {
    if (!parts_->known(account)) return forget(account);
    const auto view = view_of(account);
    if (!view) return;
    auto index = store_.open(account);
    auto left = tail_of(*view, index.get());
    note(account, index.get(), left.messages);
    const bool enough = tail_min != 0 ? left.messages >= tail_min
                                      : left.messages >= parts_->tail_messages_max ||
                                            (left.messages > 0 && view->octets > parts_->tail_octets_max &&
                                             octets_of(left, account, index.get()) > parts_->tail_octets_max);
    if (!enough) return;
    tell("indexing");
    while (left.messages > 0 && !ended()) {
      if (disk_full(how)) return pending_.push_back(account);
      const auto begun = std::chrono::steady_clock::now();
      const auto went_on = index_some(account, left, index.get(), how);
      numbers_.time.observe(std::chrono::steady_clock::now() - begun);
      if (!went_on) return;
      index = store_.open(account);
      left = tail_of(*view, index.get());
      note(account, index.get(), left.messages);
      tell("indexing");
      if (left.messages > 0 && tail_min == 0) return pending_.push_back(account);
    }
  }

  /// The next rows behind what the index has reached, and how far they bring each mailbox.
  std::vector<row> next_rows(base::account_id account, const tail& t, const search::account_index* index,
                             std::vector<std::pair<base::mailbox_id, std::uint32_t>>& ends) {
    std::vector<row> rows;
    for (const auto& m : t.mailboxes) {
      const auto opened = ask<opened_mailbox>(open_mailbox{account, m->id});
      if (!opened || !opened->cell) continue; // deleted meanwhile
      const auto view = opened->cell->view();
      auto i = view->lower_bound(index ? index->reached(m->id) : 1);
      for (; i < view->size() && rows.size() < parts_->batch_messages_max; ++i) {
        const auto at = view->at(i);
        const auto& statics = storage::mail::load_statics(*at.in);
        const auto slot = at.in->slot[at.row];
        rows.push_back({m->id, opened->cell, view->pages[at.page_number], at.row, search::key_of(statics.body[slot].id, statics.prefix[slot])});
      }
      ends.emplace_back(m->id, i < view->size() ? 0 : view->status.uid_next);
      if (rows.size() >= parts_->batch_messages_max) break;
    }
    return rows;
  }

  bool index_some(base::account_id account, const tail& t, const search::account_index* index, const indexer_settings& how) {
    std::vector<std::pair<base::mailbox_id, std::uint32_t>> ends;
    const auto rows = next_rows(account, t, index, ends);
    // Behind the pictures: whatever they show is before it.
    const auto position = board_.position();
    std::vector<search::content_key> keys;
    for (const auto& r : rows) keys.push_back(r.key);
    auto batch = store_.begin(account, keys);
    std::size_t done = 0;
    for (; done < rows.size() && batch.octets() < parts_->batch_octets_max && !ended(); ++done) {
      const auto& r = rows[done];
      auto document = batch.find(r.key);
      if (!document) {
        search::document words({how.message_text_octets_max});
        collect_words(words, *parts_->bodies, *r.cell, *r.page, r.in_page);
        const auto added = batch.add(r.key, words);
        if (!added) return fault(added.error().log.value), false;
        document = *added;
        numbers_.messages.add();
        ++status_.indexed;
      }
      batch.place(r.mailbox, r.page->uid[r.in_page], *document);
    }
    if (ended()) return false;
    for (const auto& [mailbox, end] : ends) {
      // To the mailbox's end when all its rows are in the batch; else behind the last that is.
      const auto of_it = [m = mailbox](const row& r) { return r.mailbox == m; };
      const bool all = end != 0 && std::none_of(rows.begin() + static_cast<std::ptrdiff_t>(done), rows.end(), of_it);
      std::uint32_t reached = all ? end : 0;
      if (!all)
        for (std::size_t i = 0; i < done; ++i)
          if (of_it(rows[i])) reached = rows[i].page->uid[rows[i].in_page] + 1;
      if (reached != 0) batch.reached(mailbox, reached);
    }
    if (ends.empty()) return false;
    if (const auto written = store_.commit(account, std::move(batch), position); !written) return fault(written.error().log.value), false;
    numbers_.commits.add();
    return true;
  }

  void index_all(base::account_id account) { look(account, parts_->settings(), 1); }

  void forget(base::account_id account) {
    count_out(account);
    if (!store_.open(account)) return;
    if (auto gone = store_.remove(account); !gone) fault(gone.error().log.value);
    else base::log_event(base::severity::info, "search.removed").number("account", static_cast<std::int64_t>(account.value));
  }

  void remove(base::account_id account) {
    const auto gone = [this](base::account_id a) {
      count_out(a);
      if (auto done = store_.remove(a); !done) fault(done.error().log.value);
    };
    if (account) return gone(account);
    const auto all = store_.accounts();
    if (!all) return fault(all.error().log.value);
    for (const auto a : *all)
      if (mine(a)) gone(a);
  }

  void tidy() {
    tell("tidying");
    const auto how = parts_->settings();
    const auto all = store_.accounts();
    if (!all) return fault(all.error().log.value);
    for (const auto account : *all) {
      if (!mine(account) || ended()) continue;
      if (!parts_->known(account)) {
        if (auto gone = store_.remove(account); !gone) fault(gone.error().log.value);
        count_out(account);
        continue;
      }
      if (!how.on || disk_full(how)) continue;
      look(account, how, night_tail_min);
      std::unordered_map<std::uint32_t, std::shared_ptr<const mailbox_view>> views;
      const auto alive = [&](base::mailbox_id mailbox, std::uint32_t uid) {
        auto at = views.find(mailbox.value);
        if (at == views.end()) {
          const auto opened = ask<opened_mailbox>(open_mailbox{account, mailbox});
          if (!opened) throw base::broken("the shard did not answer");
          at = views.emplace(mailbox.value, opened->cell ? opened->cell->view() : nullptr).first;
        }
        return at->second && at->second->find(uid) < at->second->size();
      };
      const auto mostly_dead = store_.tidy(account, alive);
      if (!mostly_dead) {
        fault(mostly_dead.error().log.value);
        continue;
      }
      if (*mostly_dead) {
        remove(account);
        look(account, how);
      }
    }
    base::log_event(base::severity::info, "search.tidied").number("shard", status_.shard);
  }

  // What is said.

  struct total {
    std::uint64_t messages = 0, left = 0, octets = 0;
    bool indexed = false;
  };
  void note(base::account_id account, const search::account_index* index, std::uint64_t left) {
    count_out(account);
    if ((index == nullptr && left == 0) || totals_.size() >= remembered_max) return;
    const total t{index ? index->placed() : 0, left, index ? index->octets() : 0, index != nullptr};
    totals_[account.value] = t;
    status_.accounts += t.indexed;
    status_.messages += t.messages;
    status_.messages_left += t.left;
    status_.octets += t.octets;
  }
  void count_out(base::account_id account) {
    const auto at = totals_.find(account.value);
    if (at == totals_.end()) return;
    status_.accounts -= at->second.indexed;
    status_.messages -= at->second.messages;
    status_.messages_left -= at->second.left;
    status_.octets -= at->second.octets;
    totals_.erase(at);
  }
  std::string idle_state() const { return was_off_ ? "off" : full_ ? "disk full" : walking_ ? "starting" : "waiting"; }
  void tell(std::string state) {
    status_.state = std::move(state);
    status_.accounts_waiting = pending_.size() + board_.waiting();
    numbers_.left.set(static_cast<std::int64_t>(status_.messages_left));
    parts_->search->tell(parts_->shard, status_);
  }

  std::shared_ptr<indexer_parts> parts_;
  search::index_store& store_;
  change_board& board_;
  indexer_status status_;
  metrics numbers_;
  std::deque<base::account_id> pending_, walk_;
  base::account_id walk_after_;
  bool walking_ = false, ended_ = false, asked_ = false, was_off_ = false, full_ = false;
  storage::log_position reached_;
  base::wall_time next_tidy_{};
  std::unordered_map<std::uint64_t, total> totals_;
};

} // namespace

caf::actor spawn_indexer(caf::actor_system& system, std::shared_ptr<indexer_parts> parts) {
  auto& board = *parts->search->boards[parts->shard];
  auto made = system.spawn<indexer, caf::detached + caf::hidden>(std::move(parts));
  board.wake_with([made] { caf::anon_send(made, board_changed{}); });
  return made;
}

} // namespace rookery::actors
