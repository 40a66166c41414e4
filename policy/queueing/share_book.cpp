#include "policy/queueing/share_book.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace rookery::queueing {
namespace {

constexpr std::uint64_t longest_ms = 1'000'000'000'000; ///< of what a note says
constexpr int quiet_beats = 2;                             ///< of a node that has nothing to do

std::uint64_t name_hash(std::string_view name) noexcept {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return h ^ h >> 29;
}

template <class All, class Key>
auto at_node(All& all, Key node) {
  return std::find_if(all.begin(), all.end(), [&](const auto& o) { return o.node == node; });
}

} // namespace

std::vector<std::uint32_t> divide(std::uint32_t limit, const std::vector<share_party>& parties, std::uint64_t turn) {
  std::vector<std::uint32_t> out(parties.size(), 0);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < parties.size(); ++i)
    if (parties[i].wanted > 0) order.push_back(i);
  const auto count = static_cast<std::uint32_t>(order.size());
  if (count == 0) return out;
  const auto one_each = [&](std::uint32_t some) {
    for (std::uint32_t i = 0; i < some; ++i) ++out[order[(turn % count + i) % count]];
  };
  if (limit < count) {
    one_each(limit);
    return out;
  }
  // Who wants least is served first, so that an even part of the rest is the others'.
  auto by_wish = order;
  std::stable_sort(by_wish.begin(), by_wish.end(), [&](auto a, auto b) { return parties[a].wanted < parties[b].wanted; });
  auto left = limit;
  for (auto others = count; const auto i : by_wish) {
    out[i] = std::min(parties[i].wanted, left / others--);
    left -= out[i];
  }
  for (const auto i : order) out[i] += left / count;
  one_each(left % count);
  return out;
}

share_book::share_book(node_number self, std::uint64_t incarnation, moment now, share_times times)
    : self_(self), incarnation_(incarnation), times_(times), last_(now), number_(incarnation) {}

share_book::time share_book::advance(moment now) {
  now_ += std::clamp(now - last_, moment(0), times_.step).count();
  last_ = now;
  return now_;
}

void share_book::nodes(const std::vector<node_number>& others, moment now) {
  advance(now);
  for (auto p = peers_.begin(); p != peers_.end();) {
    if (std::find(others.begin(), others.end(), p->first) != others.end()) {
      ++p;
      continue;
    }
    forget(p->first, p->second);
    p = peers_.erase(p);
  }
  for (const auto n : others)
    if (n != self_) peers_.try_emplace(n);
  for (const auto& name : names()) look_by_name(name);
}

std::vector<std::string> share_book::names() const {
  std::vector<std::string> out;
  out.reserve(all_.size());
  for (const auto& [name, d] : all_) out.push_back(name);
  return out;
}

// What others know of us.

void share_book::changed(destination& d) {
  ++d.version;
  for (auto& [node, p] : peers_)
    if (live(p) && !p.due_first.contains(d.name)) p.due.insert(d.name);
}

void share_book::all_due(node_number node, peer& p) {
  p.under_way.clear();
  p.anew = true;
  for (auto& [name, d] : all_) {
    std::erase_if(d.known, [&](const auto& k) { return k.node == node; });
    if (d.version > 0 && !p.due_first.contains(name)) p.due.insert(name);
  }
}

/// What was under way may be lost.
void share_book::tell_again(peer& p) {
  for (const auto& [number, rows] : p.under_way)
    for (const auto& [name, version] : rows)
      if (!p.due_first.contains(name)) p.due.insert(name);
  p.under_way.clear();
  p.anew = true;
}

void share_book::answered(node_number node, peer& p, std::uint64_t number) {
  std::vector<std::string> heard;
  while (!p.under_way.empty() && p.under_way.front().first <= number) {
    for (auto& [name, version] : p.under_way.front().second) {
      const auto at = all_.find(name);
      if (at == all_.end()) continue;
      auto& known = at->second.known;
      auto by = at_node(known, node);
      if (by == known.end()) by = known.insert(known.end(), {node, 0});
      by->version = std::max(by->version, version);
      heard.push_back(std::move(name));
    }
    p.under_way.pop_front();
    p.under_way_since = now_;
  }
  for (const auto& name : heard) look_by_name(name);
}

