#include "actors/xmpp/chat_account.hpp"

#include "actors/xmpp/router.hpp"
#include "base/log.hpp"
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using parking_over = caf::atom_constant<caf::atom("parkover")>;
using idle_look = caf::atom_constant<caf::atom("idlelook")>;
using flight_look = caf::atom_constant<caf::atom("flightlook")>;

constexpr std::size_t records_max = 10'000;
/// What waits for a client that may come back.
constexpr std::size_t parked_stanzas_max = 2'000, parked_octets_max = 2u << 20;
/// An actor that nobody needs stays a little: the next one needs it soon.
constexpr std::chrono::seconds idle_time{10};

/// What was handed to connections is let go so long after the last of it, if nothing more comes.
constexpr std::chrono::seconds flight_time{2};

/// Items that are read at once; only their ids stay.
constexpr std::size_t items_at_once = 100;

} // namespace

struct chat_account::account_records {
  std::vector<storage::chat::stored_record> roster, pushes, blocks, settings, nodes;
  std::vector<item_row> items;
  std::optional<storage::chat::owner_facts> facts;
};

caf::actor spawn_chat_account(caf::actor_system& system, actors::node& n, chat_router& router, xmpp::jid bare, base::account_id id) {
  return system.spawn<chat_account, caf::hidden>(&n, &router, std::move(bare), id);
}

chat_account::chat_account(caf::actor_config& c, actors::node* n, chat_router* router, xmpp::jid bare, base::account_id id)
    : caf::event_based_actor(c), node_(*n), router_(*router), bare_(std::move(bare)), id_(id), owner_(storage::chat::account_owner(id)), nodes_(bare_) {}

caf::behavior chat_account::make_behavior() {
  // What comes before the records are there waits in the mailbox.
  set_default_handler(caf::skip);
  load();
  return {[this](const account_task& t) {
    (*t.run)();
    set_default_handler(caf::drop);
    become(serving());
  }};
}

void chat_account::load() {
  const auto found = std::make_shared<account_records>();
  const auto self = caf::actor_cast<caf::actor>(this);
  const auto then = std::make_shared<std::function<void()>>([this, found] {
    for (const auto& r : found->roster)
      if (auto item = xmpp::read_roster_item(r.value)) {
        roster_change_ = std::max(roster_change_, r.change);
        auto contact = item->contact;
        own_roster_.insert_or_assign(contact, std::move(*item));
        merge(contact);
      }
    share_groups();
    for (const auto& r : found->blocks)
      if (auto j = xmpp::read_jid(r.key)) blocks_.insert(std::move(*j));
    for (const auto& r : found->settings) {
      if (r.key == "photo") photo_ = r.value;
      arrivals_.restore(r.key, r.value);
      if (r.key == "roster_removed") roster_change_ = std::max(roster_change_, r.change);
      if (r.key != "archive") continue;
      const auto read = xml::parse(r.value);
      const auto* prefs = std::get_if<xml::element>(&read);
      if (prefs == nullptr) continue;
      archive_default_ = prefs->get("default");
      for (auto [list, name] : {std::pair{&archive_always_, "always"}, std::pair{&archive_never_, "never"}})
        if (const auto* e = prefs->child(name, xmpp::space::archive))
          for (const auto* one : e->elements("jid", xmpp::space::archive))
            if (auto j = xmpp::read_jid(one->text())) list->insert(std::move(*j));
    }
    restore_push(found->pushes);
    restore_pubsub(found->nodes, std::move(found->items));
    has_offline_ = found->facts && found->facts->offline.entries > 0;
  });
  const auto work = [found, self, then, &n = node_, owner = owner_] {
    using storage::chat::record_kind;
    const auto& view = n.chat_of(owner);
    found->roster = view.records(owner, record_kind::roster_item, records_max);
    found->blocks = view.records(owner, record_kind::block, records_max);
    found->settings = view.records(owner, record_kind::setting, records_max);
    found->pushes = view.records(owner, record_kind::push, xmpp::push_registrations_max);
    found->nodes = view.records(owner, record_kind::node, records_max);
    for (std::string after; !found->nodes.empty();) {
      const auto page = view.records(owner, record_kind::item, items_at_once, after);
      for (const auto& r : page)
        if (const auto cut = r.key.find('\0'); cut != std::string::npos)
          found->items.push_back({r.key.substr(0, cut), r.key.substr(cut + 1), r.change, r.value.size()});
      if (page.size() < items_at_once) break;
      after = page.back().key;
    }
    found->facts = view.find(owner);
    caf::anon_send(self, account_task{then});
  };
  if (!node_.readers->run(work)) quit(caf::exit_reason::out_of_workers);
}

