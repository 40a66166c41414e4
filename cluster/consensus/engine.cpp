#include "cluster/consensus/engine.hpp"

#include "base/check.hpp"
#include "cluster/consensus/raft_inside.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <string>

namespace rookery::consensus {
namespace {

constexpr std::uint32_t install_ms_of_the_library = 30'000;

/// One that waits for the library; freed by its callback.
struct request {
  engine::inside* in;
  std::uint64_t ticket;
};
struct command_request : request {
  struct ::raft_apply call {};
};
struct barrier_request : request {
  struct ::raft_barrier call {};
};
struct change_request : request {
  struct ::raft_change call {};
};
struct transfer_request : request {
  struct ::raft_transfer call {};
};

fate fate_of(int status) {
  switch (status) {
  case 0: return fate::done;
  case RAFT_NOTLEADER: return fate::not_leader;
  case RAFT_CANTCHANGE:
  case RAFT_BUSY: return fate::busy;
  case RAFT_LEADERSHIPLOST:
  case RAFT_SHUTDOWN:
  case RAFT_CANCELED: return fate::lost;
  default: return fate::refused;
  }
}

template <class T>
void end(T* r, int status, std::uint64_t index = 0) {
  if (r->ticket != 0) r->in->out.ended.push_back({r->ticket, fate_of(status), index});
  delete r;
}

template <class T>
std::unique_ptr<T> make_request(engine::inside& in, std::uint64_t ticket) {
  auto r = std::make_unique<T>();
  r->in = &in;
  r->ticket = ticket;
  r->call.data = r.get();
  return r;
}

} // namespace

engine::inside::inside(const engine_options& o, durable_state state, std::uint64_t now_ms)
    : options(o), loading(std::move(state)), now(now_ms), random(o.seed ^ o.self * 0x9e3779b97f4a7c15u) {
  base::check(o.self != 0 && o.election_ms >= 4 * o.heartbeat_ms && o.trailing > 0, "consensus options");
  io = calls(this);
  fsm = machine(this);
  base::check(raft_init(&core, &io, &fsm, o.self, std::to_string(o.self).c_str()) == 0, "raft_init");
  raft_set_election_timeout(&core, o.election_ms);
  raft_set_heartbeat_timeout(&core, o.heartbeat_ms);
  raft_set_install_snapshot_timeout(&core, o.with.short_install ? o.install_ms : install_ms_of_the_library);
  raft_set_pre_vote(&core, o.with.short_install);
  raft_set_snapshot_threshold(&core, o.snapshot_after);
  raft_set_snapshot_trailing(&core, o.trailing);
}

engine::inside::~inside() {
  closing = true;
  raft_close(&core, nullptr);
  while (!later.empty()) {
    const auto run = std::move(later.front());
    later.pop_front();
    run();
  }
  for (const auto& a : appends) a.done(a.request, RAFT_CANCELED);
  if (putting) putting->done(putting->request, RAFT_CANCELED);
  if (on_close != nullptr) on_close(&io);
}

const engine::inside::place* engine::inside::at(std::uint64_t index) const {
  return index < first_place || index - first_place >= places.size() ? nullptr : &places[index - first_place];
}

std::uint64_t engine::inside::last_change() const {
  for (auto i = places.size(); i-- > 0;)
    if (places[i].kind == entry_kind::change) return first_place + i;
  return 0;
}

void engine::inside::begin(std::uint64_t now_ms) {
  base::check(!over, "the engine has ended");
  base::check(!unwritten || !options.with.persist_first, "what the last step wrote is not durable yet");
  now = std::max(now, now_ms);
}

void engine::inside::settle() {
  for (;;) {
    while (!later.empty()) {
      const auto run = std::move(later.front());
      later.pop_front();
      run();
    }
    if (core.state != RAFT_LEADER) return;
    if (led_term != core.current_term) {
      led_term = core.current_term;
      told_commit = core.commit_index;
      if (options.with.barrier_first) lead();
    } else if (core.commit_index > told_commit) {
      tell_commit();
    } else {
      return;
    }
  }
}

/// What the library has sent as its first word could be answered with entries of another leader's term:
/// it does not leave, and an entry of this term goes out instead.
void engine::inside::lead() {
  std::erase_if(letters, [](const letter& l) {
    const auto m = read_message(l.octets);
    return m && std::holds_alternative<entries_request>(*m);
  });
  for (unsigned i = 0; i < core.configuration.n; ++i) core.leader_state.progress[i].last_send = 0;
  auto r = make_request<barrier_request>(*this, 0);
  const int status = raft_barrier(&core, &r->call, [](struct ::raft_barrier* b, int) {
    auto* done = static_cast<barrier_request*>(b->data);
    --done->in->in_flight;
    delete done;
  });
  if (status != 0) return;
  ++in_flight;
  (void)r.release();
}

/// The library tells followers of a commit with its next letter, up to two heartbeats later: they hear of it now.
void engine::inside::tell_commit() {
  told_commit = core.commit_index;
  for (unsigned i = 0; i < core.configuration.n; ++i) core.leader_state.progress[i].last_send = 0;
  on_tick(&io);
}

step engine::inside::finish() {
  settle();
  auto& s = out;
  const bool changes_vote = std::any_of(s.writes.begin(), s.writes.end(), [](const durable_write& w) {
    return std::holds_alternative<keep_term>(w) || std::holds_alternative<keep_vote>(w);
  });
  auto& to = changes_vote ? s.after : s.before;
  to.insert(to.end(), std::make_move_iterator(letters.begin()), std::make_move_iterator(letters.end()));
  letters.clear();
  if (!s.writes.empty()) unwritten = true;
  if (core.state == RAFT_UNAVAILABLE) s.failed = true;
  if (s.failed || s.start_again) over = true;
  return std::exchange(out, {});
}

void engine::inside::complete_writes() {
  auto written = std::exchange(appends, {});
  for (const auto& a : written) {
    cap = a.cap;
    a.done(a.request, 0);
  }
  if (putting && putting->written) {
    auto p = *std::exchange(putting, std::nullopt);
    last = restoring = p.written;
    cap = p.written->index;
    if (p.trailing > 0)
      while (!places.empty() && first_place + p.trailing <= p.written->index) {
        places.pop_front();
        ++first_place;
      }
    p.done(p.request, 0);
  }
  // Answers leave with the cap they were made under.
  cap = std::numeric_limits<std::uint64_t>::max();
}

/// Would these entries remove one that changes members? The library rolls members back by an entry that may
/// be gone, and after a restart not at all: cut the log here, and begin again with what it then says.
bool engine::inside::cut_changes(const entries_request& m) {
  if (m.term < core.current_term) return false;
  if (m.previous_index >= first_place) {
    const auto* before = at(m.previous_index);
    if (before == nullptr || before->term != m.previous_term) return false; // the library refuses it
  }
  for (std::size_t i = 0; i < m.entries.size(); ++i) {
    const auto index = m.previous_index + 1 + i;
    const auto* there = at(index);
    if (there == nullptr || there->term == m.entries[i].term) continue;
    if (index > last_change() || index <= core.commit_index) return false;
    truncate(index);
    out.start_again = true;
    return true;
  }
  return false;
}

/// The library refuses entries that follow one which its snapshot has swallowed, so that a leader that asks from there
/// steps back for ever. Everything in the snapshot is agreed, and in each leader's log: the request begins behind it.
void engine::inside::begin_at_snapshot(entries_request& m) {
  if (!last || m.term < core.current_term || m.previous_index >= last->index || at(m.previous_index) != nullptr) return;
  const auto known = std::min<std::uint64_t>(last->index - m.previous_index, m.entries.size());
  m.entries.erase(m.entries.begin(), m.entries.begin() + static_cast<std::ptrdiff_t>(known));
  m.previous_index = last->index;
  m.previous_term = last->term;
}

bool engine::inside::accept(const message& m) {
  if (const auto* v = std::get_if<vote_request>(&m); v != nullptr && options.with.one_vote && !v->pre_vote && core.transfer != nullptr &&
      core.transfer->id == v->candidate && v->term == core.current_term && core.voted_for != 0 && core.voted_for != v->candidate)
    return false;
  if (const auto* e = std::get_if<entries_request>(&m); e != nullptr && options.with.change_hygiene && cut_changes(*e)) return false;
  return true;
}

void engine::inside::deliver(member_id from, message m) {
  if (auto* e = std::get_if<entries_request>(&m); e != nullptr && options.with.vouch_for_snapshot) begin_at_snapshot(*e);
  if (!accept(m)) return;
  raft_message to{};
  const auto address = std::to_string(from);
  to.server_id = from;
  to.server_address = address.c_str();
  to.type = static_cast<unsigned short>(m.index() + 1);
  if (auto* e = std::get_if<entries_request>(&m)) {
    auto& a = to.append_entries;
    a.term = e->term;
    a.prev_log_index = e->previous_index;
    a.prev_log_term = e->previous_term;
    a.leader_commit = e->commit;
    a.n_entries = static_cast<unsigned>(e->entries.size());
    cap = e->previous_index + e->entries.size();
    if (!e->entries.empty()) {
      std::size_t octets = 1;
      for (const auto& one : e->entries) octets += one.octets.size();
      auto* batch = static_cast<char*>(raft_malloc(octets));
      a.entries = static_cast<struct raft_entry*>(raft_calloc(e->entries.size(), sizeof(struct raft_entry)));
      auto* put_at = batch;
      for (std::size_t i = 0; i < e->entries.size(); ++i) {
        const auto& one = e->entries[i];
        if (!one.octets.empty()) std::memcpy(put_at, one.octets.data(), one.octets.size());
        a.entries[i].term = one.term;
        a.entries[i].type = static_cast<unsigned short>(one.kind);
        a.entries[i].buf = {put_at, one.octets.size()};
        a.entries[i].batch = batch;
        put_at += one.octets.size();
      }
    }
  } else if (const auto* r = std::get_if<entries_answer>(&m)) {
    to.append_entries_result = {r->term, r->rejected, r->last_index};
  } else if (const auto* v = std::get_if<vote_request>(&m)) {
    to.request_vote = {v->term, v->candidate, v->last_index, v->last_term, v->disrupt_leader, v->pre_vote};
  } else if (const auto* g = std::get_if<vote_answer>(&m)) {
    to.request_vote_result = {g->term, g->granted, static_cast<raft_tribool>(g->pre_vote)};
  } else if (const auto* s = std::get_if<snapshot_request>(&m)) {
    auto& i = to.install_snapshot;
    i.term = s->term;
    i.last_index = s->what.index;
    i.last_term = s->what.term;
    print_members(s->what.members, &i.conf);
    i.conf_index = s->what.members_index;
    i.data = {raft_copy(s->what.octets), s->what.octets.size()};
    cap = s->what.index;
  } else if (const auto* t = std::get_if<timeout_now>(&m)) {
    to.timeout_now = {t->term, t->last_index, t->last_term};
  }
  on_message(&io, &to);
  cap = std::numeric_limits<std::uint64_t>::max();
}

step engine::inside::end_at_once(std::uint64_t ticket, fate what) {
  out.ended.push_back({ticket, what, 0});
  return finish();
}

std::string_view engine::version() noexcept { return ROOKERY_RAFT_VERSION; }

durable_state engine::found(member_id first, std::string octets) {
  durable_state s;
  s.term = 1;
  s.last = std::make_shared<snapshot>(snapshot{1, 1, {{first, role::voter}}, 1, std::move(octets)});
  s.first_index = 2;
  return s;
}

engine::engine(const engine_options& options, durable_state state, std::uint64_t now_ms, step& first)
    : in_(std::make_unique<inside>(options, std::move(state), now_ms)) {
  base::check(raft_start(&in_->core) == 0, "raft_start");
  first = in_->finish();
}

engine::~engine() = default;

step engine::persisted(std::uint64_t now_ms) {
  in_->unwritten = false;
  in_->begin(now_ms);
  in_->complete_writes();
  return in_->finish();
}

step engine::receive(member_id from, std::string_view octets, std::uint64_t now_ms) {
  in_->begin(now_ms);
  if (auto m = read_message(octets)) in_->deliver(from, std::move(*m));
  return in_->finish();
}

step engine::tick(std::uint64_t now_ms) {
  in_->begin(now_ms);
  in_->on_tick(&in_->io);
  return in_->finish();
}

std::uint64_t engine::next_tick(std::uint64_t now_ms) const noexcept {
  const auto& core = in_->core;
  const auto often = now_ms + in_->options.heartbeat_ms;
  if (core.state != RAFT_FOLLOWER) return often;
  const auto patience = static_cast<std::uint64_t>(core.election_timer_start) + core.follower_state.randomized_election_timeout;
  if (patience <= now_ms) return often; // it has no vote
  return core.follower_state.current_leader.id == 0 ? std::min(patience, often) : patience;
}

step engine::propose(std::uint64_t ticket, std::string octets, std::uint64_t now_ms) {
  in_->begin(now_ms);
  if (in_->core.state != RAFT_LEADER) return in_->end_at_once(ticket, fate::not_leader);
  if (in_->options.with.one_in_flight && in_->in_flight > 0) return in_->end_at_once(ticket, fate::busy);
  if (octets.size() > entry_octets_max) return in_->end_at_once(ticket, fate::refused);
  auto r = make_request<command_request>(*in_, ticket);
  const raft_buffer content{raft_copy(octets), octets.size()};
  const int status = raft_apply(&in_->core, &r->call, &content, 1, [](struct ::raft_apply* call, int result, void*) {
    auto* done = static_cast<command_request*>(call->data);
    --done->in->in_flight;
    end(done, result, call->index);
  });
  if (status != 0) {
    raft_free(content.base);
    return in_->end_at_once(ticket, fate_of(status));
  }
  ++in_->in_flight;
  (void)r.release();
  return in_->finish();
}

step engine::barrier(std::uint64_t ticket, std::uint64_t now_ms) {
  in_->begin(now_ms);
  if (in_->core.state != RAFT_LEADER) return in_->end_at_once(ticket, fate::not_leader);
  if (in_->options.with.one_in_flight && in_->in_flight > 0) return in_->end_at_once(ticket, fate::busy);
  auto r = make_request<barrier_request>(*in_, ticket);
  const int status = raft_barrier(&in_->core, &r->call, [](struct ::raft_barrier* call, int result) {
    auto* done = static_cast<barrier_request*>(call->data);
    --done->in->in_flight;
    end(done, result);
  });
  if (status != 0) return in_->end_at_once(ticket, fate_of(status));
  ++in_->in_flight;
  (void)r.release();
  return in_->finish();
}

namespace {

void change_done(struct ::raft_change* call, int result) { end(static_cast<change_request*>(call->data), result); }

} // namespace

step engine::add(std::uint64_t ticket, member_id id, std::uint64_t now_ms) {
  in_->begin(now_ms);
  if (in_->core.configuration.n >= members_max) return in_->end_at_once(ticket, fate::refused);
  auto r = make_request<change_request>(*in_, ticket);
  const int status = raft_add(&in_->core, &r->call, id, std::to_string(id).c_str(), change_done);
  if (status != 0) return in_->end_at_once(ticket, fate_of(status));
  (void)r.release();
  return in_->finish();
}

step engine::assign(std::uint64_t ticket, member_id id, role what, std::uint64_t now_ms) {
  in_->begin(now_ms);
  auto r = make_request<change_request>(*in_, ticket);
  const int status = raft_assign(&in_->core, &r->call, id, static_cast<int>(what), change_done);
  if (status != 0) return in_->end_at_once(ticket, fate_of(status));
  (void)r.release();
  return in_->finish();
}

step engine::remove(std::uint64_t ticket, member_id id, std::uint64_t now_ms) {
  in_->begin(now_ms);
  auto r = make_request<change_request>(*in_, ticket);
  const int status = raft_remove(&in_->core, &r->call, id, change_done);
  if (status != 0) return in_->end_at_once(ticket, fate_of(status));
  (void)r.release();
  return in_->finish();
}

step engine::hand_over(std::uint64_t ticket, member_id to, std::uint64_t now_ms) {
  in_->begin(now_ms);
  auto r = make_request<transfer_request>(*in_, ticket);
  const int status = raft_transfer(&in_->core, &r->call, to, [](struct ::raft_transfer* call) { end(static_cast<transfer_request*>(call->data), 0); });
  if (status != 0) return in_->end_at_once(ticket, fate_of(status));
  (void)r.release();
  return in_->finish();
}

step engine::snapshot_taken(std::string octets, std::uint64_t now_ms) {
  in_->begin(now_ms);
  if (in_->putting && !in_->putting->written) {
    auto& p = *in_->putting;
    p.what.octets = std::move(octets);
    p.written = std::make_shared<snapshot>(std::move(p.what));
    in_->out.writes.push_back(keep_snapshot{p.written, p.trailing});
  }
  return in_->finish();
}

void engine::connected(member_id id, bool there) {
  std::erase(in_->unreachable, id);
  if (!there) in_->unreachable.push_back(id);
  // The library gives nobody a vote while it knows of a leader, until its own patience ends: the first of two that lost theirs would
  // wait for the second. If the leader lives, its next heartbeat says so.
  auto& core = in_->core;
  if (!there && in_->options.with.short_install && core.state == RAFT_FOLLOWER && core.follower_state.current_leader.id == id) core.follower_state.current_leader.id = 0;
}

standing engine::state() const noexcept {
  switch (in_->core.state) {
  case RAFT_FOLLOWER: return standing::follower;
  case RAFT_CANDIDATE: return standing::candidate;
  case RAFT_LEADER: return standing::leader;
  default: return standing::out;
  }
}

member_id engine::leader() const noexcept {
  raft_id id = 0;
  const char* address = nullptr;
  raft_leader(&in_->core, &id, &address);
  return id;
}

std::uint64_t engine::term() const noexcept { return in_->core.current_term; }
std::uint64_t engine::last_index() const noexcept { return in_->first_place + in_->places.size() - 1; }
std::uint64_t engine::commit_index() const noexcept { return in_->core.commit_index; }
std::uint64_t engine::applied_index() const noexcept { return in_->core.last_applied; }
std::vector<member> engine::members() const { return read_members(in_->core.configuration); }
std::uint32_t engine::in_flight() const noexcept { return in_->in_flight; }

std::vector<peer_progress> engine::progress() const {
  std::vector<peer_progress> out;
  if (in_->core.state != RAFT_LEADER) return out;
  for (unsigned i = 0; i < in_->core.configuration.n; ++i) {
    const auto& p = in_->core.leader_state.progress[i];
    out.push_back({in_->core.configuration.servers[i].id, p.match_index, p.recent_recv});
  }
  return out;
}

} // namespace rookery::consensus
