#include "cluster/node/consensus_actor.hpp"

#include "base/log.hpp"

#include <caf/io/all.hpp>
#include <caf/openssl/all.hpp>

#include <algorithm>
#include <iterator>

namespace rookery::cluster {
namespace {

constexpr std::uint64_t change_ticket = 1, command_ticket = 2, handing_over_ticket = 3;
constexpr std::chrono::milliseconds repeat_after{500};    ///< a batch that did not take effect
constexpr std::chrono::milliseconds plan_every{200}, beat_every{1000}, publish_every{200};
/// Between two rounds of a follower that has nothing to wait for; the leader's letters are rounds too.
constexpr std::chrono::milliseconds quiet_round{480};
constexpr std::chrono::milliseconds round_least{150};     ///< a letter that comes so soon behind one is none
constexpr unsigned quiet_beats = 2;                       ///< what is as it was is said each so many
constexpr std::chrono::milliseconds dial_wait{1000};      ///< for a connection
constexpr std::chrono::milliseconds dial_pause_least{200}, dial_pause_most{3000};
constexpr std::chrono::seconds handshake_time{5};
constexpr std::chrono::milliseconds farewell_time{2000};
constexpr std::chrono::milliseconds silent_time{3000};
constexpr std::chrono::milliseconds twin_time{2500};      ///< one that spoke so lately is alive
constexpr std::size_t apply_at_once_max = 64;
constexpr std::size_t to_propose_max = 20'000;

std::uint64_t steady_us() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}
std::uint64_t wall_us() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count());
}

base::error no_majority() {
  return base::make_error(base::error_kind::try_later,
                          "the cluster has not agreed in time: too few of its nodes can be reached (rookery cluster status); the change may still take effect");
}

} // namespace

consensus_actor::consensus_actor(caf::actor_config& cfg, std::shared_ptr<control_parts> parts, std::shared_ptr<consensus::consensus_log> log,
                                 std::shared_ptr<status_board> board)
    : event_based_actor(cfg), parts_(std::move(parts)), log_(std::move(log)), board_(std::move(board)) {}

std::uint64_t consensus_actor::now() const {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(clock::now().time_since_epoch()).count());
}

caf::behavior consensus_actor::make_behavior() {
  set_down_handler([this](const caf::down_msg& m) { down(m); });
  set_default_handler(caf::drop);
  // Above everything this node has proposed before: behind what took effect, and behind what may still be under way.
  const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  next_sequence_ = std::max(static_cast<std::uint64_t>(wall) << 16, parts_->last_sequence(parts_->self) + 1);
  set_nodes(std::move(parts_->nodes));
  begin_engine();
  delayed_send(this, std::chrono::milliseconds(parts_->heartbeat_ms), tick_atom::value);
  return {
      [this](frame_atom, const std::string& octets) {
        heard(current_sender(), octets);
        // Whoever is awake need not be woken: a timer of CAF wakes two threads, one of them twice.
        if (engine_->state() == consensus::standing::follower && clock::now() - last_tick_ >= round_least) tick();
      },
      [this](tick_atom) {
        tick();
        delayed_send(this, next_round(), tick_atom::value);
      },
      [this](const actor_task& t) { (*t.run)(*this); },
  };
}

void consensus_actor::on_exit() {
  for (auto& [id, p] : peers_) p.link = nullptr;
  for (auto& [sequence, w] : waiting_) w.done(base::fail(no_majority()));
  waiting_.clear();
  engine_.reset();
}

// The engine.

void consensus_actor::begin_engine() {
  consensus::engine_options o;
  o.self = parts_->self;
  o.heartbeat_ms = parts_->heartbeat_ms;
  o.election_ms = parts_->election_ms;
  o.seed = next_sequence_;
  consensus::step first;
  engine_.reset(); // one at a time
  engine_ = std::make_unique<consensus::engine>(o, log_->state(), now(), first);
  for (auto& [id, p] : peers_) engine_->connected(id, p.linked);
  changing_ = false;
  take(std::move(first));
}