caf::behavior chat_account::serving() {
  delayed_send(this, idle_time, idle_look::value);
  return {
      [this](const account_task& t) { (*t.run)(); },
      [this](const routed_stanza_ptr& r) {
        ++taken_;
        if (r->wishes) return grant_wishes(*r);
        if (!r->news_of.empty()) return receive_news(*r);
        if (blocked(r->from)) return router_.refuse(*r, xmpp::condition::service_unavailable);
        if (r->what->name == "message") receive_message(r);
        else if (r->what->name == "presence") receive_presence(*r);
        else receive_iq(*r);
      },
      [this](const deliver_shared& d) {
        ++taken_;
        receive_shared(d);
      },
      [this](const client_stanza& s) {
        auto* c = find(s.session);
        if (c == nullptr) return;
        auto stanza = s;
        if (stanza.what->name == "message") send_message(*c, stanza);
        else if (stanza.what->name == "presence") send_presence(*c, stanza);
        else send_iq(*c, stanza);
      },
      [this](const commit_done_ptr& d) { commits_.done(*d); },
      [this](const message_sent& m) { message_went(m); },
      [this](const say_message& m) {
        ++taken_;
        return say(m);
      },
      [this](const bind_session& b) {
        ++taken_;
        return bind_and_tell(b);
      },
      [this](const settle_token& t) {
        ++taken_;
        return settle(t);
      },
      [this](const manage_session& m) {
        if (auto* c = find(m.session)) c->resume_id = m.id;
      },
      [this](const client_activity& a) {
        if (auto* c = find(a.session)) c->active = a.active;
      },
      [this](const park_session& p) { park(p); },
      [this](const end_session& e) { remove(e.session, e.unacknowledged); },
      [this](const resume_session& r) {
        ++taken_;
        auto promise = make_response_promise();
        resume(promise, r);
        return promise;
      },
      [this](const stanzas_handled&) {
        for (auto& c : clients_)
          if (resuming_.count(c->id) != 0) return try_resume(*c);
      },
      [this](parking_over, std::uint64_t session, std::uint64_t parking) {
        auto* c = find(session);
        if (c != nullptr && c->parked && c->parked_at == parking) remove(session, {});
      },
      [this](const home_lost& h) { forget_home(h.volume); },
      [this](const list_clients&) {
        auto all = std::make_shared<std::vector<client_info>>();
        for (const auto& c : clients_)
          all->push_back({c->address.text(), c->session_id, c->peer, c->presence ? c->presence->child_text("show", xmpp::space::client) : "",
                          c->priority, c->available, !c->parked, c->carbons});
        return client_list{all};
      },
      [this](const kick_clients& k) {
        std::uint64_t ended = 0;
        std::vector<std::uint64_t> parked;
        for (auto& c : clients_) {
          if (!k.resource.empty() && c->address.resource != k.resource) continue;
          ++ended;
          if (c->parked) parked.push_back(c->id);
          else caf::anon_send(c->connection, end_stream{k.why, k.text});
        }
        for (const auto id : parked) remove(id, {});
        return ended;
      },
      [this](const announce& a) {
        for (auto& c : clients_)
          if (c->available) deliver(*c, *a.message);
      },
      [this](flight_look) { look_in_flight(); },
      [this](idle_look) { look_idle(); }};
}

void chat_account::look_idle() {
  if (clients_.empty() && ordered_.empty() && sent_.empty() && reads_ == 0 && router_.retire(bare_, taken_)) return quit();
  share_groups();
  // Switched off while they were there.
  if (!clients_.empty() && !router_.find(bare_)) end_all("Chat is switched off for this account");
  delayed_send(this, idle_time, idle_look::value);
}

void chat_account::end_all(std::string_view text) {
  std::vector<std::uint64_t> parked;
  for (auto& c : clients_) {
    if (c->parked) parked.push_back(c->id);
    else caf::anon_send(c->connection, end_stream{xmpp::stream_fault::not_authorized, std::string(text)});
  }
  for (const auto id : parked) remove(id, {});
}

chat_account::client* chat_account::find(std::uint64_t id) {
  for (auto& c : clients_)
    if (c->id == id) return c.get();
  return nullptr;
}

chat_account::client* chat_account::find_resource(std::string_view resource) {
  for (auto& c : clients_)
    if (c->address.resource == resource) return c.get();
  return nullptr;
}

void chat_account::displace(client& before, std::string_view why) {
  if (!before.parked) caf::anon_send(before.connection, end_stream{xmpp::stream_fault::conflict, std::string(why)});
  remove(before.id, {});
}

