#include "actors/xmpp/chat_account.hpp"
#include "actors/xmpp/router.hpp"
#include "base/metrics.hpp"
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

/// Messages of one account that are not on the disk yet; more are refused.
constexpr std::size_t waiting_max = 10'000;
constexpr std::size_t offline_at_once = 200;
/// Messages with a person among which one that is taken back is looked for.
constexpr std::size_t retraction_look_max = 2'000, retraction_page = 250;
/// Marks what waits and is in the archive too: clients that read that (Bind 2) do not get it twice.
constexpr std::string_view offline_space = "urn:rookery:offline";

std::string id_text(std::uint64_t id) { return std::to_string(id); }

} // namespace

bool chat_account::archives(const xmpp::jid& with) const {
  const auto bare = with.bare();
  if (archive_never_.count(bare) != 0 || archive_never_.count(with) != 0) return false;
  if (archive_always_.count(bare) != 0 || archive_always_.count(with) != 0) return true;
  if (archive_default_ == "roster") {
    const auto item = roster_.find(bare);
    return item != roster_.end() && item->second.listed;
  }
  return archive_default_ != "never";
}

storage::chat::append chat_account::archive_line(const xmpp::element& e, const xmpp::jid& with) const {
  storage::chat::append a;
  a.with = with.bare_text();
  a.stanza = xml::to_text(e);
  return a;
}

void chat_account::send_message(client& c, client_stanza& s) {
  auto& e = *s.what;
  const auto to = s.to.empty() ? bare_ : s.to;
  e.set("to", to.text());
  if (blocked(to)) return refuse(c, e, xmpp::condition::not_acceptable);
  xmpp::drop_stanza_ids(e, bare_.text());
  if (to.is_domain() && router_.serves(to.domain)) return; // to the server itself: nobody reads it
  const bool own = to.same_bare(bare_);
  const bool archived = !own && xmpp::belongs_in_archive(e) && archives(to);
  const stanza_ptr what = s.what;
  routed_stanza r{what, c.address, to, s.receipt, nullptr, {}, 0};
  const bool copied = !own && xmpp::is_copied(e);
  if (copied || archived) {
    sent_.emplace(++last_sent_, sent_message{c.id, copied ? what : nullptr});
    r.token = last_sent_;
    if (!archived) message_went({last_sent_, 1});
  }
  if (!archived) return router_.route(std::move(r));
  if (!xmpp::retracted_id(e).empty()) take_back(what, to, bare_);
  auto line = command(archive_line(e, to));
  if (router_.serves(to.domain) && router_.away(to) == 0) {
    r.sender = caf::actor_cast<caf::actor>(this);
    r.along = std::make_shared<const std::vector<storage::shard_command>>(1, std::move(line));
    return router_.route(std::move(r));
  }
  // A service, another home or another server does not write our archive.
  std::vector<storage::shard_command> lines;
  lines.push_back(std::move(line));
  commit(std::move(lines), [this, r](const commit_done& d) mutable {
    message_went({r.token, d.error ? 0 : d.results.front().number});
    if (d.error) return router_.refuse(r, xmpp::condition::resource_constraint);
    router_.route(std::move(r));
  });
}

caf::response_promise chat_account::say(const say_message& m) {
  auto promise = make_response_promise();
  if (blocked(m.to)) {
    promise.deliver(false);
    return promise;
  }
  if (router_.away(m.to) != 0) return say_elsewhere(m, std::move(promise));
  // Also without a line of ours it goes along with something: then its fate is told.
  std::vector<storage::shard_command> lines;
  if (!m.to.same_bare(bare_) && xmpp::belongs_in_archive(*m.what) && archives(m.to)) lines.push_back(command(archive_line(*m.what, m.to)));
  routed_stanza r{m.what, bare_, m.to, nullptr, std::make_shared<const std::vector<storage::shard_command>>(std::move(lines)), caf::actor_cast<caf::actor>(this), ++last_sent_};
  sent_.emplace(r.token, sent_message{0, m.what});
  said_.emplace(r.token, promise);
  router_.route(std::move(r));
  return promise;
}

