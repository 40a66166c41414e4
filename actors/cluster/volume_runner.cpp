#include "actors/cluster/volume_runner.hpp"

#include "actors/cluster/volume_inside.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <charconv>

namespace rookery::actors {
namespace {

using replication::act::alarm;
namespace act = replication::act;
using replication::standing;

constexpr std::chrono::milliseconds place_every{1000}, work_every{500}, retry_after{1000};
/// Of those that are no rules' own: a copy that waits to be placed or applied is looked at so late at most.
constexpr std::chrono::milliseconds look_at_most{2000};

bool of_leader(const replication::word& w) {
  return std::holds_alternative<replication::follow>(w) || std::holds_alternative<replication::beat_word>(w) || std::holds_alternative<replication::begin_anew>(w);
}

std::string print(const replication::held& h) { return "1 " + std::to_string(h.epoch) + (h.whole ? " 1 " : " 0 ") + std::to_string(h.promised) + "\n"; }

std::optional<replication::held> read_held(std::string_view text) {
  std::uint64_t fields[4] = {};
  for (auto& f : fields) {
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), f);
    if (fault != std::errc{}) return {};
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return {};
    text.remove_prefix(1);
  }
  if (!text.empty() || fields[0] != 1 || fields[2] > 1) return {};
  return replication::held{fields[1], fields[2] == 1, fields[3]};
}

} // namespace

replication::moment volume_runner::inside::time() {
  return std::chrono::duration_cast<replication::moment>(std::chrono::steady_clock::now().time_since_epoch());
}

std::string volume_runner::kept_of_none() { return print(replication::held{}); }

base::result<std::shared_ptr<volume_runner>> volume_runner::start(parts p) {
  auto& files = storage::posix_file_system();
  replication::held kept;
  if (const auto text = files.read_all(p.kept_file, 4096)) {
    const auto read = read_held(*text);
    if (!read) return base::fail(base::error_kind::damaged, "what is kept of a volume cannot be read", p.kept_file + " cannot be read");
    kept = *read;
  } else if (text.error().kind != base::error_kind::not_found) {
    return base::fail(text.error());
  } else if (p.own_and_whole) {
    kept = {1, true, 0};
  }
  auto made = std::shared_ptr<volume_runner>(new volume_runner);
  made->in_ = std::make_shared<inside>(std::move(p), kept);
  made->in_->begin();
  return made;
}

volume_runner::volume_runner() = default;
volume_runner::~volume_runner() { stop(); }

void volume_runner::stop() {
  if (in_) in_->end();
}

volume_runner::inside::inside(parts p, const replication::held& kept)
    : is(std::move(p)), written_down(kept), rules(std::make_unique<replication::member>(is.self, is.volume, kept, is.rules, time())) {}

void volume_runner::inside::begin() {
  ticker = std::thread([this] { run_ticks(); });
  worker = std::thread([this] { run_jobs(); });
}

void volume_runner::inside::end() {
  std::shared_ptr<cluster::node_stream> leader;
  std::map<replication::node_number, std::shared_ptr<replica_outlet>> gone;
  {
    const std::lock_guard hold(lock);
    stopping = true;
    leader = from_leader;
    gone.swap(outlets);
    publish();
  }
  wake.notify_all();
  if (leader) leader->close();
  for (auto& [n, o] : gone) o->end();
  if (ticker.joinable()) ticker.join();
  if (worker.joinable()) worker.join();
  for (auto& [n, o] : gone) o->join();
  for (auto& o : retired) o->join();
  if (std::exchange(opened, false)) (void)is.house->close(is.volume, true);
  std::shared_ptr<storage::volume_replica> last;
  {
    const std::lock_guard hold(lock);
    last = drop_replica();
  }
  if (last) (void)last->close();
}

/// When the ticker has something to do, by the time alone.
volume_runner::inside::steady_time volume_runner::inside::next_look() const {
  const auto now = std::chrono::steady_clock::now();
  auto at = std::min(steady_time(rules->next_tick(time())), now + look_at_most);
  if (!later.empty()) at = std::min(at, later.begin()->first);
  if (replica && replica->applied() < std::min(apply_to, replica->durable())) at = std::min(at, replica->behind() ? now : next_work);
  return retired.empty() ? at : now;
}

/// Something may be due earlier than the ticker knows.
void volume_runner::inside::mind_ticker() {
  const auto at = next_look();
  if (at >= look_at) return;
  look_at = at;
  wake.notify_all();
}

