#include "actors/queue/dispatch_actor.hpp"

#include "actors/queue/delivery_settings.hpp"
#include "actors/queue/destination_board.hpp"
#include "actors/queue/idle_connections.hpp"
#include "actors/queue/queue_actor.hpp"
#include "actors/queue/recent_envelopes.hpp"
#include "actors/queue/spool_commit.hpp"
#include "actors/queue/system_mail_actor.hpp"
#include "actors/queue/waiting.hpp"
#include "actors/system/alarm.hpp"
#include "actors/system/process_share.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "storage/queue/spool_machine.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace rookery::actors {
namespace {

using wake_atom = caf::atom_constant<caf::atom("wake")>;
using idle_atom = caf::atom_constant<caf::atom("idle")>;

/// Connections without work are looked at so often.
constexpr std::chrono::seconds idle_round{1};
/// Messages at a destination that could not be reached of which a failure to connect is written down; the others
/// wait with the destination. Of one that is gone for good all are, a connection's number at a time.
constexpr unsigned failures_recorded_max = 100;
/// Outcomes without a dialogue (nobody was reached, a deadline has come) go to record so many in one commit,
/// and no more wait for the log at a time: those of mail that lives have few before them.
constexpr std::size_t own_a_commit = 32, own_waiting_max = 64;
/// Deadlines that have come while so many wait are looked for again after this time, at the latest.
constexpr std::chrono::milliseconds own_pause{100};
/// After a home was not reached, or lost, it is tried again so soon: it moves, or somebody takes it over.
constexpr std::chrono::seconds home_pause{1};

class dispatch_state {
public:
  static inline const char* name = "dispatch_actor";

  ~dispatch_state() {
    if (board_) board_->leave(member_);
  }

  void begin(caf::event_based_actor* self, std::shared_ptr<dispatch_parts> parts) {
    self_ = self;
    parts_ = std::move(parts);
    view_ = node().spool->view();
    pictures_ = pictures_of(node());
    if (const auto process = share_of(node()); process && process->destinations) {
      board_ = process->destinations;
      member_ = board_->enter(caf::actor_cast<caf::actor>(self));
      core_.set_shared(board_->active(), now());
      lender_.emplace(*self, board_, member_, parts_->make_lent);
    }
    configure();
    // First the changes, then what is there: nothing falls between.
    caf::scoped_actor asking{self->system()};
    asking->request(node().machines[storage::spool_shard.value], caf::infinite, watch_spool{caf::actor_cast<caf::actor>(self)})
        .receive([](const spool_watched&) {}, [](const caf::error&) {});
    for (std::string after;;) {
      const auto paused = view_->notes(paused_space, "", 1000, after);
      for (const auto& n : paused) core_.pause(n.key, n.value, now());
      if (paused.size() < 1000) break;
      after = paused.back().key;
    }
    const auto begun = base::system_clock().now();
    std::uint64_t messages = 0;
    view_->for_each(base::message_id{0}, [&](const storage::queue::envelope& e) {
      ++messages;
      put(e);
      return true;
    });
    retry_homes(); // who had the queue before may not have reached them; this node may
    base::log_event(base::severity::info, "queue.filled")
        .number("messages", static_cast<std::int64_t>(messages))
        .number("milliseconds", std::chrono::duration_cast<std::chrono::milliseconds>(base::system_clock().now() - begun).count());
    pump();
  }

  void changed(const spool_changed& what) {
    for (const auto& c : *what.changes) {
      count(c);
      recent_.forget(c.id);
      if (c.queue_after.empty()) {
        core_.remove(c.id);
        withdrawn_.erase(c.id);
        continue;
      }
      auto found = view_->find(c.id);
      if (!found) {
        core_.remove(c.id);
        continue;
      }
      if (put(*found)) recent_.keep(std::move(*found));
    }
    for (auto& [queue, moves] : std::exchange(moves_, {}))
      if (const auto at = queues_.find(queue); at != queues_.end()) self_->send(at->second, moves);
    pump();
  }

  caf::result<given_work> take(const take_work& t) {
    if (const auto slot = slots_.find(t.connection); slot != slots_.end()) slot->second.asked = true;
    if (auto given = next_for(t)) return std::move(*given);
    if (!t.waits) return given_work{};
    auto promise = self_->make_response_promise<given_work>();
    const auto slot = slots_.find(t.connection);
    if (slot == slots_.end()) {
      promise.deliver(given_work{queueing::take_result::stop, {}, nullptr});
      return promise;
    }
    idle_.wait(slot->second.destination, t, promise, base::system_clock().now());
    if (!idling_) {
      idling_ = true;
      self_->delayed_send(self_, idle_round, idle_atom::value);
    }
    return promise;
  }

