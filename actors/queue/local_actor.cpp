#include "actors/queue/local_actor.hpp"

#include "actors/account/archive_mail.hpp"
#include "actors/account/message_gathering.hpp"
#include "actors/account/onward_mail.hpp"
#include "actors/account/posting.hpp"
#include "actors/queue/spool_commit.hpp"
#include "actors/relay/homes.hpp"
#include "actors/tlsrpt/notes.hpp"
#include "base/log.hpp"
#include "policy/recall/sent_record.hpp"
#include "policy/reception/reception.hpp"
#include "policy/routing/recipient_route.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/smtp/fix_ups.hpp"
#include "protocols/smtp/trace.hpp"
#include "storage/mail/command.hpp"
#include "storage/queue/command.hpp"
#include "storage/queue/spool_machine.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace rookery::actors {
namespace {

using storage::queue::envelope;

/// How much of a body is copied at once.
constexpr std::size_t piece_octets = 64 * 1024;

delivery::verdict refused(const routing::refusal& r) {
  delivery::verdict out;
  out.what = r.code >= 500 ? delivery::fate::failed : delivery::fate::deferred;
  out.status = r.enhanced;
  out.answer = std::to_string(r.code) + " " + out.status + " " + std::string(r.text);
  out.diagnostic = "smtp; " + out.answer;
  return out;
}
delivery::verdict delivered() { return {delivery::fate::done, "2.1.5", {}, "Delivered"}; }
delivery::verdict failed_here(const std::string& text) { return delivery::of_trouble(delivery::trouble::local, text); }

/// What makes a delivery the same when it is repeated: deliveries at acceptance count from 0, those
/// from the spool have the highest bit, 17 for the recipient and 14 for an alias' target.
std::uint32_t delivery_number(std::uint32_t recipient, std::uint32_t target) {
  static_assert(storage::queue::recipients_max < 1u << 17 && routing::alias_targets_max < 1u << 14);
  return 0x80000000u | recipient << 14 | target;
}

/// One message on its way into mailboxes.
class local_delivery {
public:
  local_delivery(node& n, std::uint64_t transaction, const envelope_ptr& message, handed_over_mail handed = {})
      : node_(n), handed_(std::move(handed)), here_(n), message_(message), archive_(n, {{}, n.settings->get()->archive_spam_field}), out_(std::make_shared<attempt_result>()) {
    out_->transaction = transaction;
    out_->message = message;
    out_->here = true;
    directory_ = n.directory->get();
    settings_ = n.settings->get();
  }

  attempt_result_ptr run(const std::vector<std::uint32_t>& recipients) {
    if (const auto read = gather(); !read) return not_now(recipients, read.error());
    for (const auto number : recipients) one(number);
    auto like = *message_;
    like.prefix.clear(); // it is in the body now
    if (auto done = archive_.add_to(out_->with, *gathering_, like); !done) return not_now(recipients, done.error());
    std::size_t at = 0;
    for (auto& e : forwards_->envelopes(like, [this] { return node_.next_message_id(); })) {
      for (std::uint32_t i = 0; i < e.recipients.size(); ++i) note_onward(forwarded_for_.at(at), e, i);
      ++at;
      add_to_spool(std::move(e));
    }
    for (std::uint32_t i = 0; i < onward_.recipients.size(); ++i) note_onward(onward_for_[i], onward_, i);
    for (auto& note : forwards_->notes())
      for (auto& c : spool_group(node_.clock->wall(), {std::move(note)}).commands) out_->with.commands.push_back(std::move(c));
    if (!onward_.recipients.empty()) add_to_spool(std::move(onward_));
    // Who recalls the message finds it in mailboxes by this.
    const auto& body = out_->with.bodies.front().id;
    if (!done_.empty() && body != message_->content.id) note_later(recall::later_body_key(message_->id), std::string(base::view(body)));
    return std::move(out_);
  }

private:
  /// Nothing of it is done; all wait for another attempt.
  attempt_result_ptr not_now(const std::vector<std::uint32_t>& recipients, const base::error& why) {
    out_->with = {};
    out_->recipients.clear();
    for (const auto number : recipients) answer(number, failed_here("The message cannot be read now"));
    base::log_event(base::severity::error, "delivery.unreadable").text("message", message_name(message_->id)).text("error", why.log.value);
    return std::move(out_);
  }

