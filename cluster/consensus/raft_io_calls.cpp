#include "cluster/consensus/raft_inside.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace rookery::consensus {
namespace {

engine::inside& of(raft_io* io);

} // namespace

void* raft_copy(std::string_view octets) {
  void* to = raft_malloc(std::max<std::size_t>(1, octets.size()));
  if (to == nullptr) throw std::bad_alloc();
  if (!octets.empty()) std::memcpy(to, octets.data(), octets.size());
  return to;
}

void print_members(const std::vector<member>& members, raft_configuration* to) {
  raft_configuration_init(to);
  for (const auto& m : members) (void)raft_configuration_add(to, m.id, std::to_string(m.id).c_str(), static_cast<int>(m.what));
}

std::vector<member> read_members(const raft_configuration& from) {
  std::vector<member> out;
  for (unsigned i = 0; i < from.n; ++i) out.push_back({from.servers[i].id, static_cast<role>(from.servers[i].role)});
  return out;
}

namespace {

entry read_entry(const raft_entry& e) {
  return {e.term, static_cast<entry_kind>(e.type), std::string(static_cast<const char*>(e.buf.base), e.buf.len)};
}

message read(const raft_message& m, member_id self) {
  switch (m.type) {
  case RAFT_IO_APPEND_ENTRIES: {
    const auto& a = m.append_entries;
    entries_request r{a.term, a.prev_log_index, a.prev_log_term, a.leader_commit, {}};
    for (unsigned i = 0; i < a.n_entries; ++i) r.entries.push_back(read_entry(a.entries[i]));
    return r;
  }
  case RAFT_IO_APPEND_ENTRIES_RESULT:
    return entries_answer{m.append_entries_result.term, m.append_entries_result.rejected, m.append_entries_result.last_log_index};
  case RAFT_IO_REQUEST_VOTE: {
    const auto& v = m.request_vote;
    return vote_request{v.term, self, v.last_log_index, v.last_log_term, v.disrupt_leader, v.pre_vote};
  }
  case RAFT_IO_REQUEST_VOTE_RESULT: {
    const auto& v = m.request_vote_result;
    return vote_answer{v.term, v.vote_granted, static_cast<std::uint8_t>(v.pre_vote)};
  }
  case RAFT_IO_INSTALL_SNAPSHOT: {
    const auto& s = m.install_snapshot;
    return snapshot_request{s.term, {s.last_index, s.last_term, read_members(s.conf), s.conf_index,
                                     std::string(static_cast<const char*>(s.data.base), s.data.len)}};
  }
  default:
    return timeout_now{m.timeout_now.term, m.timeout_now.last_log_index, m.timeout_now.last_log_term};
  }
}

} // namespace

int engine::inside::load(raft_term* term, raft_id* vote, struct raft_snapshot** snapshot_out, raft_index* start,
                         struct raft_entry** entries, std::size_t* n) {
  *term = loading.term;
  *vote = loading.vote;
  *start = loading.first_index;
  *snapshot_out = nullptr;
  first_place = loading.first_index;
  if (loading.last) {
    last = restoring = loading.last;
    auto* s = static_cast<struct raft_snapshot*>(raft_calloc(1, sizeof(struct raft_snapshot)));
    s->index = last->index;
    s->term = last->term;
    print_members(last->members, &s->configuration);
    s->configuration_index = last->members_index;
    s->n_bufs = 1;
    s->bufs = static_cast<raft_buffer*>(raft_malloc(sizeof(raft_buffer)));
    s->bufs[0] = {raft_copy({}), 1}; // the octets are told by `restoring`
    *snapshot_out = s;
  }
  *n = loading.entries.size();
  *entries = nullptr;
  if (*n > 0) {
    *entries = static_cast<struct raft_entry*>(raft_calloc(*n, sizeof(struct raft_entry)));
    for (std::size_t i = 0; i < *n; ++i) {
      const auto& e = loading.entries[i];
      auto& to = (*entries)[i];
      to.term = e.term;
      to.type = static_cast<unsigned short>(e.kind);
      to.buf = {raft_copy(e.octets), e.octets.size()};
      places.push_back({e.term, e.kind});
    }
  }
  loading = {};
  return 0;
}

int engine::inside::send(struct raft_io_send* request, const raft_message* m, raft_io_send_cb done) {
  const auto to = static_cast<member_id>(m->server_id);
  const bool there = std::find(unreachable.begin(), unreachable.end(), to) == unreachable.end();
  if (!there && !options.with.send_never_fails) return RAFT_NOCONNECTION;
  auto content = read(*m, options.self);
  if (auto* answer = std::get_if<entries_answer>(&content); answer != nullptr && options.with.cap_match && answer->rejected == 0)
    answer->last_index = std::min(answer->last_index, cap);
  if (auto* answer = std::get_if<entries_answer>(&content); answer != nullptr && options.with.vouch_for_snapshot && answer->rejected == 0 && last)
    answer->last_index = std::max(answer->last_index, last->index);
  if (there) letters.push_back({to, print(content)});
  // The callback of TimeoutNow is null.
  if (done != nullptr) later.push_back([this, request, done, there] { done(request, closing ? RAFT_CANCELED : there ? 0 : RAFT_NOCONNECTION); });
  return 0;
}

int engine::inside::append(struct raft_io_append* request, const struct raft_entry* entries, unsigned n, raft_io_append_cb done) {
  append_entries w;
  w.first = first_place + places.size();
  for (unsigned i = 0; i < n; ++i) {
    w.entries.push_back(read_entry(entries[i]));
    places.push_back({w.entries.back().term, w.entries.back().kind});
  }
  out.writes.push_back(std::move(w));
  appends.push_back({request, done, cap});
  return 0;
}

