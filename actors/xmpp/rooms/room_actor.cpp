#include "actors/xmpp/rooms/room_actor.hpp"

#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "protocols/xml/writer.hpp"
#include "storage/chat/owner.hpp"

#include <algorithm>
#include <utility>

namespace rookery::actors {
namespace {

using idle_atom = caf::atom_constant<caf::atom("roomidle")>;

/// Steps whose commit is under way; more stanzas are refused.
constexpr std::size_t steps_max = 10'000;
/// Stanzas that come while the room is read.
constexpr std::size_t early_max = 10'000;
/// So long without an occupant, a stanza or a commit, and the room is unloaded.
constexpr std::chrono::seconds idle_time{30};

} // namespace

caf::actor spawn_room(caf::actor_system& system, room_service& s, xmpp::jid address) {
  return system.spawn<room_actor>(&s, std::move(address));
}

room_actor::room_actor(caf::actor_config& cfg, room_service* s, xmpp::jid address)
    : caf::event_based_actor(cfg), service_(*s), node_(s->of()), address_(std::move(address)),
      owner_(storage::chat::room_owner(address_.bare_text())), service_owner_(storage::chat::service_owner(address_.domain)) {}

caf::behavior room_actor::make_behavior() {
  set_default_handler(caf::drop);
  set_error_handler([](caf::error&) {});
  load();
  return {[this](const room_stanza_ptr& s) { take(s); },
          [this](const commit_done_ptr& d) { commits_.done(*d); },
          [this](const room_read& r) {
            --reads_;
            (*r.then)();
            look_idle();
          },
          [this](const room_task& t) {
            ++taken_;
            if (!room_) return early_tasks_.push_back(t);
            (*t.run)(*room_);
            settle(nullptr, *t.done);
          },
          [this](const end_room&) {
            if (!room_) return;
            room_->shut_down(false);
            settle(nullptr);
          },
          [this](const lose_clients& l) {
            if (!room_) return;
            for (const auto& one : room_->session_addresses())
              if ((*l.lost)(one)) room_->gone(one, node_.clock->wall());
            settle(nullptr);
          },
          [this](idle_atom) {
            idle_asked_ = false;
            if (!room_ || room_->sessions() > 0 || !steps_.empty() || reads_ > 0) return;
            if (service_.retire(address_, taken_)) return quit();
            look_idle();
          }};
}

bool room_actor::read(std::function<void()> work, std::function<void()> then) {
  const auto self = caf::actor_cast<caf::actor>(this);
  const auto next = std::make_shared<std::function<void()>>(std::move(then));
  const bool taken = node_.readers->run([self, work = std::move(work), next] {
    work();
    caf::anon_send(self, room_read{next});
  });
  if (taken) ++reads_;
  return taken;
}

void room_actor::load() {
  const auto kept = std::make_shared<kept_room>();
  const auto limits = service_.defaults(address_.domain).limits;
  const bool under_way = read([kept, &n = node_, owner = owner_, address = address_, most = limits.history_messages] { *kept = read_room(n.chat_of(owner), address, most); },
                              [this, kept] { loaded(std::move(*kept)); });
  if (!under_way) delayed_send(this, std::chrono::milliseconds(100), room_read{std::make_shared<std::function<void()>>([this] { load(); })}), ++reads_;
}

void room_actor::loaded(kept_room kept) {
  for (const auto& f : kept.faults) base::log_event(base::severity::error, "room.unreadable").text("room", address_.text()).text("fault", f);
  const auto d = service_.defaults(address_.domain);
  const auto arrived = std::exchange(kept.arrived, {});
  auto fresh = std::make_unique<xmpp::muc::room>(address_, d.config, base::random_octets(16), d.limits);
  entry_.reset();
  if (kept.document) {
    const auto last = kept.last_id;
    if (!restore(*fresh, std::move(kept))) {
      base::log_event(base::severity::error, "room.unreadable").text("room", address_.text()).text("fault", "the document is of an unknown form");
      fresh = std::make_unique<xmpp::muc::room>(address_, d.config, base::random_octets(16), d.limits);
      fresh->restore_last_id(last);
    }
    entry_ = service_.list().find(address_.domain, address_.local);
  } else {
    fresh->restore_last_id(kept.last_id);
  }
  arrivals_ = {};
  for (const auto& [key, value] : arrived) arrivals_.restore(key, value);
  room_ = std::move(fresh);
  for (auto early = std::exchange(early_, {}); !early.empty(); early.pop_front()) handle(*early.front());
  for (auto tasks = std::exchange(early_tasks_, {}); !tasks.empty(); tasks.pop_front()) {
    (*tasks.front().run)(*room_);
    settle(nullptr, *tasks.front().done);
  }
  look_idle();
}

void room_actor::take(const room_stanza_ptr& s) {
  ++taken_;
  if (room_) return handle(*s);
  if (early_.size() >= early_max) return refuse(*s, xmpp::condition::resource_constraint);
  early_.push_back(s);
}

void room_actor::handle(const room_stanza& s) {
  if (steps_.size() >= steps_max) return refuse(s, xmpp::condition::resource_constraint, "too much is under way");
  if (ask_archive(s)) return;
  if (arrivals_.came_before(s.origin)) return; // the home that sends does not know that it is kept
  room_->handle(*s.what, s.to, {s.from, false}, node_.clock->wall());
  settle(s.receipt, {}, s.origin);
}

void room_actor::add(storage::commit_group& g, std::string owner, storage::chat::any_command what, std::optional<base::wall_time> time) {
  const auto shard = node_.chat_shard_of(owner);
  g.commands.push_back({shard, 1, storage::chat::encode({std::move(owner), time.value_or(node_.clock->wall()), std::move(what)}), {}});
}

/// The room's line in the list of its service, when it is another one.
void room_actor::add_entry(storage::commit_group& g) {
  using storage::chat::record_kind;
  const auto& c = room_->config();
  room_entry now{c.name, c.listed, c.persistent};
  if (entry_ == now) return;
  entry_ = now;
  add(g, service_owner_, storage::chat::put_records{{{record_kind::room_entry, address_.local, encode(now)}}});
}

void room_actor::settle(std::shared_ptr<void> receipt, std::function<void(bool)> told, const stanza_origin& origin) {
  using storage::chat::record_kind;
  auto one = std::make_shared<step>();
  one->receipt = std::move(receipt);
  one->done = std::move(told);
  storage::commit_group g;
  const auto was_listed = entry_;
  for (auto& e : room_->take_effects()) {
    if (auto* s = std::get_if<xmpp::muc::send>(&e)) {
      one->sends.push_back(std::move(*s));
    } else if (const auto* m = std::get_if<xmpp::muc::keep_message>(&e)) {
      storage::chat::append a;
      a.id = m->id;
      a.with = m->stanza->get("from"); // by whom pages can be asked for
      a.stanza = xml::to_text(*m->stanza);
      // The id's own time: at a later one the archive would give it a greater id than everybody is told.
      add(g, owner_, std::move(a), base::from_milliseconds(static_cast<std::int64_t>(m->id / 1000)));
      if (origin.volume != 0) add(g, owner_, arrivals_.note(origin));
    } else if (std::holds_alternative<xmpp::muc::keep_document>(e)) {
      add(g, owner_, storage::chat::put_records{{{record_kind::room, {}, xml::to_text(room_->document())}}});
      add_entry(g);
    } else if (const auto* k = std::get_if<xmpp::muc::keep_member>(&e)) {
      if (k->record.empty()) add(g, owner_, storage::chat::drop_records{record_kind::affiliation, k->address.text(), false});
      else add(g, owner_, storage::chat::put_records{{{record_kind::affiliation, k->address.text(), encode(k->record)}}});
    } else if (std::holds_alternative<xmpp::muc::keep_vcard>(e)) {
      add(g, owner_, storage::chat::put_records{{{record_kind::vcard, {}, xml::to_text(room_->vcard())}}});
    } else if (const auto* r = std::get_if<xmpp::muc::replace_message>(&e)) {
      replace(*r, one);
    } else if (std::holds_alternative<xmpp::muc::destroyed>(e)) {
      add(g, owner_, storage::chat::drop_owner{});
      add(g, service_owner_, storage::chat::drop_records{record_kind::room_entry, address_.local, false});
      entry_.reset();
      one->ends = true;
    }
  }
  if (one->ends) { // whoever enters next makes another one
    const auto d = service_.defaults(address_.domain);
    room_ = std::make_unique<xmpp::muc::room>(address_, d.config, base::random_octets(16), d.limits);
  }
  const bool relisted = entry_ && entry_ != was_listed;
  steps_.push_back(one);
  if (g.commands.empty()) return flush();
  ++one->waits;
  keep(std::move(g), one, [this, one, relisted, entry = entry_] {
    if (one->ends) service_.list().remove(address_.domain, address_.local);
    else if (relisted) service_.list().put(address_.domain, address_.local, *entry);
  });
}

/// `kept` also when it is of before a fault: then everybody was told otherwise, but the store has it.
void room_actor::keep(storage::commit_group g, const std::shared_ptr<step>& one, std::function<void()> kept) {
  ++commits_under_way_;
  commits_.send(*this, node_, std::move(g), [this, one, kept = std::move(kept), of = generation_](const commit_done& d) {
    --commits_under_way_;
    if (!d.error) kept();
    if (of != generation_) return read_anew();
    if (d.error) return fail(*d.error);
    --one->waits;
    flush();
  });
}

void room_actor::flush() {
  while (!steps_.empty() && steps_.front()->waits == 0) {
    const auto one = std::move(steps_.front());
    steps_.pop_front();
    send(one->sends);
    if (one->done) one->done(true);
  }
  look_idle();
}

/// Something could not be kept. What waited is not told; all are out and can come again.
void room_actor::fail(const base::error& why) {
  base::log_event(base::severity::error, "room.not_kept").text("room", address_.text()).text("error", why.log.value);
  ++generation_;
  for (auto waiting = std::exchange(steps_, {}); !waiting.empty(); waiting.pop_front())
    if (waiting.front()->done) waiting.front()->done(false);
  room_->shut_down(true);
  std::vector<xmpp::muc::send> last;
  for (auto& e : room_->take_effects())
    if (auto* s = std::get_if<xmpp::muc::send>(&e)) last.push_back(std::move(*s));
  send(last);
  room_.reset();
  read_anew();
}

/// After a fault. Commits behind the one that failed are under way or done: what is read has all of them or none.
void room_actor::read_anew() {
  if (commits_under_way_ == 0) load();
}

/// The archive keeps a tombstone in the message's place; the step waits for it.
void room_actor::replace(const xmpp::muc::replace_message& r, const std::shared_ptr<step>& one) {
  const auto found = std::make_shared<std::string>();
  const bool asked = read(
      [found, id = r.id, retracted = r.retracted, &n = node_, owner = owner_] {
        const auto was = n.chat_of(owner).find_entry(owner, storage::chat::stream_kind::archive, id);
        const auto stanza = was ? read_stanza(was->stanza) : nullptr;
        if (stanza) *found = tombstone(*stanza, retracted);
      },
      [this, found, one, id = r.id, of = generation_] {
        if (of != generation_) return; // of before a fault: everybody was told
        if (found->empty()) {
          --one->waits;
          return flush();
        }
        storage::commit_group g;
        add(g, owner_, storage::chat::replace_entry{storage::chat::stream_kind::archive, id, std::move(*found)});
        keep(std::move(g), one, [] {});
      });
  if (asked) ++one->waits;
  else base::log_event(base::severity::error, "room.not_retracted").text("room", address_.text()).text("error", "readers are busy");
}

void room_actor::send(const std::vector<xmpp::muc::send>& all) {
  static auto& told = base::counter_named("rookery_room_deliveries_total", "", "Stanzas that rooms have sent, by occupant");
  for (const auto& s : all) {
    told.add(s.to->size());
    service_.send(s, address_);
  }
}

void room_actor::refuse(const room_stanza& s, xmpp::condition why, std::string_view text) {
  if (xmpp::is_answer(*s.what)) return;
  service_.send({std::make_shared<const xmpp::element>(xmpp::error_reply(*s.what, why, text)), std::make_shared<const std::vector<xmpp::jid>>(1, s.from), {}}, address_);
}

void room_actor::look_idle() {
  if (idle_asked_ || !room_ || room_->sessions() > 0 || !steps_.empty() || reads_ > 0) return;
  idle_asked_ = true;
  delayed_send(this, idle_time, idle_atom::value);
}

} // namespace rookery::actors