caf::response_promise chat_account::bind_and_tell(const bind_session& b) {
  auto promise = make_response_promise();
  auto bound = bind(b);
  if (!b.at_login || bound.session == 0) {
    promise.deliver(std::move(bound));
    return promise;
  }
  const auto told = std::make_shared<std::pair<caf::response_promise, session_bound>>(promise, std::move(bound));
  read_archive_ends(
      [this, told](const xmpp::element& metadata) {
        told->second.archive = xml::to_text(metadata, xmpp::space::client);
        told->first.deliver(std::move(told->second));
      },
      [told] { told->first.deliver(std::move(told->second)); });
  return promise;
}

session_bound chat_account::bind(const bind_session& b) {
  // RFC 6120 §7.7.2.2: the newer stream has the resource.
  if (auto* before = find_resource(b.resource)) displace(*before, "Another stream took the resource");
  // XEP-0386 §3.2
  if (!b.client_id.empty()) {
    std::vector<std::uint64_t> earlier;
    for (const auto& c : clients_)
      if (c->client_id == b.client_id) earlier.push_back(c->id);
    for (const auto id : earlier)
      if (auto* before = find(id)) displace(*before, "The client has another stream");
  }
  if (clients_.size() >= router_.limits(bare_.domain).clients_max) return {0, xmpp::condition::resource_constraint};
  auto c = std::make_unique<client>();
  c->id = ++last_client_;
  c->address = bare_.with_resource(b.resource);
  c->connection = b.connection;
  c->session_id = b.session_id;
  c->peer = b.peer;
  c->progress = b.progress;
  c->client_id = b.client_id;
  c->reads_archive = b.at_login;
  c->carbons = b.carbons;
  clients_.push_back(std::move(c));
  return {last_client_, {}};
}

void chat_account::deliver(client& c, const xmpp::element& e, bool can_wait) {
  deliver_stanza d{std::make_shared<const std::string>(xml::to_text(e, xmpp::space::client)), can_wait, {}};
  if (e.name == "presence") {
    d.can_wait = true;
    d.presence_of = e.get("from");
    const auto type = e.get("type");
    // Requests of people are worth waking a client.
    if (!type.empty() && type != "unavailable") d.can_wait = false;
  }
  deliver(c, std::move(d));
}

void chat_account::receive_shared(const deliver_shared& d) {
  const auto& s = *d.what;
  const auto back = [this, d](xmpp::condition why) {
    const auto to = bare_.with_resource(d.resource);
    router_.refuse({d.what->element_for(to), d.what->from(), to, nullptr, nullptr, {}, 0, {}, nullptr}, why);
  };
  if (blocked(s.from())) return back(xmpp::condition::service_unavailable);
  if (ordered_.empty()) {
    if (auto* c = find_resource(d.resource)) return deliver(*c, s.for_one(c->address));
    return back(xmpp::condition::service_unavailable);
  }
  in_order([this, d, back] {
    if (auto* c = find_resource(d.resource)) deliver(*c, d.what->for_one(c->address));
    else back(xmpp::condition::service_unavailable);
  });
}

void chat_account::settle_in_flight(client& c) {
  const auto taken = c.progress->taken.load(std::memory_order_acquire);
  while (c.sent - c.in_flight.size() < taken) c.in_flight.pop_front();
}

void chat_account::look_in_flight() {
  looks_in_flight_ = false;
  for (auto& c : clients_) {
    if (c->parked) continue;
    settle_in_flight(*c);
    looks_in_flight_ = looks_in_flight_ || !c->in_flight.empty();
  }
  if (looks_in_flight_) delayed_send(this, flight_time, flight_look::value);
}

void chat_account::deliver(client& c, deliver_stanza d) {
  if (!c.parked) {
    if (!std::exchange(looks_in_flight_, true)) delayed_send(this, flight_time, flight_look::value);
    settle_in_flight(c);
    ++c.sent;
    c.in_flight.push_back(d);
    caf::anon_send(c.connection, std::move(d));
    return;
  }
  auto& m = c.parked->management;
  m.push(std::move(d.octets));
  if (m.stanzas() <= parked_stanzas_max && m.octets() <= parked_octets_max) return;
  const auto self = caf::actor_cast<caf::actor>(this);
  caf::anon_send(self, end_session{c.id, {}});
}

void chat_account::park(const park_session& p) {
  auto* c = find(p.session);
  if (c == nullptr) return;
  if (!p.stream || c->resume_id.empty()) {
    std::vector<xmpp::stanza_octets> unacknowledged;
    if (p.stream) unacknowledged.assign(p.stream->management.unacknowledged().begin(), p.stream->management.unacknowledged().end());
    return remove(p.session, std::move(unacknowledged));
  }
  settle_in_flight(*c);
  c->parked = p.stream;
  c->connection = {};
  c->parked_at = ++last_parking_;
  c->parked->handled->tell(caf::actor_cast<caf::actor>(this));
  auto missed = std::move(c->in_flight);
  c->in_flight.clear();
  for (auto& d : missed) deliver(*c, std::move(d));
  if (resuming_.count(c->id) != 0) return try_resume(*c);
  delayed_send(this, std::chrono::seconds(router_.limits(bare_.domain).resume_seconds), parking_over::value, p.session, c->parked_at);
}

