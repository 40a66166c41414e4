#include "actors/smtp/transaction.hpp"

#include "actors/account/sent_today.hpp"
#include "actors/smtp/sent_note.hpp"
#include "base/text.hpp"
#include "policy/routing/address_form.hpp"
#include "storage/mail/command.hpp"
#include "storage/queue/command.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>

namespace rookery::actors {
namespace {

/// `new_message::prefix` may have so many octets (storage/mail/command.hpp).
constexpr std::size_t prefix_octets_max = 1000;

bool held(const commit_facts& facts) { return facts.hold_until != base::wall_time{}; }

storage::queue::envelope envelope_of(const transaction& t, const commit_facts& facts) {
  storage::queue::envelope e;
  const auto& p = t.parameters;
  e.id = t.id;
  e.sender = t.sender.text();
  e.received = t.begun;
  e.ret = static_cast<storage::queue::dsn_return>(p.ret);
  e.envid = p.envelope_id;
  e.body = static_cast<storage::queue::body_type>(p.body);
  e.smtputf8 = p.smtputf8;
  e.requiretls = p.require_tls;
  e.hold_until = facts.hold_until;
  if (held(facts)) e.queue = "deferred";
  if (p.by) {
    e.deliver_by = t.begun + std::chrono::seconds(p.by->seconds);
    e.deliver_by_return = p.by->or_return;
    e.deliver_by_trace = p.by->trace;
  }
  if (facts.account) e.account = facts.account->id;
  e.login = facts.login;
  e.peer = facts.peer;
  e.helo = facts.helo;
  e.session = facts.session;
  e.prefix = facts.fix_ups;
  e.subject = facts.subject;
  e.message_id_field = facts.message_id;
  e.dnssec = facts.dnssec;
  e.priority = facts.priority;
  e.tls_optional = facts.tls_optional;
  return e;
}

void add_recipient(storage::queue::envelope& e, const accepted_recipient& r, std::string address) {
  storage::queue::recipient to;
  to.address = std::move(address);
  to.notify = r.parameters.notify;
  to.orcpt = r.parameters.original_recipient;
  to.next_attempt = e.hold_until;
  e.recipients.push_back(std::move(to));
}

/// RFC 3461 §5.2.3, §5.2.7.3: into a mailbox here, or to several behind an alias.
bool wants_confirmation(const transaction& t, const accepted_recipient& r) {
  return (r.parameters.notify & smtp::notify::success) != 0 && !t.sender.null() && (!r.route.local.empty() || r.route.remote.size() > 1);
}

/// Where mail for this address waits: with its gateway, or with all the other mail ("").
std::string own_queue(const commit_facts& facts, const std::string& address) {
  if (facts.delivery == nullptr || facts.delivery->gateways().empty()) return {};
  const auto gateway = facts.delivery->gateway(routing::sides(address).domain);
  return gateway == nullptr ? std::string() : gateway->queue;
}

void add_to_spool(prepared_message& to, base::wall_time now, storage::queue::any_command what) {
  storage::shard_command c;
  c.shard = storage::spool_shard;
  if (std::holds_alternative<storage::queue::accepted>(what)) c.bodies = {0};
  c.payload = storage::queue::encode({now, std::move(what)});
  to.group.commands.push_back(std::move(c));
}

std::string prefix_for(const transaction& t, const routing::local_delivery& d, const std::string& fix_ups) {
  auto prefix = smtp::return_path_field(t.sender.text()) + smtp::delivered_to_field(d.delivered_to);
  if (prefix.size() + fix_ups.size() <= prefix_octets_max) prefix += fix_ups;
  return prefix;
}

} // namespace

std::string transaction::name() const {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(id.value));
  return text;
}