void consensus_actor::send_letters(std::vector<consensus::letter>& letters) {
  for (auto& l : letters) {
    auto* p = find(l.to);
    if (p == nullptr || !p->linked) continue;
    if (p->unanswered >= unanswered_max || p->unanswered_octets >= unanswered_octets_max) {
      ++p->dropped;
      continue;
    }
    ++p->unanswered;
    p->unanswered_octets += l.octets.size();
    say(*p, letter_frame{std::move(l.octets)});
  }
  letters.clear();
}

void consensus_actor::take(consensus::step s) {
  for (;;) {
    send_letters(s.before);
    const bool wrote = !s.writes.empty();
    if (wrote)
      if (const auto written = log_->write(s.writes); !written) return parts_->failed("the consensus log cannot be written: " + written.error().log.value);
    send_letters(s.after);
    for (auto& a : s.apply) {
      if (auto* c = std::get_if<consensus::committed>(&a)) {
        auto batch = read_batch(c->octets);
        if (!batch) return parts_->failed("an agreed entry cannot be read: it was made by a newer program");
        // Commands of one entry are told apart by a place within it.
        for (std::size_t i = 0; i < batch->size(); ++i)
          to_apply_.push_back({c->index * batch_commands_max + i, (*batch)[i].origin, (*batch)[i].sequence, std::move((*batch)[i].command), nullptr});
      } else {
        const auto& what = std::get<consensus::restored>(a).what;
        to_apply_.push_back({what->index * batch_commands_max + batch_commands_max - 1, 0, 0, {}, what});
      }
    }
    for (const auto& e : s.ended) {
      if (e.ticket == change_ticket) changing_ = false;
      if (e.ticket == command_ticket && e.what != consensus::fate::done) batch_sent_ = {}; // again at once
    }
    if (s.snapshot) snapshot_index_ = s.snapshot->index;
    if (s.failed) return parts_->failed("the consensus has given up");
    if (s.start_again) return begin_engine();
    if (!wrote) break;
    s = engine_->persisted(now());
  }
  if (const auto leader = engine_->leader(); leader != told_leader_) {
    told_leader_ = leader;
    base::log_event(base::severity::notice, "cluster.leader").number("member", static_cast<std::int64_t>(leader)).number("term", static_cast<std::int64_t>(engine_->term()));
    if (leader != 0) batch_sent_ = {}; // whom it was sent to may be gone
    send_batch();
  }
  kick_apply();
  kick_snapshot();
  lead();
}

/// Who leads, or waits for anything, has a round with each heartbeat.
std::chrono::milliseconds consensus_actor::next_round() const {
  const std::chrono::milliseconds beat(parts_->heartbeat_ms);
  if (engine_->state() != consensus::standing::follower) return beat;
  const auto at = now();
  const std::chrono::milliseconds due(engine_->next_tick(at) - at);
  if (!waiting_.empty() || !batch_.empty() || std::any_of(peers_.begin(), peers_.end(), [](const auto& p) { return !p.second.linked; })) return std::min(beat, due);
  return std::min(quiet_round, due);
}

void consensus_actor::tick() {
  const auto at = last_tick_ = clock::now();
  for (auto& [id, p] : peers_) {
    if (p.linked && !knows_level(p, p.levels.value_or(level_range{}))) continue;
    if (p.link && !p.linked && at - p.began > handshake_time && (!p.proven || knows_level(p, {}))) unlink(p, "the other node does not answer");
    if (!p.link && !p.dialling && p.known && parts_->self < id && at >= p.next_dial) dial(p);
  }
  if (parts_->notes_tick) parts_->notes_tick();
  for (auto& [id, p] : peers_)
    if (p.linked) say_note(p);
  forget(at);
  take(engine_->tick(now()));
  if (at >= next_plan_) {
    next_plan_ = at + plan_every;
    plan();
  }
  if (at >= next_beat_) {
    next_beat_ = at + beat_every;
    const auto own = parts_->vitals ? parts_->vitals() : node_vitals{};
    const bool all = ++beats_ % quiet_beats == 0;
    for (auto& [id, p] : peers_) {
      if (!p.linked) continue;
      const beat present{parts_->version(), parts_->agreed()};
      if (all || p.told_beat != present) say(p, present);
      p.told_beat = present;
      if (all || own.report != p.told) say_vitals(p, own);
    }
  }
  expire();
  send_batch();
  if (at >= next_publish_) {
    next_publish_ = at + publish_every;
    publish();
  }
}

