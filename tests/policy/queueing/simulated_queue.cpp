#include "tests/policy/queueing/simulated_queue.hpp"

#include <algorithm>
#include <iterator>

namespace rookery::queueing {
namespace {

using namespace std::chrono_literals;

std::string name_of(std::uint32_t destination) { return "mx" + std::to_string(destination) + ".example"; }
std::uint32_t number_of(const std::string& name) { return static_cast<std::uint32_t>(std::stoul(name.substr(2))); }
constexpr const char* queue_names[] = {"remote", "retry", "shop"};

} // namespace

simulated_queue::simulated_queue(std::uint64_t seed) : random_(seed), dispatcher_(dispatcher_settings{}) {
  settings_.connections = 3 + static_cast<std::uint32_t>(random(20));
  settings_.quantum = 1 + static_cast<std::uint32_t>(random(10));
  settings_.limits.connections = 1 + static_cast<std::uint32_t>(random(6));
  settings_.limits.messages_a_connection = 1 + static_cast<std::uint32_t>(random(10));
  settings_.limits.recipients_a_transaction = 1 + static_cast<std::uint32_t>(random(5));
  retries_.plan = delivery::retry_plan::parse(chance(0.5) ? "5m 10m 20m 40m 1h 2h 4h" : "1m 10m").value();
  retries_.expire = std::chrono::hours(6 + random(40));
  by_put_ = chance(0.5);
  peers_.resize(2 + random(12));
  for (auto& p : peers_) p.alive = chance(0.7);
  chaos_end_ = now_ + std::chrono::hours(6 + random(24));
  dispatcher_ = dispatcher(settings_);
  for (std::uint32_t d = 0; d < peers_.size(); ++d) dispatcher_.set_limits(name_of(d), limits(d), now_);
}

destination_limits simulated_queue::limits(std::uint32_t destination) const {
  auto l = settings_.limits;
  if (destination % 3 == 1) l.messages_a_minute = 5 + destination;
  if (destination % 4 == 2) l.connections = l.first_connections = 1;
  return l;
}

void simulated_queue::after(std::chrono::milliseconds t, std::function<void()> what) { events_.emplace(now_ + t, std::move(what)); }
void simulated_queue::of_this_life(std::chrono::milliseconds t, std::function<void()> what) {
  after(t, [this, life = life_, what = std::move(what)] {
    if (life == life_) what();
  });
}
void simulated_queue::broken(std::string what) {
  if (fault.empty()) fault = std::move(what) + " (event " + std::to_string(seen.events) + ")";
}

void simulated_queue::run() {
  chaos();
  pump();
  while (fault.empty() && !events_.empty() && seen.events < 400'000) {
    auto e = events_.extract(events_.begin());
    now_ = e.key();
    ++seen.events;
    e.mapped()();
    check_limits();
    if (seen.events % 200 == 0) check_nothing_lost();
  }
  check_nothing_lost();
  if (!fault.empty()) return;
  if (!events_.empty()) return broken("it does not come to rest");
  if (!records_.empty()) return broken("messages are left: " + std::to_string(records_.size()));
  const auto left = dispatcher_.counts();
  if (left.messages + left.parts + left.recipients + left.connections + left.transactions + left.destinations != 0)
    broken("the dispatcher still remembers something");
}

void simulated_queue::accept_one() {
  record r;
  r.id = next_id_++;
  r.queue = queue_names[random(10) == 0 ? 2 : 0];
  r.sender = "sender" + std::to_string(random(6)) + "@here.example";
  r.received = now_;
  for (auto n = chance(0.7) ? 1 : 1 + random(20); n > 0; --n) {
    recipient_record to;
    to.destination = static_cast<std::uint32_t>(random(peers_.size()));
    r.recipients.push_back(to);
  }
  ++seen.accepted;
  put(records_.emplace(r.id, std::move(r)).first->second);
}

bool simulated_queue::waits(const record& r) {
  return std::any_of(r.recipients.begin(), r.recipients.end(),
                     [](const auto& to) { return to.what == recipient_record::state::waiting; });
}

void simulated_queue::cancel(record& r) {
  for (auto& to : r.recipients)
    if (to.what == recipient_record::state::waiting) to.what = recipient_record::state::cancelled;
  ++seen.cancelled;
  dispatcher_.remove(base::message_id{r.id});
  records_.erase(r.id);
}

/// Something happens to the world; then again some time later, until the day is over.
void simulated_queue::chaos() {
  if (now_ >= chaos_end_) {
    for (auto& p : peers_) {
      p.alive = chance(0.8);
      p.connections_max = 1000;
      p.defers = 0;
    }
    for (std::uint32_t d = 0; d < peers_.size(); ++d)
      if (std::exchange(peers_[d].paused, false)) dispatcher_.unpause(name_of(d), now_);
    for (auto& [queue, is] : frozen_)
      if (std::exchange(is, false)) dispatcher_.set_queue(queue, false, {}, now_);
    return pump();
  }
  const auto d = static_cast<std::uint32_t>(random(peers_.size()));
  auto& p = peers_[d];
  const auto some = [&]() -> record* {
    if (records_.empty()) return nullptr;
    auto r = records_.lower_bound(1 + random(next_id_));
    return r == records_.end() ? &records_.begin()->second : &r->second;
  };
  switch (random(24)) {
  case 0: case 1: p.alive = !p.alive; break;
  case 2: p.connections_max = 1 + static_cast<std::uint32_t>(random(4)); break;
  case 3: p.defers = chance(0.5) ? 0.6 : 0; break;
  case 4: p.fails = chance(0.5) ? 0.2 : 0; break;
  case 5: if (auto* r = some()) cancel(*r); break;
  case 6: // some recipients are recalled
    if (auto* r = some()) {
      for (auto& to : r->recipients)
        if (to.what == recipient_record::state::waiting && to.flight == 0 && chance(0.3)) to.what = recipient_record::state::cancelled;
      put(*r);
      if (!waits(*r)) records_.erase(r->id);
    }
    break;
  case 7: {
    const auto* queue = queue_names[random(3)];
    frozen_[queue] = !frozen_[queue];
    dispatcher_.set_queue(queue, frozen_[queue], {}, now_);
    break;
  }
  case 8:
    p.paused = !p.paused;
    if (p.paused) dispatcher_.pause(name_of(d), "by hand", now_);
    else dispatcher_.unpause(name_of(d), now_);
    break;
  case 9:
    if (auto* r = some()) {
      retried_.insert(r->id);
      for (auto& to : r->recipients) to.due = std::min(to.due, now_);
      dispatcher_.retry_message(base::message_id{r->id}, now_);
    }
    break;
  case 10: // another queue, another way
    if (auto* r = some()) {
      r->queue = queue_names[random(3)];
      for (auto& to : r->recipients)
        if (to.flight == 0 && chance(0.2)) to.destination = d;
      put(*r);
    }
    break;
  case 11: crash(); break;
  default:
    for (auto n = random(chance(0.05) ? 60 : 6); n > 0; --n) accept_one();
  }
  after(span(100, chance(0.1) ? 3'600'000 : 120'000), [this] { chaos(); });
  pump();
}

void simulated_queue::crash() {
  ++seen.crashes;
  ++life_;
  for (auto& p : peers_) p.open.clear();
  lines_.clear();
  retried_.clear();
  alarm_ = {};
  dispatcher_ = dispatcher(settings_);
  for (std::uint32_t d = 0; d < peers_.size(); ++d) {
    dispatcher_.set_limits(name_of(d), limits(d), now_);
    if (peers_[d].paused) dispatcher_.pause(name_of(d), "by hand", now_);
    peers_[d].sent.clear(); // the rate begins anew
  }
  for (const auto& [queue, is] : frozen_) dispatcher_.set_queue(queue, is, {}, now_);
  for (auto& [id, r] : records_) {
    for (auto& to : r.recipients) to.flight = 0;
    put(r);
  }
}

delivery::waiting_facts simulated_queue::facts(const record& r, const recipient_record& to) const {
  delivery::waiting_facts f;
  f.id = base::message_id{r.id};
  f.begin = r.received;
  f.delay_told = to.delay_told;
  return f;
}

void simulated_queue::put(const record& r) {
  std::map<std::tuple<std::uint32_t, wall_time, wall_time>, waiting_part> parts;
  for (std::uint32_t n = 0; n < r.recipients.size(); ++n) {
    const auto& to = r.recipients[n];
    if (to.what != recipient_record::state::waiting) continue;
    auto& p = parts[{to.destination, to.due, delivery::next_deadline(facts(r, to), retries_)}];
    p.destination = name_of(to.destination);
    p.due = to.due;
    p.deadline = delivery::next_deadline(facts(r, to), retries_);
    p.tried = to.attempts > 0;
    p.recipients.push_back(n);
  }
  waiting_message m;
  m.id = base::message_id{r.id};
  m.queue = r.queue;
  m.sender = r.sender;
  m.urgency = static_cast<priority>(r.id % 3);
  for (auto& [key, p] : parts) m.parts.push_back(std::move(p));
  dispatcher_.put(m, now_);
}

void simulated_queue::pump() {
  while (auto t = dispatcher_.next_lapsed(now_)) lapse(*t);
  while (auto s = dispatcher_.next_open(now_)) {
    if (s->open_already) ready(s->connection);
    else dial(*s);
  }
  const auto wake = dispatcher_.wake_at();
  if (wake && *wake <= now_) return broken("it wants to be woken at once, for nothing");
  if (!wake || (alarm_ > now_ && alarm_ <= *wake)) return;
  alarm_ = *wake;
  of_this_life(*wake - now_, [this, at = *wake] {
    if (at == alarm_) pump();
  });
}

void simulated_queue::dial(const slot& s) {
  ++seen.connections;
  const auto d = number_of(s.destination);
  auto& p = peers_[d];
  if (p.paused) broken("a paused destination is dialed");
  if (s.probe && !p.open.empty() && std::all_of(p.open.begin(), p.open.end(), [&](auto c) { return !lines_[c].established; }))
    broken("two probes at once");
  p.open.insert(s.connection);
  lines_[s.connection] = {d, false, 0, 0};
  const auto c = s.connection;
  if (!p.alive) return of_this_life(span(100, 30'000), [this, c] { hang_up(c, close_reason::failed); });
  of_this_life(span(10, 500), [this, c, d] {
    auto& to = peers_[d];
    if (!to.alive) return hang_up(c, close_reason::failed);
    const auto established = std::count_if(to.open.begin(), to.open.end(), [&](auto o) { return lines_[o].established; });
    if (static_cast<std::uint32_t>(established) >= to.connections_max) {
      ++seen.refused;
      return hang_up(c, close_reason::refused);
    }
    lines_[c].established = true;
    ready(c);
    pump();
  });
}

void simulated_queue::hang_up(connection_number c, close_reason how) {
  peers_[lines_[c].destination].open.erase(c);
  lines_.erase(c);
  dispatcher_.closed(c, how, "no answer", now_);
  pump();
}

void simulated_queue::ready(connection_number c) {
  auto& l = lines_.at(c);
  const auto turn = ++l.turn;
  auto t = dispatcher_.take(c, now_, 0);
  switch (t.what) {
  case take_result::work:
    ++l.mails;
    check_taken(t.work, l.destination);
    of_this_life(span(5, 3000), [this, c, work = std::move(t.work)] { answered(c, work, chance(0.02)); });
    break;
  case take_result::later:
  case take_result::nothing:
    if (t.what == take_result::later && t.until <= now_) broken("later is not later");
    of_this_life(5s, [this, c, turn] {
      const auto still = lines_.find(c);
      if (still != lines_.end() && still->second.turn == turn) hang_up(c, close_reason::finished);
    });
    break;
  case take_result::give_way:
  case take_result::stop: of_this_life(0ms, [this, c] { hang_up(c, close_reason::finished); }); break;
  }
}

void simulated_queue::check_taken(const transaction& t, std::uint32_t destination) {
  auto& p = peers_[destination];
  const auto own = limits(destination);
  const auto r = records_.find(t.id.value);
  if (r == records_.end()) return broken("a message is sent that was cancelled or is settled");
  if (r->second.queue != t.queue) broken("it is sent from the queue where it was before");
  if (frozen_[t.queue]) broken("a frozen queue sends");
  if (p.paused) broken("a paused destination gets mail");
  if (t.recipients.empty() || t.recipients.size() > own.recipients_a_transaction) broken("too many recipients at once");
  for (const auto n : t.recipients) {
    auto& to = r->second.recipients.at(n);
    if (to.what != recipient_record::state::waiting) broken("a recipient is sent to who does not wait");
    if (to.destination != destination) broken("a recipient is sent to another's destination");
    if (to.flight != 0) broken("a recipient is in two transactions");
    if (to.due > now_ && !retried_.contains(t.id.value)) broken("a recipient is tried before its time");
    to.flight = t.number;
  }
  p.sent.push_back(now_);
  while (!p.sent.empty() && p.sent.front() <= now_ - 60s) p.sent.pop_front();
  if (own.messages_a_minute != 0 && p.sent.size() > own.messages_a_minute + 1) broken("the rate is exceeded");
}

void simulated_queue::answered(connection_number c, transaction t, bool lost) {
  using state = recipient_record::state;
  auto& p = peers_[lines_.at(c).destination];
  lost = lost || !p.alive;
  std::map<std::uint32_t, state> outcomes;
  const auto r = records_.find(t.id.value);
  for (const auto n : t.recipients) {
    auto what = state::waiting;
    if (!lost && !chance(p.defers)) what = chance(p.fails) ? state::failed : state::delivered;
    // Lost after the final dot: the peer may have it, and nobody knows.
    const bool taken = what == state::delivered || (lost && p.alive && chance(0.3));
    if (taken && r != records_.end() && r->second.recipients[n].flight == t.number) {
      auto& to = r->second.recipients[n];
      if (++to.received > 1) ++seen.duplicates;
      ++to.answers_lost; // until it is recorded
      if (to.received > to.answers_lost) broken("a recipient gets a message again that was recorded as delivered");
    }
    outcomes[n] = what;
  }
  of_this_life(span(1, 30), [this, t, outcomes, how = lost ? end_reason::broken : end_reason::answered] { commit(t, outcomes, how); });
  if (lost) return hang_up(c, close_reason::failed);
  ready(c);
  pump();
}

void simulated_queue::commit(const transaction& t, std::map<std::uint32_t, recipient_record::state> outcomes, end_reason how) {
  using state = recipient_record::state;
  const auto found = records_.find(t.id.value);
  if (found == records_.end()) { // cancelled meanwhile
    dispatcher_.ended(t.number, how, now_);
    return pump();
  }
  auto& r = found->second;
  for (const auto n : t.recipients)
    if (r.recipients[n].flight == t.number) r.recipients[n].flight = 0;
  if (chance(0.01)) { // the log refused it: nothing is known
    ++seen.lost_answers;
    for (const auto n : t.recipients) r.recipients[n].due = std::min(r.recipients[n].due, now_);
    dispatcher_.ended(t.number, end_reason::broken, now_);
    return pump();
  }
  std::vector<still_waiting> waiting;
  for (const auto& [n, what] : outcomes) {
    auto& to = r.recipients[n];
    if (to.what != state::waiting) continue;
    to.what = what;
    ++to.attempts;
    if (what == state::delivered) {
      ++seen.delivered;
      --to.answers_lost;
    } else if (what == state::failed) {
      ++seen.failed;
    } else {
      to.due = delivery::next_attempt(facts(r, to), to.attempts, now_, retries_);
      waiting.push_back({n, to.due, delivery::next_deadline(facts(r, to), retries_)});
    }
  }
  const bool settled = !waits(r);
  retried_.erase(r.id);
  if (by_put_) {
    if (r.queue == "remote" && !waiting.empty()) r.queue = "retry";
    put(r);
    dispatcher_.ended(t.number, how, now_);
  } else {
    dispatcher_.ended(t.number, how, waiting, now_);
  }
  if (settled) {
    if (dispatcher_.contains(base::message_id{r.id})) broken("a settled message waits on");
    records_.erase(found);
  }
  pump();
}

void simulated_queue::lapse(const transaction& t) {
  using state = recipient_record::state;
  const auto found = records_.find(t.id.value);
  if (found == records_.end()) return broken("a deadline of a message that is gone");
  auto& r = found->second;
  for (const auto n : t.recipients) {
    auto& to = r.recipients.at(n);
    if (to.what != state::waiting || to.flight != 0) broken("a deadline of a recipient who does not wait, or flies");
    to.flight = t.number;
  }
  of_this_life(span(1, 30), [this, t] {
    const auto again = records_.find(t.id.value);
    if (again == records_.end()) return dispatcher_.ended(t.number, end_reason::answered, now_);
    auto& m = again->second;
    std::map<std::uint32_t, state> outcomes;
    for (const auto n : t.recipients) {
      auto& to = m.recipients[n];
      if (to.flight == t.number) to.flight = 0;
      switch (delivery::owed_now(facts(m, to), now_, retries_)) {
      case delivery::owed::delay_notice:
        if (to.delay_told) broken("the delay is told twice");
        to.delay_told = true;
        ++seen.delay_notices;
        break;
      case delivery::owed::expired:
        ++seen.expired;
        to.what = state::expired;
        break;
      default: broken("nothing was owed at a deadline");
      }
    }
    const bool settled = !waits(m);
    put(m);
    dispatcher_.ended(t.number, end_reason::answered, now_);
    if (settled) records_.erase(again);
    pump();
  });
}

void simulated_queue::check_limits() {
  if (lines_.size() > settings_.connections) broken("too many connections");
  for (std::uint32_t d = 0; d < peers_.size(); ++d)
    if (peers_[d].open.size() > limits(d).connections) broken("too many connections to " + name_of(d));
}

void simulated_queue::check_nothing_lost() {
  std::uint64_t recipients = 0;
  for (const auto& [id, r] : records_) {
    std::map<std::uint32_t, const part_status*> held;
    const auto parts = dispatcher_.parts(base::message_id{id});
    for (const auto& p : parts)
      for (const auto n : p.recipients)
        if (!held.emplace(n, &p).second) return broken("a recipient stands in two parts");
    for (std::uint32_t n = 0; n < r.recipients.size(); ++n) {
      const auto& to = r.recipients[n];
      const auto at = held.find(n);
      if ((to.what == recipient_record::state::waiting) != (at != held.end())) return broken("records and dispatcher disagree about who waits");
      if (at == held.end()) continue;
      ++recipients;
      if (at->second->in_flight != (to.flight != 0)) return broken("records and dispatcher disagree about who flies");
      if (at->second->destination != name_of(to.destination)) return broken("a recipient waits for another destination");
    }
  }
  if (dispatcher_.counts().recipients != recipients) broken("the counts are wrong");
  std::uint64_t in_queues = 0;
  for (const auto* queue : queue_names) in_queues += dispatcher_.waiting_in(queue);
  if (in_queues != dispatcher_.counts().parts) broken("the queues' counts are wrong");
}

} // namespace rookery::queueing
