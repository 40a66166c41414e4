#include "actors/queue/recall_order.hpp"

#include "actors/queue/copy_finder.hpp"
#include "actors/queue/dispatch_actor.hpp"
#include "actors/queue/spool_commit.hpp"
#include "base/codec.hpp"
#include "base/log.hpp"
#include "policy/recall/sent_record.hpp"
#include "policy/routing/address_form.hpp"
#include "storage/mail/command.hpp"
#include "storage/queue/spool_machine.hpp"

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
    if (f > static_cast<std::uint8_t>(fate::not_found)) return std::nullopt;
    out.fates.push_back(static_cast<fate>(f));
  }
  return d.ok() ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<recall::sent_record> find_sent(const storage::queue::spool_view& spool, const recall::request& asked, const system_order& order) {
  recall::sent_search search(asked, order.account->id);
  for (std::string after;;) {
    const auto page = spool.notes(recall::sent_space, "", page_notes, after);
    for (const auto& n : page) {
      const auto r = recall::decode_sent(n.key, n.value);
      // Not what was sent behind the order: it may be run late.
      if (r && r->id < order.message->id) search.look_at(*r);
    }
    if (page.size() < page_notes) return search.found();
    after = page.back().key;
  }
}

/// One pass over all copies: what each is, and what is to be done now.
class pass {
public:
  pass(const order_tools& tools, const recall::recall_rules& rules, progress& p) : tools_(tools), n_(tools.of), rules_(rules), progress_(p) {
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

  bool nothing_to_do() const { return commands_.empty() && removed_.empty(); }
  /// Commits what is to be done. False: it is not known whether it was done.
  bool act(base::message_id order, bool& complete) {
    const auto now = n_.clock->wall();
    std::vector<storage::queue::any_command> spool;
    for (const auto id : removed_) {
      spool.emplace_back(storage::queue::removed{id});
      spool.emplace_back(storage::queue::put_note{std::string(recall::later_space), recall::later_removed_key(id), {}, {},
                                                  n_.settings->get()->recall_messages * recall::later_factor});
    }
    spool.emplace_back(storage::queue::put_note{recall_space, recall::sent_key(order), encode(progress_), {}, 0});
    auto group = spool_group(now, std::move(spool));
    std::vector<std::size_t> wanted(group.commands.size(), 0);
    for (auto& [place, uids] : commands_) {
      storage::mail::expunge e;
      e.mailbox = place.second;
      e.uids.emplace();
      for (const auto uid : uids) e.uids->emplace_back(uid, uid);
      e.even_undeleted = true;
      e.unseen_only = !rules_.also_read;
      storage::shard_command c;
      c.shard = n_.shard_of(place.first);
      c.payload = storage::mail::encode({place.first, now, std::move(e)});
      group.commands.push_back(std::move(c));
      wanted.push_back(uids.size());
    }
    const auto done = tools_.commit(std::move(group));
    if (!done) {
      give_back();
      return false;
    }
    for (std::size_t i = 0; i < wanted.size() && i < done->results.size(); ++i)
      complete = complete && (wanted[i] == 0 || done->results[i].uids.size() == wanted[i]);
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
    const auto before = fates[at];
    const bool ours = before == fate::removed_unread || before == fate::removed_read || before == fate::stopped || before == fate::in_flight;
    if (ours && (now == fate::not_found || now == fate::already_sent)) return before;
    return fates[at] = now;
  }

  fate look_at(const sent_copy& c, const std::string& address, std::vector<sent_copy>& onward) {
    if (c.place == sent_copy::where::mailbox) return in_mailbox(base::account_id{c.id}, {progress_.sent.body});
    return in_queue(base::message_id{c.id}, c.number, address, onward);
  }

  fate in_mailbox(base::account_id account, const std::vector<std::string>& bodies) {
    const auto key = std::make_pair(account, bodies);
    if (const auto known = accounts_.find(key); known != accounts_.end()) return known->second;
    fate out = fate::not_found;
    if (directory_->account(account)) {
      const auto found = find_copies(n_, account, bodies, progress_.sent.time);
      if (!found) answered_ = false;
      else
        for (const auto& copy : *found) out = worse(out, take(account, copy));
    }
    accounts_.emplace(key, out);
    return out;
  }

  fate take(base::account_id account, const found_copy& copy) {
    const auto f = recall::of_mailbox_copy(true, copy.seen, rules_);
    if (f != fate::kept_read) commands_[{account, copy.mailbox}].insert(copy.uid);
    return f;
  }
  /// A user who has several copies has read the message when one of them is read.
  static fate worse(fate a, fate b) {
    for (const auto f : {fate::kept_read, fate::removed_read, fate::removed_unread})
      if (a == f || b == f) return f;
    return fate::not_found;
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
    for (const auto& a : found.accounts) out = worse(out, in_mailbox(a.account->id, bodies));
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
  recall::recall_rules rules_;
  progress& progress_;
  std::shared_ptr<const routing::directory_view> directory_;
  std::shared_ptr<const storage::queue::spool_view> spool_;
  bool answered_ = true;
  std::map<std::pair<base::account_id, base::mailbox_id>, std::set<std::uint32_t>> commands_; ///< UIDs to be expunged
  std::set<base::message_id> removed_;
  std::map<base::message_id, std::vector<std::uint32_t>> in_flight_;
  std::map<std::pair<base::account_id, std::vector<std::string>>, fate> accounts_;
  std::map<base::message_id, std::optional<storage::queue::envelope>> queued_;
  std::map<base::message_id, std::vector<recall::later_note>> later_;
  std::vector<std::vector<sent_copy>> onward_;   ///< by recipient
};

order_answer answer_of(const recall::request& asked, recall::permission allowed, const std::optional<recall::sent_record>& sent,
                       const std::vector<recall::recipient_report>& reports) {
  auto text = recall::write_report(asked, allowed, sent, reports, sent ? sent->unremembered : 0);
  return {std::move(text.subject), std::move(text.body), {}};
}

} // namespace

std::optional<order_answer> recall_order(const order_tools& tools, const system_order& order) {
  auto& n = tools.of;
  const auto values = n.settings->get();
  const recall::recall_rules rules{values->recall_messages != 0, values->recall_read, std::chrono::seconds(values->recall_seconds)};
  const auto asked = recall::read_request(order.subject, order.attached);
  const auto key = recall::sent_key(order.message->id);
  std::optional<progress> known;
  if (const auto note = n.spool->view()->note(recall_space, key)) known = decode(note->value);
  if (!known) {
    auto sent = find_sent(*n.spool->view(), asked, order);
    const auto allowed = recall::may_recall(rules, order.account->id, sent, order.message->received);
    if (asked.what == recall::request::kind::malformed || allowed != recall::permission::allowed) return answer_of(asked, allowed, sent, {});
    known.emplace(progress{std::move(*sent), {}});
  }
  std::vector<recall::recipient_report> reports;
  for (int i = 0; i < passes_max; ++i) {
    pass now(tools, rules, *known);
    if (!now.look()) return std::nullopt;
    reports = std::move(now.reports);
    bool complete = true;
    if (now.nothing_to_do()) break;
    if (!now.act(order.message->id, complete)) return std::nullopt;
    if (complete) break;
  }
  base::log_event(base::severity::notice, "message.recalled")
      .text("message", message_name(known->sent.id)).text("account", order.account->address).text("order", message_name(order.message->id))
      .number("recipients", static_cast<std::int64_t>(reports.size()));
  auto out = answer_of(asked, recall::permission::allowed, known->sent, reports);
  out.with.emplace_back(storage::queue::drop_note{recall_space, key});
  return out;
}

} // namespace rookery::actors
