#include "cluster/replication/member.hpp"

namespace rookery::replication {

bool member::accepts(node_number from, std::uint64_t epoch) const noexcept {
  if (!rules_.with.fence) return !leads() && state_ != standing::closing && from != self_;
  return state_ == standing::following && from == doc_.leader && epoch == doc_.epoch && (!held_.whole || held_.epoch == epoch);
}

void member::say_standing(step& out) {
  asked_ = 0;
  out.push_back(act::say{doc_.leader, stands{doc_.epoch, held_.whole, held_.whole ? stored_ : log_position{}}});
}

void member::heard_by_follower(node_number from, const word& w, moment now, step& out) {
  if (const auto* f = std::get_if<follow>(&w)) {
    // Its document may be ahead of ours: the answer comes when ours is as far.
    asked_ = f->epoch;
    if (state_ == standing::following && accepts(from, f->epoch)) say_standing(out);
  } else if (const auto* b = std::get_if<beat_word>(&w)) {
    if (!accepts(from, b->epoch)) return;
    last_beat_ = now;
    out.push_back(act::say{from, beat_answer{b->epoch, b->number, !leaving_}});
    if (held_.whole) out.push_back(act::apply{b->released});
  } else if (const auto* n = std::get_if<begin_anew>(&w)) {
    if (!accepts(from, n->epoch)) return;
    const auto more = copy_anew(now);
    out.insert(out.end(), more.begin(), more.end());
  }
}

step member::stored(log_position position, moment) {
  step out;
  if (rules_.with.fence && (state_ != standing::following || !held_.whole || held_.epoch != doc_.epoch)) return out;
  stored_ = position;
  out.push_back(act::say{doc_.leader, has_stored{doc_.epoch, position}});
  return out;
}

step member::copied(log_position end, moment) {
  step out;
  if (state_ != standing::following || held_.whole) return out;
  held_.whole = true;
  held_.epoch = doc_.epoch;
  keep(out);
  stored_ = end;
  end_known_ = true;
  say_standing(out);
  return out;
}

step member::copy_anew(moment) {
  step out;
  if (state_ != standing::following) return out;
  held_.whole = false;
  keep(out);
  out.push_back(act::wipe{});
  say_standing(out);
  return out;
}

} // namespace rookery::replication