  void add_to_spool(envelope e) {
    storage::shard_command c;
    c.shard = storage::spool_shard;
    c.payload = storage::queue::encode({node_.clock->wall(), storage::queue::accepted{std::move(e)}});
    c.bodies = {0};
    out_->with.commands.push_back(std::move(c));
  }

  /// What becomes known of a message that somebody here has sent.
  void note_later(std::string key, std::string value) {
    const auto remembered = settings_->recall_messages * recall::later_factor;
    if (message_->account.value == 0 || remembered == 0 || handed_.octets) return;
    storage::queue::put_note n{std::string(recall::later_space), std::move(key), std::move(value), {}, remembered};
    for (auto& c : spool_group(node_.clock->wall(), {std::move(n)}).commands) out_->with.commands.push_back(std::move(c));
  }
  void note_onward(std::uint32_t number, const envelope& to, std::uint32_t its_number) {
    note_later(recall::later_onward_key(message_->id, number, to.id, its_number), to.recipients[its_number].address);
  }

  base::result<void> gather() {
    gathering_ = handed_.octets ? handed_.octets : std::make_shared<message_gathering>(node_.data_directory + "/spill");
    if (auto done = gathering_->append(message_->prefix); !done) return done;
    const auto& body = message_->content;
    std::string piece(std::min<std::size_t>(piece_octets, body.length), '\0');
    for (std::uint32_t at = 0; at < body.length;) {
      const auto n = node_.bodies->read(body, at, piece.data(), std::min<std::size_t>(piece.size(), body.length - at));
      if (!n) return base::fail(n.error());
      if (*n == 0) return base::fail(base::error_kind::damaged, "it is damaged", "a body in the spool is shorter than its record says");
      if (auto done = gathering_->append(std::string_view(piece).substr(0, *n)); !done) return done;
      at += static_cast<std::uint32_t>(*n);
    }
    out_->with.bodies.push_back(gathering_->finish());
    out_->keep = gathering_;
    limits_ = forward_limits_of(*node_.settings->get(), node_.secrets.get(), directory_->default_domain());
    const auto header = smtp::read_header_facts(gathering_->front());
    delivered_to_ = header.delivered_to_addresses;
    forwards_.emplace(onward_facts{directory_, limits_, message_->sender, delivered_to_, node_.clock->wall(),
                                   [spool = node_.spool->view()](base::account_id a) { return forward_used(*spool, a); }});
    return {};
  }

  void one(std::uint32_t number) {
    const auto& to = message_->recipients.at(number);
    if (is_report(to.address)) return keep_report(number);
    routing::recipient_facts facts;
    facts.authenticated = true; // it was accepted when it came
    facts.system_name = settings_->system_local_part; // no order comes this way
    auto route = routing::route(*directory_, to.address, facts);
    if (!route.accepted())
      if (const auto behind = rewritten_sender(*limits_, *directory_, to.address, node_.clock->wall())) route = routing::route(*directory_, *behind, facts);
    if (!route.accepted()) return answer(number, refused(route.reason));
    const auto elsewhere = [this](const routing::local_delivery& d) { return !here_(*d.account); };
    // Nodes that do not agree yet must not send mail to and fro.
    if (handed_.octets && std::any_of(route.local.begin(), route.local.end(), elsewhere)) return answer(number, failed_here("Its home is elsewhere now"));
    const auto apart = std::stable_partition(route.local.begin(), route.local.end(), [&](const auto& d) { return !elsewhere(d); });
    for (auto at = apart; at != route.local.end(); ++at) route.remote.push_back(at->by_right ? at->delivered_to : at->account->address);
    route.local.erase(apart, route.local.end());
    for (const auto& d : route.local)
      if (delivered_before(d)) return answer(number, refused(reception::loop_refusal()));
    for (const auto& d : route.local)
      if (const auto* why = refusal_of(d)) return answer(number, refused(*why));
    std::uint32_t target = 0;
    for (const auto& d : route.local) {
      const bool stays = d.by_right || forwards_->reaches(*d.account, to.address, to.notify);
      forwarded_for_.resize(forwards_->count(), number);
      if (stays && !add(number, target++, d)) return answer(number, failed_here("Local error"));
    }
    for (const auto& d : route.local) archive_.reached(*d.account);
    const bool several = route.local.size() + route.remote.size() > 1;
    for (const auto& address : route.remote) {
      onward_for_.push_back(number);
      send_on(to, address, several ? delivery::notify_behind_alias(to.notify) : to.notify);
    }
    answer(number, delivered());
    // RFC 3461 §5.2.7.2, §5.2.7.3: one target takes the wish along, several do not confirm.
    if (!route.remote.empty()) out_->recipients.back().here = several ? delivery::happened::expanded : delivery::happened::passed_on;
  }

