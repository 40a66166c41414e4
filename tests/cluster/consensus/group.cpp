#include "group.hpp"

#include <algorithm>

namespace rookery::consensus {

void disk::write(const durable_write& w) {
  if (const auto* t = std::get_if<keep_term>(&w)) {
    state.term = t->term;
    state.vote = 0;
  } else if (const auto* v = std::get_if<keep_vote>(&w)) {
    state.vote = v->vote;
  } else if (const auto* a = std::get_if<append_entries>(&w)) {
    if (a->first != state.first_index + state.entries.size()) throw std::logic_error("a gap in the log");
    state.entries.insert(state.entries.end(), a->entries.begin(), a->entries.end());
  } else if (const auto* c = std::get_if<truncate_entries>(&w)) {
    while (!state.entries.empty() && state.first_index + state.entries.size() > c->from) state.entries.pop_back();
  } else if (const auto* s = std::get_if<keep_snapshot>(&w)) {
    state.last = s->what;
    if (s->trailing == 0) state.entries.clear();
    while (!state.entries.empty() && state.first_index + s->trailing <= state.last->index) {
      state.entries.erase(state.entries.begin());
      ++state.first_index;
    }
    if (state.entries.empty()) state.first_index = state.last->index + 1;
  }
}

group::group(unsigned count, guards g, std::function<void(engine_options&)> a) : with(g), adjust(std::move(a)) {
  auto state = engine::found(1, "");
  auto founded = std::make_shared<snapshot>(*state.last);
  founded->members.clear();
  for (member_id id = 1; id <= count; ++id) founded->members.push_back({id, role::voter});
  state.last = founded;
  for (member_id id = 1; id <= count; ++id) {
    nodes[id].id = id;
    nodes[id].on = std::make_unique<disk>(state);
    start(id);
  }
}

void group::add_blank(member_id id) {
  nodes[id].id = id;
  nodes[id].on = std::make_unique<disk>(durable_state{});
  start(id);
}

void group::start(member_id id) {
  auto& n = nodes[id];
  engine_options o;
  o.self = id;
  o.seed = 7;
  o.with = with;
  if (adjust) adjust(o);
  step first;
  n.machine.clear();
  n.index_of.clear();
  n.runs = std::make_unique<engine>(o, n.on->state, now, first);
  take(id, std::move(first));
}

void group::kill(member_id id) {
  auto& n = nodes[id];
  n.runs.reset();
  n.unwritten.clear();
  n.held.clear();
  drop([&](const posted& p) { return p.to == id; });
}

void group::take(member_id id, step s) {
  auto& n = nodes[id];
  const auto send = [&](std::vector<letter>& letters) {
    for (auto& l : letters)
      if (auto m = read_message(l.octets)) post.push_back({id, l.to, std::move(*m)});
    letters.clear();
  };
  send(s.before);
  for (auto& a : s.apply) {
    if (auto* c = std::get_if<committed>(&a)) {
      n.index_of[c->index] = n.machine.size();
      n.machine.push_back(c->octets);
    } else {
      // The octets of a snapshot here: one line a command.
      const auto& all = std::get<restored>(a).what->octets;
      n.machine.clear();
      for (std::size_t from = 0; from < all.size();) {
        const auto end = all.find('\n', from);
        n.machine.push_back(all.substr(from, end - from));
        from = end + 1;
      }
    }
  }
  n.ended.insert(n.ended.end(), s.ended.begin(), s.ended.end());
  n.starts_again = n.starts_again || s.start_again;
  std::move(s.writes.begin(), s.writes.end(), std::back_inserter(n.unwritten));
  std::move(s.after.begin(), s.after.end(), std::back_inserter(n.held));
  if (!slow_disk.contains(id)) {
    if (!n.unwritten.empty()) write_now(id);
    else send(n.held);
  }
  if (n.runs && s.snapshot) {
    std::string picture;
    for (const auto& line : n.machine) picture += line + '\n';
    take(id, n.runs->snapshot_taken(picture, now));
  }
}

void group::write_now(member_id id) {
  auto& n = nodes[id];
  for (const auto& w : n.unwritten) n.on->write(w);
  n.unwritten.clear();
  for (auto& l : n.held)
    if (auto m = read_message(l.octets)) post.push_back({id, l.to, std::move(*m)});
  n.held.clear();
  if (n.starts_again) {
    n.starts_again = false;
    start(id);
    return;
  }
  take(id, n.runs->persisted(now));
}

void group::tick(member_id id) { take(id, nodes[id].runs->tick(now)); }

void group::propose(member_id id, std::uint64_t ticket, const std::string& octets) {
  take(id, nodes[id].runs->propose(ticket, octets, now));
}

void group::deliver(const std::function<bool(const posted&)>& wanted) {
  for (;;) {
    const auto next = std::find_if(post.begin(), post.end(), wanted);
    if (next == post.end()) return;
    const auto p = *next;
    post.erase(next);
    if (lose && lose(p)) continue;
    if (nodes.contains(p.to) && nodes[p.to].runs) take(p.to, nodes[p.to].runs->receive(p.from, print(p.what), now));
  }
}

void group::drop(const std::function<bool(const posted&)>& unwanted) { std::erase_if(post, unwanted); }

bool group::run(std::uint64_t ms, const std::function<bool()>& until, const std::set<member_id>& cut) {
  const auto end = now + ms;
  for (;;) {
    drop([&](const posted& p) { return cut.contains(p.from) || cut.contains(p.to); });
    deliver([&](const posted& p) { return !cut.contains(p.to); });
    if (until && until()) return true;
    if (now >= end) return !until;
    now += 50;
    for (auto& [id, n] : nodes)
      if (n.runs) tick(id);
  }
}

bool group::elect(member_id id, const std::set<member_id>& voters) {
  for (int i = 0; i < 100 && (*this)(id).state() != standing::leader; ++i) {
    now += 50;
    tick(id);
    const auto in = [&](const posted& p) {
      const bool election = p.what.index() == 2 || p.what.index() == 3;
      return election && (p.from == id || p.to == id) && (voters.contains(p.from) || p.from == id) && (voters.contains(p.to) || p.to == id);
    };
    deliver(in);
  }
  return (*this)(id).state() == standing::leader;
}

member_id group::leader() const {
  for (const auto& [id, n] : nodes)
    if (n.runs && n.runs->state() == standing::leader) return id;
  return 0;
}

std::string group::describe() const {
  std::string out;
  for (const auto& [id, n] : nodes) {
    if (!n.runs) continue;
    const auto& e = *n.runs;
    out += "\n" + std::to_string(id) + ": state " + std::to_string(static_cast<int>(e.state())) + " leader " + std::to_string(e.leader()) + " term " +
           std::to_string(e.term()) + " last " + std::to_string(e.last_index()) + " commit " + std::to_string(e.commit_index()) + " applied " +
           std::to_string(e.applied_index()) + " in flight " + std::to_string(e.in_flight()) + " first on disk " + std::to_string(n.on->state.first_index);
    if (n.on->state.last) out += " snapshot " + std::to_string(n.on->state.last->index);
    for (const auto& m : e.members()) out += " member " + std::to_string(m.id) + '/' + std::to_string(static_cast<int>(m.what));
    for (const auto& p : e.progress()) out += " peer " + std::to_string(p.id) + " match " + std::to_string(p.match);
  }
  return out;
}

bool group::ended(member_id id, std::uint64_t ticket, fate what) const {
  const auto& all = nodes.at(id).ended;
  return std::any_of(all.begin(), all.end(), [&](const finished& f) { return f.ticket == ticket && f.what == what; });
}

} // namespace rookery::consensus