void consensus_actor::kick_apply() {
  if (!applying_.empty()) return;
  const auto have = parts_->agreed();
  while (!to_apply_.empty() && to_apply_.front().index <= have) to_apply_.pop_front();
  while (!to_apply_.empty() && applying_.size() < apply_at_once_max) {
    applying_.push_back(std::move(to_apply_.front()));
    to_apply_.pop_front();
  }
  if (applying_.empty()) return;
  parts_->apply(applying_, [self = caf::actor_cast<caf::actor>(this)](std::vector<storage::command_result> results) {
    const auto task = std::make_shared<const std::function<void(consensus_actor&)>>([results = std::move(results)](consensus_actor& a) { a.applied(results); });
    caf::anon_send(self, actor_task{task});
  });
}

void consensus_actor::applied(std::vector<storage::command_result> results) {
  const auto in_force = std::exchange(applying_, {});
  for (std::size_t i = 0; i < in_force.size(); ++i) {
    if (in_force[i].origin != parts_->self) continue;
    std::erase_if(batch_, [&](const proposal& p) { return p.sequence <= in_force[i].sequence; });
    const auto asked = waiting_.find(in_force[i].sequence);
    if (asked == waiting_.end()) continue;
    const auto answer = std::move(asked->second.done);
    waiting_.erase(asked);
    if (i < results.size()) answer(std::move(results[i]));
    else answer(base::fail(no_majority()));
  }
  kick_apply();
  kick_snapshot();
  send_batch();
}

void consensus_actor::kick_snapshot() {
  if (!snapshot_index_ || !applying_.empty() || !to_apply_.empty()) return;
  snapshot_index_.reset();
  take(engine_->snapshot_taken(parts_->picture(), now()));
}

// Proposals.

void consensus_actor::propose(std::string command, control_plane::proposed answer) {
  if (waiting_.size() >= proposals_waiting_max) return answer(base::fail(base::error_kind::try_later, "too many changes wait for the cluster"));
  const auto sequence = next_sequence_++;
  waiting_[sequence] = {std::move(answer), clock::now() + proposal_time};
  next_.push_back({parts_->self, sequence, std::move(command)});
  send_batch();
}

/// One batch at a time: what comes later has a higher sequence, and would shut out what is repeated.
void consensus_actor::send_batch() {
  const auto at = clock::now();
  if (batch_.empty()) {
    std::size_t octets = 0;
    while (!next_.empty() && batch_.size() < batch_commands_max && (batch_.empty() || octets + next_.front().command.size() < batch_octets_max)) {
      octets += next_.front().command.size();
      batch_.push_back(std::move(next_.front()));
      next_.pop_front();
    }
    batch_sent_ = {};
  }
  if (batch_.empty() || at - batch_sent_ < repeat_after) return;
  if (engine_->state() == consensus::standing::leader) {
    batch_sent_ = at;
    take_batch(print_batch(batch_));
  } else if (auto* leader = find(engine_->leader()); leader != nullptr && leader->linked) {
    batch_sent_ = at;
    say(*leader, forward{print_batch(batch_)});
  }
}

void consensus_actor::take_batch(std::string octets) {
  auto batch = read_batch(octets);
  if (!batch || engine_->state() != consensus::standing::leader) return;
  for (auto& p : *batch) {
    const bool waits = std::any_of(to_propose_.begin(), to_propose_.end(), [&](const proposal& q) { return q.origin == p.origin && q.sequence == p.sequence; });
    if (!waits && to_propose_.size() < to_propose_max) to_propose_.push_back(std::move(p));
  }
  lead();
}

