#include "actors/mailboxes/keeper.hpp"

#include "actors/config/mailbox_documents.hpp"
#include "actors/queue/spool_commit.hpp"
#include "actors/system/alarm.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

namespace rookery::actors {
namespace {

namespace mail = storage::mail;
using storage::directory::document_kind;

/// At night, UTC: quiet hours differ, but one message at a time disturbs nobody.
constexpr std::chrono::hours tidy_hour{3};
/// The clock on the wall may be set: it is looked at so often.
constexpr std::chrono::minutes between_looks{1};
constexpr std::chrono::seconds shard_time{30};
/// Messages removed by one command: a round holds no more in memory and gives others their turn.
constexpr std::size_t messages_at_once_max = 10'000;
constexpr std::size_t accounts_at_once = 500; ///< read from the directory

struct next_look {};

} // namespace
} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::next_look)

namespace rookery::actors {
namespace {

struct aged_message {
  std::uint32_t uid = 0;
  std::uint64_t flags = 0;
  base::wall_time arrived{}, saved{};
};

/// May block on the disk.
template <class Each>
void for_each_message(const mail::mailbox_view& view, Each each) {
  for (const auto& p : view.pages) {
    const auto& cold = mail::load_statics(*p);
    for (std::size_t row = 0; row < p->rows(); ++row) {
      const auto slot = p->slot[row];
      each(aged_message{p->uid[row], p->flags[row], base::from_milliseconds(cold.internal_date[slot]), base::from_milliseconds(cold.save_date[slot])});
    }
  }
}

/// An account and its mailboxes that a walk still has to look at.
struct walk {
  base::account_id account;                 ///< as the shard knows it: perhaps that of what was removed
  std::deque<std::shared_ptr<const mail::mailbox_status>> left;
  std::shared_ptr<const mail::mailbox_status> now;
};

class keeper {
public:
  static inline const char* name = "mailbox_keeper";

  void begin(caf::event_based_actor* self, node* of) {
    self_ = self;
    of_ = of;
    next_night_ = following_night();
    look_again();
  }

  void look_again() {
    send_later(self_, between_looks, next_look{});
    if (round_ || of_->clock->wall() < next_night_) return;
    next_night_ = following_night();
    start({}, false, std::nullopt);
  }

  caf::result<tidied_mailboxes> tidy(const tidy_mailboxes& what) {
    if (round_) return caf::make_error(caf::sec::request_receiver_down);
    auto promise = self_->make_response_promise<tidied_mailboxes>();
    start(what.rule, what.pretend, promise);
    return promise;
  }

  caf::result<mailbox_list> list(const list_mailboxes& what) {
    auto promise = self_->make_response_promise<mailbox_list>();
    auto rows = std::make_shared<std::vector<mailbox_row>>();
    const auto id = what.removed ? mail::removed_of(what.account) : what.account;
    visit(id, [removed = what.removed](const mail::mailbox_status& s) { return !removed || s.messages > 0; },
          [this, rows, removed = what.removed](const std::shared_ptr<walk>& w, const mail::mailbox_view* view, std::function<void()> next) {
            mailbox_row row{w->now, {}, {}};
            if (removed && view != nullptr && !removal_times(*view, row)) return next(); // it is gone meanwhile
            rows->push_back(std::move(row));
            next();
          },
          what.removed, [promise, rows](bool ok) mutable {
            if (ok) promise.deliver(mailbox_list{rows});
            else promise.deliver(caf::make_error(caf::sec::request_timeout));
          });
    return promise;
  }

