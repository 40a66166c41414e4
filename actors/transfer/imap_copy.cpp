#include "actors/transfer/imap_copy.hpp"

#include "actors/transfer/imap_remote.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace rookery::actors {
namespace {

/// Ranges of UIDs in one command.
constexpr std::size_t ranges_max = 1000;

struct wanted_folder {
  std::string there;        ///< its name as the server has it
  std::string named;        ///< with '/' between levels
  std::string mailbox, special_use;
  bool subscribe = true;
};

class imap_copy {
public:
  imap_copy(imap_remote& from, copy_target& to, transfer_run_ptr run) : from_(from), to_(to), run_(std::move(run)) {}

  base::result<void> all() {
    const auto folders = list();
    if (!folders) return base::fail(folders.error());
    for (const auto& f : *folders) {
      if (to_.ended()) return base::fail(base::error_kind::try_later, "stopped");
      if (auto done = folder(f); !done) return done;
    }
    return {};
  }

private:
  base::result<std::vector<wanted_folder>> list() {
    remote_question q;
    q.what = remote_question::verb::list;
    auto got = from_.ask_and_wait(std::move(q));
    if (!got) return base::fail(got.error());
    if (!(*got)->ok) return base::fail(base::error_kind::io, "the folders cannot be listed there: " + (*got)->text);
    const auto& rules = run_->order().rules;
    const bool told = std::any_of((*got)->folders.begin(), (*got)->folders.end(), [](const auto& f) { return f.has("\\Subscribed"); });
    std::map<std::string, wanted_folder> by_mailbox;
    for (const auto& f : (*got)->folders) {
      if (f.has("\\Noselect") || f.has("\\NonExistent")) continue;
      wanted_folder w;
      w.there = f.name;
      w.named = transfer::with_slashes(f.name, f.separator);
      if (base::iequals(w.named, "INBOX")) w.named = "INBOX";
      const auto mailbox = transfer::mailbox_for(rules, w.named);
      if (!mailbox) {
        const bool no_name = rules.only.empty() && !std::any_of(rules.except.begin(), rules.except.end(), [&](const auto& p) { return transfer::matches(p, w.named); });
        if (no_name) leave_out(w.named, "its name cannot be one here; --rename gives it another");
        continue;
      }
      w.mailbox = *mailbox;
      for (const auto* use : {"\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash"})
        if (f.has(use)) w.special_use = use;
      // Where nobody says what is subscribed, all is.
      w.subscribe = !told || f.has("\\Subscribed") || w.mailbox == "INBOX";
      if (const auto [at, fresh] = by_mailbox.try_emplace(w.mailbox, std::move(w)); !fresh && at->second.there != f.name)
        leave_out(f.name, "another folder goes to the same mailbox");
    }
    std::vector<wanted_folder> out;
    if (const auto inbox = by_mailbox.find("INBOX"); inbox != by_mailbox.end()) {
      out.push_back(std::move(inbox->second));
      by_mailbox.erase(inbox);
    }
    for (auto& [mailbox, w] : by_mailbox) out.push_back(std::move(w));
    return out;
  }