void consensus_actor::lead() {
  if (engine_->state() != consensus::standing::leader) {
    to_propose_.clear();
    return;
  }
  if (to_propose_.empty() || engine_->in_flight() > 0) return;
  std::vector<proposal> batch;
  std::size_t octets = 0;
  while (!to_propose_.empty() && batch.size() < batch_commands_max && (batch.empty() || octets + to_propose_.front().command.size() < batch_octets_max)) {
    octets += to_propose_.front().command.size();
    batch.push_back(std::move(to_propose_.front()));
    to_propose_.pop_front();
  }
  take(engine_->propose(command_ticket, print_batch(batch), now()));
}

void consensus_actor::expire() {
  const auto at = clock::now();
  while (!waiting_.empty() && waiting_.begin()->second.until < at) {
    const auto sequence = waiting_.begin()->first;
    const auto answer = std::move(waiting_.begin()->second.done);
    waiting_.erase(waiting_.begin());
    std::erase_if(batch_, [&](const proposal& p) { return p.sequence == sequence; });
    std::erase_if(next_, [&](const proposal& p) { return p.sequence == sequence; });
    answer(base::fail(no_majority()));
  }
}

// Members.

void consensus_actor::set_nodes(std::vector<node_entry> nodes) {
  for (auto& [id, p] : peers_) p.known = false;
  own_known_ = false;
  for (auto& n : nodes) {
    if (n.id == parts_->self) {
      own_wish_ = n.role;
      own_known_ = true;
      continue;
    }
    auto& p = peers_[n.id];
    p.known = true;
    p.leaves = {};
    if (p.entry.host != n.host || p.entry.port != n.port) p.next_dial = {};
    p.entry = std::move(n);
  }
  const auto at = clock::now();
  for (auto& [id, p] : peers_)
    if (!p.known && p.leaves == clock::time_point{}) p.leaves = at + farewell_time;
  forget(at);
}

/// One that was removed hears of it before its link ends.
void consensus_actor::forget(clock::time_point at) {
  for (auto p = peers_.begin(); p != peers_.end();) {
    const bool over = !p->second.known && (!p->second.linked || at >= p->second.leaves);
    if (over && p->second.link) unlink(p->second, "it does not belong to the cluster any more");
    p = over ? peers_.erase(p) : std::next(p);
  }
}

void consensus_actor::plan() {
  if (changing_ || engine_->state() != consensus::standing::leader || engine_->in_flight() > 0) return;
  std::vector<member_facts> wanted;
  if (own_known_) wanted.push_back({parts_->self, own_wish_, true});
  const auto progress = engine_->progress();
  for (const auto& [id, p] : peers_) {
    const auto recent = std::any_of(progress.begin(), progress.end(), [id = id](const auto& q) { return q.id == id && q.recent; });
    wanted.push_back({id, p.entry.role, p.linked && (recent || clock::now() - p.heard < std::chrono::seconds(3))});
  }
  const auto members = engine_->members();
  if (!own_known_ && members.size() > 1 && !wanted.empty()) { // to be taken out: another has to do it
    changing_ = true;
    take(engine_->hand_over(change_ticket, 0, now()));
    return;
  }
  const auto next = next_change(wanted, members, parts_->self);
  if (!next) return;
  changing_ = true;
  base::log_event(base::severity::notice, "cluster.member_change")
      .number("member", static_cast<std::int64_t>(next->id))
      .text("what", next->what == member_change::kind::add ? "add" : next->what == member_change::kind::remove ? "remove" : next->to == consensus::role::voter ? "voter" : "standby");
  switch (next->what) {
  case member_change::kind::add: return take(engine_->add(change_ticket, next->id, now()));
  case member_change::kind::assign: return take(engine_->assign(change_ticket, next->id, next->to, now()));
  case member_change::kind::remove: return take(engine_->remove(change_ticket, next->id, now()));
  }
}

