#include "cluster/replication/member.hpp"

#include <algorithm>
#include <utility>

namespace rookery::replication {

const char* name(standing s) noexcept {
  switch (s) {
  case standing::idle: return "idle";
  case standing::following: return "following";
  case standing::cutting: return "cutting";
  case standing::claiming: return "claiming";
  case standing::taking: return "taking";
  case standing::settling: return "settling";
  case standing::opening: return "opening";
  case standing::serving: return "serving";
  case standing::handing: return "handing";
  case standing::closing: return "closing";
  }
  return "";
}

member::member(node_number self, node_number volume, const held& h, const rules& r, moment now)
    : self_(self), id_(volume), rules_(r), held_(h), last_beat_(now) {}

bool member::leads() const noexcept {
  return state_ == standing::taking || state_ == standing::settling || state_ == standing::opening || state_ == standing::serving || state_ == standing::handing;
}

void member::keep(step& out) {
  auto what = held_;
  if (!rules_.with.keep_promise) what.promised = 0;
  out.push_back(act::keep{what});
}

void member::propose(volume next, node_number grows, bool hands_over, moment now, step& out) {
  pending_ = proposal{version_, std::move(next), now, grows, hands_over};
  out.push_back(act::propose{pending_->expected, pending_->next});
}

step member::document(std::uint64_t version, const volume& v, moment now) {
  step out;
  if (version <= version_) return out;
  const bool other_lead = v.epoch != doc_.epoch || v.leader != doc_.leader;
  doc_ = v;
  version_ = version;
  // Who is given time to speak, is given all of it.
  if (other_lead) last_beat_ = now;
  if (held_.promised != 0 && version_ > held_.promised) {
    // The claim took effect, or never will: the document is not what it was made for.
    held_.promised = 0;
    keep(out);
    if (state_ == standing::claiming) state_ = standing::idle;
  }
  if (pending_ && version_ > pending_->expected) {
    const auto was = std::exchange(pending_, std::nullopt);
    if (was->hands_over && state_ == standing::handing && doc_.leader == self_ && doc_.epoch == held_.epoch) {
      keep_lead(now, out);
    }
  }
  if (leads() && doc_.leader == self_ && doc_.epoch == held_.epoch) {
    const auto wanted = audience();
    for (auto p = peers_.begin(); p != peers_.end();)
      if (std::find(wanted.begin(), wanted.end(), p->first) == wanted.end()) {
        out.push_back(act::stop_shipping{p->first});
        p = peers_.erase(p);
      } else {
        if (!contains(doc_.in_sync, p->first)) p->second.in_sync_since = moment{-1};
        else if (p->second.in_sync_since.count() < 0) p->second.in_sync_since = now;
        ++p;
      }
    for (const auto n : wanted) peer(n, now);
    advance(now, out);
    mind_holding(out);
  }
  reconsider(now, out);
  return out;
}

/// What follows from the document and from what is kept here.
void member::reconsider(moment now, step& out) {
  if (version_ == 0 || state_ == standing::cutting || state_ == standing::closing || state_ == standing::claiming) return;
  if (held_.promised != 0) return claim(out);
  if (doc_.leader == self_) consider_lead(now, out);
  else consider_following(now, out);
}

void member::consider_lead(moment now, step& out) {
  if (leads()) {
    if (held_.epoch != doc_.epoch) step_down(now, out);
    return;
  }
  if (!held_.whole) {
    if (state_ != standing::idle) out.push_back(act::alarm{"this node is to lead a volume that it has no copy of"});
    state_ = standing::idle;
    return;
  }
  if (held_.epoch < doc_.epoch || !end_known_) {
    // By a claim of before a restart, or since another node gave it away: nobody has led this epoch yet.
    state_ = standing::cutting;
    out.push_back(act::freeze{});
    return;
  }
  if (led_here_ || !never_shared(doc_)) {
    if (rules_.with.new_epoch) return claim(out);
  }
  take(now, out);
}

void member::consider_following(moment now, step& out) {
  if (leads()) return step_down(now, out);
  led_here_ = false;
  if (!contains(doc_.in_sync, self_) && !contains(doc_.learners, self_)) {
    state_ = standing::idle;
    return;
  }
  if (held_.whole && (!end_known_ || held_.epoch < doc_.epoch)) {
    state_ = standing::cutting;
    out.push_back(act::freeze{});
    return;
  }
  state_ = standing::following;
  if (asked_ == doc_.epoch) say_standing(out);
}

step member::frozen(log_position end, moment now) {
  step out;
  if (state_ == standing::claiming && held_.promised == version_) {
    stored_ = end;
    end_known_ = true;
    propose(claimed(doc_, self_, end, doc_.leader != self_), 0, false, now, out);
    return out;
  }
  if (state_ != standing::cutting) return out;
  if (held_.epoch >= doc_.epoch) {
    in_line(end, now, out);
    return out;
  }
  auto common = common_with(doc_, held_.epoch);
  if (!rules_.with.smallest_start && common.cut) common.cut = doc_.starts.back().at;
  if (!common.known) {
    // Too long away: what the log has in common with the leader's is not known any more.
    held_.whole = false;
    keep(out);
    out.push_back(act::wipe{});
    state_ = standing::idle;
    end_known_ = false;
    reconsider(now, out);
    return out;
  }
  if (rules_.with.cut && common.cut && end > *common.cut) out.push_back(act::cut{*common.cut});
  else in_line(end, now, out);
  return out;
}

step member::cut_done(log_position end, moment now) {
  step out;
  if (state_ == standing::cutting) in_line(end, now, out);
  return out;
}

/// The log is what the present epoch begins with, or a part of it.
void member::in_line(log_position end, moment now, step& out) {
  stored_ = end;
  end_known_ = true;
  state_ = standing::idle;
  const auto last = doc_.starts.empty() ? log_position{} : doc_.starts.back().at;
  if (held_.epoch < doc_.epoch) {
    if (doc_.leader == self_ && end < last && rules_.with.cut) {
      // No claim and no hand-over of ours brings this about; the disk has lost something.
      out.push_back(act::alarm{"the copy of a volume that this node is to lead is shorter than what was agreed"});
      return;
    }
    held_.epoch = doc_.epoch;
    keep(out);
    if (doc_.leader == self_) return take(now, out);
  }
  reconsider(now, out);
}

void member::claim(step& out) {
  state_ = standing::claiming;
  if (held_.promised != version_) {
    held_.promised = version_;
    keep(out);
  }
  out.push_back(act::freeze{});
}

void member::take(moment now, step& out) {
  led_here_ = true;
  state_ = standing::taking;
  peers_.clear();
  joining_ = hand_to_ = 0;
  held_end_.reset();
  start_ = doc_.starts.empty() ? log_position{} : doc_.starts.back().at;
  written_ = synced_ = stored_;
  released_ = {};
  next_beat_ = now;
  told_written_ = told_released_ = {};
  for (const auto n : audience()) peer(n, now);
  out.push_back(act::lead{doc_.epoch});
}

/// Another one leads.
void member::step_down(moment now, step& out) {
  const bool open = state_ == standing::opening || state_ == standing::serving || (state_ == standing::handing && !held_end_);
  for (const auto& [n, r] : peers_)
    if (r.follows || r.copying) out.push_back(act::stop_shipping{n});
  peers_.clear();
  held_end_.reset();
  joining_ = hand_to_ = 0;
  end_known_ = false;
  led_here_ = false;
  last_beat_ = now;
  if (open) {
    state_ = standing::closing;
    out.push_back(act::close{});
    return;
  }
  state_ = standing::idle;
  reconsider(now, out);
}

step member::closed(moment now) {
  step out;
  if (state_ != standing::closing) return out;
  state_ = standing::idle;
  reconsider(now, out);
  return out;
}

step member::heard(node_number from, const word& w, moment now) {
  step out;
  if (leads()) heard_by_leader(from, w, now, out);
  else heard_by_follower(from, w, now, out);
  return out;
}

step member::tick(moment now, std::chrono::milliseconds wall) {
  step out;
  if (pending_ && now - pending_->said >= rules_.propose_again) {
    pending_->said = now;
    out.push_back(act::propose{pending_->expected, pending_->next});
  }
  if (leads()) {
    lead_tick(now, wall, out);
    return out;
  }
  if (const auto due = claim_time(); due && now >= *due) claim(out);
  return out;
}

/// When this node claims the lead, if it hears no beat before; nothing: it does not.
std::optional<moment> member::claim_time() const {
  if (state_ != standing::following || !held_.whole || held_.epoch != doc_.epoch || leaving_) return {};
  const auto& heirs = doc_.in_sync;
  const bool heir = contains(heirs, self_) || (!rules_.with.in_sync_only && contains(doc_.learners, self_));
  if (!heir) return {};
  std::chrono::milliseconds patience = rules_.with.patience ? rules_.claim_after : std::chrono::milliseconds(400);
  for (const auto n : heirs)
    if (n < self_ && n != doc_.leader) patience += rules_.claim_apart;
  return last_beat_ + patience;
}

moment member::next_tick(moment now) const {
  constexpr std::chrono::milliseconds at_once{10}, often{100}, seldom{1000};
  if (pending_) return now + often;
  if (state_ == standing::idle) return now + seldom;
  if (state_ == standing::following) return std::max(claim_time().value_or(now + seldom), now + at_once);
  if (state_ != standing::serving || joining_ != 0) return now + often;
  auto due = next_beat_;
  for (const auto& [n, r] : peers_) {
    if (!contains(doc_.in_sync, n)) continue;
    due = std::min(due, r.heard + rules_.silent_after);
    if (r.durable < synced_) due = std::min(due, r.progress + 2 * rules_.silent_after);
  }
  return std::max(due, now + at_once);
}

step member::leaving(moment) {
  step out;
  leaving_ = true;
  if (state_ == standing::following && contains(doc_.in_sync, self_)) out.push_back(act::say{doc_.leader, goodbye{held_.epoch}});
  return out;
}

} // namespace rookery::replication