  void over(const connection_over& c) {
    const auto at = slots_.find(c.connection);
    if (at == slots_.end()) return;
    // What it was given while it ended has reached nobody.
    if (at->second.given != c.passed) core_.ended(at->second.given, queueing::end_reason::broken, now());
    if (c.unreached) {
      core_.in_vain(c.connection);
      unreached_.push_back({c, c.why.permanent() ? ~0u : failures_recorded_max});
    } else {
      close(c);
    }
    pump();
  }

  /// The other node has no connection for it: this one opens its own.
  void returned(queueing::connection_number number) {
    const auto at = slots_.find(number);
    if (at == slots_.end() || !lender_) return;
    const auto destination = at->second.destination;
    lender_->returned(number);
    const auto way = ways_.find(destination);
    if (way != ways_.end() && !stopped_) return open_here({number, destination}, way->second);
    connection_over none;
    none.connection = number;
    over(none);
  }

  /// A destination's actor has ended by a fault. What it was to connect will not come about: that mail waits for its next attempt.
  void lost(const caf::down_msg& d) {
    if (stopped_ || !d.reason) return;
    if (const auto lent = lender_ ? lender_->broken(d.source) : std::nullopt) {
      base::log_event(base::severity::error, "delivery.lending_broken").text("error", caf::to_string(d.reason));
      connection_over c;
      c.connection = *lent;
      return over(c);
    }
    const auto at = std::find_if(destinations_.begin(), destinations_.end(), [&](const auto& known) { return known.second == d.source; });
    if (at == destinations_.end()) return;
    const auto destination = at->first;
    destinations_.erase(at);
    base::log_event(base::severity::error, "delivery.destination_broken").text("destination", destination).text("error", caf::to_string(d.reason));
    std::vector<queueing::connection_number> orphans;
    for (const auto& [connection, slot] : slots_)
      if (slot.destination == destination && !slot.asked) orphans.push_back(connection);
    for (const auto connection : orphans) {
      connection_over c{connection, queueing::close_reason::failed, {}, 0, true};
      c.why.as = delivery::of_trouble(delivery::trouble::local, "a fault of this server");
      over(c);
    }
  }

  gateways_started start(const start_gateways& s) {
    gateways_started out;
    const auto time = now();
    const std::chrono::seconds interval(pictures_.settings->gateway_etrn_interval_seconds);
    std::erase_if(asked_, [&](const auto& a) { return time - a.second >= interval; });
    for (const auto& domain : s.domains) {
      if (!s.trusted && !asked_.try_emplace(domain, time).second) {
        out.too_often = true;
        continue;
      }
      for (const auto& key : ways_of(domain)) {
        if (const auto status = core_.status(key, time)) out.messages += status->messages;
        core_.release(key, time);
      }
    }
    pump();
    return out;
  }

  customer_admitted admit(const admit_customer& a) {
    customer_admitted out;
    out.record = parts_->record;
    const auto time = now();
    for (const auto& domain : a.domains)
      for (const auto& key : ways_of(domain)) {
        core_.retry_destination(key, time);
        const auto status = core_.status(key, time);
        if (!status || status->due == 0) continue;
        const auto connection = core_.admit(key, time);
        if (!connection) continue;
        slots_.emplace(*connection, open_slot{key});
        out.connections.push_back(*connection);
      }
    pump();
    return out;
  }

  void ended(const transaction_over& t) {
    core_.ended(t.transaction, t.how, now());
    pump();
  }
  void ended(const transactions_over& all) {
    own_waiting_ -= std::min(own_waiting_, all.transactions.size());
    for (const auto t : all.transactions) core_.ended(t, all.how, now());
    pump();
  }

  void wake() {
    armed_.reset();
    pump();
  }

  void close_idle() {
    idle_.close_old(base::system_clock().now());
    idling_ = !idle_.empty();
    if (idling_) self_->delayed_send(self_, idle_round, idle_atom::value);
  }

