// A room and its archive under a seed, with a host that keeps first and tells then, a disk that takes its time, and crashes
// that lose what was not on it. Whoever is in hears each message that the archive keeps, once and in its order; what was
// acknowledged is in the archive for good; who comes back and reads what he missed has the whole of it.
//
// ROOKERY_SEEDS=20000 runs so many instead of the usual ones, ROOKERY_SEED=N begins with another one.
#include "protocols/xmpp/muc/room.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace rookery::xmpp::muc {
namespace {

/// What is on the disk.
struct records {
  std::optional<element> document;
  std::map<jid, member_record> members;
  std::map<std::uint64_t, stanza_ptr> archive;
};

/// What one step of the room changes, and says when that is kept.
struct step {
  std::vector<std::function<void(records&)>> changes;
  std::vector<send> sends;
  std::optional<jid> sender; ///< of a message to all
  std::string message;       ///< its id
  std::uint64_t last = 0;    ///< of the archive with this step
  std::uint64_t number = 0;
};

/// One client as it sees itself.
struct client {
  jid address;
  std::string nick;
  bool in = false;
  std::uint64_t heard = 0;            ///< the last message of the archive that it has heard, or that was there when it came
  std::vector<std::uint64_t> own;     ///< all that it has heard or read, in order
  std::uint64_t connected = 0;        ///< with this step: what earlier ones send went to a connection that is no more
};

class world {
public:
  explicit world(std::uint64_t seed) : random_(seed) {
    for (int i = 0; i < 6; ++i) clients_.push_back({*read_jid("u" + std::to_string(i % 4) + "@example.org/r" + std::to_string(i)), {}, false, 0, {}, 0});
    config_.persistent = true;
    open();
    room_->create(config_, {clients_[0].address.bare()});
    settle({}, {});
    synced(1);
  }

  /// The first thing that was not as it must be; empty while all is well.
  const std::string& fault() const { return fault_; }
  std::uint64_t reflections() const { return reflections_; }
  std::uint64_t crashes() const { return crashes_; }
  std::uint64_t lost() const { return lost_; }

  void act() {
    now_ += std::chrono::milliseconds(random_() % 40);
    const auto dice = random_() % 100;
    if (dice < 30) return synced(1 + random_() % 3);
    if (dice < 32) return crash();
    if (dice < 33) return not_kept();
    auto& c = clients_[random_() % clients_.size()];
    if (dice < 55) return say(c);
    if (dice < 70) return come(c);
    if (dice < 75) return tell(make_presence("unavailable"), c, c.nick);
    if (dice < 80) return tell(make_presence(), c, "n" + std::to_string(random_() % 6)); // another nick
    if (dice < 83) return lose(c);
    if (dice < 89) return rank(c, clients_[random_() % clients_.size()]);
    if (dice < 92) return kick(c);
    if (dice < 95) return subject(c);
    if (dice < 97) return read_missed(c);
    auto state = make_message("groupchat"); // says nothing that lasts
    state.add("composing", space::chat_states);
    tell(std::move(state), c, {});
  }

  /// Everything comes to its end; then all read what they have missed.
  void finish() {
    while (!under_way_.empty() && fault_.empty()) synced(1);
    crash();
    for (auto& c : clients_) read_missed(c);
  }

private:
  void say_fault(const std::string& what) {
    if (fault_.empty()) fault_ = what;
  }
  std::uint64_t on_disk() const { return disk_.archive.empty() ? 0 : disk_.archive.rbegin()->first; }

  void open() {
    room_limits l;
    l.burst_stanzas = 60;
    l.history_messages = 10;
    room_ = std::make_unique<room>(*read_jid("den@c.example"), config_, "salt", l);
    last_ = on_disk();
    if (!disk_.document) return;
    if (!room_->restore(*disk_.document)) return say_fault("the document cannot be read");
    for (const auto& [address, m] : disk_.members) room_->restore_member(address, m);
    auto from = disk_.archive.end();
    for (int i = 0; i < 10 && from != disk_.archive.begin(); ++i) --from;
    for (; from != disk_.archive.end(); ++from)
      if (from->second->child("body", space::client) != nullptr)
        room_->restore_message(from->first, base::from_milliseconds(static_cast<std::int64_t>(from->first / 1000)), from->second);
    room_->restore_last_id(last_);
    if (room_->document() != *disk_.document) say_fault("the room is another one after a restart");
  }

  // What clients do.