/// Our line is ours to write, and what becomes of the message there is told to nobody.
caf::response_promise chat_account::say_elsewhere(const say_message& m, caf::response_promise promise) {
  routed_stanza r{m.what, bare_, m.to, nullptr, nullptr, {}, 0};
  if (!xmpp::belongs_in_archive(*m.what) || !archives(m.to)) {
    router_.route(std::move(r));
    promise.deliver(true);
    return promise;
  }
  std::vector<storage::shard_command> lines;
  lines.push_back(command(archive_line(*m.what, m.to)));
  commit(std::move(lines), [this, r, promise](const commit_done& d) mutable {
    promise.deliver(!d.error);
    if (!d.error) router_.route(std::move(r));
  });
  return promise;
}

/// What the user asks for once his messages so far are in his archive, or refused.
void chat_account::behind_sent(std::function<void()> f) {
  if (sent_.empty()) return f();
  behind_sent_.push_back({last_sent_, std::move(f)});
}

void chat_account::message_went(const message_sent& m) {
  copy_sent(m);
  while (!behind_sent_.empty() && (sent_.empty() || sent_.begin()->first > behind_sent_.front().first)) {
    const auto run = std::move(behind_sent_.front().second);
    behind_sent_.pop_front();
    run();
  }
}

/// The message is on its way: our other clients get a copy (XEP-0280 §7).
void chat_account::copy_sent(const message_sent& m) {
  if (auto said = said_.extract(m.token)) said.mapped().deliver(m.archive_id != 0);
  const auto at = sent_.find(m.token);
  if (at == sent_.end()) return;
  const auto sent = std::move(at->second);
  sent_.erase(at);
  if (m.archive_id == 0 || !sent.what) return;
  if (std::none_of(clients_.begin(), clients_.end(), [&](const auto& c) { return c->carbons && c->id != sent.client; })) return;
  auto copy = *sent.what;
  if (m.archive_id > 1) xmpp::add_stanza_id(copy, id_text(m.archive_id), bare_.text());
  in_order([this, copy = std::move(copy), from = sent.client] {
    for (auto& c : clients_)
      if (c->carbons && c->id != from) deliver(*c, xmpp::carbon(copy, "sent", c->address));
  });
}

std::vector<chat_account::client*> chat_account::message_targets(const xmpp::jid& to, xmpp::message_type type) {
  std::vector<client*> targets;
  if (!to.is_bare())
    if (auto* c = find_resource(to.resource)) return {c};
  // RFC 6121 §8.5.2.1.1, §8.5.3.2.1
  if (!to.is_bare() && type != xmpp::message_type::chat && type != xmpp::message_type::normal) return {};
  if (type == xmpp::message_type::groupchat || type == xmpp::message_type::error) return {};
  for (auto& c : clients_)
    if (c->available && c->priority >= 0) targets.push_back(c.get());
  return targets;
}