void consensus_actor::step_down() {
  if (engine_->state() == consensus::standing::leader) take(engine_->hand_over(handing_over_ticket, 0, now()));
}

void consensus_actor::identify(std::string certificate, std::function<std::string(std::string_view)> sign) {
  parts_->certificate = std::move(certificate);
  parts_->sign = std::move(sign);
}

// Links.

consensus_actor::peer* consensus_actor::find(consensus::member_id id) {
  const auto at = peers_.find(id);
  return at == peers_.end() ? nullptr : &at->second;
}

consensus_actor::peer* consensus_actor::speaker(const caf::strong_actor_ptr& who) {
  for (auto& [id, p] : peers_)
    if (p.link && p.link.address() == caf::actor_cast<caf::actor_addr>(who)) return &p;
  return nullptr;
}

void consensus_actor::say(peer& p, const frame& f) { send(p.link, frame_atom::value, print(f)); }

void consensus_actor::say_vitals(peer& p, const node_vitals& own) {
  const auto s = p.clocks.next(steady_us(), wall_us());
  say(p, vitals{s.sent_us, s.wall_us, s.echo_us, s.held_us, own.disk_free, own.disk_total, own.sessions, own.queued, own.queue_held});
  // Who is silent gets the newest when it speaks again.
  if (own.report == p.told || own.report.size() > report_frame_octets_max || clock::now() - p.heard > silent_time) return;
  p.told = own.report;
  say(p, report{own.report});
}

void consensus_actor::say_note(peer& p) {
  if (!parts_->note_for) return;
  if (auto octets = parts_->note_for(p.entry.id); octets && octets->size() <= note_frame_octets_max) say(p, note{std::move(*octets)});
}

void consensus_actor::refuse(const caf::actor& whom, const std::string& text) { send(whom, frame_atom::value, print(frame(refusal{text}))); }

void consensus_actor::unlink(peer& p, std::string fault) {
  if (p.linked || fault != p.fault)
    base::log_event(base::severity::warning, "cluster.link_down").number("member", static_cast<std::int64_t>(p.entry.id)).text("fault", fault);
  if (p.link) demonitor(p.link);
  p.link = nullptr;
  p.linked = p.proven = false;
  p.fault = std::move(fault);
  p.unanswered = p.unanswered_octets = 0;
  if (engine_) engine_->connected(p.entry.id, false);
}

void consensus_actor::linked(peer& p) {
  p.linked = true;
  p.fault.clear();
  p.wait = dial_pause_least;
  p.heard = clock::now();
  p.clocks = {};
  p.said.reset();
  p.told.clear();
  p.told_beat.reset();
  p.report.clear();
  p.unanswered = p.unanswered_octets = 0;
  engine_->connected(p.entry.id, true);
  base::log_event(base::severity::notice, "cluster.linked").number("member", static_cast<std::int64_t>(p.entry.id)).text("host", p.entry.host);
}

/// Who does not know what is agreed could not read it: it hears so, and has no link.
bool consensus_actor::knows_level(peer& p, const level_range& its) {
  const auto fault = level_fault(parts_->level(), its, "rookery " + p.software);
  if (!fault) return true;
  refuse(p.link, *fault);
  unlink(p, *fault);
  return false;
}

/// The other node is who it says. From level 2 on it is heard when it has said its levels; before, it may be one that says none.
void consensus_actor::proven(peer& p) {
  p.proven = true;
  p.levels.reset();
  say(p, levels{parts_->levels.oldest, parts_->levels.newest, parts_->level()});
  if (parts_->level() < 2) linked(p);
}