void volume_runner::inside::run_ticks() {
  std::unique_lock hold(lock);
  while (!stopping) {
    look_at = next_look();
    while (!stopping && std::chrono::steady_clock::now() < look_at) wake.wait_until(hold, steady_time(look_at));
    if (stopping) return;
    const auto now = std::chrono::steady_clock::now();
    const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
    take(rules->tick(time(), wall));
    while (!later.empty() && later.begin()->first <= now) {
      jobs.push_back(std::move(later.begin()->second));
      later.erase(later.begin());
      wake.notify_all();
    }
    // Whether somebody uses it is of now: who has logged in a moment ago need not do so again.
    if (is.goes_home_after && is.volume != is.self && rules->state() == standing::serving) rules->goes_home_after(is.goes_home_after());
    if (is.place && rules->state() == standing::serving && !rules->proposing() && now >= next_place) {
      next_place = now + place_every;
      if (const auto next = is.place(rules->agreed())) {
        replication::step out;
        rules->change(*next, time(), out);
        take(std::move(out));
      }
    }
    if (rules->state() == standing::serving && now >= next_count) {
      next_count = now + work_every;
      auto all = rules->end();
      for (const auto& r : rules->replicas(time())) all = std::min(all, r.durable);
      meter.forget(all);
    }
    if (replica && (now >= next_work || replica->behind())) {
      next_work = now + work_every;
      (void)with_replica(hold, [](storage::volume_replica& r) { return r.work(); });
    }
    auto dead = std::exchange(retired, {});
    if (dead.empty()) continue;
    hold.unlock();
    for (auto& o : dead) o->join();
    dead.clear();
    hold.lock();
  }
}

/// What takes long, one after the other, without the lock.
void volume_runner::inside::run_jobs() {
  std::unique_lock hold(lock);
  for (;;) {
    wake.wait(hold, [this] { return stopping || !jobs.empty(); });
    if (stopping) return;
    auto job = std::move(jobs.front());
    jobs.pop_front();
    hold.unlock();
    job();
    hold.lock();
  }
}

void volume_runner::inside::job(std::function<void()> what) {
  jobs.push_back(std::move(what));
  wake.notify_all();
}

void volume_runner::inside::again(std::function<void()> what) {
  later.emplace(std::chrono::steady_clock::now() + retry_after, std::move(what));
  mind_ticker();
}

void volume_runner::inside::say(const std::string& what) {
  if (is.alarm) is.alarm("volume " + std::to_string(is.volume) + ": " + what);
}

bool volume_runner::inside::with_replica(std::unique_lock<std::mutex>& hold, const std::function<base::result<void>(storage::volume_replica&)>& what) {
  const auto r = replica;
  std::shared_lock use(in_use);
  hold.unlock();
  const auto done = what(*r);
  use.unlock(); // first: who lets go of the copy has the lock
  hold.lock();
  if (replica != r) return false;
  if (!done) replica_failed(done.error());
  return done.ok();
}

std::shared_ptr<storage::volume_replica> volume_runner::inside::drop_replica() {
  const std::unique_lock alone(in_use);
  return std::exchange(replica, nullptr);
}

void volume_runner::inside::replica_failed(const base::error& e) {
  say("its copy here fails: " + e.log.value);
  (void)drop_replica();
  if (from_leader) from_leader->close();
  // What cannot be used is copied again; else the disk is looked at anew, in a while: it may be full.
  if (e.kind == base::error_kind::damaged) return restart(false);
  resting = true;
  again([self = shared_from_this()] {
    const std::lock_guard hold(self->lock);
    self->resting = false;
    const auto state = self->rules->state();
    if (!self->replica && (state == standing::following || state == standing::cutting || state == standing::claiming)) self->restart(true);
  });
}

/// The rules begin again with what is kept, as after a restart of the process.
void volume_runner::inside::restart(bool whole) {
  auto kept = rules->kept();
  if (!whole && rules->agreed().leader != is.self) {
    kept = {kept.epoch, false, 0};
    keep(kept);
    wipe();
  }
  rules = std::make_unique<replication::member>(is.self, is.volume, kept, is.rules, time());
  if (version != 0) take(rules->document(version, agreed, time()));
}