  void tell(element e, client& c, const std::string& nick, std::string message = {}) {
    const auto to = nick.empty() ? room_->address() : room_->address().with_resource(nick);
    e.set("from", c.address.text()).set("to", to.text());
    room_->handle(e, to, {c.address, false}, now_);
    const auto sender = message.empty() ? std::nullopt : std::optional(c.address);
    settle(sender, std::move(message));
  }
  void come(client& c) {
    auto p = make_presence();
    auto& h = p.add("x", space::muc).add("history");
    if (random_() % 2) h.set("maxstanzas", std::to_string(random_() % 8));
    tell(std::move(p), c, "n" + std::to_string(random_() % 6));
  }
  void say(client& c) {
    auto m = make_message("groupchat");
    auto id = "m" + std::to_string(++messages_);
    m.set("id", id).add(element("body", space::client, id));
    tell(std::move(m), c, {}, std::move(id));
  }
  void subject(client& c) {
    auto m = make_message("groupchat");
    auto id = "m" + std::to_string(++messages_);
    m.set("id", id).add(element("subject", space::client, id));
    tell(std::move(m), c, {}, std::move(id));
  }
  void lose(client& c) {
    room_->gone(c.address, now_);
    c.in = false;
    settle({}, {});
    c.connected = steps_ + 1;
  }
  element order(element item) {
    auto iq = make_iq("set", "a");
    iq.add("query", "http://jabber.org/protocol/muc#admin").add(std::move(item));
    return iq;
  }
  void rank(client& c, const client& whom) {
    constexpr const char* ranks[] = {"outcast", "none", "member", "admin"};
    element item("item", "http://jabber.org/protocol/muc#admin");
    item.set("jid", whom.address.bare_text()).set("affiliation", ranks[random_() % 4]);
    tell(order(std::move(item)), c, {});
  }
  void kick(client& c) {
    element item("item", "http://jabber.org/protocol/muc#admin");
    item.set("nick", "n" + std::to_string(random_() % 6)).set("role", random_() % 3 ? "none" : "visitor");
    tell(order(std::move(item)), c, {});
  }
  /// As a client does that was away: all behind what it has, in pages.
  void read_missed(client& c) {
    if (!room_->may_read_archive({c.address, false})) return;
    const auto has = c.own.empty() ? 0 : c.own.back();
    const auto page = 1 + random_() % 5;
    for (auto from = disk_.archive.upper_bound(has); from != disk_.archive.end();)
      for (std::uint64_t i = 0; i < page && from != disk_.archive.end(); ++i, ++from) {
        if (c.in && from->first > c.heard) return; // it will be told
        c.own.push_back(from->first);
      }
  }

  // What the host does.

  void settle(std::optional<jid> sender, std::string message) {
    step one;
    one.number = ++steps_;
    one.sender = std::move(sender);
    one.message = std::move(message);
    for (auto& e : room_->take_effects()) {
      if (auto* s = std::get_if<send>(&e)) {
        one.sends.push_back(std::move(*s));
      } else if (const auto* m = std::get_if<keep_message>(&e)) {
        if (m->id <= last_) say_fault("an id that is not behind the last");
        last_ = m->id;
        one.changes.emplace_back([id = m->id, stanza = m->stanza](records& r) { r.archive[id] = stanza; });
      } else if (std::holds_alternative<keep_document>(e)) {
        one.changes.emplace_back([d = room_->document()](records& r) { r.document = d; });
      } else if (const auto* k = std::get_if<keep_member>(&e)) {
        one.changes.emplace_back([k = *k](records& r) {
          if (k.record.empty()) r.members.erase(k.address);
          else r.members[k.address] = k.record;
        });
      } else if (std::holds_alternative<destroyed>(e)) {
        say_fault("nobody destroyed it");
      }
    }
    one.last = last_;
    under_way_.push_back(std::move(one));
    while (!under_way_.empty() && under_way_.front().changes.empty()) told();
  }
  /// So many of those under way are on the disk, and what waited behind them goes out.
  void synced(std::uint64_t count) {
    for (; count > 0 && !under_way_.empty(); --count) {
      for (const auto& change : under_way_.front().changes) change(disk_);
      told();
    }
    while (!under_way_.empty() && under_way_.front().changes.empty()) told();
  }
  void told() {
    const auto one = std::move(under_way_.front());
    under_way_.pop_front();
    bool answered = one.message.empty();
    for (const auto& s : one.sends)
      for (const auto& to : *s.to) {
        if (std::find(s.except.begin(), s.except.end(), to) != s.except.end()) continue;
        if (one.sender == to && s.stanza->get("id") == one.message) {
          answered = true;
          if (s.stanza->get("type") != "error") acknowledged_.insert(one.message);
        }
        for (auto& c : clients_)
          if (c.address == to && one.number >= c.connected) hear(c, *s.stanza, one);
      }
    if (!answered) say_fault("no answer to " + one.message);
    told_ = one.last;
  }
  /// The process dies: of what is under way the disk has as much as it likes.
  void crash() {
    ++crashes_;
    for (auto kept = random_() % (under_way_.size() + 1); kept > 0; --kept) {
      for (const auto& change : under_way_.front().changes) change(disk_);
      under_way_.pop_front();
    }
    lost_ += under_way_.size();
    everybody_out();
  }
  /// The disk refuses: those who wait for it are not told, all are sent out, and the room is read anew.
  void not_kept() {
    if (under_way_.empty()) return;
    room_->shut_down(true);
    room_->take_effects();
    everybody_out();
  }
  void everybody_out() {
    under_way_.clear();
    for (auto& c : clients_) {
      if (c.in && c.heard != told_) say_fault(c.address.text() + " has heard up to " + std::to_string(c.heard) + " of " + std::to_string(told_));
      c.in = false;
    }
    std::set<std::string> kept;
    for (const auto& [id, stanza] : disk_.archive) kept.insert(std::string(stanza->get("id")));
    for (const auto& id : acknowledged_)
      if (!kept.contains(id)) say_fault(id + " was acknowledged, and is not in the archive");
    told_ = on_disk();
    open();
  }