void consensus_actor::dial(peer& p) {
  p.dialling = true;
  const auto id = p.entry.id;
  auto& out = home_system();
  out.spawn<caf::detached + caf::hidden>([parts = parts_, id, host = p.entry.host, port = p.entry.port, self = caf::actor_cast<caf::actor>(this)](caf::event_based_actor* me) {
    caf::actor there;
    std::string fault;
    // CAF connects without a time limit, one after the other, and turns without waiting while it shakes hands: only with who answers.
    if (const auto silent = parts->silence(host, port, dial_wait)) {
      fault = "nobody answers at " + host + ":" + std::to_string(port) + ": " + *silent;
    } else {
      auto got = caf::openssl::remote_actor<caf::actor>(me->system(), host, port);
      if (got) there = std::move(*got);
      else fault = "no connection to " + host + ":" + std::to_string(port) + " with the cluster's certificates: " + me->system().render(got.error());
    }
    const auto task = std::make_shared<const std::function<void(consensus_actor&)>>([id, there, fault](consensus_actor& a) { a.dialled(id, there, fault); });
    caf::anon_send(self, actor_task{task});
  });
}

void consensus_actor::dialled(consensus::member_id id, caf::actor there, std::string fault) {
  auto* p = find(id);
  if (p == nullptr) return;
  p->dialling = false;
  p->wait = std::clamp(p->wait * 2, dial_pause_least, dial_pause_most);
  p->next_dial = clock::now() + p->wait;
  if (p->link) return;
  if (!there) {
    p->fault = std::move(fault);
    return;
  }
  p->link = there;
  p->began = clock::now();
  p->nonce = parts_->nonce();
  monitor(there);
  say(*p, hello{parts_->cluster, parts_->self, parts_->uuid, parts_->certificate, p->nonce, parts_->software});
}

void consensus_actor::greeted(const caf::strong_actor_ptr& from, const hello& h) {
  const auto who = caf::actor_cast<caf::actor>(from);
  if (h.cluster != parts_->cluster) return refuse(who, "this is a node of another cluster: look at the addresses with rookery cluster status");
  auto* p = find(h.from);
  if (p == nullptr)
    return refuse(who, "node " + h.uuid + " does not belong to this cluster (any more): run rookery cluster leave --force there, then join again with a new token");
  if (p->entry.uuid != h.uuid)
    return refuse(who, "member " + std::to_string(h.from) + " of this cluster is node " + p->entry.uuid + ", and not " + h.uuid + ": two nodes use one identity; remove the data that was copied and join anew");
  if (p->linked && clock::now() - p->heard < twin_time)
    return refuse(who, "node " + h.uuid + " is connected already: its data was copied to a second machine, or it restarts; stop one of the two");
  if (p->link) unlink(*p, "it connects again");
  p->link = who;
  p->began = clock::now();
  p->nonce = parts_->nonce();
  p->certificate = h.certificate;
  p->software = h.software;
  monitor(who);
  say(*p, welcome{parts_->self, parts_->uuid, parts_->certificate, p->nonce, parts_->sign(proof_text(parts_->cluster, parts_->self, h.from, h.nonce)), parts_->software});
}