void volume_runner::inside::keep(const replication::held& what) {
  auto& files = storage::posix_file_system();
  if (auto done = files.replace(is.kept_file, print(what)); !done) {
    // Nothing may follow from what is not kept.
    failed = true;
    say("cannot be written down, and goes on no further until it can: " + done.error().log.value);
    again([self = shared_from_this()] {
      const std::lock_guard hold(self->lock);
      if (self->opened) return;
      self->failed = false;
      self->due.clear();
      self->rules = std::make_unique<replication::member>(self->is.self, self->is.volume, self->written_down, self->is.rules, time());
      if (self->version != 0) self->take(self->rules->document(self->version, self->agreed, time()));
    });
    return;
  }
  written_down = what;
  if (replica && what.whole && what.epoch > replica->epoch())
    if (auto done = replica->follow(what.epoch); !done) say(done.error().log.value);
}

void volume_runner::inside::wipe() {
  const std::unique_lock alone(in_use);
  replica = nullptr;
  // A node's own volume lies beside its configuration and its keys.
  if (auto done = storage::remove_volume(is.house->directory(is.volume)); !done) say("its copy here cannot be removed: " + done.error().log.value);
}

std::string volume_runner::inside::log_directory() const { return is.house->directory(is.volume) + "/log"; }

/// Nobody writes the log afterwards, but who opened a volume that only this node ever had: it is led as it is.
base::result<storage::log_position> volume_runner::inside::verified_end() {
  if (const auto end = is.house->open_end(is.volume)) {
    if (rules->state() == standing::cutting && replication::never_shared(agreed) && rules->kept().epoch == agreed.epoch) return *end;
    if (auto closed = is.house->close(is.volume, true); !closed) return closed;
  }
  if (!replica) {
    storage::volume_replica_settings how;
    how.lock = is.volume != is.self; // the process has locked its own folder
    how.working = is.working;
    auto r = storage::volume_replica::open(is.house->directory(is.volume), how);
    if (!r) return base::fail(r.error());
    replica = std::move(*r);
  }
  auto end = replica->sync();
  if (!end) return end;
  const auto whole = replica->durable();
  if (replica->end() > whole)
    if (auto done = replica->truncate_to(whole); !done) return base::fail(done.error());
  return whole;
}

/// With the lock. Steps that follow from a step are taken behind it.
void volume_runner::inside::take(replication::step s) {
  for (auto& a : s) due.push_back(std::move(a));
  if (taking) return;
  taking = true;
  while (!due.empty() && !failed && !stopping) {
    auto a = std::move(due.front());
    due.pop_front();
    std::visit([this](auto& what) { carry_out(what); }, a);
  }
  taking = false;
  mind_audience();
  publish();
  mind_ticker();
}

void volume_runner::inside::carry_out(act::freeze&) {
  job([self = shared_from_this()] {
    const std::lock_guard hold(self->lock);
    if (self->rules->state() != standing::cutting && self->rules->state() != standing::claiming) return;
    const auto end = self->verified_end();
    if (end) return self->take(self->rules->frozen(self->lead_end = *end, time()));
    self->say("its copy here cannot be opened: " + end.error().log.value);
    const bool damaged = end.error().kind == base::error_kind::damaged;
    self->again([self, damaged] {
      const std::lock_guard again(self->lock);
      // What nobody counts on is copied anew; what is in sync is left for the operator to look at.
      const auto& needed = self->agreed.in_sync;
      self->restart(!damaged || std::find(needed.begin(), needed.end(), self->is.self) != needed.end());
    });
  });
}

void volume_runner::inside::carry_out(act::cut& a) {
  const auto done = replica ? replica->truncate_to(a.at) : base::result<void>(base::fail(base::error_kind::io, "the copy is not open"));
  if (!done) return replica_failed(done.error());
  job([self = shared_from_this()] {
    const std::lock_guard hold(self->lock);
    if (self->replica) self->take(self->rules->cut_done(self->lead_end = self->replica->durable(), time()));
  });
}

void volume_runner::inside::carry_out(act::keep& a) { keep(a.what); }

void volume_runner::inside::carry_out(act::say& a) {
  const auto octets = replication::print(a.what);
  if (of_leader(a.what)) {
    if (const auto o = outlets.find(a.to); o != outlets.end()) o->second->say(octets);
  } else if (from_leader && from_leader->peer() == a.to) {
    if (!from_leader->send(word_frame, octets, std::chrono::milliseconds(2000))) from_leader->close();
  }
}

void volume_runner::inside::carry_out(act::propose& a) { is.propose(a.expected, a.next); }