  caf::result<restored_mailboxes> restore(const restore_mailboxes& what) {
    auto promise = self_->make_response_promise<restored_mailboxes>();
    auto rows = std::make_shared<std::vector<restored_mailboxes::row>>();
    const auto failed = std::make_shared<std::uint64_t>(0);
    visit(mail::removed_of(what.account), [only = what.mailbox](const mail::mailbox_status& s) { return s.messages > 0 && (only.empty() || s.name == only); },
          [this, what, rows, failed](const std::shared_ptr<walk>& w, const mail::mailbox_view* view, std::function<void()> next) {
            const auto chosen = view == nullptr ? std::nullopt : select(*view, [&](const aged_message& m) { return m.saved > what.as_of && m.arrived <= what.as_of; });
            if (!chosen) ++*failed;
            if (!chosen || chosen->empty()) return next();
            rows->push_back({w->now->name, chosen->size()});
            if (what.pretend) return next();
            base::log_event(base::severity::notice, "mailbox.restored").number("account", static_cast<std::int64_t>(what.account.value))
                .text("mailbox", w->now->name).number("messages", static_cast<std::int64_t>(chosen->size()));
            commit(what.account, mail::restore_messages{w->now->name, ranges_of(*chosen)}, [rows, failed, next](bool ok) {
              if (!ok) {
                rows->pop_back();
                ++*failed;
              }
              next();
            });
          },
          true, [promise, rows, failed](bool ok) mutable {
            if (ok) promise.deliver(restored_mailboxes{rows, *failed});
            else promise.deliver(caf::make_error(caf::sec::request_timeout));
          });
    return promise;
  }

  void committed(const commit_done& done) { commits_.done(done); }

private:
  /// A look at all accounts.
  struct round {
    std::vector<mailboxes::expiry_rule> rules;
    std::optional<base::wall_time> removed_before; ///< what was removed before goes for good
    bool pretend = false;
    std::deque<std::pair<base::account_id, std::string>> accounts;
    std::string last;                              ///< address; the next ones follow it
    bool all_read = false;
    tidied_mailboxes sums;
    std::optional<caf::typed_response_promise<tidied_mailboxes>> asked;
  };
  using visitor = std::function<void(const std::shared_ptr<walk>&, const mail::mailbox_view*, std::function<void()> next)>;

  base::wall_time following_night() const {
    const auto now = of_->clock->wall();
    const auto today = std::chrono::floor<std::chrono::days>(now) + tidy_hour;
    return today > now ? base::wall_time(today) : base::wall_time(today + std::chrono::days(1));
  }

  // One account's mailboxes, in turn. `each` gets the view when `open`; null when it cannot be had.

  void visit(base::account_id account, std::function<bool(const mail::mailbox_status&)> wanted, visitor each, bool open, std::function<void(bool)> then) {
    self_->request(of_->shard_actor(account), shard_time, look_at_account{account})
        .then(
            [this, account, wanted, each, open, then](const seen_account& seen) {
              auto w = std::make_shared<walk>();
              w->account = account;
              const auto view = seen.cell->view();
              for (const auto& m : view->mailboxes)
                if (wanted(*m)) w->left.push_back(m);
              visit_next(w, each, open, then);
            },
            [then](const caf::error&) { then(false); });
  }

  void visit_next(const std::shared_ptr<walk>& w, const visitor& each, bool open, const std::function<void(bool)>& then) {
    if (w->left.empty()) return then(true);
    w->now = std::move(w->left.front());
    w->left.pop_front();
    auto next = [this, w, each, open, then] { visit_next(w, each, open, then); };
    if (!open) return each(w, nullptr, std::move(next));
    self_->request(of_->shard_actor(w->account), shard_time, open_mailbox{w->account, w->now->id})
        .then(
            [w, each, next](const opened_mailbox& o) {
              const auto view = o.cell ? o.cell->view() : nullptr;
              each(w, view.get(), next);
            },
            [w, each, next](const caf::error&) { each(w, nullptr, next); });
  }

  /// UIDs of the messages that `wanted` says; nothing when the disk does not give them.
  template <class Wanted>
  std::optional<std::vector<std::uint32_t>> select(const mail::mailbox_view& view, Wanted wanted) {
    std::vector<std::uint32_t> out;
    try {
      for_each_message(view, [&](const aged_message& m) {
        if (wanted(m)) out.push_back(m.uid);
      });
    } catch (const std::exception& e) {
      base::log_event(base::severity::error, "mailbox.unreadable").text("mailbox", view.status.name).text("why", e.what());
      return std::nullopt;
    }
    return out;
  }