bool share_book::heard_by_all(const destination& d, std::uint64_t version) const {
  for (const auto& [node, p] : peers_) {
    if (!live(p)) {
      if (now_ < times_.silent.count()) return false; // it may be there, and have connections
      continue;
    }
    const auto by = at_node(d.known, node);
    if (by == d.known.end() || by->version < version) return false;
  }
  return true;
}

share_row share_book::row_of(const destination& d) const {
  share_row r{d.name, d.claim, d.wanted, d.news.what, d.news.event, 0, 0, 0, {}};
  if (d.news.what == destination_news::none) return r;
  r.age_ms = static_cast<std::uint64_t>(std::max<time>(0, now_ - d.news.at));
  if (d.news.what != destination_news::down) return r;
  r.pause_ms = static_cast<std::uint64_t>(std::max<time>(0, d.news.until - now_));
  r.failures = d.news.failures;
  r.reason = d.news.reason;
  return r;
}

std::optional<std::string> share_book::note_for(node_number to, moment now) {
  advance(now);
  const auto found = peers_.find(to);
  if (found == peers_.end()) return {};
  auto& p = found->second;
  share_note n;
  std::vector<std::pair<std::string, std::uint64_t>> told;
  std::size_t octets = 100;
  const auto take = [&](std::unordered_set<std::string>& from) {
    std::vector<const destination*> some;
    for (auto i = from.begin(); i != from.end();) {
      const auto at = all_.find(*i);
      if (at != all_.end()) some.push_back(&at->second);
      i = at != all_.end() ? std::next(i) : from.erase(i);
    }
    // The busiest first.
    std::sort(some.begin(), some.end(), [](const auto* a, const auto* b) {
      if (a->wanted != b->wanted) return a->wanted > b->wanted;
      return a->name < b->name;
    });
    for (const auto* d : some) {
      auto row = row_of(*d);
      octets += row.destination.size() + row.reason.size() + 64;
      if (n.rows.size() >= note_rows_max || octets > note_octets_max) return;
      n.rows.push_back(std::move(row));
      told.emplace_back(d->name, d->version);
      from.erase(d->name);
    }
  };
  if (live(p) && p.under_way.size() < notes_unanswered_max) {
    if (!p.due_first.empty()) take(p.due_first);
    if (p.due_first.empty() && !p.due.empty()) take(p.due);
  }
  // Whoever hears that its claim was read knows ours from then on.
  if (p.due_first.empty()) p.covered = p.read;
  // Who delivers nowhere says only that it is there.
  const auto beat = (all_.empty() ? quiet_beats : 1) * times_.beat.count();
  if (told.empty() && !p.answer_due && p.told_at != never && now_ - p.told_at < beat) return {};
  if (!told.empty()) {
    n.number = ++p.last;
    n.anew = std::exchange(p.anew, false);
    if (p.under_way.empty()) p.under_way_since = now_;
    p.under_way.emplace_back(n.number, std::move(told));
  }
  n.incarnation = incarnation_;
  n.yours = p.incarnation;
  n.heard = p.covered;
  n.turn = turn_;
  n.load = load_;
  p.answer_due = false;
  p.told_at = now_;
  return print(n);
}

// What we know of others.

/// It is not reckoned with any more, and is told all when it is heard again.
void share_book::forget(node_number node, peer& p) {
  const auto last = p.last; // an old answer is none to a new note
  p = peer{};
  p.last = last;
  for (const auto& name : names()) {
    auto& d = all_.find(name)->second;
    std::erase_if(d.known, [&](const auto& k) { return k.node == node; });
    std::erase_if(d.others, [&](const auto& o) { return o.node == node; });
    look_by_name(name);
  }
}

void share_book::drop_doubtful(node_number node, peer& p) {
  p.doubt_until = never;
  for (const auto& name : names())
    if (std::erase_if(all_.find(name)->second.others, [&](const auto& o) { return o.node == node && o.doubt; }) > 0) look_by_name(name);
}

