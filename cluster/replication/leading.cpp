#include "cluster/replication/member.hpp"

#include <algorithm>
#include <utility>

namespace rookery::replication {
namespace {

constexpr std::chrono::milliseconds joining_time{500}; ///< that releases wait for a learner at most
constexpr std::size_t beats_max = 64;                  ///< that are not answered

} // namespace

member::replica& member::peer(node_number n, moment now) {
  const auto [at, fresh_one] = peers_.try_emplace(n);
  if (fresh_one) {
    at->second.heard = at->second.progress = now;
    if (contains(doc_.in_sync, n)) at->second.in_sync_since = now;
  }
  return at->second;
}

std::vector<node_number> member::audience() const {
  std::vector<node_number> out;
  if (!leads()) return out;
  for (const auto* from : {&doc_.in_sync, &doc_.learners})
    for (const auto n : *from)
      if (n != self_) out.push_back(n);
  return out;
}

/// Those in sync, and who may be in sync already without our having seen it.
std::vector<node_number> member::counted() const {
  std::vector<node_number> out;
  for (const auto n : doc_.in_sync)
    if (n != self_) out.push_back(n);
  if (rules_.with.count_at_once)
    for (const auto n : {joining_, pending_ ? pending_->grows : 0})
      if (n != 0 && std::find(out.begin(), out.end(), n) == out.end()) out.push_back(n);
  return out;
}

bool member::fresh(const replica& r, moment now) const noexcept { return r.lease_from.count() >= 0 && now - r.lease_from < rules_.lease; }

bool member::near_end(const replica& r) const noexcept {
  return r.durable.segment == written_.segment && r.durable.offset + rules_.grow_octets >= written_.offset;
}

step member::leading_at(log_position end, moment now) {
  step out;
  if (state_ != standing::taking) return out;
  written_ = synced_ = end;
  state_ = standing::settling;
  beat(now, out);
  advance(now, out);
  return out;
}

step member::written(log_position position, moment) {
  if (leads()) written_ = std::max(written_, position);
  return {};
}

step member::synced(log_position position, moment now) {
  step out;
  if (!leads()) return out;
  for (auto& [n, r] : peers_)
    if (r.durable >= synced_) r.progress = now;
  synced_ = std::max(synced_, position);
  written_ = std::max(written_, position);
  advance(now, out);
  return out;
}

/// Releases what everybody who counts has.
void member::advance(moment now, step& out) {
  if (state_ == standing::taking || !leads()) return;
  auto all = synced_;
  if (rules_.with.wait_for_all)
    for (const auto n : counted()) {
      const auto p = peers_.find(n);
      if (p == peers_.end()) return;
      const bool silent = now - p->second.heard >= rules_.silent_after;
      if (!rules_.with.agree_to_shrink && silent) continue;
      all = std::min(all, p->second.durable);
    }
  if (all > released_) {
    released_ = all;
    next_beat_ = std::min(next_beat_, now + rules_.beat_every); // replicas apply what is released
    if (state_ == standing::serving || state_ == standing::handing) out.push_back(act::release{released_});
  }
  if (state_ == standing::settling && (released_ >= start_ || !rules_.with.settle)) {
    open(out);
  }
}

void member::open(step& out) {
  state_ = standing::opening;
  holds_ = !counted().empty();
  out.push_back(act::open{holds_});
}

step member::opened(moment now) {
  step out;
  if (state_ != standing::opening) return out;
  state_ = standing::serving;
  hand_next_ = now + rules_.home_after;
  mind_holding(out);
  out.push_back(act::release{released_});
  return out;
}

/// Nobody is waited for any more, or somebody again.
void member::mind_holding(step& out) {
  if (state_ != standing::serving || holds_ == !counted().empty()) return;
  holds_ = !holds_;
  out.push_back(act::hold_releases{holds_, ++hold_number_});
}

step member::held_from(std::uint64_t number, log_position written, moment now) {
  step out;
  if (joining_ == 0 || !holds_ || number != hold_number_) return out;
  joining_at_ = written;
  change_members(now, out);
  return out;
}

/// Beats say nothing new.
bool member::quiet() const noexcept {
  return state_ == standing::serving && !pending_ && joining_ == 0 && told_written_ == written_ && told_released_ == released_ && written_ == released_ &&
         std::all_of(peers_.begin(), peers_.end(), [this](const auto& p) { return p.second.follows && contains(doc_.in_sync, p.first); });
}

void member::beat(moment now, step& out) {
  if (now < next_beat_) return;
  next_beat_ = now + (quiet() ? rules_.quiet_beat_every : rules_.beat_every);
  told_written_ = written_;
  told_released_ = released_;
  ++beat_number_;
  for (auto& [n, r] : peers_) {
    if (!r.connected) continue;
    r.beats.emplace(beat_number_, now);
    if (r.beats.size() > beats_max) r.beats.erase(r.beats.begin());
    out.push_back(act::say{n, beat_word{held_.epoch, beat_number_, written_, released_}});
    // Its document may have been behind when it was asked first.
    if (!r.follows && !r.copying) out.push_back(act::say{n, follow{held_.epoch}});
  }
}

step member::connected(node_number n, moment now) {
  step out;
  const auto p = peers_.find(n);
  if (!leads() || p == peers_.end()) return out;
  p->second.connected = true;
  p->second.follows = p->second.copying = false;
  p->second.beats.clear();
  (void)now;
  out.push_back(act::say{n, follow{held_.epoch}});
  return out;
}

step member::disconnected(node_number n, moment) {
  const auto p = peers_.find(n);
  if (p == peers_.end()) return {};
  p->second.connected = p->second.follows = p->second.copying = false;
  p->second.beats.clear();
  return {};
}

void member::heard_by_leader(node_number from, const word& w, moment now, step& out) {
  const auto at = peers_.find(from);
  if (at == peers_.end() || !at->second.connected) return;
  auto& r = at->second;
  if (const auto* s = std::get_if<stands>(&w)) {
    if (s->epoch != held_.epoch) return;
    if (!s->whole) {
      if (r.copying) return;
      r.follows = false;
      r.copying = true;
      r.durable = {};
      out.push_back(act::copy{from});
      return;
    }
    if (s->end > written_) { // it can only be a disk that was changed by hand
      out.push_back(act::say{from, begin_anew{held_.epoch}});
      return;
    }
    if (r.follows) return;
    r.copying = false;
    r.follows = true;
    r.durable = s->end;
    r.progress = now;
    out.push_back(act::ship{from, s->end});
    advance(now, out);
  } else if (const auto* a = std::get_if<beat_answer>(&w)) {
    const auto sent = r.beats.find(a->number);
    if (a->epoch != held_.epoch || sent == r.beats.end()) return;
    r.lease_from = std::max(r.lease_from, rules_.with.lease_from_sending ? sent->second : now);
    r.beats.erase(r.beats.begin(), std::next(sent));
    r.heard = now;
    r.willing = a->willing;
  } else if (const auto* d = std::get_if<has_stored>(&w)) {
    if (d->epoch != held_.epoch || !r.follows || d->to <= r.durable) return;
    r.durable = d->to;
    r.progress = now;
    advance(now, out);
    if (state_ == standing::handing) press_hand_over(now, out);
  } else if (const auto* g = std::get_if<goodbye>(&w)) {
    if (g->epoch != held_.epoch) return;
    r.willing = false;
    change_members(now, out);
  }
}

void member::lead_tick(moment now, std::chrono::milliseconds wall, step& out) {
  (void)wall;
  beat(now, out);
  if (state_ == standing::handing) return press_hand_over(now, out);
  change_members(now, out);
  advance(now, out);
  if (state_ != standing::serving || id_ == self_ || pending_ || now < hand_next_) return;
  // Home: to the node that the volume was made on.
  const auto home = peers_.find(id_);
  if (home == peers_.end() || !contains(doc_.in_sync, id_)) return;
  const auto& r = home->second;
  if (r.follows && r.willing && fresh(r, now) && near_end(r) && now - r.in_sync_since >= std::max(rules_.home_after, home_wait_))
    begin_hand_over(id_, now, std::chrono::milliseconds(0), out);
}

/// One change at a time: who is silent goes first, then who has caught up comes in.
void member::change_members(moment now, step& out) {
  if (pending_ || state_ == standing::taking || state_ == standing::handing || !leads()) return;
  auto next = doc_;
  for (const auto& [n, r] : peers_) {
    if (!contains(doc_.in_sync, n)) continue;
    const bool silent = now - r.heard >= rules_.silent_after;
    const bool stuck = r.durable < synced_ && now - r.progress >= 2 * rules_.silent_after;
    if (silent || stuck || r.copying || !r.willing) next = shrunk(std::move(next), n);
  }
  if (next != doc_) {
    if (std::exchange(joining_, 0) != 0) joining_next_ = now + 2 * joining_time;
    return propose(std::move(next), 0, false, now, out);
  }
  if (joining_ != 0) {
    const auto p = peers_.find(joining_);
    if (p == peers_.end() || !p->second.follows || !fresh(p->second, now) || now >= joining_until_) {
      joining_ = 0;
      joining_next_ = now + 2 * joining_time;
      return mind_holding(out);
    }
    if (!joining_at_ || p->second.durable < *joining_at_ || p->second.durable < released_) return;
    const auto whom = std::exchange(joining_, 0);
    return propose(grown(doc_, whom), whom, false, now, out);
  }
  if (now >= joining_next_ && state_ == standing::serving)
    for (const auto& [n, r] : peers_) {
      // The node that the volume is at home on comes in also when there are enough: another one goes then.
      if (doc_.in_sync.size() >= doc_.copies && (n != id_ || doc_.in_sync.size() > doc_.copies)) continue;
      if (contains(doc_.in_sync, n) || !r.follows || !r.willing || !fresh(r, now) || !near_end(r)) continue;
      joining_ = n;
      joining_until_ = now + joining_time;
      joining_at_.reset();
      if (holds_) joining_at_ = released_;
      else mind_holding(out);
      if (joining_at_) change_members(now, out);
      return;
    }
  // Who is too many goes: a node that is home stays.
  if (doc_.in_sync.size() > doc_.copies)
    for (auto p = peers_.rbegin(); p != peers_.rend(); ++p)
      if (p->first != id_ && contains(doc_.in_sync, p->first)) return propose(without_learner(shrunk(doc_, p->first), p->first), 0, false, now, out);
  std::size_t unproven = 0;
  for (const auto& s : doc_.starts) unproven += s.epoch > doc_.proven;
  if (unproven > starts_unproven_max &&
      std::all_of(doc_.in_sync.begin(), doc_.in_sync.end(), [&](node_number n) { return n == self_ || peers_.at(n).durable >= start_; }))
    propose(proven_now(doc_), 0, false, now, out);
}

bool member::change(volume next, moment now, step& out) {
  if (pending_ || state_ != standing::serving || joining_ != 0) return false;
  if (next != doc_) propose(std::move(next), 0, false, now, out);
  return true;
}

bool member::hand_over(node_number to, moment now, std::chrono::milliseconds paused_until, step& out) {
  if (state_ != standing::serving || pending_) return false;
  if (to == 0) {
    const replica* best = nullptr;
    for (const auto& [n, r] : peers_)
      if (contains(doc_.in_sync, n) && r.follows && r.willing && fresh(r, now) && (best == nullptr || r.durable > best->durable)) {
        best = &r;
        to = n;
      }
  }
  if (to == 0 || to == self_ || !contains(doc_.in_sync, to)) return false;
  begin_hand_over(to, now, paused_until, out);
  return true;
}

void member::begin_hand_over(node_number to, moment now, std::chrono::milliseconds paused_until, step& out) {
  state_ = standing::handing;
  joining_ = 0;
  hand_to_ = to;
  hand_pause_ = paused_until;
  hand_until_ = now + rules_.hand_over_time;
  held_end_.reset();
  out.push_back(act::hold{});
}

step member::holding(log_position end, moment now) {
  step out;
  if (state_ != standing::handing) return out;
  written_ = synced_ = std::max(written_, end);
  held_end_ = written_;
  advance(now, out);
  press_hand_over(now, out);
  return out;
}

void member::press_hand_over(moment now, step& out) {
  if (state_ != standing::handing || !held_end_ || pending_) return;
  const auto p = peers_.find(hand_to_);
  if (p != peers_.end() && p->second.follows && p->second.durable >= *held_end_) return propose(handed_over(doc_, hand_to_, *held_end_, hand_pause_), 0, true, now, out);
  if (now < hand_until_) return;
  keep_lead(now, out);
}

/// The hand-over came to nothing. What was written meanwhile and is not on all replicas may not be shown by opening again.
void member::keep_lead(moment now, step& out) {
  hand_to_ = 0;
  hand_next_ = now + 2 * rules_.home_after;
  held_end_.reset();
  state_ = standing::settling;
  start_ = written_;
  advance(now, out);
}

std::optional<moment> member::lease_end() const noexcept {
  // While it hands over sessions say good-bye; nothing is proposed before they have.
  if (state_ != standing::serving && !(state_ == standing::handing && !held_end_)) return {};
  auto end = moment::max();
  if (!rules_.with.lease) return end;
  for (const auto n : counted()) {
    const auto p = peers_.find(n);
    if (p == peers_.end() || p->second.lease_from.count() < 0) return {};
    end = std::min(end, p->second.lease_from + rules_.lease);
  }
  return end;
}

bool member::may_serve(moment now) const noexcept {
  const auto end = lease_end();
  return end && now < *end;
}

bool member::may_accept() const noexcept { return state_ == standing::serving && doc_.in_sync.size() >= rules_.min_in_sync; }

std::vector<replica_view> member::replicas(moment now) const {
  std::vector<replica_view> out;
  for (const auto& [n, r] : peers_)
    out.push_back({n, contains(doc_.in_sync, n), r.connected, r.follows, r.copying, r.durable, (now - r.heard).count()});
  return out;
}

} // namespace rookery::replication
