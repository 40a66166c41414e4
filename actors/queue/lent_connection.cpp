#include "actors/queue/lent_connection.hpp"

#include "actors/queue/lent_frames.hpp"
#include "actors/queue/mail_over_stream.hpp"
#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "actors/system/held_session.hpp"
#include "actors/system/volume_table.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

namespace rookery::actors {
namespace {

using milliseconds = std::chrono::milliseconds;
using steady = std::chrono::steady_clock;
using begin_atom = caf::atom_constant<caf::atom("begin")>;
using look_atom = caf::atom_constant<caf::atom("look")>;
using end_atom = caf::atom_constant<caf::atom("end")>;

constexpr milliseconds dial_time{3000};
/// The other node looks for hosts and dials them as long; then this one does.
constexpr std::chrono::seconds open_time{60};
/// While dispatch has no work the stream is looked at so often.
constexpr milliseconds look_time{250};
/// Between two looks whether the lease of the queue's volume lasts.
constexpr milliseconds lease_pause{100};
/// A volume that closes waits so long for the answer of a server that may have taken a message.
constexpr milliseconds farewell_time{3000};

class lent_state {
public:
  static inline const char* name = "lent_connection";

  void begin(caf::event_based_actor* self, std::shared_ptr<lent_parts> parts) {
    self_ = self;
    parts_ = std::move(parts);
    self_->send(self_, begin_atom::value);
  }

  void open() {
    const auto relays = relays_of(of());
    const auto identity = relays ? relays->identity() : nullptr;
    if (!identity) return give_back("this node has no cluster");
    auto made = cluster::node_stream::dial(*identity, parts_->to, attempt_stream, {}, dial_time);
    if (!made) return give_back(made.error().client.value);
    stream_ = std::move(*made);
    heard_ = said_ = steady::now();
    if (!say(lent_frame::way, print_way(*parts_->what.way))) return give_back(fault_);
    const auto until = steady::now() + open_time;
    while (steady::now() < until && !closing()) {
      auto frame = next(milliseconds(lent_alive_time));
      if (!stream_) return lost_unused();
      if (!frame) continue;
      if (frame->type == static_cast<std::uint8_t>(lent_frame::over)) {
        const auto over = read_over(frame->body);
        return give_back(over ? over->why.as.answer : "an answer that cannot be read");
      }
      if (frame->type != static_cast<std::uint8_t>(lent_frame::want)) return lost_unused();
      came_about_ = true;
      return wanted(frame->body);
    }
    lost_unused();
  }

  /// While dispatch is asked for work.
  void look() {
    if (!asking_ || ended_) return;
    if (!beat()) return lost_idle();
    if (auto frame = next(milliseconds(0))) {
      const auto over = frame->type == static_cast<std::uint8_t>(lent_frame::over) ? read_over(frame->body) : std::nullopt;
      return over ? finished(*over) : lost_idle();
    }
    if (!stream_) return lost_idle();
    self_->delayed_send(self_, look_time, look_atom::value);
  }

  void end() { finish({}); }

private:
  node& of() const { return *parts_->of; }
  queueing::connection_number number() const { return parts_->what.slot.connection; }

  /// Its volume closes, or has closed.
  bool closing() const {
    const auto volumes = volumes_of(of());
    return volumes && !volumes->find(volumes->id_of(of()));
  }

  bool say(lent_frame what, std::string_view body) {
    if (!stream_) return false;
    said_ = steady::now();
    auto sent = stream_->send(static_cast<std::uint8_t>(what), body, mail_piece_time);
    if (!sent) lose(sent.error().client.value);
    return sent.ok();
  }
  bool beat() { return steady::now() - said_ < lent_alive_time || say(lent_frame::alive, {}); }
  void lose(std::string why) {
    fault_ = std::move(why);
    stream_ = nullptr;
  }

  /// The next frame but signs of life; nothing: none within `limit`, or the stream is lost.
  std::optional<cluster::stream_frame> next(milliseconds limit) {
    const auto until = steady::now() + limit;
    while (stream_) {
      const auto left = std::max(milliseconds(0), std::chrono::ceil<milliseconds>(until - steady::now()));
      auto frame = stream_->receive(std::min(left, lent_alive_time));
      if (!frame) {
        lose(frame.error().client.value);
        return {};
      }
      if (*frame) heard_ = steady::now();
      if (*frame && (*frame)->type != static_cast<std::uint8_t>(lent_frame::alive)) return std::move(*frame);
      if (steady::now() - heard_ > lent_silence) {
        lose("it is silent");
        return {};
      }
      if (!beat() || (!*frame && left == milliseconds(0))) return {};
      if (steady::now() >= until) return {};
    }
    return {};
  }