void chat_account::receive_message(const routed_stanza_ptr& r) {
  const auto type = xmpp::type_of(*r->what);
  const bool here = !message_targets(r->to, type).empty();
  if (!here && type == xmpp::message_type::groupchat) return router_.refuse(*r, xmpp::condition::service_unavailable);
  const bool archived = xmpp::belongs_in_archive(*r->what) && archives(r->from);
  const bool kept = !here && xmpp::is_kept_for_later(*r->what);
  if (ordered_.size() >= waiting_max) return router_.refuse(*r, xmpp::condition::resource_constraint);
  std::vector<storage::shard_command> commands;
  if (r->along) commands = *r->along;
  auto plain = r->what;
  if (archived || kept) {
    auto clean = *r->what;
    xmpp::drop_stanza_ids(clean, bare_.text());
    plain = std::make_shared<const xmpp::element>(std::move(clean));
  }
  const auto archive_at = commands.size();
  if ((archived || kept) && arrivals_.came_before(r->origin)) return; // the home that sends does not know that it is kept
  if (archived) commands.push_back(command(archive_line(*plain, r->from)));
  if (kept) {
    auto later = *plain;
    xmpp::add_delay(later, node_.clock->wall(), bare_.domain);
    if (archived) later.add("archived", offline_space);
    storage::chat::append a;
    a.stream = storage::chat::stream_kind::offline;
    a.with = r->from.bare_text();
    a.stanza = xml::to_text(later);
    a.entries_max = router_.limits(bare_.domain).offline_messages_max;
    commands.push_back(command(std::move(a)));
  }
  const auto kept_at = commands.size() - 1;
  if (r->origin.volume != 0 && !commands.empty()) commands.push_back(command(arrivals_.note(r->origin)));
  if (commands.empty()) {
    if (here) {
      if (r->along) caf::anon_send(r->sender, message_sent{r->token, 1});
      return in_order([this, r] { deliver_message(r, 0, false); });
    }
    if (type == xmpp::message_type::headline) { // RFC 6121 §8.5.2.2.1: of the moment, and nobody is there
      if (r->along) caf::anon_send(r->sender, message_sent{r->token, 0});
      return;
    }
    if (r->what->child("body", xmpp::space::client) != nullptr) router_.refuse(*r, xmpp::condition::service_unavailable);
    return;
  }
  // What is delivered is on the disk, in both archives (XEP-0313 §5).
  const auto id = std::make_shared<std::uint64_t>(0);
  const auto ready = place_in_order([this, r, id, kept] {
    if (*id != ~std::uint64_t{0}) deliver_message(r, *id, kept);
  });
  commit(std::move(commands), [this, r, id, ready, archived, kept, archive_at, kept_at](const commit_done& d) {
    const bool full = !d.error && kept && d.results[kept_at].what == storage::outcome::over_limit;
    if (d.error || full) {
      *id = ~std::uint64_t{0};
      router_.refuse(*r, full ? xmpp::condition::service_unavailable : xmpp::condition::resource_constraint);
    } else {
      if (archived) *id = d.results[archive_at].number;
      if (kept) has_offline_ = true;
      if (r->along) caf::anon_send(r->sender, message_sent{r->token, d.results.front().number});
      if (archived && !xmpp::retracted_id(*r->what).empty()) take_back(r->what, r->from, r->from);
    }
    ready();
  });
}

void chat_account::deliver_message(const routed_stanza_ptr& r, std::uint64_t archive_id, bool kept) {
  static auto& delivered = base::counter_named("rookery_chat_messages_total", "", "Messages delivered to clients, kept or dropped");
  delivered.add();
  auto copy = *r->what;
  if (archive_id != 0) {
    xmpp::drop_stanza_ids(copy, bare_.text());
    xmpp::add_stanza_id(copy, id_text(archive_id), bare_.text());
  }
  note_for_push(copy);
  const auto type = xmpp::type_of(copy);
  const auto targets = kept ? std::vector<client*>{} : message_targets(r->to, type);
  const deliver_stanza d{std::make_shared<const std::string>(xml::to_text(copy, xmpp::space::client)),
                         copy.child("body", xmpp::space::client) == nullptr && copy.child("", xmpp::space::chat_states) != nullptr, {}};
  for (auto* c : targets) deliver(*c, d);
  if (!kept && targets.empty() && xmpp::is_kept_for_later(copy)) return keep_for_later(copy);
  if (!xmpp::is_copied(copy)) return;
  for (auto& c : clients_)
    if (c->carbons && std::find(targets.begin(), targets.end(), c.get()) == targets.end() && !c->address.same_bare(r->from))
      deliver(*c, xmpp::carbon(copy, "received", c->address));
}