  /// False: nothing is in it.
  bool removal_times(const mail::mailbox_view& view, mailbox_row& row) {
    bool any = false;
    const auto read = select(view, [&](const aged_message& m) {
      row.oldest = any ? std::min(row.oldest, m.saved) : m.saved;
      row.newest = any ? std::max(row.newest, m.saved) : m.saved;
      return any = true;
    });
    return !read || any;
  }

  static mail::uid_ranges ranges_of(const std::vector<std::uint32_t>& uids) {
    mail::uid_ranges out;
    for (const auto uid : uids) {
      if (!out.empty() && out.back().second + 1 == uid) out.back().second = uid;
      else out.emplace_back(uid, uid);
    }
    return out;
  }

  void commit(base::account_id account, mail::any_command what, std::function<void(bool)> then) {
    storage::commit_group group;
    auto& command = group.commands.emplace_back();
    command.shard = of_->shard_of(account);
    command.payload = mail::encode(mail::command{account, of_->clock->wall(), std::move(what)});
    commits_.send(*self_, *of_, std::move(group), [then = std::move(then)](const commit_done& done) {
      const bool ok = !done.error && !done.results.empty() && done.results.front().what == storage::outcome::done;
      if (!ok)
        base::log_event(base::severity::warning, "mailbox.not_changed").text("error", done.error ? done.error->log.value : "the mailbox is gone");
      then(ok);
    });
  }

  // The round.

  void start(const std::string& rule, bool pretend, std::optional<caf::typed_response_promise<tidied_mailboxes>> asked) {
    round_ = std::make_unique<round>();
    round_->rules = config::expiry_rules(*of_->config->table());
    if (!rule.empty()) std::erase_if(round_->rules, [&](const auto& r) { return r.name != rule; });
    else {
      const std::chrono::days kept(of_->settings->get()->mailboxes_keep_removed_days);
      round_->removed_before = of_->clock->wall() - kept;
    }
    round_->pretend = pretend;
    round_->asked = std::move(asked);
    next_account();
  }

  void next_account() {
    auto& r = *round_;
    while (!of_->draining) {
      if (r.accounts.empty() && !r.all_read) {
        const auto page = of_->config->table()->page(document_kind::account, r.last, accounts_at_once);
        for (const auto& d : page) r.accounts.emplace_back(base::account_id{d->id}, d->key);
        r.all_read = page.size() < accounts_at_once;
        if (!page.empty()) r.last = page.back()->key;
      }
      if (r.accounts.empty()) break;
      const auto [id, address] = std::move(r.accounts.front());
      r.accounts.pop_front();
      auto rules = std::make_shared<std::vector<mailboxes::expiry_rule>>();
      for (const auto& rule : r.rules)
        if (concerns(rule, address)) rules->push_back(rule);
      if (rules->empty() && !r.removed_before) continue;
      ++r.sums.accounts;
      return rules->empty() ? forget(id) : expire(id, address, rules);
    }
    finish();
  }

  void finish() {
    const auto done = std::move(round_);
    if (done->sums.messages + done->sums.forgotten + done->sums.failed > 0 && !done->pretend)
      base::log_event(base::severity::notice, "mailbox.tidied").number("accounts", static_cast<std::int64_t>(done->sums.accounts))
          .number("messages", static_cast<std::int64_t>(done->sums.messages)).number("forgotten", static_cast<std::int64_t>(done->sums.forgotten))
          .number("failed", static_cast<std::int64_t>(done->sums.failed));
    if (done->asked) done->asked->deliver(done->sums);
  }

