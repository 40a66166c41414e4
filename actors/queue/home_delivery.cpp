#include "actors/queue/home_delivery.hpp"

#include "actors/queue/dispatch_actor.hpp"
#include "actors/queue/home_mail.hpp"
#include "actors/queue/mail_over_stream.hpp"
#include "actors/queue/spool_commit.hpp"
#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "actors/system/held_session.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "policy/recall/sent_record.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using milliseconds = std::chrono::milliseconds;

constexpr milliseconds dial_time{3000}, answer_time{90'000};

class home_state {
public:
  static inline const char* name = "home_delivery";

  void begin(caf::event_based_actor* self, std::shared_ptr<home_delivery_parts> parts) {
    self_ = self;
    parts_ = std::move(parts);
  }

  void open(const open_connection& o) {
    const auto number = o.slot.connection;
    if (const auto why = reach()) {
      tell_away(*why);
      connection_over over;
      over.connection = number;
      over.how = queueing::close_reason::failed;
      // Nothing is noted with the mail: that a home moves is no attempt of a message's plan, which would make it wait for minutes. Dispatch asks
      // again soon; delays and expiry are told by their time.
      over.why = {delivery::of_trouble(delivery::trouble::unreachable, *why), host_, false, false};
      return self_->send(parts_->dispatch, std::move(over));
    }
    go_on(number, 0);
  }

private:
  /// Once, until mail was brought there again: each message tries several times a second while a home moves.
  void tell_away(const std::string& why) {
    if (!std::exchange(told_away_, true)) base::log_event(base::severity::info, "delivery.home_away").text("destination", parts_->destination).text("why", why);
  }

  /// Nothing: there is a stream to who leads the volume now. Else why not.
  std::optional<std::string> reach() {
    const auto homes = homes_of(*parts_->of);
    const auto* place = homes->place(parts_->volume);
    const auto relays = relays_of(*parts_->of);
    const auto identity = relays ? relays->identity() : nullptr;
    if (place == nullptr || place->leader == 0 || !identity) return "nobody serves its home now";
    host_ = place->address;
    const auto from = volume_of_node(*parts_->of);
    if (parts_->volume == from) return "its home is here now";
    if (stream_ && !stream_->closed() && leader_ == place->leader && epoch_ == place->epoch) return {};
    stream_ = nullptr;
    auto made = cluster::node_stream::dial(*identity, place->leader, delivery_stream, {{"volume", std::to_string(parts_->volume)}, {"from", std::to_string(from)}}, dial_time);
    if (!made) return made.error().client.value;
    stream_ = std::move(*made);
    leader_ = place->leader;
    epoch_ = place->epoch;
    return {};
  }

  /// `passed`: the last transaction whose result went to record.
  void go_on(queueing::connection_number connection, std::uint64_t passed) {
    const auto over = [this, connection, passed](queueing::close_reason how) {
      self_->send(parts_->dispatch, connection_over{connection, how, {}, passed, false});
    };
    self_->request(parts_->dispatch, caf::infinite, take_work{connection, home_recipients_max})
        .then(
            [this, connection, over](const given_work& g) {
              if (g.what != queueing::take_result::work) {
                stream_ = nullptr;
                return over(queueing::close_reason::finished);
              }
              auto result = bring(g.work, g.message);
              const bool broken = result->how != queueing::end_reason::answered;
              self_->send(parts_->record, std::move(result));
              if (!broken) return go_on(connection, g.work.number);
              connection_over lost;
              lost.connection = connection;
              lost.how = queueing::close_reason::failed;
              lost.why = {delivery::of_trouble(delivery::trouble::lost, "the stream to its home was lost"), host_, false, false};
              lost.passed = g.work.number;
              self_->send(parts_->dispatch, std::move(lost));
            },
            [over](const caf::error&) { over(queueing::close_reason::finished); });
  }

  attempt_result_ptr bring(const queueing::transaction& work, const envelope_ptr& message) {
    auto out = std::make_shared<attempt_result>();
    out->transaction = work.number;
    out->message = message;
    out->here = true; // the mailbox is the end of its way
    out->session = message->session;
    const auto all = [&](const delivery::verdict& v) {
      out->recipients.clear();
      for (const auto n : work.recipients) out->recipients.push_back({n, v});
      return out;
    };
    // As soon as somebody serves its home: that the node went is no sign that the mail should wait.
    const auto again = [&](delivery::trouble what, const std::string& why) {
      stream_ = nullptr;
      tell_away(why);
      out->how = queueing::end_reason::broken;
      auto v = delivery::of_trouble(what, why);
      v.what = delivery::fate::at_once;
      return all(v);
    };
    const auto lost = [&](const std::string& why) { return again(delivery::trouble::lost, why); };
    if (const auto why = reach()) return again(delivery::trouble::unreachable, *why);
    out->remote_host = host_;
    using enum mail_sending::state;
    const auto sent = send_mail(*stream_, *parts_->of->bodies, work, *message, home_mail_type, home_octets_type);
    if (sent.what == lost_stream) return lost(sent.why);
    if (sent.what != sent_whole) {
      if (sent.what == unreadable) stream_ = nullptr; // the home drops what it has of it
      return all(delivery::of_trouble(delivery::trouble::local, sent.why));
    }
    // Another node may lead this queue by now: it is not finished here.
    if (!may_serve(*parts_->of)) return lost("the queue's lease is over");
    if (auto end = stream_->send(home_end_type, {}, mail_piece_time); !end) return lost(end.error().client.value);
    auto answer = stream_->receive(answer_time);
    if (!answer) return lost(answer.error().client.value);
    if (!*answer) return lost("its home does not answer");
    auto results = (*answer)->type == home_results_type ? read_home_results((*answer)->body) : std::nullopt;
    if (!results) return lost("its home gave an answer that cannot be read");
    out->recipients = results_of(work.recipients, std::move(*results));
    if (std::exchange(told_away_, false)) base::log_event(base::severity::info, "delivery.home_reached").text("destination", parts_->destination).text("host", host_);
    note_body(*message, *out);
    return out;
  }

  /// Who recalls the message finds it in mailboxes by its body, which begins there with what was added when it was accepted.
  void note_body(const storage::queue::envelope& message, attempt_result& into) const {
    auto& n = *parts_->of;
    const auto remembered = n.settings->get()->recall_messages * recall::later_factor;
    const bool arrived = std::any_of(into.recipients.begin(), into.recipients.end(), [](const auto& r) { return r.as.what == delivery::fate::done; });
    if (!arrived || message.prefix.empty() || message.account.value == 0 || remembered == 0) return;
    base::sha256_stream digest;
    digest.update(message.prefix);
    std::string piece(std::min<std::size_t>(home_piece_octets, message.content.length), '\0');
    for (std::uint32_t at = 0; at < message.content.length;) {
      const auto got = n.bodies->read(message.content, at, piece.data(), std::min<std::size_t>(piece.size(), message.content.length - at));
      if (!got || *got == 0) return; // it was there a moment ago; a recall does not find this copy
      digest.update(std::string_view(piece).substr(0, *got));
      at += static_cast<std::uint32_t>(*got);
    }
    const auto id = digest.finish();
    into.with = spool_group(n.clock->wall(), {storage::queue::put_note{std::string(recall::later_space), recall::later_body_key(message.id), std::string(base::view(id)), {}, remembered}});
  }

  caf::event_based_actor* self_ = nullptr;
  std::shared_ptr<home_delivery_parts> parts_;
  std::unique_ptr<cluster::node_stream> stream_;
  std::uint64_t leader_ = 0, epoch_ = 0;
  std::string host_;
  bool told_away_ = false;
};

caf::behavior home_delivery(caf::stateful_actor<home_state>* self, std::shared_ptr<home_delivery_parts> parts) {
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  auto& st = self->state;
  st.begin(self, std::move(parts));
  return {[&st](const open_connection& o) { st.open(o); },
          [self](destination_idle) { self->quit(); }};
}

} // namespace

caf::actor spawn_home_delivery(caf::local_actor& parent, std::shared_ptr<home_delivery_parts> parts) {
  return parent.spawn<caf::detached + caf::hidden>(home_delivery, std::move(parts));
}

} // namespace rookery::actors