  /// As at reception: who submits a message again has read it. What forwarding here has led in a circle ends in
  /// the mailbox (policy/forwarding), and reports have no way back.
  bool delivered_before(const routing::local_delivery& d) const {
    if (message_->origin != storage::queue::message_origin::mail || !message_->login.empty()) return false;
    return std::find(delivered_to_.begin(), delivered_to_.end(), d.delivered_to) != delivered_to_.end();
  }

  void answer(std::uint32_t number, delivery::verdict a) { out_->recipients.push_back({number, std::move(a)}); }

  /// A report about TLS, to the address that takes them.
  bool is_report(const std::string& address) const {
    if (!takes_tls_reports(*node_.settings->get(), *directory_, address)) return false;
    const auto front = gathering_->front();
    return mailauth::is_report_mail(front.substr(0, mime::header_length(front)));
  }
  void keep_report(std::uint32_t number) {
    if (std::exchange(report_kept_, true)) return answer(number, delivered()); // for another recipient of the same message
    std::string text = message_->prefix;
    if (handed_.octets) {
      if (gathering_->spilled() || gathering_->size() > tls_report_mail_octets_max) text.resize(tls_report_mail_octets_max + 1);
      else text += gathering_->front();
    } else if (message_->content.length <= tls_report_mail_octets_max) {
      auto body = node_.bodies->read_whole(message_->content);
      if (!body) return answer(number, failed_here("The message cannot be read now"));
      text += *body;
    } else {
      text.resize(tls_report_mail_octets_max + 1); // too large: kept as such
    }
    const auto now = node_.clock->wall();
    for (auto& what : keep_tls_report(*node_.spool->view(), text, message_->sender, message_->id, now)) {
      storage::shard_command c;
      c.shard = storage::spool_shard;
      c.payload = storage::queue::encode({now, std::move(what)});
      out_->with.commands.push_back(std::move(c));
    }
    base::log_event(base::severity::info, "tlsrpt.received").text("message", message_name(message_->id)).text("from", message_->sender);
    answer(number, delivered());
  }

  /// No room, or a public folder for which its sender lost the right while it waited.
  const routing::refusal* refusal_of(const routing::local_delivery& d) {
    static constexpr routing::refusal unknown{451, "4.3.0", "Try again later"};
    const auto& account = *d.account;
    if (!d.by_right && account.quota_octets == 0 && account.quota_messages == 0) return nullptr;
    caf::scoped_actor self{*node_.system};
    const routing::refusal* out = d.by_right ? &unknown : nullptr;
    self->request(node_.shard_actor(account.id), std::chrono::seconds(30), open_account{account.id, nullptr, nullptr})
        .receive(
            [&](const account_handles& h) {
              const auto view = h.cell->view();
              out = d.by_right ? folder_refusal(*directory_, *view, d, message_->account) : nullptr;
              if (out == nullptr) out = routing::quota_refusal(account, {view->octets, view->messages}, message_->octets());
            },
            [](const caf::error&) {});
    return out;
  }