/// XEP-0424 §4.1: a tombstone takes the place of what was said, if it is among the last messages with this person.
void chat_account::take_back(const stanza_ptr& retraction, const xmpp::jid& with, const xmpp::jid& author) {
  const auto found = std::make_shared<std::optional<storage::chat::replace_entry>>();
  read(
      [found, retraction, with = with.bare_text(), author = author.bare(), &n = node_, owner = owner_] {
        storage::chat::stream_query q;
        q.with = with;
        q.backwards = true;
        q.max = retraction_page;
        for (std::size_t seen = 0; seen < retraction_look_max;) {
          const auto page = n.chat_of(owner).page(owner, storage::chat::stream_kind::archive, q);
          for (auto e = page.entries.rbegin(); e != page.entries.rend(); ++e) {
            const auto parsed = xml::parse(e->stanza, xml::limits{.stanza_octets = 2u << 20});
            const auto* stanza = std::get_if<xml::element>(&parsed);
            if (stanza == nullptr || !xmpp::is_taken_back(*stanza, xmpp::retracted_id(*retraction), author)) continue;
            *found = storage::chat::replace_entry{storage::chat::stream_kind::archive, e->id, xml::to_text(xmpp::tombstone(*stanza, *retraction, n.clock->wall()))};
            return;
          }
          if (!page.more || page.entries.empty()) return;
          seen += page.entries.size();
          q.before_id = page.entries.front().id;
        }
      },
      [this, found] {
        if (!*found) return;
        std::vector<storage::shard_command> commands;
        commands.push_back(command(std::move(**found)));
        commit(std::move(commands), [](const commit_done&) {});
      },
      [] {});
}

/// It was meant for a client that is gone: for the others, or for later.
void chat_account::keep_for_later(const xmpp::element& e) {
  const auto targets = message_targets(bare_, xmpp::type_of(e));
  for (auto* c : targets) deliver(*c, e);
  if (!targets.empty()) return;
  auto later = e;
  if (later.child("delay", xmpp::space::delay) == nullptr) xmpp::add_delay(later, node_.clock->wall(), bare_.domain);
  for (const auto* id : later.elements("stanza-id", xmpp::space::stanza_ids))
    if (id->get("by") == bare_.text()) {
      later.add("archived", offline_space);
      break;
    }
  storage::chat::append a;
  a.stream = storage::chat::stream_kind::offline;
  a.stanza = xml::to_text(later);
  a.entries_max = router_.limits(bare_.domain).offline_messages_max;
  std::vector<storage::shard_command> commands;
  commands.push_back(command(std::move(a)));
  const auto ready = place_in_order([this] { has_offline_ = true; });
  commit(std::move(commands), [ready](const commit_done&) { ready(); });
}

/// RFC 6121 §8.5.2.2.1: with the first presence of a client that takes messages; then they are forgotten.
void chat_account::give_offline(client& c) {
  // Behind messages that are being stored.
  in_order([this, id = c.id] {
    const auto* to = find(id);
    if (to != nullptr && has_offline_ && to->available && to->priority >= 0) begin_offline(id);
  });
}

void chat_account::begin_offline(std::uint64_t id) {
  has_offline_ = false;
  const auto page = std::make_shared<storage::chat::stream_page>();
  const auto ready = place_in_order([this, page, id] {
    auto* to = find(id);
    if (to == nullptr) {
      has_offline_ = true;
      return;
    }
    storage::chat::drop_entries given;
    given.stream = storage::chat::stream_kind::offline;
    for (const auto& entry : page->entries) {
      given.ids.push_back(entry.id);
      const auto parsed = xml::parse(entry.stanza);
      const auto* stored = std::get_if<xml::element>(&parsed);
      if (stored == nullptr || (to->reads_archive && stored->child("archived", offline_space) != nullptr)) continue;
      auto e = *stored;
      e.remove("archived", offline_space);
      deliver(*to, e);
    }
    if (given.ids.empty()) return;
    std::vector<storage::shard_command> commands;
    commands.push_back(command(std::move(given)));
    const bool more = page->more;
    commit(std::move(commands), [this, id, more](const commit_done&) {
      if (!more) return;
      has_offline_ = true;
      if (auto* again = find(id)) give_offline(*again);
    });
  });
  read(
      [page, &n = node_, owner = owner_] {
        storage::chat::stream_query q;
        q.max = offline_at_once;
        *page = n.chat_of(owner).page(owner, storage::chat::stream_kind::offline, q);
      },
      ready,
      [this, ready] {
        has_offline_ = true;
        ready();
      });
}

} // namespace rookery::actors