  // Before it came about.

  /// The other node has no connection: this one opens it.
  void give_back(const std::string& why) {
    if (std::exchange(ended_, true)) return;
    base::log_event(base::severity::info, "delivery.not_lent").number("node", static_cast<std::int64_t>(parts_->to)).text("destination", parts_->what.slot.destination).text("why", why);
    self_->send(parts_->dispatch, connection_returned{number()});
    self_->quit();
  }
  /// The other node may have one for a moment still: limits are kept.
  void lost_unused() {
    stream_ = nullptr;
    self_->delayed_send(self_, lent_afterlife, end_atom::value);
  }

  // While there is work.

  void wanted(const std::string& body) {
    const auto wish = read_take_work(body);
    if (!wish) return lost_idle();
    asking_ = true;
    self_->request(parts_->dispatch, caf::infinite, take_work{number(), wish->recipients_max})
        .then([this](const given_work& g) { given(g); }, [this](const caf::error&) { given({}); });
    self_->delayed_send(self_, look_time, look_atom::value);
  }

  void given(const given_work& g) {
    asking_ = false;
    if (ended_) return; // dispatch knows that nothing came of it
    if (!stream_) { // it was lost meanwhile, and the connection is held for a while
      if (g.what != queueing::take_result::work) return;
      passed_ = g.work.number;
      return self_->send(parts_->record, untouched(g));
    }
    if (g.what != queueing::take_result::work) {
      if (!say(lent_frame::no_work, print_no_work(g, of().clock->wall()))) return lost_idle();
      return listen();
    }
    // Another node may send it by now: first it must be clear that this one still leads the queue.
    while (!may_serve(of())) {
      if (closing() || !stream_) return lost_idle();
      if (next(lease_pause)) return lost_idle(); // it is not its turn
    }
    const volume_work here(of()); // what becomes of it is written down before the volume closes
    if (!here) return lost_idle();
    auto result = bring(g);
    const bool broken = !stream_;
    passed_ = g.work.number;
    self_->send(parts_->record, std::move(result));
    if (!broken) return listen();
    hold_and_end();
  }

  /// It is the other server's turn, or the end.
  void listen() {
    for (;;) {
      auto frame = next(lent_alive_time);
      if (!stream_) return lost_idle();
      if (!frame && closing()) return lost_idle();
      if (!frame) continue; // a connection that waits for its rate, or says its farewell
      if (frame->type == static_cast<std::uint8_t>(lent_frame::want)) return wanted(frame->body);
      const auto over = frame->type == static_cast<std::uint8_t>(lent_frame::over) ? read_over(frame->body) : std::nullopt;
      return over ? finished(*over) : lost_idle();
    }
  }

  attempt_result_ptr result_of(const given_work& g) const {
    auto out = std::make_shared<attempt_result>();
    out->transaction = g.work.number;
    out->message = g.message;
    out->session = g.message->session;
    return out;
  }
  static attempt_result_ptr with(attempt_result_ptr out, const given_work& g, const delivery::verdict& v) {
    out->recipients.clear();
    for (const auto n : g.work.recipients) out->recipients.push_back({n, v});
    return out;
  }
  /// As soon as there is a connection: that a node went is no sign that the mail should wait.
  attempt_result_ptr again(const given_work& g, const std::string& why) {
    stream_ = nullptr;
    auto out = result_of(g);
    out->how = queueing::end_reason::broken;
    auto v = delivery::of_trouble(delivery::trouble::lost, why);
    v.what = delivery::fate::at_once;
    return with(std::move(out), g, v);
  }
  attempt_result_ptr untouched(const given_work& g) { return again(g, "the node that was to send it was lost: " + fault_); }