void share_book::take_row(node_number from, peer& p, share_row r) {
  const bool says_nothing = r.claim == 0 && r.wanted == 0 && r.news == destination_news::none;
  auto at = all_.find(r.destination);
  if (at == all_.end()) {
    if (says_nothing || all_.size() >= 2 * destinations_max) return;
    at = all_.try_emplace(r.destination).first;
    at->second.name = r.destination;
  }
  auto& d = at->second;
  auto o = at_node(d.others, from);
  if (says_nothing) {
    if (o != d.others.end()) d.others.erase(o);
  } else {
    if (o == d.others.end()) o = d.others.insert(o, of_peer{from, false, 0, 0, {}});
    o->doubt = false;
    o->claim = r.claim;
    o->wanted = r.wanted;
    if (r.news != o->news.what || r.event != o->news.event || r.news == destination_news::none)
      o->news = {r.news, now_ - static_cast<time>(std::min(r.age_ms, longest_ms)), now_ + static_cast<time>(std::min(r.pause_ms, longest_ms)), r.event, 0, r.failures, std::move(r.reason)};
  }
  if (p.due.erase(r.destination) > 0) p.due_first.insert(r.destination);
}

bool share_book::heard(node_number from, std::string_view octets, moment now) {
  advance(now);
  auto n = read_share_note(octets);
  if (!n) return false;
  const auto found = peers_.find(from);
  if (found == peers_.end()) return true;
  auto& p = found->second;
  if (p.incarnation != n->incarnation) {
    if (live(p)) forget(from, p);
    p.incarnation = n->incarnation;
    all_due(from, p);
    p.answer_due = true;
  }
  p.heard_at = now_;
  p.load = n->load;
  if (n->yours == incarnation_) {
    answered(from, p, n->heard);
  } else { // it tells all anew; what it does not is over
    all_due(from, p);
    if (p.doubt_until == never) {
      p.doubt_until = now_ + times_.silent.count();
      for (auto& [name, d] : all_)
        if (const auto o = at_node(d.others, from); o != d.others.end()) o->doubt = true;
    }
  }
  if (n->number != 0) {
    p.answer_due = true;
    if (n->anew || n->number == p.read + 1) {
      p.read = n->number;
      std::vector<std::string> told;
      for (auto& r : n->rows) {
        told.push_back(r.destination);
        take_row(from, p, std::move(r));
      }
      for (const auto& name : told) look_by_name(name);
    }
  }
  if (n->turn > turn_) {
    turn_ = n->turn;
    turn_at_ = now_;
    for (const auto& name : std::vector<std::string>(contested_.begin(), contested_.end())) look_by_name(name);
  }
  return true;
}

std::optional<node_load> share_book::load_of(node_number node) const {
  const auto p = peers_.find(node);
  return p != peers_.end() ? p->second.load : std::nullopt;
}

// What our own dispatchers do.

void share_book::update(member_number member, const destination_need& need, moment now) {
  advance(now);
  auto at = all_.find(need.destination);
  if (need.gone) {
    if (at == all_.end()) return;
    auto& d = at->second;
    std::erase_if(d.locals, [&](const auto& l) { return l.member == member; });
    d.keep_until = std::max(d.keep_until, now_ + times_.keep.count());
    return look_by_name(need.destination);
  }
  if (at == all_.end()) {
    if (need.destination.size() > shared_name_octets_max || all_.size() >= destinations_max) {
      if (need.share != 0) return;
      ++untold_;
      const auto nodes = static_cast<std::uint32_t>(peers_.size() + 1);
      out_.emplace_back(member, destination_share{need.destination, ++number_, std::max(1u, need.limit / nodes), nodes, {}, false});
      return;
    }
    at = all_.try_emplace(need.destination).first;
    at->second.name = need.destination;
  }
  auto& d = at->second;
  auto l = std::find_if(d.locals.begin(), d.locals.end(), [&](const auto& k) { return k.member == member; });
  if (l == d.locals.end()) {
    l = d.locals.insert(l, local{});
    l->member = member;
  }
  l->limit = need.limit;
  l->wanted = need.wanted;
  l->held = need.held;
  l->committed = need.share == l->number ? std::max(need.held, l->cap) : std::max(need.held, l->committed);
  if (need.event != l->event) {
    l->event = need.event;
    const auto* last = newest(d);
    const auto last_at = last != nullptr ? last->at : never;
    const bool said = d.news.what == destination_news::answers && last == &d.news;
    if (need.news == destination_news::down)
      d.news = {need.news, now_, now_ + need.pause.count(), ++events_, member, need.failures, need.reason.substr(0, shared_reason_octets_max)};
    else if (!said)
      d.news = {need.news, now_, 0, ++events_, member, 0, {}};
    if (!said || need.news == destination_news::down) {
      if (last != nullptr) d.news.at = std::max(d.news.at, last_at + 1); // what was seen before was before
      changed(d);
    }
  }
  look_by_name(need.destination);
}