void chat_account::resume(caf::response_promise promise, const resume_session& r) {
  for (auto& c : clients_) {
    if (c->resume_id.empty() || c->resume_id != r.id) continue;
    // Only one can go on with it: the last who asks.
    if (auto other = resuming_.find(c->id); other != resuming_.end()) other->second.first.deliver(session_resumed{});
    resuming_.insert_or_assign(c->id, std::pair{promise, r});
    if (!c->parked) return caf::anon_send(c->connection, surrender_stream{});
    return try_resume(*c);
  }
  promise.deliver(session_resumed{});
}

void chat_account::try_resume(client& c) {
  // Every stanza that the client sent has to be counted before it is told the number.
  if (!c.parked || !c.parked->handled->settled()) return;
  auto waiting = resuming_.extract(c.id);
  auto& [promise, r] = waiting.mapped();
  c.connection = r.connection;
  c.session_id = r.session_id;
  c.peer = r.peer;
  c.progress = r.progress;
  c.sent = 0;
  c.active = true;
  c.parked_at = 0;
  promise.deliver(session_resumed{c.id, c.address.resource, std::move(c.parked)});
  c.parked = nullptr;
}

void chat_account::remove(std::uint64_t id, std::vector<xmpp::stanza_octets> unacknowledged) {
  const auto at = std::find_if(clients_.begin(), clients_.end(), [id](const auto& c) { return c->id == id; });
  if (at == clients_.end()) return;
  auto& c = **at;
  if (auto waiting = resuming_.extract(id)) waiting.mapped().first.deliver(session_resumed{});
  if (c.parked) {
    unacknowledged.assign(c.parked->management.unacknowledged().begin(), c.parked->management.unacknowledged().end());
    router_.ended().put(c.resume_id, bare_, c.parked->handled, c.parked->counted_from);
  } else {
    settle_in_flight(c);
  }
  for (auto& d : c.in_flight) unacknowledged.push_back(d.octets);
  if (c.available || !c.directed.empty()) {
    auto gone = xmpp::make_presence("unavailable");
    gone.set("from", c.address.text());
    go_offline(c, gone);
  }
  last_seen_ = node_.clock->wall();
  clients_.erase(std::find_if(clients_.begin(), clients_.end(), [id](const auto& x) { return x->id == id; }));
  // RFC 6121 §8.5.3.2.1, XEP-0198 §5: what the client has not had goes to another one, or is kept.
  for (const auto& octets : unacknowledged) {
    const auto parsed = xml::parse(*octets);
    auto e = std::get_if<xml::element>(&parsed);
    if (e == nullptr) continue;
    auto stanza = *e;
    // Encoded for a stream, it carries no namespace of its own.
    xmpp::adopt_client_space(stanza);
    if (stanza.name == "message" && xmpp::is_kept_for_later(stanza)) keep_for_later(stanza);
  }
}

void chat_account::read(std::function<void()> work, std::function<void()> then, std::function<void()> busy) {
  const auto self = caf::actor_cast<caf::actor>(this);
  const auto next = std::make_shared<std::function<void()>>([this, then = std::move(then)] {
    --reads_;
    then();
  });
  ++reads_;
  if (node_.readers->run([work = std::move(work), self, next] {
        work();
        caf::anon_send(self, account_task{next});
      }))
    return;
  --reads_;
  busy();
}

storage::shard_command chat_account::command(storage::chat::any_command what) const {
  storage::shard_command c;
  c.shard = node_.chat_shard_of(owner_);
  c.payload = storage::chat::encode(storage::chat::command{owner_, node_.clock->wall(), std::move(what)});
  return c;
}

void chat_account::commit(std::vector<storage::shard_command> commands, std::function<void(const commit_done&)> then) {
  storage::commit_group group;
  group.commands = std::move(commands);
  commits_.send(*this, node_, std::move(group), std::move(then));
}

void chat_account::in_order(std::function<void()> f) {
  if (ordered_.empty()) return f();
  ordered_.push_back({++last_ordered_, std::move(f), true});
}

std::function<void()> chat_account::place_in_order(std::function<void()> f) {
  const auto number = ++last_ordered_;
  ordered_.push_back({number, std::move(f), false});
  return [this, number] {
    for (auto& o : ordered_)
      if (o.number == number) o.ready = true;
    run_in_order();
  };
}

void chat_account::run_in_order() {
  while (!ordered_.empty() && ordered_.front().ready) {
    const auto run = std::move(ordered_.front().run);
    ordered_.pop_front();
    run();
  }
}

} // namespace rookery::actors