  base::result<void> folder(const wanted_folder& f) {
    const auto& order = run_->order();
    run_->change([&](transfer_state& s) { s.folder = f.named, s.expected = 0; });
    remote_question q;
    q.what = remote_question::verb::examine;
    q.folder = f.there;
    const auto opened = from_.ask_and_wait(std::move(q));
    if (!opened) return base::fail(opened.error());
    const auto& selected = (*opened)->selected;
    if (!(*opened)->ok || selected.uid_validity == 0) return leave_out(f.named, (*opened)->ok ? "the server gives it no UIDVALIDITY" : (*opened)->text), base::result<void>();
    copy_target::folder what;
    what.source = "imap:" + base::to_lower(order.host) + ':' + std::to_string(order.port) + ':' + order.login;
    what.name = f.there;
    what.mailbox = f.mailbox;
    what.special_use = f.special_use;
    what.subscribe = f.subscribe;
    what.uid_validity = selected.uid_validity;
    if (const auto begun = to_.begin(std::move(what)); !begun) {
      if (begun.error().kind != base::error_kind::conflict) return begun;
      return leave_out(f.named, begun.error().log.value), base::result<void>();
    }
    const auto before = to_.head().highest_modseq;
    const bool same = before != 0 && before == selected.highest_modseq && !order.expunge;
    if (selected.messages != 0 && !same) {
      // What was removed is seen only where all is listed.
      q = {};
      q.what = remote_question::verb::rows;
      q.changed_since = order.expunge || selected.highest_modseq == 0 ? 0 : before;
      const auto rows = from_.ask_and_wait(std::move(q));
      if (!rows) return base::fail(rows.error());
      if (!(*rows)->ok) return leave_out(f.named, "cannot be listed there: " + (*rows)->text), base::result<void>();
      if (auto done = compare(f, **rows); !done) return done;
    } else if (selected.messages == 0 && order.expunge) {
      if (auto done = compare(f, {}); !done) return done;
    }
    if (auto done = to_.end(failed_here_ ? before : selected.highest_modseq); !done) return done;
    failed_here_ = false;
    run_->change([](transfer_state& s) { ++s.folders; });
    return {};
  }