  void expire(base::account_id id, const std::string& address, std::shared_ptr<const std::vector<mailboxes::expiry_rule>> mine) {
    visit(id,
          [mine](const mail::mailbox_status& s) {
            return s.messages > 0 && std::any_of(mine->begin(), mine->end(), [&](const auto& rule) { return covers(rule, s.name); });
          },
          [this, mine, address](const std::shared_ptr<walk>& w, const mail::mailbox_view* view, std::function<void()> next) {
            const auto now = of_->clock->wall();
            auto chosen = view == nullptr ? std::nullopt : select(*view, [&](const aged_message& m) {
              const mailboxes::message_facts facts{m.arrived, m.saved, (m.flags & mail::flag::flagged) != 0, (m.flags & mail::flag::seen) != 0};
              return std::any_of(mine->begin(), mine->end(), [&](const auto& rule) { return covers(rule, w->now->name) && expired(rule, facts, now); });
            });
            if (!chosen) ++round_->sums.failed;
            if (!chosen || chosen->empty()) return next();
            ++round_->sums.mailboxes;
            round_->sums.messages += chosen->size();
            if (round_->pretend) return next();
            base::log_event(base::severity::info, "mailbox.expired").text("account", address).text("mailbox", w->now->name)
                .number("messages", static_cast<std::int64_t>(chosen->size()));
            remove(w->account, w->now->id, std::move(*chosen), std::move(next));
          },
          true, [this, id](bool ok) {
            if (!ok) ++round_->sums.failed;
            forget(id);
          });
  }

  /// What was removed long ago.
  void forget(base::account_id id) {
    if (!round_->removed_before) return next_account();
    visit(mail::removed_of(id), [](const mail::mailbox_status& s) { return s.messages > 0; },
          [this](const std::shared_ptr<walk>& w, const mail::mailbox_view* view, std::function<void()> next) {
            auto chosen = view == nullptr ? std::nullopt : select(*view, [&](const aged_message& m) { return m.saved <= *round_->removed_before; });
            if (!chosen) ++round_->sums.failed;
            if (!chosen || chosen->empty()) return next();
            round_->sums.forgotten += chosen->size();
            if (round_->pretend) return next();
            remove(w->account, w->now->id, std::move(*chosen), std::move(next));
          },
          true, [this](bool ok) {
            if (!ok) ++round_->sums.failed;
            next_account();
          });
  }

  void remove(base::account_id account, base::mailbox_id mailbox, std::vector<std::uint32_t> uids, std::function<void()> then) {
    const auto n = std::min(uids.size(), messages_at_once_max);
    const std::vector<std::uint32_t> first(uids.begin(), uids.begin() + static_cast<std::ptrdiff_t>(n));
    uids.erase(uids.begin(), uids.begin() + static_cast<std::ptrdiff_t>(n));
    commit(account, mail::expunge{mailbox, ranges_of(first), true}, [this, account, mailbox, uids = std::move(uids), then](bool ok) {
      if (!ok) ++round_->sums.failed;
      if (!ok || uids.empty()) return then();
      remove(account, mailbox, uids, then);
    });
  }

  caf::event_based_actor* self_ = nullptr;
  node* of_ = nullptr;
  std::unique_ptr<round> round_;
  base::wall_time next_night_{};
  awaited_commits commits_;
};

caf::behavior mailbox_keeper(caf::stateful_actor<keeper>* self, node* of) {
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  auto& st = self->state;
  st.begin(self, of);
  return {[&st](next_look) { st.look_again(); },
          [&st](const tidy_mailboxes& t) { return st.tidy(t); },
          [&st](const list_mailboxes& l) { return st.list(l); },
          [&st](const restore_mailboxes& r) { return st.restore(r); },
          [&st](const commit_done_ptr& d) { st.committed(*d); }};
}

} // namespace

caf::actor spawn_mailbox_keeper(caf::actor_system& system, node& of) {
  return system.spawn<caf::detached + caf::hidden>(mailbox_keeper, &of);
}

} // namespace rookery::actors