  /// Settings or routes are new: what is in flight goes on as it began.
  void reconfigure() {
    const auto before = std::exchange(pictures_, pictures_of(node()));
    configure();
    if (other_ways(before, pictures_)) {
      ways_.clear();
      view_->for_each(base::message_id{0}, [&](const storage::queue::envelope& e) {
        put(e);
        return true;
      });
    }
    if (before.homes != pictures_.homes) retry_homes();
    self_->send(parts_->system_mail, delivery_configured{}); // its queue may be frozen, or not any more
    pump();
  }

  void freeze(bool frozen) {
    if (std::exchange(frozen_, frozen) == frozen) return;
    configure();
    pump();
  }

  /// This node begins to be one of several, or is alone again.
  void sharing() {
    if (!board_) return;
    core_.set_shared(false, now()); // what was told is forgotten there
    core_.set_shared(board_->active(), now());
    pump();
  }
  void share(const shares_changed& s) {
    const auto time = now();
    for (const auto& one : *s.all) core_.share(one, time);
    pump();
  }

  void stop() {
    stopped_ = true;
    idle_.stop();
  }

  std::uint64_t pause(const pause_destination& p) {
    core_.pause(p.destination, p.because, now());
    base::log_event(base::severity::notice, "queue.destination_paused").text("destination", p.destination).text("because", p.because);
    return waiting_at(p.destination);
  }
  std::uint64_t resume(const resume_destination& r) {
    core_.unpause(r.destination, now());
    base::log_event(base::severity::notice, "queue.destination_resumed").text("destination", r.destination);
    pump();
    return waiting_at(r.destination);
  }
  std::uint64_t retry(const retry_destination& r) {
    core_.retry_destination(r.destination, now());
    pump();
    return waiting_at(r.destination);
  }
  void retry(const retry_messages& r) {
    for (const auto id : r.ids) core_.retry_message(id, now());
    pump();
  }
  withdrawn_message withdraw(const withdraw_message& w) {
    withdrawn_message out;
    for (const auto& part : core_.parts(w.id))
      if (part.in_flight) out.in_flight.insert(out.in_flight.end(), part.recipients.begin(), part.recipients.end());
    core_.remove(w.id);
    withdrawn_.insert(w.id);
    return out;
  }
  void look_at(const look_at_message& l) {
    withdrawn_.erase(l.id);
    if (const auto found = view_->find(l.id)) put(*found);
    pump();
  }
  destination_list list(const list_destinations& l) const {
    return {std::make_shared<const std::vector<queueing::destination_status>>(core_.list(l.after, l.max, now()))};
  }

private:
  struct open_slot {
    std::string destination;
    std::uint64_t given = 0;   ///< the last transaction
    bool asked = false;        ///< for work: it has come about, and ends by itself
  };
  /// Nobody was reached: what is due there waits to be told so.
  struct unreached_destination {
    connection_over over;
    unsigned left = 0;         ///< messages that are told at most
  };

  actors::node& node() const { return *parts_->of; }
  /// Homes are served by others now.
  void retry_homes() {
    for (const auto& [destination, way] : ways_)
      if (way->what == delivery::way::kind::home) core_.retry_destination(destination, now());
  }
  static bool is_local(const delivery::way& w) { return w.what == delivery::way::kind::local; }
  std::optional<queueing::destination_limits> limits_of(const delivery::way& w) const {
    const bool home = w.what == delivery::way::kind::home;
    if (w.limits == delivery::own_limits{} && !w.on_request && !home) return std::nullopt;
    auto out = dispatcher_settings_of(*pictures_.settings).limits;
    if (home) out.pauses = {home_pause};
    out.on_request = w.on_request;
    if (w.limits.connections != 0) out.connections = w.limits.connections;
    out.first_connections = std::min(out.first_connections, out.connections);
    if (w.limits.messages_a_connection != 0) out.messages_a_connection = w.limits.messages_a_connection;
    if (w.limits.messages_a_minute != 0) out.messages_a_minute = w.limits.messages_a_minute;
    return out;
  }
  base::wall_time now() const { return node().clock->wall(); }

  void count(const storage::queue::spool_change& c) {
    if (c.queue_before == c.queue_after) return;
    if (!c.queue_before.empty()) ++moves_[c.queue_before].left;
    if (!c.queue_after.empty()) ++moves_[c.queue_after].came;
  }

