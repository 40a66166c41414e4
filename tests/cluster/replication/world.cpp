#include "tests/cluster/replication/world.hpp"

#include "cluster/replication/placement.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <random>
#include <set>
#include <utility>

namespace rookery::replication::test {
namespace {

using ms = std::chrono::milliseconds;
using micros = std::int64_t; ///< of the world's time
constexpr node_number volume_id = 1;

struct record {
  std::uint64_t id = 0;
  std::uint32_t segment = 1;
  bool operator==(const record&) const = default;
};

struct data {
  std::uint64_t epoch = 0;
  std::size_t from = 0;
  std::vector<record> records;
};
struct whole_copy {
  std::uint64_t epoch = 0;
  std::vector<record> records;
};
using message = std::variant<word, data, whole_copy>;

struct stream {
  node_number leader = 0, replica = 0;
  bool broken = false;
  micros last[2] = {0, 0};                 ///< deliveries in order: to the replica, to the leader
  std::deque<message> held[2];             ///< by a cut
  micros stalled_since = -1;
  bool ships = false;
};

struct node_state {
  node_number id = 0;
  bool alive = true;
  std::uint64_t life = 0;
  micros paused_until = 0;
  double rate = 1;
  micros offset = 0;
  // The disk.
  std::vector<record> log;
  std::size_t synced = 0;
  held kept;
  micros slow_until = 0;
  std::uint64_t version = 0;
  volume doc;
  // The process.
  std::unique_ptr<member> m;
  bool open = false, syncing = false;
  bool holds = false;                      ///< only what is released may be seen
  micros holding_at = 0;
  std::uint32_t segment = 1;
  std::size_t view = 0;                    ///< records that a client may see
  std::size_t applied = 0;                 ///< of a follower
  bool learned_late = false;
  micros tick_at = 0;                      ///< the ticker sleeps until then
  std::uint64_t ticks = 0;
};

class world {
public:
  explicit world(const world_options& o) : o_(o), random_(o.seed * 7919 + 17) {
    rules_.with = o.with;
    rules_.grow_octets = 40;
    for (unsigned i = 1; i <= o.nodes; ++i) {
      auto& n = nodes_[i];
      n.id = i;
      n.rate = 1 + (static_cast<double>(pick(0, 200)) - 100) / 1000.0 * (o.calm ? 0 : 1);
      n.offset = pick(0, 1'000'000'000);
    }
    doc_ = found_volume(volume_id, o.copies);
    version_ = 10;
    leaders_[1] = 1;
    nodes_[1].kept = {1, true, 0};
    for (auto& [i, n] : nodes_) {
      n.version = version_;
      n.doc = doc_;
      begin(n);
    }
    every(20'000, [this] { write(); });
    every(15'000, [this] { read(); });
    every(250'000, [this] { compare(); });
    every(100'000, [this] { mend_streams(); });
    if (!o.calm) at(now_ + pick(500'000, 2'000'000), [this] { go_wrong(); });
  }

  world_end run() {
    const micros quiet = std::chrono::duration_cast<std::chrono::microseconds>(o_.faults).count();
    until(quiet);
    stop_faults_ = true;
    calm_down();
    const auto before = end_.acknowledged;
    until(quiet + 30'000'000);
    if (end_.fault.empty()) at_rest(before);
    end_.epochs = doc_.epoch;
    return end_;
  }

private:
  std::int64_t pick(std::int64_t low, std::int64_t high) { return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1)); }
  bool chance(int percent) { return pick(1, 100) <= percent; }

  // Time.
  void at(micros when, std::function<void()> what) { queue_.push({std::max(when, now_), next_++, std::move(what)}); }
  void every(micros apart, const std::function<void()>& what) {
    at(now_ + apart, [this, apart, what] {
      what();
      every(apart, what);
    });
  }
  /// Something that happens in a node's process: not any more when it died, later when it is stopped.
  void in(node_state& n, micros after, std::function<void()> what) {
    at(now_ + after, [this, &n, life = n.life, what = std::move(what)] { enter(n, life, what); });
  }
  void enter(node_state& n, std::uint64_t life, const std::function<void()>& what) {
    if (!n.alive || n.life != life) return;
    if (n.paused_until > now_) return at(n.paused_until, [this, &n, life, what] { enter(n, life, what); });
    what();
  }
  moment local(const node_state& n) const {
    return moment(static_cast<std::int64_t>((static_cast<double>(now_) * n.rate + static_cast<double>(n.offset)) / 1000));
  }
  void until(micros end) {
    while (!queue_.empty() && end_.fault.empty()) {
      if (queue_.top().when > end) break;
      auto e = queue_.top();
      queue_.pop();
      now_ = e.when;
      e.what();
      one_leader();
    }
    now_ = std::max(now_, end);
  }
  void trace(const std::string& what) const {
    if (std::getenv("ROOKERY_TRACE") != nullptr) std::fprintf(stderr, "%8lld %s\n", static_cast<long long>(now_ / 1000), what.c_str());
  }
  static std::string shown(const volume& v) {
    std::string out = "epoch " + std::to_string(v.epoch) + " leader " + std::to_string(v.leader) + " in sync";
    for (const auto n : v.in_sync) out += " " + std::to_string(n);
    out += " learners";
    for (const auto n : v.learners) out += " " + std::to_string(n);
    return out + " start " + std::to_string(v.starts.back().at.segment) + ":" + std::to_string(v.starts.back().at.offset);
  }
  void broken(const std::string& what) {
    if (end_.fault.empty()) end_.fault = std::to_string(now_ / 1000) + " ms: " + what;
  }

  // Positions.
  static log_position end_of(const std::vector<record>& log, std::size_t n) { return {n == 0 ? 1 : log[n - 1].segment, static_cast<std::uint32_t>(n)}; }
  static log_position end_of(const node_state& n) { return end_of(n.log, n.log.size()); }

  // A node's process.
  void begin(node_state& n) {
    trace("node " + std::to_string(n.id) + " begins");
    n.m = std::make_unique<member>(n.id, volume_id, n.kept, rules_, local(n));
    n.open = n.syncing = false;
    n.view = n.applied = 0;
    ++n.life;
    n.alive = true;
    n.paused_until = 0;
    in(n, pick(1000, 60'000), [this, &n] { take(n, n.m->document(n.version, n.doc, local(n))); });
    tick(n);
  }
  /// As late as the rules allow.
  micros until_tick(const node_state& n) const {
    const auto wait = std::min(n.m->next_tick(local(n)) - local(n), moment(2000));
    return static_cast<micros>(static_cast<double>(wait.count()) * 1000 / n.rate) + 1000;
  }
  void tick(node_state& n) {
    const auto wait = until_tick(n);
    n.tick_at = now_ + wait;
    in(n, wait, [this, &n, number = ++n.ticks] {
      if (n.ticks != number) return;
      take(n, n.m->tick(local(n), ms(now_ / 1000)));
      if (n.alive && n.m->state() == standing::serving) place(n);
      if (n.alive) tick(n);
    });
  }
  void place(node_state& n) {
    std::vector<node_facts> facts;
    for (const auto& [i, other] : nodes_) facts.push_back({i, true, other.alive && passes(n.id, i) && passes(i, n.id), false, "", ms(other.alive ? 0 : 1000)});
    if (auto next = place_copies(n.m->agreed(), {n.m->agreed()}, facts, {}, ms(now_ / 1000))) {
      step out;
      n.m->change(*next, local(n), out);
      take(n, std::move(out));
    }
  }
  void kill(node_state& n) {
    if (!n.alive) return;
    trace("node " + std::to_string(n.id) + " dies");
    n.alive = false;
    ++n.life;
    ++end_.kills;
    if (n.log.size() > n.synced) n.log.resize(n.synced + static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(n.log.size() - n.synced))));
    n.synced = n.log.size();
    n.m.reset();
    n.open = false;
    for (auto& s : streams_)
      if (s->leader == n.id || s->replica == n.id) break_stream(s);
  }

  void take(node_state& n, step s) {
    const auto life = n.life;
    for (auto& a : s) {
      if (!n.alive || n.life != life) return;
      // The plug may be pulled between any two things that are to be done.
      if (!stop_faults_ && !o_.calm && pick(1, 4000) == 1) {
        kill(n);
        at(now_ + pick(100'000, 5'000'000), [this, &n] {
          if (!n.alive) begin(n);
        });
        return;
      }
      std::visit([&](auto& what) { act_on(n, what); }, a);
    }
    if (n.alive && n.life == life && now_ + until_tick(n) < n.tick_at) tick(n);
  }

  micros disk(const node_state& n) { return n.slow_until > now_ ? pick(200'000, 2'500'000) : pick(200, 4000); }

  void act_on(node_state& n, act::freeze&) {
    in(n, disk(n), [this, &n] {
      n.synced = n.log.size();
      take(n, n.m->frozen(end_of(n), local(n)));
    });
  }
  void act_on(node_state& n, act::cut& a) {
    trace("node " + std::to_string(n.id) + " cuts " + std::to_string(n.log.size()) + " at " + std::to_string(a.at.offset) + ", applied " + std::to_string(n.applied));
    if (n.applied > a.at.offset) broken("node " + std::to_string(n.id) + " is to cut what it has applied");
    n.log.resize(std::min<std::size_t>(n.log.size(), a.at.offset));
    n.synced = n.log.size();
    in(n, disk(n), [this, &n] { take(n, n.m->cut_done(end_of(n), local(n))); });
  }
  void act_on(node_state& n, act::keep& a) {
    n.kept = a.what;
    trace("node " + std::to_string(n.id) + " keeps epoch " + std::to_string(a.what.epoch) + (a.what.whole ? "" : " (no copy)") + " promised " + std::to_string(a.what.promised));
  }
  void act_on(node_state& n, act::say& a) {
    if (const auto* w = std::get_if<has_stored>(&a.what)) trace("node " + std::to_string(n.id) + " has stored " + std::to_string(w->to.offset));
    if (const auto* w = std::get_if<stands>(&a.what)) trace("node " + std::to_string(n.id) + " stands at " + std::to_string(w->end.offset) + (w->whole ? "" : " (no copy)"));
    const bool of_leader = std::holds_alternative<follow>(a.what) || std::holds_alternative<beat_word>(a.what) || std::holds_alternative<begin_anew>(a.what);
    if (auto s = of_leader ? stream_of(n.id, a.to) : stream_of(a.to, n.id)) post(s, n.id, a.what);
  }
  void act_on(node_state& n, act::propose& a) {
    trace("node " + std::to_string(n.id) + " proposes on " + std::to_string(a.expected) + ": " + shown(a.next) + ", log " + std::to_string(n.log.size()) + " synced " + std::to_string(n.synced));
    // It may be lost, come late, and come twice, also when who sent it is dead by then.
    const int times = chance(5) ? 2 : 1;
    for (int i = 0; i < times; ++i) {
      if (no_store_.contains(n.id) && chance(70)) continue;
      if (!o_.calm && !stop_faults_ && chance(5)) continue;
      const micros after = !o_.calm && !stop_faults_ && chance(o_.late_percent) ? pick(100'000, 7'000'000) : pick(1000, 30'000);
      at(now_ + after, [this, a, from = n.id] { agree(from, a.expected, a.next); });
    }
  }
  void act_on(node_state& n, act::lead& a) {
    const auto [known, fresh] = led_.emplace(a.epoch, std::pair(n.id, n.life));
    const bool alone = never_shared(n.m->agreed()) && known->second.first == n.id;
    if (!fresh && o_.with.new_epoch && !alone && known->second != std::pair(n.id, n.life)) broken("two lead epoch " + std::to_string(a.epoch));
    n.segment = end_of(n).segment + 1;
    in(n, disk(n), [this, &n] { take(n, n.m->leading_at(end_of(n), local(n))); });
  }
  void act_on(node_state& n, act::open& a) {
    in(n, pick(10'000, 200'000), [this, &n, hold = a.hold] {
      if (n.m->state() != standing::opening) return;
      n.open = true;
      n.holds = hold;
      n.view = n.log.size(); // opening replays everything
      show(n, 0, n.view);
      take(n, n.m->opened(local(n)));
    });
  }
  void act_on(node_state& n, act::hold_releases& a) {
    n.holding_at = std::max(n.holding_at + 1, now_ + pick(100, 20'000)); // one after the other
    in(n, n.holding_at - now_, [this, &n, hold = a.hold, number = a.number] {
      if (!n.open) return;
      n.holds = hold;
      if (hold) take(n, n.m->held_from(number, end_of(n), local(n)));
      else see_synced(n);
    });
  }
  /// Nobody holds it: what is durable here is acknowledged.
  void see_synced(node_state& n) {
    if (n.open && !n.holds && n.synced > n.view) show(n, std::exchange(n.view, n.synced), n.synced);
  }
  void act_on(node_state& n, act::close&) {
    n.open = false;
    in(n, pick(1000, 100'000), [this, &n] {
      n.view = 0;
      take(n, n.m->closed(local(n)));
    });
  }
  void act_on(node_state& n, act::hold&) {
    n.open = false;
    in(n, pick(10'000, 200'000) + disk(n), [this, &n] {
      if (n.m->state() != standing::handing) return;
      ship_all(n);
      n.synced = n.log.size();
      take(n, n.m->holding(end_of(n), local(n)));
    });
  }
  void act_on(node_state& n, act::ship& a) {
    trace("node " + std::to_string(n.id) + " ships to " + std::to_string(a.to) + " from " + std::to_string(a.from.offset));
    if (auto s = stream_of(n.id, a.to)) {
      s->ships = true;
      send_log(s, n, a.from.offset);
    }
  }
  void act_on(node_state& n, act::copy& a) {
    if (auto s = stream_of(n.id, a.to)) {
      const std::weak_ptr<stream> weak = s;
      in(n, pick(50'000, 500'000), [this, &n, weak] {
        const auto live = weak.lock();
        if (live && !live->broken) post(live, n.id, whole_copy{n.m->kept().epoch, std::vector<record>(n.log.begin(), n.log.begin() + static_cast<std::ptrdiff_t>(n.synced))});
      });
    }
  }
  void act_on(node_state& n, act::stop_shipping& a) {
    if (auto s = stream_of(n.id, a.to)) s->ships = false;
  }
  void act_on(node_state& n, act::release& a) {
    const std::size_t to = std::min<std::size_t>(a.to.offset, n.log.size());
    if (to <= n.view || !n.holds) return;
    show(n, std::exchange(n.view, to), to);
  }
  void act_on(node_state& n, act::apply& a) {
    const auto to = std::min<std::size_t>(a.to.offset, n.synced);
    if (to <= n.applied) return;
    // A leader that does not serve yet may say so before anybody sees it: true from now on as well.
    show(n, std::exchange(n.applied, to), to);
  }
  void act_on(node_state& n, act::wipe&) {
    n.log.clear();
    n.synced = n.applied = 0;
  }
  void act_on(node_state& n, act::alarm& a) { broken("node " + std::to_string(n.id) + ": " + a.what); }

  /// What a node shows or acknowledges is true from now on, for everybody and for ever.
  void show(const node_state& n, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      if (i < truth_.size()) {
        if (truth_[i] != n.log[i].id) return broken("node " + std::to_string(n.id) + " shows another record at " + std::to_string(i) + " than was shown before");
        continue;
      }
      truth_.push_back(n.log[i].id);
      ++end_.acknowledged;
      end_.longest_gap = std::max(end_.longest_gap, ms((now_ - last_ack_) / 1000));
      last_ack_ = now_;
    }
  }

  // Clients.
  void write() {
    for (auto& [i, n] : nodes_) {
      if (!n.alive || n.paused_until > now_ || !n.open || !n.m->may_accept()) continue;
      n.log.push_back({++last_id_, n.segment});
      n.m->written(end_of(n), local(n));
      ship_all(n);
      sync(n);
    }
  }
  void sync(node_state& n) {
    if (n.syncing) return;
    n.syncing = true;
    const auto to = n.log.size();
    in(n, disk(n), [this, &n, to] {
      n.syncing = false;
      n.synced = std::max(n.synced, std::min(to, n.log.size()));
      const auto position = end_of(n.log, n.synced);
      see_synced(n);
      take(n, n.open || n.m->state() == standing::handing ? n.m->synced(position, local(n)) : n.m->stored(position, local(n)));
      if (n.alive && n.log.size() > n.synced) sync(n);
    });
  }
  void read() {
    for (auto& [i, n] : nodes_) {
      if (!n.alive || n.paused_until > now_ || !n.open || !n.m->may_serve(local(n))) continue;
      ++end_.reads;
      if (n.view < truth_.size()) broken("node " + std::to_string(i) + " gives a stale answer: " + std::to_string(n.view) + " of " + std::to_string(truth_.size()) + " records");
      show(n, n.view - std::min<std::size_t>(n.view, 3), n.view);
    }
  }
  void one_leader() {
    node_number who = 0;
    for (const auto& [i, n] : nodes_) {
      if (!n.alive || n.paused_until > now_ || !n.m->may_serve(local(n))) continue;
      if (who != 0) broken("nodes " + std::to_string(who) + " and " + std::to_string(i) + " serve at one time");
      who = i;
    }
  }

  // The agreed store.
  void agree(node_number from, std::uint64_t expected, const volume& next) {
    if (no_store_.contains(from) && chance(50)) return;
    if (expected != version_) return;
    if (next.epoch < doc_.epoch || (next.epoch == doc_.epoch && next.leader != doc_.leader)) return broken("epochs do not grow");
    if (next.epoch > doc_.epoch) {
      if (next.leader != doc_.leader) ++(next.leader == from ? end_.takeovers : end_.hand_overs);
      if (!leaders_.emplace(next.epoch, next.leader).second) return broken("two leaders of one epoch");
    }
    version_ += static_cast<std::uint64_t>(pick(1, 3));
    doc_ = next;
    trace("agreed by " + std::to_string(from) + ": version " + std::to_string(version_) + ", " + shown(doc_));
    for (auto& [i, n] : nodes_) tell(n);
  }
  void tell(node_state& n) {
    at(now_ + pick(1000, 60'000), [this, &n] {
      if (!n.alive || n.paused_until > now_ || no_store_.contains(n.id)) return; // told again by `mend_streams`
      if (n.version >= version_) return;
      n.version = version_;
      n.doc = doc_;
      take(n, n.m->document(n.version, n.doc, local(n)));
    });
  }

  // The network.
  bool passes(node_number from, node_number to) const { return !cut_.contains({from, to}); }
  std::shared_ptr<stream> stream_of(node_number leader, node_number replica) {
    for (auto& s : streams_)
      if (!s->broken && s->leader == leader && s->replica == replica) return s;
    return {};
  }
  void post(const std::shared_ptr<stream>& s, node_number from, message m) {
    const int way = from == s->leader ? 0 : 1;
    const auto to = way == 0 ? s->replica : s->leader;
    if (!passes(from, to) || !s->held[way].empty()) {
      s->held[way].push_back(std::move(m));
      return;
    }
    const micros delay = slow_net_until_ > now_ ? pick(1000, 2'500'000) : pick(200, 3000);
    s->last[way] = std::max(s->last[way] + 1, now_ + delay);
    at(s->last[way], [this, s, way, to, m = std::move(m)] {
      auto& n = nodes_[to];
      if (s->broken || !n.alive) return;
      in(n, 0, [this, s, &n, m] {
        if (!s->broken) arrive(s, n, m);
      });
    });
  }
  void arrive(const std::shared_ptr<stream>& s, node_state& n, const message& m) {
    const auto from = n.id == s->leader ? s->replica : s->leader;
    if (const auto* w = std::get_if<word>(&m)) {
      // Words travel as octets.
      const auto read_back = read_word(print(*w));
      if (!read_back || *read_back != *w) return broken("a word is not read as it was written");
      return take(n, n.m->heard(from, *read_back, local(n)));
    }
    if (const auto* d = std::get_if<data>(&m)) {
      // What is not taken leaves a gap: the stream begins anew.
      if (!n.m->accepts(from, d->epoch) || d->from > n.log.size() || (o_.with.fence && !n.m->kept().whole)) return break_stream(s);
      for (std::size_t i = 0; i < d->records.size(); ++i) {
        if (d->from + i < n.log.size()) n.log[d->from + i] = d->records[i];
        else n.log.push_back(d->records[i]);
      }
      n.synced = std::min(n.synced, d->from);
      return sync(n);
    }
    const auto& c = std::get<whole_copy>(m);
    if (!n.m->accepts(from, c.epoch) || n.kept.whole) return break_stream(s);
    n.log = c.records;
    n.synced = n.log.size();
    n.applied = 0;
    take(n, n.m->copied(end_of(n), local(n)));
  }
  void send_log(const std::shared_ptr<stream>& s, node_state& n, std::size_t from) {
    if (from < n.log.size()) post(s, n.id, data{n.m->kept().epoch, from, std::vector<record>(n.log.begin() + static_cast<std::ptrdiff_t>(from), n.log.end())});
    shipped_[s.get()] = n.log.size();
  }
  void ship_all(node_state& n) {
    for (auto& s : streams_)
      if (!s->broken && s->leader == n.id && s->ships) send_log(s, n, std::min(shipped_[s.get()], n.log.size()));
  }
  void break_stream(const std::shared_ptr<stream>& s) {
    if (s->broken) return;
    s->broken = true;
    auto& leader = nodes_[s->leader];
    if (leader.alive)
      in(leader, pick(1000, 300'000), [this, &leader, s] {
        if (!stream_of(s->leader, s->replica)) take(leader, leader.m->disconnected(s->replica, local(leader)));
      });
  }
  void mend_streams() {
    for (auto& [i, n] : nodes_) {
      if (n.alive && n.version < version_) tell(n);
      if (!n.alive || n.paused_until > now_) continue;
      const auto wanted = n.m->audience();
      for (auto& s : streams_)
        if (s->leader == i && std::find(wanted.begin(), wanted.end(), s->replica) == wanted.end()) break_stream(s);
      for (const auto to : wanted) {
        auto& other = nodes_[to];
        if (stream_of(i, to) || !other.alive || !passes(i, to) || !passes(to, i)) continue;
        auto s = std::make_shared<stream>();
        s->leader = i;
        s->replica = to;
        streams_.push_back(s);
        take(n, n.m->connected(to, local(n)));
        if (!n.alive) break;
      }
    }
    for (auto& s : streams_) {
      if (s->broken) continue;
      bool stalled = false;
      for (const int way : {0, 1}) {
        const auto from = way == 0 ? s->leader : s->replica, to = way == 0 ? s->replica : s->leader;
        if (s->held[way].empty()) continue;
        if (!passes(from, to)) {
          stalled = true;
          continue;
        }
        auto all = std::exchange(s->held[way], {});
        for (auto& m : all) post(s, from, std::move(m));
      }
      if (!stalled) s->stalled_since = -1;
      else if (s->stalled_since < 0) s->stalled_since = now_;
      else if (now_ - s->stalled_since > pick(300'000, 6'000'000)) break_stream(s);
    }
    for (auto& s : streams_)
      if (s->broken) shipped_.erase(s.get());
    std::erase_if(streams_, [](const auto& s) { return s->broken; });
  }

  // What goes wrong.
  void go_wrong() {
    if (stop_faults_) return;
    at(now_ + pick(200'000, 4'000'000), [this] { go_wrong(); });
    auto& n = nodes_[static_cast<node_number>(chance(45) ? static_cast<std::int64_t>(doc_.leader) : pick(1, o_.nodes))];
    auto& other = nodes_[static_cast<node_number>(pick(1, o_.nodes))];
    const micros length = pick(100'000, chance(30) ? 12'000'000 : 3'000'000);
    switch (pick(1, 12)) {
    case 1:
    case 2:
    case 3: // kill, perhaps another one too
      for (auto* dead : {&n, chance(25) ? &other : &n}) {
        if (!dead->alive) continue;
        kill(*dead);
        at(now_ + (chance(40) ? pick(10'000, 500'000) : length), [this, dead] {
          if (!dead->alive) begin(*dead);
        });
      }
      break;
    case 4: // stop for a while
      if (n.alive) n.paused_until = now_ + length;
      break;
    case 5: // a link, both ways or one
    case 6:
      if (n.id == other.id) break;
      cut_.insert({n.id, other.id});
      if (chance(60)) cut_.insert({other.id, n.id});
      at(now_ + length, [this, a = n.id, b = other.id] {
        cut_.erase({a, b});
        cut_.erase({b, a});
      });
      break;
    case 7: // a node from all others, and perhaps from the store
      for (const auto& [i, o] : nodes_)
        if (i != n.id) {
          cut_.insert({i, n.id});
          cut_.insert({n.id, i});
        }
      if (chance(60)) no_store_.insert(n.id);
      at(now_ + length, [this, a = n.id] {
        for (const auto& [i, o] : nodes_) {
          cut_.erase({i, a});
          cut_.erase({a, i});
        }
        no_store_.erase(a);
      });
      break;
    case 8: // the store, for one or for all
      if (chance(50)) no_store_.insert(n.id);
      else
        for (const auto& [i, o] : nodes_) no_store_.insert(i);
      at(now_ + length, [this] { no_store_.clear(); });
      break;
    case 9: n.slow_until = now_ + length; break;
    case 10: slow_net_until_ = now_ + length; break;
    case 11: // a planned hand-over
      if (n.alive && n.paused_until <= now_) {
        step out;
        n.m->hand_over(0, local(n), ms(0), out);
        take(n, std::move(out));
      }
      break;
    default: // a leader and a replica at once: what was in flight is lost or found
      for (const auto i : doc_.in_sync) {
        auto& dead = nodes_[i];
        if (!dead.alive) continue;
        kill(dead);
        at(now_ + pick(10'000, 4'000'000), [this, &dead] {
          if (!dead.alive) begin(dead);
        });
      }
    }
  }
  void calm_down() {
    cut_.clear();
    no_store_.clear();
    slow_net_until_ = 0;
    for (auto& [i, n] : nodes_) {
      n.slow_until = 0;
      if (n.alive) n.paused_until = std::min(n.paused_until, now_);
      else begin(n);
    }
  }

  // Invariants.
  void compare() {
    for (const auto& [i, a] : nodes_)
      for (const auto& [j, b] : nodes_) {
        if (j <= i || !a.kept.whole || !b.kept.whole || a.kept.epoch != b.kept.epoch) continue;
        const auto n = std::min(a.log.size(), b.log.size());
        if (!std::equal(a.log.begin(), a.log.begin() + static_cast<std::ptrdiff_t>(n), b.log.begin()))
          return broken("nodes " + std::to_string(i) + " and " + std::to_string(j) + " follow epoch " + std::to_string(a.kept.epoch) + " with different logs");
      }
  }
  std::string picture() const {
    std::string out;
    for (const auto& [i, n] : nodes_) {
      out += "\n  node " + std::to_string(i) + ": " + (n.alive ? name(n.m->state()) : "dead") + ", version " + std::to_string(n.version) + " of " + std::to_string(version_) + ", follows " +
             std::to_string(n.kept.epoch) + " of " + std::to_string(doc_.epoch) + (n.kept.whole ? "" : " (no copy)") + ", log " + std::to_string(n.log.size());
      if (n.alive)
        for (const auto& r : n.m->replicas(local(n)))
          out += "; " + std::to_string(r.id) + (r.in_sync ? " in sync" : "") + (r.connected ? " connected" : "") + (r.follows ? " follows" : "") + (r.copying ? " copying" : "") + " has " + std::to_string(r.durable.segment) + ":" + std::to_string(r.durable.offset) +
                 " silent " + std::to_string(r.silent_ms);
    }
    return out;
  }
  void at_rest(std::uint64_t before) {
    compare();
    const auto& l = nodes_[doc_.leader];
    if (!l.alive || l.m->state() != standing::serving || !l.m->may_serve(local(l)))
      return broken("nobody serves when all is mended: node " + std::to_string(doc_.leader) + " is " + (l.alive ? name(l.m->state()) : "dead"));
    if (end_.acknowledged == before) return broken("nothing is acknowledged when all is mended");
    if (doc_.in_sync.size() != std::min(o_.copies, o_.nodes)) return broken(std::to_string(doc_.in_sync.size()) + " copies are in sync when all is mended: " + picture());
    for (std::size_t i = 0; i < truth_.size(); ++i)
      if (i >= l.log.size() || l.log[i].id != truth_[i]) return broken("acknowledged record " + std::to_string(i) + " is lost");
    if (o_.nodes >= o_.copies && doc_.leader != volume_id && contains(doc_.in_sync, volume_id)) broken("the volume did not go home");
  }

  struct event {
    micros when = 0;
    std::uint64_t number = 0;
    std::function<void()> what;
    bool operator<(const event& o) const { return std::pair(when, number) > std::pair(o.when, o.number); }
  };

  world_options o_;
  std::mt19937_64 random_;
  rules rules_;
  micros now_ = 0, slow_net_until_ = 0, last_ack_ = 0;
  std::uint64_t next_ = 0, last_id_ = 0, version_ = 0;
  std::priority_queue<event> queue_;
  std::map<node_number, node_state> nodes_;
  std::vector<std::shared_ptr<stream>> streams_;
  std::map<const stream*, std::size_t> shipped_;
  std::set<std::pair<node_number, node_number>> cut_;
  std::set<node_number> no_store_;
  volume doc_;
  std::map<std::uint64_t, node_number> leaders_;
  std::map<std::uint64_t, std::pair<node_number, std::uint64_t>> led_;
  std::vector<std::uint64_t> truth_; ///< what was shown or acknowledged, by place
  bool stop_faults_ = false;
  world_end end_;
};

} // namespace

world_end play(const world_options& o) { return world(o).run(); }

} // namespace rookery::replication::test