void consensus_actor::heard(const caf::strong_actor_ptr& from, const std::string& octets) {
  if (!from) return;
  auto f = read_frame(octets);
  if (!f) return;
  if (const auto* h = std::get_if<hello>(&*f)) return greeted(from, *h);
  auto* p = speaker(from);
  if (p == nullptr) return;
  const auto id = p->entry.id;
  if (!p->linked) {
    if (const auto* w = std::get_if<welcome>(&*f); w != nullptr && parts_->self < id) {
      auto wrong = w->from != id || w->uuid != p->entry.uuid
                       ? std::optional<std::string>("at " + p->entry.host + " is node " + w->uuid + ", and not " + p->entry.uuid)
                       : parts_->verify(w->certificate, p->entry, proof_text(parts_->cluster, id, parts_->self, p->nonce), w->signature);
      if (wrong) {
        refuse(p->link, *wrong);
        return unlink(*p, std::move(*wrong));
      }
      p->software = w->software;
      say(*p, proof{parts_->sign(proof_text(parts_->cluster, parts_->self, id, w->nonce))});
      return proven(*p);
    }
    if (const auto* s = std::get_if<proof>(&*f); s != nullptr && id < parts_->self) {
      auto wrong = parts_->verify(p->certificate, p->entry, proof_text(parts_->cluster, id, parts_->self, p->nonce), s->signature);
      if (!wrong) return proven(*p);
      refuse(p->link, *wrong);
      return unlink(*p, std::move(*wrong));
    }
    if (const auto* k = std::get_if<levels>(&*f); k != nullptr && p->proven) {
      p->levels = level_range{static_cast<unsigned>(k->oldest), static_cast<unsigned>(k->newest)};
      if (knows_level(*p, *p->levels)) linked(*p);
      return;
    }
    if (const auto* r = std::get_if<refusal>(&*f)) return unlink(*p, r->text.substr(0, 500));
    return;
  }
  p->heard = clock::now();
  p->unanswered = p->unanswered_octets = 0;
  if (const auto* l = std::get_if<letter_frame>(&*f)) take(engine_->receive(id, l->octets, now()));
  else if (auto* w = std::get_if<forward>(&*f)) take_batch(std::move(w->batch));
  else if (const auto* b = std::get_if<beat>(&*f)) p->last_beat = *b;
  else if (const auto* v = std::get_if<vitals>(&*f)) {
    p->clocks.heard({v->sent_us, v->wall_us, v->echo_us, v->held_us}, steady_us(), wall_us());
    p->said = node_vitals{v->disk_free, v->disk_total, v->sessions, v->queued, v->queue_held, {}};
  }
  else if (const auto* k = std::get_if<levels>(&*f)) p->levels = level_range{static_cast<unsigned>(k->oldest), static_cast<unsigned>(k->newest)};
  else if (auto* told = std::get_if<report>(&*f)) p->report = std::move(told->octets);
  else if (const auto* n = std::get_if<note>(&*f)) {
    if (parts_->noted) parts_->noted(id, n->octets);
    say_note(*p); // it waits for an answer
  }
  else if (const auto* r = std::get_if<refusal>(&*f)) unlink(*p, r->text.substr(0, 500));
}

void consensus_actor::down(const caf::down_msg& m) {
  for (auto& [id, p] : peers_)
    if (p.link && p.link.address() == m.source) return unlink(p, "the connection was lost");
}

void consensus_actor::publish() {
  control_status s;
  s.self = parts_->self;
  s.leader = engine_->leader();
  switch (engine_->state()) {
  case consensus::standing::leader: s.standing = "leader"; break;
  case consensus::standing::candidate: s.standing = "candidate"; break;
  case consensus::standing::follower: s.standing = "follower"; break;
  case consensus::standing::out: s.standing = "out"; break;
  }
  s.term = engine_->term();
  s.last = engine_->last_index();
  s.committed = engine_->commit_index();
  s.agreed = parts_->agreed();
  s.configuration = parts_->version();
  s.members = engine_->members();
  s.waiting = waiting_.size();
  const auto at = clock::now();
  for (const auto& [id, p] : peers_) {
    peer_status row;
    row.id = id;
    row.uuid = p.entry.uuid;
    row.host = p.entry.host;
    row.port = p.entry.port;
    row.linked = p.linked;
    row.fault = p.linked ? "" : p.fault;
    if (p.heard != clock::time_point{}) row.silent_ms = std::chrono::duration_cast<std::chrono::milliseconds>(at - p.heard).count();
    row.software = p.software;
    row.configuration = p.last_beat.configuration;
    row.agreed = p.last_beat.agreed;
    row.dropped = p.dropped;
    if (p.linked) {
      row.round_trip = p.clocks.round_trip();
      row.clock_offset = p.clocks.offset();
      row.vitals = p.said;
      row.levels = p.levels;
      if (row.vitals) row.vitals->report = p.report;
    }
    s.peers.push_back(std::move(row));
  }
  const std::lock_guard hold(board_->lock);
  board_->last = std::move(s);
}

} // namespace rookery::cluster