  void configure() {
    core_.set_settings(dispatcher_settings_of(*pictures_.settings), now());
    for (const auto& [destination, way] : ways_)
      if (way->what == delivery::way::kind::home) core_.set_limits(destination, limits_of(*way), now());
    for (const auto queue : delivery::built_in_queues) set_queue(std::string(queue));
    for (const auto& [queue, record] : pictures_.view->queues()) set_queue(queue);
    for (const auto& [domain, gateway] : pictures_.view->gateways()) set_queue(gateway->queue);
  }

  void set_queue(const std::string& queue) {
    const auto record = pictures_.view->queue(queue);
    core_.set_queue(queue, frozen_ || (record && record->frozen), record ? record->hours : delivery::schedule{}, now());
    if (!queues_.contains(queue)) queues_.emplace(queue, spawn_queue(*self_, node(), queue));
  }

  /// Whether some of it is due.
  bool put(const storage::queue::envelope& e) {
    if (e.queue == system_queue) self_->send(parts_->system_mail, system_mail{e.id});
    if (!may_leave(e) || withdrawn_.contains(e.id)) {
      core_.remove(e.id);
      return false;
    }
    fresh_.clear();
    const auto m = waiting_of(e, pictures_, *node().directory->get(), fresh_);
    for (auto& [destination, way] : fresh_) {
      const auto [at, added] = ways_.try_emplace(destination, std::move(way));
      if (added) core_.set_limits(destination, limits_of(*at->second), now());
    }
    const auto time = now();
    core_.put(m, time);
    bool due = false;
    for (const auto& part : m.parts) {
      due = due || part.due <= time;
      if (idle_.contains(part.destination)) touched_.push_back(part.destination);
    }
    return due;
  }

  void close(const connection_over& c) {
    const auto at = slots_.find(c.connection);
    if (at == slots_.end()) return;
    const auto destination = at->second.destination;
    slots_.erase(at);
    if (lender_) lender_->closed(c.connection);
    // A destination that does not exist is no destination that is down: what waits was answered for.
    const auto how = c.why.permanent() ? queueing::close_reason::finished : c.how;
    core_.closed(c.connection, how, c.why.as.answer, now());
    if (how == queueing::close_reason::failed)
      base::log_event(delivery::home_of_key(destination) ? base::severity::debug : base::severity::info, "delivery.destination_down").text("destination", destination).text("why", c.why.as.answer);
    leave_if_idle(destination);
  }

  /// The destinations at which mail of this gateway waits. O(destinations); ETRN's interval and ATRN's login bound it.
  std::vector<std::string> ways_of(const std::string& gateway) const {
    std::vector<std::string> out;
    for (const auto& [key, way] : ways_)
      if (way->gateway == gateway) out.push_back(key);
    std::sort(out.begin(), out.end());
    return out;
  }

  /// What this connection is to do now; nothing: there is no work, it may idle.
  std::optional<given_work> next_for(const take_work& t) {
    if (stopped_) return given_work{queueing::take_result::stop, {}, nullptr};
    for (;;) {
      auto taken = core_.take(t.connection, now(), t.recipients_max);
      if (taken.what == queueing::take_result::nothing) return std::nullopt;
      if (taken.what != queueing::take_result::work) return given_work{taken.what, {}, nullptr, taken.until};
      auto message = envelope_of(taken.work.id);
      if (!message) {
        core_.remove(taken.work.id);
        core_.ended(taken.work.number, queueing::end_reason::answered, now());
        continue;
      }
      if (const auto why = sender_stopped(*message, *node().directory->get())) {
        set_aside(taken.work, *message, *why);
        continue;
      }
      if (const auto slot = slots_.find(t.connection); slot != slots_.end()) slot->second.given = taken.work.number;
      return given_work{queueing::take_result::work, std::move(taken.work), std::move(message)};
    }
  }

  envelope_ptr envelope_of(base::message_id id) {
    if (auto recent = recent_.take(id)) return recent;
    auto found = view_->find(id);
    return found ? std::make_shared<const storage::queue::envelope>(std::move(*found)) : nullptr;
  }

  /// Mail of an account that was frozen goes to "holding" and waits for the operator.
  void set_aside(const queueing::transaction& work, const storage::queue::envelope& e, const std::string& why) {
    base::log_event(base::severity::notice, "queue.moved")
        .text("message", message_name(e.id)).text("queue", "holding").text("because", why);
    (void)commit_group_of(*self_, node(), spool_group(now(), {storage::queue::moved_to_queue{e.id, "holding"}, storage::queue::hold{e.id, why}}));
    core_.remove(e.id);
    core_.ended(work.number, queueing::end_reason::answered, now());
  }