  attempt_result_ptr bring(const given_work& g) {
    static auto& lent = base::counter_named("rookery_delivery_lent_total", "", "Messages for other servers that another node of the cluster was given to send");
    lent.add();
    const auto& work = g.work;
    const auto& message = g.message;
    self_->send(parts_->record, attempt_started{work.id, work.recipients});
    using enum mail_sending::state;
    const auto sent = send_mail(*stream_, *of().bodies, work, *message, static_cast<std::uint8_t>(lent_frame::work), static_cast<std::uint8_t>(lent_frame::octets));
    said_ = steady::now();
    if (sent.what == lost_stream) lose(sent.why);
    else if (sent.what != sent_whole) {
      stream_ = nullptr;
      return with(result_of(g), g, delivery::of_trouble(delivery::trouble::local, sent.why));
    }
    if (!say(lent_frame::end, {})) return untouched(g);
    bool gone = false;
    std::optional<steady::time_point> closing_until;
    while (stream_) {
      auto frame = next(lent_alive_time);
      if (!frame) {
        if (!closing()) continue;
        if (!gone) return again(g, "the queue's volume closes");
        if (!closing_until) closing_until = steady::now() + farewell_time;
        if (steady::now() < *closing_until) continue;
        lose("the queue's volume closes");
        break;
      }
      const auto type = static_cast<lent_frame>(frame->type);
      if (type == lent_frame::asks && !gone) {
        if (!may_serve(of())) return again(g, "the queue's lease is over");
        gone = true;
        say(lent_frame::go, {});
        continue;
      }
      if (type == lent_frame::over && !gone) {
        waited_ = true; // there is no connection any more
        return again(g, "the connection was closed before the message was sent");
      }
      auto results = type == lent_frame::results ? read_results(frame->body) : std::nullopt;
      if (!results) {
        lose("it says what cannot be read");
        break;
      }
      auto out = result_of(g);
      take(*results, work, *out);
      return out;
    }
    if (!gone) return untouched(g);
    // The other server may have it. Nobody may send it again before that node has surely ended.
    static auto& unknown = base::counter_named("rookery_delivery_unknown_total", "", "Messages that another node of the cluster was sending when it was lost: the other server may have them, and they are sent again");
    unknown.add();
    base::log_event(base::severity::warning, "delivery.unknown").text("message", message_name(message->id)).text("destination", parts_->what.slot.destination)
        .number("node", static_cast<std::int64_t>(parts_->to)).text("why", fault_);
    for (const auto until = steady::now() + lent_afterlife; steady::now() < until && !closing();) std::this_thread::sleep_for(look_time);
    waited_ = true;
    return again(g, "the node that was sending it was lost, and the other server may have it: " + fault_);
  }

  void take(attempt_result& got, const queueing::transaction& work, attempt_result& out) const {
    out.how = got.how;
    out.remote_host = std::move(got.remote_host);
    out.session = std::move(got.session);
    out.tls = std::move(got.tls);
    out.dns = std::move(got.dns);
    out.peer_does_dsn = got.peer_does_dsn;
    out.answered = of().clock->now();
    for (auto& r : got.recipients)
      if (std::find(work.recipients.begin(), work.recipients.end(), r.recipient) != work.recipients.end()) out.recipients.push_back(std::move(r));
  }

  // The end.

  void finished(connection_over over) {
    over.unreached = false;
    finish(std::move(over));
  }
  /// Nothing is under way: only the other node's connection may be there for a moment.
  void lost_idle() {
    stream_ = nullptr;
    hold_and_end();
  }
  void hold_and_end() {
    if (waited_) return finish({});
    self_->delayed_send(self_, lent_afterlife, end_atom::value);
  }
  void finish(connection_over over) {
    if (std::exchange(ended_, true)) return;
    over.connection = number();
    over.passed = passed_;
    if (!came_about_) self_->send(parts_->dispatch, connection_returned{number()});
    else self_->send(parts_->dispatch, std::move(over));
    stream_ = nullptr;
    self_->quit();
  }

  caf::event_based_actor* self_ = nullptr;
  std::shared_ptr<lent_parts> parts_;
  std::unique_ptr<cluster::node_stream> stream_;
  std::string fault_;                    ///< why the stream was lost
  steady::time_point heard_, said_;
  std::uint64_t passed_ = 0;             ///< the last transaction whose result went to record
  bool came_about_ = false, asking_ = false, waited_ = false, ended_ = false;
};

caf::behavior lent_connection(caf::stateful_actor<lent_state>* self, std::shared_ptr<lent_parts> parts) {
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  auto& st = self->state;
  st.begin(self, std::move(parts));
  return {[&st](begin_atom) { st.open(); }, [&st](look_atom) { st.look(); }, [&st](end_atom) { st.end(); }};
}

} // namespace

caf::actor spawn_lent_connection(caf::local_actor& parent, std::shared_ptr<lent_parts> parts) {
  return parent.spawn<caf::detached + caf::hidden>(lent_connection, std::move(parts));
}

} // namespace rookery::actors