  /// Fetches what is new, follows the flags of what is known, and removes what is gone there.
  base::result<void> compare(const wanted_folder& f, const remote_answer& there) {
    const auto& order = run_->order();
    auto rows = there.rows;
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.uid < b.uid; });
    rows.erase(std::unique(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.uid == b.uid; }), rows.end());
    std::vector<remote_row> fresh;
    std::uint64_t known = 0;
    for (const auto& r : rows) {
      if (to_.copied().contains(r.uid)) ++known;
      else if (r.octets > transfer_message_octets_max) leave_out(f.named + " UID " + std::to_string(r.uid), "the message is too large");
      else fresh.push_back(r);
    }
    run_->change([&](transfer_state& s) { s.known += known, s.expected = fresh.size(); });
    // First what is known: when new messages are fetched, the folder may be seen by others.
    if (!order.dry_run)
      if (auto done = follow_flags(rows, there.flags); !done) return done;
    if (order.expunge)
      if (auto done = remove_gone(rows); !done) return done;
    if (order.dry_run) {
      std::uint64_t octets = 0;
      for (const auto& r : fresh) octets += r.octets;
      run_->change([&](transfer_state& s) { s.messages += fresh.size(), s.octets += octets; });
      return {};
    }
    return fetch(f, fresh);
  }

  base::result<void> follow_flags(const std::vector<remote_row>& rows, const std::vector<imap::flag_list>& flags) {
    const auto view = to_.view();
    std::map<std::uint32_t, std::vector<std::uint32_t>> changed; // by place in `flags`
    for (const auto& r : rows) {
      const auto uid = to_.copied().uid_of(r.uid);
      if (uid == 0) continue;
      const auto index = view->find(uid);
      if (index >= view->size()) continue; // removed here
      const auto at = view->at(index);
      if (!same_flags(at.in->flags[at.row], view->keywords, flags[r.flags])) changed[r.flags].push_back(uid);
    }
    for (auto& [which, uids] : changed)
      if (auto done = in_ranges(uids, [&, &now = flags[which]](const auto& some) { return to_.set_flags(some, {now.system, now.keywords}); }); !done)
        return done;
    return {};
  }

  static bool same_flags(std::uint64_t here, const std::vector<std::string>& keywords, const imap::flag_list& there) {
    if ((here & storage::mail::flag::system_mask) != there.system) return false;
    std::size_t found = 0, wanted = 0;
    for (const auto& k : there.keywords) {
      if (!mbox::is_keyword(k)) continue;
      ++wanted;
      const auto n = imap::find_keyword(keywords, k);
      if (n < keywords.size() && (here & imap::flag::keyword_bit(n)) != 0) ++found;
    }
    std::size_t has = 0;
    for (std::size_t n = 0; n < keywords.size(); ++n) has += (here & imap::flag::keyword_bit(n)) != 0;
    return found == wanted && has == wanted;
  }

  base::result<void> remove_gone(const std::vector<remote_row>& rows) {
    std::vector<std::uint32_t> gone;
    const auto view = to_.view();
    to_.copied().for_each([&](std::uint64_t key, std::uint32_t uid) {
      const auto at = std::lower_bound(rows.begin(), rows.end(), key, [](const remote_row& r, std::uint64_t k) { return r.uid < k; });
      if ((at == rows.end() || at->uid != key) && uid != 0 && view && view->find(uid) < view->size()) gone.push_back(uid);
    });
    if (run_->order().dry_run) {
      run_->change([&](transfer_state& s) { s.expunged += gone.size(); });
      return {};
    }
    return in_ranges(gone, [&](const auto& some) { return to_.remove(some); });
  }

  template <class F>
  base::result<void> in_ranges(std::vector<std::uint32_t>& uids, F&& f) {
    std::sort(uids.begin(), uids.end());
    storage::mail::uid_ranges some;
    for (const auto uid : uids) {
      if (!some.empty() && some.back().second + 1 == uid) {
        some.back().second = uid;
        continue;
      }
      if (some.size() == ranges_max) {
        if (auto done = f(some); !done) return done;
        some.clear();
      }
      some.emplace_back(uid, uid);
    }
    return some.empty() ? base::result<void>() : f(some);
  }

  base::result<void> fetch(const wanted_folder& f, const std::vector<remote_row>& rows) {
    std::size_t next = 0;
    const auto ask = [&] {
      remote_question q;
      q.what = remote_question::verb::fetch;
      for (std::uint64_t octets = 0; next < rows.size() && q.uids.size() < transfer::batch_messages_max; ++next) {
        octets += rows[next].octets;
        if (!q.uids.empty() && octets > transfer::batch_octets_max) break;
        q.uids.push_back(rows[next].uid);
      }
      const bool some = !q.uids.empty();
      if (some) from_.ask(std::move(q));
      return some;
    };
    bool asked = ask();
    while (asked) {
      auto got = from_.answer();
      if (!got) return base::fail(got.error());
      // The next ones travel while these are stored.
      asked = ask();
      for (const auto uid : (*got)->refused) leave_out(f.named + " UID " + std::to_string(uid), "the server does not give it: " + (*got)->text);
      for (const auto uid : (*got)->too_large) leave_out(f.named + " UID " + std::to_string(uid), "the message is too large");
      auto& messages = (*got)->messages;
      std::sort(messages.begin(), messages.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
      if (auto done = to_.add(messages); !done) return done;
    }
    return {};
  }

  void leave_out(const std::string& what, const std::string& why) {
    const auto text = base::printable(what + ": " + why, 500);
    base::log_event(base::severity::warning, "transfer.left_out").number("transfer", static_cast<std::int64_t>(run_->id())).text("what", text);
    run_->change([&](transfer_state& s) {
      ++s.left_out;
      if (s.reason.empty()) s.reason = text;
    });
    failed_here_ = true; // the next pass looks at the whole folder again
  }

  imap_remote& from_;
  copy_target& to_;
  transfer_run_ptr run_;
  bool failed_here_ = false;
};

} // namespace

base::result<void> copy_over_imap(caf::scoped_actor& self, node& n, net::reactor& home, copy_target& to, const transfer_run_ptr& run,
                                  const std::string& password) {
  imap_remote from(self, n, home, run, password);
  if (auto up = from.connect(); !up) return up;
  return imap_copy(from, to, run).all();
}

} // namespace rookery::actors