std::shared_ptr<prepared_message> prepare(transaction& t, const commit_facts& facts) {
  auto out = std::make_shared<prepared_message>();
  out->message = std::move(t.message);
  out->group.bodies.push_back(out->message->finish());
  auto envelope = envelope_of(t, facts);
  std::vector<std::pair<base::account_id, std::string>> done; // account and folder: once each
  // A summary depends on the prefix by its length alone: its fields are not among those summarized.
  std::map<std::size_t, storage::mail::message_summary> summaries;
  std::uint32_t number = 0;
  storage::queue::envelope whole; // with all recipients, for archives
  if (facts.archive->wanted()) whole = envelope;
  onward_mail onward(facts.onward);
  std::optional<storage::queue::envelope> order; // for the system account
  sent_note sent(t, facts, out->group.bodies.front().id);
  struct own_message {
    storage::queue::envelope envelope;
    std::vector<std::size_t> sent_as; ///< what the note calls each recipient
  };
  std::map<std::string, own_message> apart; // by queue
  const auto queue_up = [&](const accepted_recipient& r, const std::string& address) {
    const auto queue = own_queue(facts, address);
    if (queue.empty()) {
      sent.queued(envelope.recipients.size(), address);
      return add_recipient(envelope, r, address);
    }
    const auto [at, fresh] = apart.try_emplace(queue);
    if (fresh) {
      at->second.envelope = envelope_of(t, facts);
      at->second.envelope.queue = queue;
    }
    at->second.sent_as.push_back(sent.current());
    add_recipient(at->second.envelope, r, address);
  };
  for (const auto& r : t.recipients) {
    if (r.at_end.what == reception::fate::refused) continue;
    sent.begin(r.address.text());
    if (r.route.what == routing::recipient_route::kind::system) {
      // Obeyed at once, whatever the message says of its time.
      if (!order) order = envelope_of(t, facts);
      order->hold_until = {};
      add_recipient(*order, r, r.address.text());
      continue;
    }
    if (facts.archive->wanted()) add_recipient(whole, r, r.address.text());
    const bool elsewhere = facts.elsewhere && std::any_of(r.route.local.begin(), r.route.local.end(), [&](const auto& d) { return facts.elsewhere(*d.account); });
    if (held(facts) || r.at_end.what == reception::fate::queued || elsewhere || wants_confirmation(t, r)) {
      // FUTURERELEASE: nobody has it before its time; the queue routes it then. Or its mailbox is full. Or its
      // delivery is to be confirmed, which the queue does when it delivers. Or a mailbox is on another node.
      sent.queued(envelope.recipients.size(), r.address.text());
      add_recipient(envelope, r, r.address.text());
      continue;
    }
    for (const auto& address : r.route.remote) queue_up(r, address); // without SUCCESS if there are several
    for (const auto& d : r.route.local) {
      auto key = std::make_pair(d.account->id, d.folder);
      if (std::find(done.begin(), done.end(), key) != done.end()) {
        sent.stored(d.account->id);
        continue;
      }
      done.push_back(std::move(key));
      facts.archive->reached(*d.account);
      const bool stays = d.by_right || onward.reaches(*d.account, r.address.text(), r.parameters.notify);
      sent.forwarded_until(onward.count());
      if (!stays) continue;
      sent.stored(d.account->id);
      storage::mail::deliver what;
      what.folder = d.folder;
      what.create = d.create_folder;
      what.origin = t.id.value;
      what.recipient = number++;
      what.message.prefix = prefix_for(t, d, facts.fix_ups);
      what.message.internal_date = t.begun;
      auto known = summaries.find(what.message.prefix.size());
      if (known == summaries.end()) {
        auto summary = out->message->summarize(what.message.prefix);
        if (!summary) {
          out->failed = summary.error();
          return out;
        }
        known = summaries.emplace(what.message.prefix.size(), std::move(*summary)).first;
      }
      what.message.summary = known->second;
      storage::shard_command c;
      c.shard = facts.shard_of(d.account->id);
      c.payload = storage::mail::encode({d.account->id, t.begun, std::move(what)});
      c.bodies = {0};
      out->group.commands.push_back(std::move(c));
      ++out->local;
    }
  }
  if (auto copied = facts.archive->add_to(out->group, *out->message, whole); !copied) {
    out->failed = copied.error();
    return out;
  }
  std::size_t number_of_forward = 0;
  for (auto& e : onward.envelopes(envelope, facts.next_id)) {
    out->remote += e.recipients.size();
    sent.forwarded(number_of_forward++, e);
    add_to_spool(*out, t.begun, storage::queue::accepted{std::move(e)});
  }
  out->remote += envelope.recipients.size();
  for (auto& note : onward.notes()) add_to_spool(*out, t.begun, std::move(note));
  bool named = !envelope.recipients.empty(); // one of them has the transaction's own id
  if (named) add_to_spool(*out, t.begun, storage::queue::accepted{std::move(envelope)});
  for (auto& [queue, own] : apart) {
    auto& e = own.envelope;
    if (std::exchange(named, true)) e.id = facts.next_id();
    out->remote += e.recipients.size();
    for (std::size_t i = 0; i < own.sent_as.size(); ++i) sent.queued_as(own.sent_as[i], e, i);
    add_to_spool(*out, t.begun, storage::queue::accepted{std::move(e)});
  }
  if (order) {
    order->id = facts.next_id();
    order->queue = "system";
    out->remote += order->recipients.size();
    add_to_spool(*out, t.begun, storage::queue::accepted{std::move(*order)});
  } else if (auto note = sent.note()) {
    // Who recalls his last message does not mean the one that asks for it.
    add_to_spool(*out, t.begun, std::move(*note));
  }
  if (facts.counted != 0) add_to_spool(*out, t.begun, sent_today::note(facts.account->id, facts.counted, t.begun));
  return out;
}

} // namespace rookery::actors
