#include "actors/queue/recall_pass.hpp"

#include "actors/queue/copy_removal.hpp"
#include "actors/queue/dispatch_actor.hpp"
#include "actors/queue/home_recall.hpp"
#include "actors/queue/spool_commit.hpp"
#include "actors/relay/homes.hpp"
#include "base/codec.hpp"
#include "base/log.hpp"
#include "policy/routing/address_form.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace rookery::actors {
namespace {

using recall::fate;
using recall::sent_copy;
using storage::queue::recipient_state;

constexpr std::size_t page_notes = 500;
/// What users do to their mail meanwhile is looked at again so many times.
constexpr int passes_max = 5;
constexpr std::uint8_t progress_version = 1;
constexpr std::chrono::seconds answer_time{30};
constexpr std::chrono::minutes home_patience{3};

std::string note_key(const recall_run& run) { return recall::sent_key(run.order) + (run.from.empty() ? "" : "/" + run.from); }

/// What is known of the message, and what earlier passes did to its copies.
struct progress {
  recall::sent_record sent;
  std::vector<fate> fates;       ///< of the copies, in the order of the record; then of what went on from there
};

std::string encode(const progress& p) {
  std::string out;
  base::encoder e(out);
  e.u8(progress_version);
  e.bytes(recall::sent_key(p.sent.id));
  e.bytes(recall::encode(p.sent));
  for (const auto f : p.fates) e.u8(static_cast<std::uint8_t>(f));
  return out;
}

std::optional<progress> decode(std::string_view octets) {
  base::decoder d(octets);
  if (d.u8() != progress_version) return std::nullopt;
  const auto key = d.bytes();
  auto sent = recall::decode_sent(key, d.bytes());
  if (!d.ok() || !sent) return std::nullopt;
  progress out{std::move(*sent), {}};
  while (d.ok() && !d.done()) {
    const auto f = d.u8();
    if (f > static_cast<std::uint8_t>(fate::unreached)) return std::nullopt;
    out.fates.push_back(static_cast<fate>(f));
  }
  return d.ok() ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<progress> begun(const node& n, const recall_run& run) {
  const auto note = n.spool->view()->note(recall_space, note_key(run));
  return note ? decode(note->value) : std::nullopt;
}

/// One pass over all copies: what each is, and what is to be done now.
class pass {
public:
  pass(const order_tools& tools, const recall_run& run, const recall::recall_rules& rules, progress& p)
      : tools_(tools), n_(tools.of), run_(run), rules_(rules), progress_(p), patient_(waits_for_homes(n_, run.received)), homes_(homes_of(n_)), here_(n_) {
    directory_ = n_.directory->get();
    spool_ = n_.spool->view();
  }

  /// False: something does not answer.
  bool look() {
    std::size_t at = 0;
    for (const auto& r : progress_.sent.recipients) {
      recall::recipient_report report{r.address, {}, {}};
      std::vector<sent_copy> onward;
      for (const auto& c : r.copies) {
        const auto f = settle(at++, look_at(c, c.address.empty() ? r.address : c.address, onward));
        (c.place == sent_copy::where::forwarded ? report.forwarded : report.copies).push_back(f);
      }
      reports.push_back(std::move(report));
      onward_.push_back(std::move(onward));
    }
    // What went on later from the queue: behind all that was known when it was sent.
    for (std::size_t i = 0; i < onward_.size(); ++i) {
      std::vector<sent_copy> none;
      for (const auto& c : onward_[i]) reports[i].forwarded.push_back(settle(at++, look_at(c, c.address, none)));
    }
    if (!answered_) give_back();
    return answered_;
  }

  bool nothing_to_do() const { return removals_.empty() && removed_.empty(); }
  /// Commits what is to be done. False: it is not known whether it was done.
  bool act(bool& complete) {
    const auto now = n_.clock->wall();
    std::vector<storage::queue::any_command> spool;
    for (const auto id : removed_) {
      spool.emplace_back(storage::queue::removed{id});
      spool.emplace_back(storage::queue::put_note{std::string(recall::later_space), recall::later_removed_key(id), {}, {},
                                                  n_.settings->get()->recall_messages * recall::later_factor});
    }
    spool.emplace_back(storage::queue::put_note{recall_space, note_key(run_), encode(progress_), run_.from.empty() ? base::wall_time{} : now + home_recalls_kept, 0});
    auto group = spool_group(now, std::move(spool));
    std::vector<std::pair<const copy_removal*, std::size_t>> results;
    for (const auto& r : removals_) {
      results.emplace_back(&r, group.commands.size());
      for (auto& c : r.commands(n_, now)) group.commands.push_back(std::move(c));
    }
    const auto done = tools_.commit(std::move(group));
    if (!done) {
      give_back();
      return false;
    }
    for (const auto& [removal, at] : results)
      complete = complete && at < done->results.size() && removal->complete(done->results.data() + at, done->results.size() - at);
    return true;
  }

  std::vector<recall::recipient_report> reports;

private:
  /// What was to be stopped goes its way until the order is run again.
  void give_back() const {
    for (const auto id : removed_) caf::anon_send(tools_.dispatch, look_at_message{id});
  }

  /// What an earlier pass did counts where nothing is found any more.
  fate settle(std::size_t at, fate now) {
    auto& fates = progress_.fates;
    if (at >= fates.size()) fates.resize(at + 1, fate::not_found);
    return fates[at] = recall::of_two_runs(fates[at], now);
  }

  fate look_at(const sent_copy& c, const std::string& address, std::vector<sent_copy>& onward) {
    if (c.place == sent_copy::where::mailbox) return in_mailbox(base::account_id{c.id}, {progress_.sent.body});
    return in_queue(base::message_id{c.id}, c.number, address, onward);
  }

  fate in_mailbox(base::account_id account, const std::vector<std::string>& bodies) {
    const auto key = std::make_pair(account, bodies);
    if (const auto known = accounts_.find(key); known != accounts_.end()) return known->second;
    fate out = fate::not_found;
    if (const auto record = directory_->account(account)) {
      if (!here_(*record)) {
        out = elsewhere(homes_->volume_of(*record), account, bodies);
      } else if (const auto found = find_copies(n_, account, bodies, progress_.sent.time)) {
        copy_removal removal(account, rules_.also_read);
        out = removal.judge(*found);
        if (!removal.nothing_to_do()) removals_.push_back(std::move(removal));
      } else {
        answered_ = false;
      }
    }
    accounts_.emplace(key, out);
    return out;
  }

  /// At once: its home notes what it did, so that it says the same when it is asked again.
  fate elsewhere(std::uint64_t volume, base::account_id account, const std::vector<std::string>& bodies) {
    if (!unreached_.contains(volume)) {
      if (const auto f = ask_copies(n_, volume, {run_.order, run_.from, account, progress_.sent.time, rules_.also_read, bodies})) return *f;
      unreached_.insert(volume);
    }
    answered_ = answered_ && !patient_;
    return fate::unreached;
  }

  fate in_queue(base::message_id id, std::uint32_t number, const std::string& address, std::vector<sent_copy>& onward) {
    std::vector<std::string> bodies{progress_.sent.body};
    bool failed = false, taken_out = false;
    for (const auto& n : later_of(id)) {
      if (n.what == recall::later_note::kind::body) bodies.push_back(n.body);
      taken_out = taken_out || n.what == recall::later_note::kind::removed;
      if (n.what == recall::later_note::kind::failed) failed = failed || n.number == number;
      if (n.what == recall::later_note::kind::onward && n.number == number) onward.push_back(n.onward);
    }
    const auto& message = queued(id);
    if (message && number < message->recipients.size()) {
      const auto state = message->recipients[number].state;
      if (state == recipient_state::waiting) {
        const auto f = stop(id, number);
        // On its way into a mailbox here: when it has arrived it can be taken out.
        if (f == fate::in_flight && is_ours(address)) answered_ = false;
        return f;
      }
      failed = failed || state != recipient_state::delivered;
    }
    if (failed) return fate::returned;
    if (taken_out) return fate::not_found;
    if (!is_ours(address)) return fate::already_sent;
    const auto found = directory_->resolve(address);
    if (found.what != routing::resolved::found || found.accounts.empty()) return fate::already_sent;
    fate out = fate::not_found;
    for (const auto& a : found.accounts) out = recall::of_several(out, in_mailbox(a.account->id, bodies));
    return out;
  }

  bool is_ours(const std::string& address) const {
    const auto domain = routing::canonical_domain(routing::sides(address).domain);
    return domain && directory_->domain(*domain) != nullptr;
  }

  fate stop(base::message_id id, std::uint32_t number) {
    if (removed_.insert(id).second) {
      caf::scoped_actor self{*n_.system};
      self->request(tools_.dispatch, answer_time, withdraw_message{id})
          .receive([&](const withdrawn_message& w) { in_flight_[id] = w.in_flight; }, [&](const caf::error&) { answered_ = false; });
    }
    const auto& flying = in_flight_[id];
    return std::find(flying.begin(), flying.end(), number) == flying.end() ? fate::stopped : fate::in_flight;
  }

  const std::optional<storage::queue::envelope>& queued(base::message_id id) {
    const auto at = queued_.find(id);
    return at != queued_.end() ? at->second : queued_.emplace(id, spool_->find(id)).first->second;
  }
  const std::vector<recall::later_note>& later_of(base::message_id id) {
    if (const auto at = later_.find(id); at != later_.end()) return at->second;
    auto& out = later_[id];
    const auto prefix = recall::later_prefix(id);
    for (std::string after;;) {
      const auto page = spool_->notes(recall::later_space, prefix, page_notes, after);
      for (const auto& n : page)
        if (auto read = recall::read_later(n.key, n.value)) out.push_back(std::move(*read));
      if (page.size() < page_notes) return out;
      after = page.back().key;
    }
  }

  const order_tools& tools_;
  node& n_;
  const recall_run& run_;
  recall::recall_rules rules_;
  progress& progress_;
  bool patient_;                                 ///< homes that do not answer are waited for
  std::shared_ptr<const routing::home_view> homes_;
  home_check here_;
  std::shared_ptr<const routing::directory_view> directory_;
  std::shared_ptr<const storage::queue::spool_view> spool_;
  bool answered_ = true;
  std::vector<copy_removal> removals_;           ///< from mailboxes here
  std::set<std::uint64_t> unreached_;            ///< volumes that do not answer
  std::set<base::message_id> removed_;
  std::map<base::message_id, std::vector<std::uint32_t>> in_flight_;
  std::map<std::pair<base::account_id, std::vector<std::string>>, fate> accounts_;
  std::map<base::message_id, std::optional<storage::queue::envelope>> queued_;
  std::map<base::message_id, std::vector<recall::later_note>> later_;
  std::vector<std::vector<sent_copy>> onward_;   ///< by recipient
};

} // namespace

recall::recall_rules recall_rules_of(const node& n) {
  const auto values = n.settings->get();
  return {values->recall_messages != 0, values->recall_read, std::chrono::seconds(values->recall_seconds)};
}

bool waits_for_homes(const node& n, base::wall_time received) { return n.clock->wall() - received < home_patience; }

std::optional<recall::sent_record> find_sent(const storage::queue::spool_view& spool, const recall::request& asked, base::account_id requester,
                                             const std::function<bool(const recall::sent_record&)>& counts) {
  recall::sent_search search(asked, requester);
  for (std::string after;;) {
    const auto page = spool.notes(recall::sent_space, "", page_notes, after);
    for (const auto& n : page)
      if (const auto r = recall::decode_sent(n.key, n.value); r && counts(*r)) search.look_at(*r);
    if (page.size() < page_notes) return search.found();
    after = page.back().key;
  }
}

std::optional<recall::sent_record> recall_begun(const node& n, const recall_run& run) {
  auto known = begun(n, run);
  return known ? std::optional(std::move(known->sent)) : std::nullopt;
}

std::optional<std::vector<recall::recipient_report>> run_recall(const order_tools& tools, const recall_run& run, recall::sent_record sent) {
  auto& n = tools.of;
  auto known = begun(n, run);
  if (!known) known.emplace(progress{std::move(sent), {}});
  std::vector<recall::recipient_report> reports;
  for (int i = 0; i < passes_max; ++i) {
    pass now(tools, run, recall_rules_of(n), *known);
    if (!now.look()) return std::nullopt;
    reports = std::move(now.reports);
    bool complete = true;
    if (now.nothing_to_do()) break;
    if (!now.act(complete)) return std::nullopt;
    if (complete) break;
  }
  const auto account = n.directory->get()->account(run.account);
  base::log_event(base::severity::notice, "message.recalled")
      .text("message", message_name(known->sent.id)).text("account", account ? account->address : "").text("order", message_name(run.order))
      .number("recipients", static_cast<std::int64_t>(reports.size()));
  return reports;
}

storage::queue::any_command recall_over(base::message_id order) { return storage::queue::drop_note{recall_space, note_key({order, {}, {}, {}})}; }

} // namespace rookery::actors