int engine::inside::truncate(raft_index from) {
  while (!places.empty() && first_place + places.size() > from) places.pop_back();
  out.writes.push_back(truncate_entries{from});
  return 0;
}

int engine::inside::put(unsigned trailing, struct raft_io_snapshot_put* request, const struct raft_snapshot* s,
                        raft_io_snapshot_put_cb done) {
  waiting_put w{request, done, {s->index, s->term, read_members(s->configuration), s->configuration_index, {}}, nullptr, trailing};
  if (trailing == 0) { // from the leader: it replaces all there is
    w.what.octets.assign(static_cast<const char*>(s->bufs[0].base), s->bufs[0].len);
    w.written = std::make_shared<snapshot>(std::move(w.what));
    out.writes.push_back(keep_snapshot{w.written, 0});
    places.clear();
    first_place = w.written->index + 1;
  } else {
    out.snapshot = snapshot_wanted{s->index};
  }
  putting = std::move(w);
  return 0;
}

int engine::inside::get(struct raft_io_snapshot_get* request, raft_io_snapshot_get_cb done) {
  if (!last) return RAFT_NOTFOUND;
  later.push_back([this, request, done, from = last] {
    if (closing) return done(request, nullptr, RAFT_CANCELED);
    auto* s = static_cast<struct raft_snapshot*>(raft_calloc(1, sizeof(struct raft_snapshot)));
    s->index = from->index;
    s->term = from->term;
    print_members(from->members, &s->configuration);
    s->configuration_index = from->members_index;
    s->n_bufs = 1;
    s->bufs = static_cast<raft_buffer*>(raft_malloc(sizeof(raft_buffer)));
    s->bufs[0] = {raft_copy(from->octets), from->octets.size()};
    done(request, s, 0);
  });
  return 0;
}

/// The library asks while it applies; what it hands on as the snapshot is a token, and the octets are
/// asked of the driver (`put`), who knows when it has applied that much.
int engine::inside::picture(struct raft_buffer** bufs, unsigned* n) {
  if (putting) return RAFT_BUSY;
  if (options.with.change_hygiene && last_change() > core.last_applied) return RAFT_BUSY;
  *bufs = static_cast<raft_buffer*>(raft_malloc(sizeof(raft_buffer)));
  (*bufs)[0] = {raft_copy({}), 1};
  *n = 1;
  return 0;
}

namespace {

engine::inside& of(raft_io* io) { return *static_cast<engine::inside*>(io->impl); }

} // namespace

raft_io engine::inside::calls(inside* self) {
  raft_io io{};
  io.version = 1;
  io.impl = self;
  io.init = [](raft_io*, raft_id, const char*) { return 0; };
  io.close = [](raft_io* i, raft_io_close_cb cb) { of(i).on_close = cb; };
  io.load = [](raft_io* i, raft_term* term, raft_id* vote, struct raft_snapshot** s, raft_index* start, struct raft_entry** entries,
               std::size_t* n) { return of(i).load(term, vote, s, start, entries, n); };
  io.start = [](raft_io* i, unsigned, raft_io_tick_cb tick, raft_io_recv_cb receive) {
    of(i).on_tick = tick;
    of(i).on_message = receive;
    return 0;
  };
  io.bootstrap = [](raft_io*, const raft_configuration*) { return RAFT_CANTBOOTSTRAP; };
  io.recover = [](raft_io*, const raft_configuration*) { return RAFT_CANTBOOTSTRAP; };
  io.set_term = [](raft_io* i, raft_term term) {
    of(i).out.writes.push_back(keep_term{term});
    return 0;
  };
  io.set_vote = [](raft_io* i, raft_id id) {
    of(i).out.writes.push_back(keep_vote{id});
    return 0;
  };
  io.send = [](raft_io* i, struct raft_io_send* r, const raft_message* m, raft_io_send_cb cb) { return of(i).send(r, m, cb); };
  io.append = [](raft_io* i, struct raft_io_append* r, const struct raft_entry* e, unsigned n, raft_io_append_cb cb) { return of(i).append(r, e, n, cb); };
  io.truncate = [](raft_io* i, raft_index from) { return of(i).truncate(from); };
  io.snapshot_put = [](raft_io* i, unsigned trailing, struct raft_io_snapshot_put* r, const struct raft_snapshot* s, raft_io_snapshot_put_cb cb) {
    return of(i).put(trailing, r, s, cb);
  };
  io.snapshot_get = [](raft_io* i, struct raft_io_snapshot_get* r, raft_io_snapshot_get_cb cb) { return of(i).get(r, cb); };
  io.time = [](raft_io* i) { return static_cast<raft_time>(of(i).now); };
  io.random = [](raft_io* i, int min, int max) {
    return max <= min ? min : static_cast<int>(min + static_cast<int>(of(i).random() % static_cast<std::uint64_t>(max - min)));
  };
  return io;
}

raft_fsm engine::inside::machine(inside* self) {
  raft_fsm fsm{};
  fsm.version = 1;
  fsm.data = self;
  fsm.apply = [](raft_fsm* f, const raft_buffer* b, void** result) {
    auto& in = *static_cast<inside*>(f->data);
    in.out.apply.push_back(committed{in.core.last_applied + 1, std::string(static_cast<const char*>(b->base), b->len)});
    *result = nullptr;
    return 0;
  };
  fsm.snapshot = [](raft_fsm* f, raft_buffer** bufs, unsigned* n) { return static_cast<inside*>(f->data)->picture(bufs, n); };
  fsm.restore = [](raft_fsm* f, raft_buffer* b) {
    auto& in = *static_cast<inside*>(f->data);
    in.out.apply.push_back(restored{in.restoring});
    raft_free(b->base);
    return 0;
  };
  return fsm;
}

} // namespace rookery::consensus