  /// What other nodes are to know of our destinations; whether more is allowed now.
  bool tell_needs(base::wall_time time) {
    if (!board_) return false;
    auto needs = core_.take_needs(time);
    bool news = false;
    std::erase_if(needs, [&](const auto& n) {
      const auto way = ways_.find(n.destination);
      using kind = delivery::way::kind;
      if (n.gone || way == ways_.end() || (way->second->what != kind::local && way->second->what != kind::home)) return false;
      queueing::destination_share own;
      own.destination = n.destination;
      own.connections = queueing::dispatcher::unshared;
      core_.share(own, time);
      return news = true;
    });
    if (needs.empty()) return news;
    for (const auto& share : board_->update(member_, needs)) {
      core_.share(share, time);
      news = true;
    }
    return news;
  }

  void pump() {
    if (stopped_) {
      tell_needs(now());
      return;
    }
    const auto time = now();
    for (const auto& destination : std::exchange(touched_, {}))
      idle_.serve(destination, [this](const take_work& t) { return next_for(t); });
    write_own_outcomes();
    do {
      while (auto slot = core_.next_open(time)) {
        if (slot->open_already) idle_.call(*slot, [this](const take_work& t) { return next_for(t); });
        else open(std::move(*slot));
      }
    } while (tell_needs(time));
    arm();
  }

  void open(queueing::slot slot) {
    slots_.emplace(slot.connection, open_slot{slot.destination});
    const auto way = ways_.find(slot.destination);
    if (way == ways_.end()) { // nothing waits there any more
      slots_.erase(slot.connection);
      core_.closed(slot.connection, queueing::close_reason::finished, "", now());
      return;
    }
    if (lender_ && lender_->open(slot, way->second)) return;
    open_here(std::move(slot), way->second);
  }

  void open_here(queueing::slot slot, const way_ptr& way) {
    auto& at = destinations_[slot.destination];
    if (!at) {
      at = is_local(*way) ? parts_->local : parts_->make_destination(*self_, slot.destination);
      if (at != parts_->local) self_->monitor(at);
    }
    self_->send(at, open_connection{std::move(slot), way});
  }

  /// Deadlines that have come, then what is due where nobody was reached: it is written down with some of that, so
  /// that an operator sees it with each message, and retries follow the message's plan.
  void write_own_outcomes() {
    while (own_waiting_ < own_waiting_max) {
      attempt_results some;
      while (some.all.size() < own_a_commit) {
        auto one = lapsed();
        if (!one) one = unreached();
        if (!one) break;
        some.all.push_back(std::move(one));
      }
      if (some.all.empty()) return;
      own_waiting_ += some.all.size();
      self_->send(parts_->record, std::move(some));
    }
  }

  attempt_result_ptr unreached() {
    while (!unreached_.empty()) {
      auto& u = unreached_.front();
      if (u.left > 0) {
        --u.left;
        auto given = next_for({u.over.connection, 0});
        if (given && given->what == queueing::take_result::work) return outcome_of(std::move(*given), u.over.why);
      }
      const auto over = std::move(u.over);
      unreached_.pop_front();
      close(over);
    }
    return nullptr;
  }

  /// A deadline has come: a delay is to be told, or the message given up.
  attempt_result_ptr lapsed() {
    for (;;) {
      auto work = core_.next_lapsed(now());
      if (!work) return nullptr;
      auto message = envelope_of(work->id);
      if (!message) {
        core_.ended(work->number, queueing::end_reason::answered, now());
        continue;
      }
      const auto status = core_.status(work->destination, now());
      way_failure why;
      why.as.status = "4.4.7";
      if (status) why.as.answer = status->reason;
      return outcome_of({queueing::take_result::work, std::move(*work), std::move(message)}, why, true);
    }
  }

  attempt_result_ptr outcome_of(given_work given, const way_failure& why, bool deadline = false) {
    auto r = std::make_shared<attempt_result>();
    r->transaction = given.work.number;
    r->message = std::move(given.message);
    for (const auto n : given.work.recipients) r->recipients.push_back({n, why.as});
    r->remote_host = why.host;
    r->deadline = deadline;
    return r;
  }