void volume_runner::inside::carry_out(act::lead& a) {
  base::log_event(base::severity::notice, "volume.leads").number("volume", static_cast<std::int64_t>(is.volume)).number("epoch", static_cast<std::int64_t>(a.epoch));
  lead_epoch = a.epoch;
  job([self = shared_from_this()] {
    const std::lock_guard hold(self->lock);
    self->take(self->rules->leading_at(self->lead_end, time()));
  });
}

void volume_runner::inside::carry_out(act::open& a) {
  job([self = shared_from_this(), hold_it = a.hold] { self->open_house(hold_it); });
}

void volume_runner::inside::open_house(bool hold_it) {
  std::uint64_t epoch = 0;
  std::shared_ptr<storage::volume_replica> closing;
  std::shared_lock use(in_use, std::defer_lock);
  {
    const std::lock_guard hold(lock);
    if (rules->state() != standing::opening) return;
    closing = drop_replica();
    use.lock();
    epoch = lead_epoch;
    house_holds = hold_it;
  }
  if (closing)
    if (auto done = closing->close(); !done) say(done.error().log.value);
  closing = nullptr;
  use.unlock();
  const auto end = is.house->open(is.volume, epoch, hold_it, shared_from_this());
  const std::lock_guard hold(lock);
  if (!end) {
    say("cannot be opened: " + end.error().log.value);
    again([self = shared_from_this(), hold_it] { self->open_house(hold_it); });
    return;
  }
  opened = true;
  lead_end = std::max(lead_end, *end);
  meter.begin(lead_end, time());
  tell_feeds(lead_end);
  take(rules->synced(lead_end, time()));
  take(rules->opened(time()));
}

void volume_runner::inside::carry_out(act::hold_releases& a) {
  const bool began = a.hold && !house_holds;
  house_holds = a.hold;
  is.house->hold(is.volume, lead_epoch, a.hold, [weak = weak_from_this(), number = a.number](storage::log_position written) {
    const auto self = weak.lock();
    if (!self) return;
    const std::lock_guard hold(self->lock);
    self->take(self->rules->held_from(number, written, time()));
  });
  // What it was told before was of the set as it was.
  if (began) is.house->acknowledge(is.volume, lead_epoch, rules->released());
}

void volume_runner::inside::carry_out(act::close&) {
  job([self = shared_from_this()] {
    bool open = false;
    {
      const std::lock_guard hold(self->lock);
      open = std::exchange(self->opened, false);
    }
    if (open)
      if (auto done = self->is.house->close(self->is.volume, false); !done) self->say(done.error().log.value);
    const std::lock_guard hold(self->lock);
    self->take(self->rules->closed(time()));
  });
}

void volume_runner::inside::carry_out(act::hold&) {
  job([self = shared_from_this()] {
    // What the replicas have is acknowledged while it closes: `opened` until it has.
    const auto end = self->is.house->close(self->is.volume, true);
    const std::lock_guard hold(self->lock);
    self->opened = false;
    if (!end) return self->say("cannot be closed: " + end.error().log.value);
    self->lead_end = std::max(self->lead_end, *end);
    self->tell_feeds(self->lead_end);
    self->take(self->rules->holding(*end, time()));
  });
}

void volume_runner::inside::carry_out(act::ship& a) {
  const auto o = outlets.find(a.to);
  if (o == outlets.end()) return;
  auto feed = std::make_shared<storage::log_feed>(storage::posix_file_system(), log_directory(), a.from, lead_end);
  {
    const std::lock_guard hold(feeds_lock);
    feeds[a.to] = feed;
    copied_from.erase(a.to);
  }
  // What became durable between: the feed must not miss it.
  feed->durable(lead_end);
  o->second->ship(std::move(feed));
}

void volume_runner::inside::carry_out(act::copy& a) {
  const auto o = outlets.find(a.to);
  if (o == outlets.end()) return;
  {
    const std::lock_guard hold(feeds_lock);
    feeds.erase(a.to);
    copied_from[a.to] = lead_end;
  }
  o->second->copy();
}

void volume_runner::inside::carry_out(act::stop_shipping& a) {
  {
    const std::lock_guard hold(feeds_lock);
    feeds.erase(a.to);
    copied_from.erase(a.to);
  }
  if (const auto o = outlets.find(a.to); o != outlets.end()) o->second->ship(nullptr);
}

void volume_runner::inside::carry_out(act::release& a) {
  if (house_holds && opened) is.house->acknowledge(is.volume, lead_epoch, a.to);
}