  bool add(std::uint32_t number, std::uint32_t target, const routing::local_delivery& d) {
    auto key = std::make_pair(d.account->id, d.folder);
    if (std::find(done_.begin(), done_.end(), key) != done_.end()) return true;
    storage::mail::deliver what;
    what.folder = d.folder;
    what.create = d.create_folder;
    what.origin = handed_.octets ? handed_.origin : message_->id.value;
    what.recipient = delivery_number(handed_.octets ? handed_.numbers.at(number) : number, target);
    what.message.prefix = smtp::return_path_field(message_->sender) + smtp::delivered_to_field(d.delivered_to);
    what.message.internal_date = node_.clock->wall();
    auto known = summaries_.find(what.message.prefix.size());
    if (known == summaries_.end()) {
      auto summary = gathering_->summarize(what.message.prefix);
      if (!summary) return false;
      known = summaries_.emplace(what.message.prefix.size(), std::move(*summary)).first;
    }
    what.message.summary = known->second;
    done_.push_back(std::move(key));
    storage::shard_command c;
    c.shard = node_.shard_of(d.account->id);
    c.payload = storage::mail::encode({d.account->id, what.message.internal_date, std::move(what)});
    c.bodies = {0};
    out_->with.commands.push_back(std::move(c));
    return true;
  }

  void send_on(const storage::queue::recipient& was, const std::string& address, std::uint8_t notify) {
    if (onward_.recipients.empty()) {
      onward_ = *message_;
      onward_.recipients.clear();
      onward_.id = node_.next_message_id();
      onward_.prefix.clear(); // it is in the body now
      onward_.queue = "remote";
      onward_.hold_until = {};
      onward_.attempts = 0;
    }
    auto to = was;
    to.address = address;
    to.notify = notify;
    to.attempts = 0;
    to.next_attempt = {};
    to.last_answer.clear();
    to.last_attempt = {};
    onward_.recipients.push_back(std::move(to));
  }

  node& node_;
  handed_over_mail handed_;                  ///< `octets` null: out of the spool
  home_check here_;
  envelope_ptr message_;
  archive_mail archive_;
  attempt_result_ptr out_;
  std::shared_ptr<const routing::directory_view> directory_;
  std::shared_ptr<const config::settings> settings_;
  std::shared_ptr<message_gathering> gathering_;
  std::map<std::size_t, storage::mail::message_summary> summaries_; ///< by the prefix's length
  std::vector<std::pair<base::account_id, std::string>> done_;
  std::vector<std::string> delivered_to_;                           ///< before it came here
  std::shared_ptr<const forwarding::forward_limits> limits_;
  std::optional<onward_mail> forwards_;
  envelope onward_;
  bool report_kept_ = false;
  std::vector<std::uint32_t> forwarded_for_, onward_for_; ///< recipient that led to each forwarded message, each of onward_
};

struct local_state {
  std::shared_ptr<local_parts> parts;
  static inline const char* name = "local_actor";
};
using self_ptr = caf::stateful_actor<local_state>*;

/// `passed`: the last transaction whose result went to record.
void go_on(self_ptr self, const caf::actor& dispatch, queueing::connection_number connection, std::uint64_t passed) {
  const auto over = [self, dispatch, connection, passed] {
    self->send(dispatch, connection_over{connection, queueing::close_reason::finished, {}, passed, false});
  };
  self->request(dispatch, caf::infinite, take_work{connection, 0})
      .then(
          [self, dispatch, connection, over](const given_work& g) {
            if (g.what != queueing::take_result::work) return over();
            self->send(self->state.parts->record, deliver_here(*self->state.parts->of, g.work, g.message));
            go_on(self, dispatch, connection, g.work.number);
          },
          [over](const caf::error&) { over(); });
}

caf::behavior local_actor(self_ptr self, std::shared_ptr<local_parts> parts) {
  self->state.parts = std::move(parts);
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  return {[self](const open_connection& o) {
    go_on(self, caf::actor_cast<caf::actor>(self->current_sender()), o.slot.connection, 0);
  }};
}

} // namespace

attempt_result_ptr deliver_here(node& n, const queueing::transaction& work, const envelope_ptr& message) {
  return local_delivery(n, work.number, message).run(work.recipients);
}

attempt_result_ptr deliver_handed_over(node& n, const envelope_ptr& message, const std::vector<std::uint32_t>& recipients, handed_over_mail handed) {
  return local_delivery(n, 0, message, std::move(handed)).run(recipients);
}

caf::actor spawn_local(caf::actor_system& system, std::shared_ptr<local_parts> parts) {
  return system.spawn<caf::detached + caf::hidden>(local_actor, std::move(parts));
}

} // namespace rookery::actors