void share_book::leave(member_number member, moment now) {
  advance(now);
  for (const auto& name : names()) {
    auto& d = all_.find(name)->second;
    if (std::erase_if(d.locals, [&](const auto& l) { return l.member == member; }) > 0) look_by_name(name);
  }
}

const share_book::news_item* share_book::newest(const destination& d) const {
  const news_item* out = nullptr;
  const auto see = [&](const news_item& n) {
    if (n.what != destination_news::none && (out == nullptr || n.at > out->at)) out = &n;
  };
  see(d.news);
  for (const auto& o : d.others) see(o.news);
  return out;
}

// What it comes to.

void share_book::look_later(destination& d, time at) {
  if (d.look_at != 0 && d.look_at <= at) return;
  if (d.look_at != 0) looks_.erase({d.look_at, d.name});
  d.look_at = at;
  looks_.emplace(at, d.name);
}

void share_book::look(destination& d) {
  std::uint64_t claimed = 0;
  std::vector<share_party> parties;
  for (const auto& o : d.others) {
    claimed += o.claim;
    if (o.wanted > 0) parties.push_back({o.node, o.wanted});
  }
  const bool contested = !parties.empty();

  std::uint32_t committed = 0;
  std::uint64_t wanted = 0;
  if (!d.locals.empty()) d.limit = 0;
  for (const auto& l : d.locals) {
    d.limit = std::max(d.limit, l.limit);
    wanted += l.wanted;
    committed += l.committed;
  }
  const auto wants = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, d.limit));
  if (wants > 0) d.keep_until = std::max(d.keep_until, now_ + times_.keep.count());
  if (wants >= d.wanted || now_ >= d.peak_until) {
    if (wants > 0) d.peak_until = now_ + times_.settle.count();
    if (wants != d.wanted) {
      d.wanted = wants;
      changed(d);
    }
  }
  if (wants < d.wanted) look_later(d, d.peak_until);

  const auto* news = newest(d);
  const bool down = news != nullptr && news->what == destination_news::down;
  const auto limit = down ? std::min(1u, d.limit) : d.limit;
  parties.push_back({self_, d.wanted});
  std::sort(parties.begin(), parties.end(), [](const auto& a, const auto& b) { return a.node < b.node; });
  const auto place = static_cast<std::size_t>(at_node(parties, self_) - parties.begin());
  const auto wanting = static_cast<std::uint32_t>(std::count_if(parties.begin(), parties.end(), [](const auto& p) { return p.wanted > 0; }));
  const auto part_of = [&](std::uint32_t of) { return divide(of, parties, name_hash(d.name) % 1024 + (of < wanting ? turn_ : 0))[place]; };
  if (contested && limit < wanting) contested_.insert(d.name);
  else contested_.erase(d.name);

  std::uint32_t aim = 0;
  if (contested) {
    aim = part_of(limit);
  } else if (d.wanted > 0) {
    aim = limit;
  } else if (now_ < d.keep_until && !down) {
    aim = std::min(d.claim, d.limit);
    if (aim > 0) look_later(d, d.keep_until);
  }
  const auto claim = std::max(committed, aim);
  if (claim > d.claim && (d.confirmed == d.claim || committed > d.claim)) {
    d.claim = claim;
    changed(d);
    d.raised = d.version;
  } else if (claim < d.claim) {
    d.claim = claim;
    d.confirmed = std::min(d.confirmed, claim);
    changed(d);
  }
  if (d.confirmed < d.claim && heard_by_all(d, d.raised)) {
    d.confirmed = d.claim;
    if (claim > d.claim) { // more was wanted meanwhile
      d.claim = claim;
      changed(d);
      d.raised = d.version;
      if (heard_by_all(d, d.raised)) d.confirmed = d.claim;
    }
  }
  const auto room = claimed >= limit ? 0u : std::min(d.confirmed, limit - static_cast<std::uint32_t>(claimed));
  give(d, std::min(room, aim), contested ? part_of(d.limit) : d.limit, std::max(1u, wanting));

  if (d.locals.empty() && d.claim == 0 && d.wanted == 0 && d.news.what != destination_news::none) {
    if (now_ >= d.keep_until) {
      d.news = {};
      changed(d);
    } else {
      look_later(d, d.keep_until);
    }
  }
}