  // What clients hear.

  static bool has_code(const element& presence, std::string_view code) {
    const auto* x = presence.child("x", space::muc_user);
    if (x == nullptr) return false;
    const auto all = x->elements("status", space::muc_user);
    return std::any_of(all.begin(), all.end(), [&](const element* s) { return s->get("code") == code; });
  }
  void hear(client& c, const element& e, const step& of) {
    if (e.name == "presence" && has_code(e, "110")) {
      if (e.get("type") != "unavailable") {
        if (!c.in) c.heard = of.last;
        c.in = true;
        c.nick = read_jid(e.get("from"))->resource;
      } else if (!has_code(e, "303")) {
        if (c.in && c.heard != of.last) say_fault(c.address.text() + " is out and has not heard all");
        c.in = false;
      }
      return;
    }
    const auto* id = e.child("stanza-id", space::stanza_ids);
    if (e.name != "message" || id == nullptr) return;
    const auto n = std::stoull(std::string(id->get("id")));
    if (!disk_.archive.contains(n)) say_fault("told before it was kept");
    if (e.child("delay", space::delay) != nullptr) {
      if (n > of.last) say_fault("a history of what was said later");
      return;
    }
    if (!c.in) return say_fault(c.address.text() + " is out and hears");
    ++reflections_;
    const auto due = disk_.archive.upper_bound(c.heard);
    if (due == disk_.archive.end() || due->first != n)
      say_fault(c.address.text() + " heard " + std::to_string(n) + " behind " + std::to_string(c.heard) + ", which is not the next one");
    c.heard = n;
    // What it missed before it came it reads first, as far as it may.
    if (!c.own.empty() && c.own.back() >= n) return;
    const auto has = c.own.empty() ? 0 : c.own.back();
    for (auto missed = disk_.archive.upper_bound(has); missed != disk_.archive.end() && missed->first < n; ++missed) c.own.push_back(missed->first);
    c.own.push_back(n);
  }

public:
  /// Each has the archive from its beginning without a gap.
  void judge_all() {
    for (const auto& c : clients_) {
      auto at = disk_.archive.begin();
      for (const auto id : c.own) {
        if (at == disk_.archive.end() || at->first != id) return say_fault(c.address.text() + " has another archive");
        ++at;
      }
    }
  }

private:
  std::mt19937_64 random_;
  base::wall_time now_ = base::from_milliseconds(1'700'000'000'000);
  room_config config_;
  std::unique_ptr<room> room_;
  records disk_;
  std::deque<step> under_way_;
  std::vector<client> clients_;
  std::set<std::string> acknowledged_;
  std::uint64_t steps_ = 0, last_ = 0, told_ = 0, messages_ = 0, reflections_ = 0, crashes_ = 0, lost_ = 0;
  std::string fault_;
};

std::uint64_t number(const char* name, std::uint64_t usual) {
  const char* text = std::getenv(name);
  return text == nullptr ? usual : std::stoull(text);
}

TEST(RoomArchiveSimulation, NobodyMissesWhatIsKeptAndNothingAcknowledgedIsLost) {
  std::uint64_t reflections = 0, crashes = 0, lost = 0;
  const auto first = number("ROOKERY_SEED", 1), seeds = number("ROOKERY_SEEDS", 500);
  for (auto seed = first; seed < first + seeds; ++seed) {
    world w(seed);
    for (int i = 0; i < 150 && w.fault().empty(); ++i) w.act();
    w.finish();
    w.judge_all();
    ASSERT_EQ(w.fault(), "") << "seed " << seed;
    reflections += w.reflections();
    crashes += w.crashes();
    lost += w.lost();
  }
  // It was a simulation of something.
  EXPECT_GT(reflections, seeds * 10);
  EXPECT_GT(crashes, seeds);
  EXPECT_GT(lost, seeds / 10);
}

} // namespace
} // namespace rookery::xmpp::muc
