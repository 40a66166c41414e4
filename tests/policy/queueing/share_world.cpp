#include "tests/policy/queueing/share_world.hpp"

#include <algorithm>

namespace rookery::queueing {
namespace {
constexpr int tick_ms = 80;
}

share_world::share_world(std::uint64_t seed, unsigned nodes, std::vector<place> places) : random_(seed), places_(std::move(places)), nodes_(nodes) {
  for (unsigned n = 0; n < nodes; ++n) start(n, 1 + random_() % 2);
}

void share_world::start(unsigned n, unsigned members) {
  auto& node = nodes_[n];
  node.book = std::make_unique<share_book>(n + 1, next_number_++, now());
  std::vector<node_number> others;
  for (unsigned o = 0; o < nodes_.size(); ++o)
    if (o != n) others.push_back(o + 1);
  node.book->nodes(others, now());
  node.members.clear();
  for (unsigned m = 0; m < members; ++m) {
    node.members.push_back({next_number_++, {}, {}});
    node.members.back().at.resize(places_.size());
  }
}

void share_world::crash(unsigned n) {
  nodes_[n].book.reset();
  nodes_[n].members.clear();
  for (auto& [ends, l] : links_)
    if (ends.first == n || ends.second == n) l.on_the_way.clear();
}

bool share_world::disturb(unsigned a, unsigned b) {
  const auto calm = [&](const link& l) { return now_ - l.disturbed > 7000; };
  auto &there = links_[{a, b}], &back = links_[{b, a}];
  if (!calm(there) || !calm(back)) return false;
  there.disturbed = back.disturbed = now_;
  return true;
}

void share_world::pause(unsigned n, int milliseconds) {
  bool calm = true;
  for (unsigned o = 0; o < nodes_.size(); ++o)
    if (o != n) calm = disturb(n, o) && calm;
  if (calm) nodes_[n].paused_until = now_ + milliseconds;
}

void share_world::cut(unsigned a, unsigned b, int milliseconds) {
  if (!disturb(a, b)) return;
  for (auto* l : {&links_[{a, b}], &links_[{b, a}]}) {
    l->on_the_way.clear();
    l->broken_until = std::max(l->broken_until, now_ + milliseconds);
  }
}

std::uint32_t share_world::held_by(unsigned n, std::size_t at) const {
  std::size_t all = 0;
  for (const auto& m : nodes_[n].members) all += m.at[at].connections.size();
  return static_cast<std::uint32_t>(all);
}
std::uint32_t share_world::held(std::size_t at) const {
  std::uint32_t all = 0;
  for (unsigned n = 0; n < nodes_.size(); ++n) all += held_by(n, at);
  return all;
}

void share_world::run(int milliseconds) {
  for (const auto end = now_ + milliseconds; now_ < end && fault.empty();) step();
}

void share_world::collect(one_node& n) {
  for (auto& [to, share] : n.book->take_shares())
    for (auto& m : n.members)
      if (m.number == to) {
        const auto due = now_ + static_cast<int>(random_() % (random_() % 4 == 0 ? static_cast<unsigned>(3 * most_delay + 1) : 60u));
        m.inbox.emplace_back(m.inbox.empty() ? due : std::max(due, m.inbox.back().first), std::move(share));
      }
}

/// A dispatcher in short: opens up to its share, closes what is too much when its message is over, tells what has changed.
void share_world::work_on(one_node& n) {
  for (auto& m : n.members) {
    for (; !m.inbox.empty() && m.inbox.front().first <= now_; m.inbox.pop_front()) {
      const auto& s = m.inbox.front().second;
      for (std::size_t i = 0; i < places_.size(); ++i)
        if (places_[i].name == s.destination && s.number > m.at[i].number) {
          m.at[i].number = s.number;
          m.at[i].cap = s.connections;
        }
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
      auto& w = m.at[i];
      for (auto c = w.connections.begin(); c != w.connections.end();) {
        if (*c > now_) {
          ++c;
          continue;
        }
        ++finished;
        if (w.backlog > 0 && w.connections.size() <= w.cap) {
          --w.backlog;
          *c = now_ + 50 + static_cast<int>(random_() % 400);
          ++c;
        } else {
          c = w.connections.erase(c);
        }
      }
      while (w.backlog > 0 && w.connections.size() < w.cap) {
        --w.backlog;
        w.connections.push_back(now_ + 50 + static_cast<int>(random_() % 400));
      }
      if (w.backlog == 0 || !w.connections.empty()) w.waits_since = -1;
      else if (w.waits_since < 0) w.waits_since = now_;
      if (watching_ && w.waits_since >= 0) longest_wait = std::max(longest_wait, now_ - w.waits_since);
      destination_need need;
      need.destination = places_[i].name;
      need.limit = places_[i].limit;
      need.held = static_cast<std::uint32_t>(w.connections.size());
      need.wanted = std::min(need.limit, need.held + static_cast<std::uint32_t>(w.backlog));
      need.share = w.number;
      need.gone = need.wanted == 0;
      if (need.gone) {
        w.cap = 0;
        w.number = 0;
        need.share = 0;
      }
      if (need == w.last || (need.gone && !w.told)) continue;
      w.told = !need.gone;
      w.last = need;
      n.book->update(m.number, need, now());
      collect(n);
    }
  }
}

void share_world::step() {
  now_ += step_ms;
  for (auto& [ends, l] : links_) {
    auto& to = nodes_[ends.second];
    if (to.paused_until > now_) continue;
    while (!l.on_the_way.empty() && l.on_the_way.front().first <= now_) {
      const auto octets = std::move(l.on_the_way.front().second);
      l.on_the_way.pop_front();
      if (!to.book) continue;
      if (!to.book->heard(ends.first + 1, octets, now())) fault = "a note that cannot be read";
      collect(to);
    }
  }
  const bool ticks = now_ >= next_tick_;
  if (ticks) next_tick_ = now_ + tick_ms;
  for (unsigned n = 0; n < nodes_.size(); ++n) {
    auto& node = nodes_[n];
    if (!node.book || node.paused_until > now_) continue;
    work_on(node);
    if (!ticks) continue;
    node.book->tick(now());
    collect(node);
    for (unsigned o = 0; o < nodes_.size(); ++o) {
      if (o == n || !nodes_[o].book || links_[{n, o}].broken_until > now_) continue;
      auto note = node.book->note_for(o + 1, now());
      if (!note) continue;
      ++notes;
      auto& l = links_[{n, o}];
      l.last_arrival = std::max(l.last_arrival, now_ + static_cast<int>(random_() % static_cast<unsigned>(most_delay + 1)));
      l.on_the_way.emplace_back(l.last_arrival, std::move(*note));
    }
  }
  for (std::size_t i = 0; i < places_.size(); ++i)
    if (held(i) > places_[i].limit) fault = places_[i].name + " has " + std::to_string(held(i)) + " connections of " + std::to_string(places_[i].limit) + " at " + std::to_string(now_) + " ms: " + story();
}

void share_world::watch_waits() {
  watching_ = true;
  for (auto& n : nodes_)
    for (auto& m : n.members)
      for (auto& w : m.at) w.waits_since = -1;
}

bool share_world::idle() const {
  for (const auto& n : nodes_)
    for (const auto& m : n.members)
      for (const auto& w : m.at)
        if (w.backlog > 0 || !w.connections.empty()) return false;
  return true;
}

std::string share_world::story() const {
  std::string out;
  for (unsigned n = 0; n < nodes_.size(); ++n)
    for (const auto& m : nodes_[n].members) {
      out += "\n node " + std::to_string(n) + " member " + std::to_string(m.number) + ':';
      for (std::size_t i = 0; i < places_.size(); ++i)
        out += ' ' + places_[i].name + " cap " + std::to_string(m.at[i].cap) + " has " + std::to_string(m.at[i].connections.size()) + " waiting " + std::to_string(m.at[i].backlog);
    }
  return out;
}

} // namespace rookery::queueing