/// Among the dispatchers of this process: `open_to` connections may be opened, whoever has more than its part of `keep` lets some go.
void share_book::give(destination& d, std::uint32_t open_to, std::uint32_t keep, std::uint32_t nodes) {
  const auto* news = newest(d);
  std::vector<share_party> members;
  for (const auto& l : d.locals) members.push_back({l.member, l.wanted});
  const auto several = std::count_if(members.begin(), members.end(), [](const auto& m) { return m.wanted > 0; }) > 0 && members.size() > 1;
  const auto wanting = static_cast<std::size_t>(std::count_if(members.begin(), members.end(), [](const auto& m) { return m.wanted > 0; }));
  // A dispatcher's turn is when its node's turns have gone round.
  const auto turn = [&](std::uint32_t of) { return of < wanting ? turn_ / nodes : 0; };
  const auto kept = divide(keep, members, turn(keep)), opened = divide(open_to, members, turn(open_to));
  if (several && keep < wanting) contested_.insert(d.name);
  for (std::size_t i = 0; i < d.locals.size(); ++i) {
    auto& l = d.locals[i];
    std::uint32_t elsewhere = 0;
    for (const auto& other : d.locals)
      if (other.member != l.member) elsewhere += other.committed;
    const auto keep_here = several ? kept[i] : keep;
    const auto open_here = std::min(several ? opened[i] : open_to, open_to > elsewhere ? open_to - elsewhere : 0);
    const auto cap = l.held > keep_here ? keep_here : std::max(l.held, open_here);
    const bool tell_news = news != nullptr && news->member != l.member && news->at > l.told_news;
    if (l.number != 0 && cap == l.cap && nodes == l.nodes && !tell_news) continue;
    l.cap = cap;
    l.nodes = nodes;
    l.number = ++number_;
    l.committed = std::max(l.committed, cap);
    destination_share share{d.name, l.number, cap, nodes, {}, false};
    if (tell_news) {
      l.told_news = news->at;
      share.answers = news->what == destination_news::answers;
      if (!share.answers) share.down = {std::chrono::milliseconds(std::max<time>(0, news->until - now_)), news->failures, news->reason};
    }
    out_.emplace_back(l.member, std::move(share));
  }
}

void share_book::look_by_name(const std::string& name) {
  const auto at = all_.find(name);
  if (at == all_.end()) return;
  auto& d = at->second;
  look(d);
  if (!d.locals.empty() || !d.others.empty() || d.claim != 0 || d.wanted != 0 || d.news.what != destination_news::none) return;
  if (d.version != 0 && !heard_by_all(d, d.version)) return;
  if (d.look_at != 0) looks_.erase({d.look_at, d.name});
  contested_.erase(d.name);
  all_.erase(at);
}

void share_book::tick(moment now) {
  const auto before = now_;
  advance(now);
  for (auto& [node, p] : peers_) {
    if (!live(p)) continue;
    if (now_ - p.heard_at > times_.silent.count()) forget(node, p);
    else if (!p.under_way.empty() && now_ - p.under_way_since > times_.repeat.count()) tell_again(p);
    if (p.doubt_until != never && now_ >= p.doubt_until) drop_doubtful(node, p);
  }
  if (before < times_.silent.count() && now_ >= times_.silent.count())
    for (const auto& name : names()) look_by_name(name);
  if (now_ - turn_at_ >= times_.turn.count()) {
    turn_at_ = now_;
    ++turn_;
    for (const auto& name : std::vector<std::string>(contested_.begin(), contested_.end())) look_by_name(name);
  }
  while (!looks_.empty() && looks_.begin()->first <= now_) {
    const auto name = looks_.begin()->second;
    looks_.erase(looks_.begin());
    if (const auto at = all_.find(name); at != all_.end()) at->second.look_at = 0;
    look_by_name(name);
  }
}

std::vector<std::pair<member_number, destination_share>> share_book::take_shares() { return std::exchange(out_, {}); }

share_book::counts share_book::count() const {
  counts c;
  for (const auto& [name, d] : all_) {
    c.destinations += !d.locals.empty() || d.claim > 0;
    c.waiting += std::any_of(d.locals.begin(), d.locals.end(), [](const auto& l) { return l.wanted > 0 && l.cap == 0; });
  }
  c.untold = untold_;
  c.nodes = static_cast<std::size_t>(std::count_if(peers_.begin(), peers_.end(), [this](const auto& p) { return live(p.second); }));
  return c;
}

} // namespace rookery::queueing