  void arm() {
    const auto when = core_.wake_at();
    if (!when || (armed_ && *armed_ <= *when)) return;
    armed_ = *when;
    const std::chrono::milliseconds least = own_waiting_ < own_waiting_max ? std::chrono::milliseconds(1) : own_pause;
    const auto wait = std::max(*when - now(), base::wall_time::duration{least});
    send_later(self_, std::min<std::chrono::milliseconds>(std::chrono::ceil<std::chrono::milliseconds>(wait), std::chrono::hours(1)), wake_atom::value);
  }

  void leave_if_idle(const std::string& destination) {
    const auto status = core_.status(destination, now());
    if (status && (status->connections > 0 || status->messages > 0)) return;
    ways_.erase(destination);
    const auto at = destinations_.find(destination);
    if (at == destinations_.end()) return;
    if (at->second != parts_->local) self_->send(at->second, destination_idle{});
    destinations_.erase(at);
  }

  std::uint64_t waiting_at(const std::string& destination) const {
    const auto s = core_.status(destination, now());
    return s ? s->messages : 0;
  }

  caf::event_based_actor* self_ = nullptr;
  std::shared_ptr<dispatch_parts> parts_;
  std::shared_ptr<const storage::queue::spool_view> view_;
  queueing::dispatcher core_;
  routing_pictures pictures_;
  std::vector<std::pair<std::string, way_ptr>> fresh_;  ///< of the message that is being put
  std::unordered_map<std::string, way_ptr> ways_;
  std::unordered_map<std::string, caf::actor> queues_;
  std::unordered_map<std::string, caf::actor> destinations_;
  std::unordered_map<queueing::connection_number, open_slot> slots_;
  idle_connections idle_;
  std::shared_ptr<destination_board> board_;  ///< null: this dispatcher is for itself
  queueing::member_number member_ = 0;
  std::optional<connection_lender> lender_;   ///< with `board_`
  std::unordered_map<std::string, queue_moves> moves_;
  std::vector<std::string> touched_;   ///< destinations with idle connections that got mail
  recent_envelopes recent_;
  std::deque<unreached_destination> unreached_;
  std::size_t own_waiting_ = 0;        ///< outcomes of our own that record has not answered for
  std::unordered_set<base::message_id> withdrawn_;
  std::map<std::string, base::wall_time> asked_; ///< gateways, and when ETRN started them last; no longer than the interval
  std::optional<base::wall_time> armed_;
  bool idling_ = false;
  bool frozen_ = false; ///< all queues
  bool stopped_ = false;
};

caf::behavior dispatch_actor(caf::stateful_actor<dispatch_state>* self, std::shared_ptr<dispatch_parts> parts) {
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  auto& st = self->state;
  self->set_down_handler([&st](const caf::down_msg& d) { st.lost(d); });
  st.begin(self, std::move(parts));
  return {[&st](const spool_changed& c) { st.changed(c); },
          [&st](const take_work& t) { return st.take(t); },
          [&st](const transaction_over& t) { st.ended(t); },
          [&st](const transactions_over& t) { st.ended(t); },
          [&st](const start_gateways& s) { return st.start(s); },
          [&st](const admit_customer& a) { return st.admit(a); },
          [&st](const connection_over& c) { st.over(c); },
          [&st](const connection_returned& r) { st.returned(r.connection); },
          [&st](wake_atom) { st.wake(); },
          [&st](idle_atom) { st.close_idle(); },
          [&st](delivery_configured) { st.reconfigure(); },
          [&st](freeze_all_queues f) { st.freeze(f.frozen); },
          [&st](stop_dispatch) { st.stop(); },
          [&st](sharing_changed) { st.sharing(); },
          [&st](const shares_changed& s) { st.share(s); },
          [&st](const pause_destination& p) { return st.pause(p); },
          [&st](const resume_destination& r) { return st.resume(r); },
          [&st](const retry_destination& r) { return st.retry(r); },
          [&st](const retry_messages& r) { st.retry(r); },
          [&st](const withdraw_message& w) { return st.withdraw(w); },
          [&st](const look_at_message& l) { st.look_at(l); },
          [&st](const list_destinations& l) { return st.list(l); }};
}

} // namespace

caf::actor spawn_dispatch(caf::actor_system& system, std::shared_ptr<dispatch_parts> parts) {
  return system.spawn<caf::detached + caf::hidden>(dispatch_actor, std::move(parts));
}

} // namespace rookery::actors