void volume_runner::inside::carry_out(act::apply& a) {
  if (!replica) return;
  replica->committed(std::min(a.to, replica->durable()));
  apply_to = std::max(apply_to, a.to);
}

void volume_runner::inside::carry_out(act::wipe&) { wipe(); }
void volume_runner::inside::carry_out(act::alarm& a) { say(a.what); }

/// A stream to each who is to have one, and to nobody else.
void volume_runner::inside::mind_audience() {
  if (stopping) return;
  const auto wanted = rules->audience();
  for (auto o = outlets.begin(); o != outlets.end();) {
    if (std::find(wanted.begin(), wanted.end(), o->first) != wanted.end() && o->second->epoch == lead_epoch) {
      ++o;
      continue;
    }
    {
      const std::lock_guard hold(feeds_lock);
      feeds.erase(o->first);
      copied_from.erase(o->first);
    }
    o->second->end();
    retired.push_back(std::move(o->second));
    o = outlets.erase(o);
  }
  for (const auto n : wanted)
    if (!outlets.contains(n)) {
      auto o = std::make_shared<replica_outlet>(weak_from_this(), is.identity, n, is.volume, lead_epoch);
      outlets.emplace(n, o);
      o->begin();
    }
}

void volume_runner::inside::publish() {
  const auto end = stopping || failed ? std::nullopt : rules->lease_end();
  serve_until = !end ? 0 : *end == replication::moment::max() ? std::numeric_limits<std::int64_t>::max() : end->count();
}

storage::log_position volume_runner::inside::keep_from() const {
  const std::lock_guard hold(feeds_lock);
  auto from = fed_end;
  for (const auto& [n, f] : feeds) from = std::min(from, f->position());
  for (const auto& [n, at] : copied_from) from = std::min(from, at);
  if (from.segment + segments_kept_max < fed_end.segment) from = {fed_end.segment - segments_kept_max, 0};
  return from;
}

void volume_runner::inside::tell_feeds(storage::log_position p) {
  const std::lock_guard hold(feeds_lock);
  fed_end = std::max(fed_end, p);
  for (auto& [n, f] : feeds) f->durable(p);
}

void volume_runner::inside::written(const storage::log_batch_ptr& batch, std::uint64_t next_record) {
  {
    const std::lock_guard hold(feeds_lock);
    for (auto& [n, f] : feeds) f->offer(batch);
  }
  const std::lock_guard hold(lock);
  meter.written(batch->end, batch->octets, next_record, time());
  take(rules->written(batch->end, time()));
}

void volume_runner::inside::durable(storage::log_position p) {
  tell_feeds(p);
  const std::lock_guard hold(lock);
  lead_end = std::max(lead_end, p);
  take(rules->synced(p, time()));
}

void volume_runner::document(std::uint64_t version, const replication::volume& v) {
  const std::lock_guard hold(in_->lock);
  if (version <= in_->version) return;
  in_->version = version;
  in_->agreed = v;
  in_->take(in_->rules->document(version, v, inside::time()));
}

void volume_runner::members(const std::vector<replication::node_number>& all) {
  const std::lock_guard hold(in_->lock);
  if (in_->from_leader && std::find(all.begin(), all.end(), in_->from_leader->peer()) == all.end()) in_->from_leader->close();
}

bool volume_runner::hand_over(replication::node_number to, std::chrono::milliseconds paused_until) {
  const std::lock_guard hold(in_->lock);
  replication::step out;
  const bool begun = in_->rules->hand_over(to, inside::time(), paused_until, out);
  in_->take(std::move(out));
  return begun;
}

void volume_runner::leaving() {
  const std::lock_guard hold(in_->lock);
  in_->take(in_->rules->leaving(inside::time()));
}

void volume_runner::staying() {
  const std::lock_guard hold(in_->lock);
  in_->rules->staying();
}

bool volume_runner::may_serve() const noexcept { return in_->may_serve(); }

volume_runner::view volume_runner::now() const {
  const std::lock_guard hold(in_->lock);
  view v;
  v.state = in_->rules->state();
  v.agreed = in_->agreed;
  v.end = in_->rules->end();
  v.released = in_->rules->released();
  if (in_->replica) {
    v.stored = in_->replica->durable();
    v.applied = in_->replica->applied();
  }
  const auto time = inside::time();
  v.replicas = in_->rules->replicas(time);
  for (const auto& r : v.replicas) v.lags.emplace(r.id, in_->meter.of(r.durable, time));
  v.copied_octets = in_->copied_octets;
  return v;
}

} // namespace rookery::actors
