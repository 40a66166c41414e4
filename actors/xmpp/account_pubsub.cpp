// Nodes and items of an account: requests to the tree, its records, and who hears of it. XEP-0060, XEP-0163, XEP-0115.
#include "actors/xmpp/chat_account.hpp"
#include "actors/xmpp/router.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/caps.hpp"
#include "protocols/xmpp/pubsub/vcard_avatar.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using storage::chat::record_kind;

std::string item_key(const std::string& node, const std::string& id) { return node + '\0' + id; }

xmpp::element news(const xmpp::jid& from, const xmpp::jid& to, const xmpp::element& event) {
  auto m = xmpp::make_message("headline");
  m.set("from", from.text()).set("to", to.text());
  m.add(event);
  return m;
}

} // namespace

void chat_account::restore_pubsub(const std::vector<storage::chat::stored_record>& nodes, std::vector<item_row> items) {
  for (const auto& n : nodes)
    if (!nodes_.restore_node(n.key, n.value))
      base::log_event(base::severity::error, "chat.node_unreadable").text("account", bare_.text()).text("node", n.key);
  // The order of changes is that of publication.
  std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.change < b.change; });
  for (auto& i : items) nodes_.restore_item(i.node, std::move(i.id), i.octets);
}

void chat_account::begin_anew(std::string_view event, std::string_view text) {
  // The memory is ahead of the disk: begin anew from there.
  base::log_event(base::severity::warning, event).text("account", bare_.text());
  for (auto& c : clients_)
    if (!c->parked) caf::anon_send(c->connection, end_stream{xmpp::stream_fault::internal_server_error, std::string(text)});
  router_.retire(bare_, taken_);
}

xmpp::pubsub::asker chat_account::asker_of(const xmpp::jid& who) const {
  xmpp::pubsub::asker a;
  a.who = who;
  a.owner = a.sees_presence = who.same_bare(bare_);
  const auto item = roster_.find(who.bare());
  if (a.owner || item == roster_.end()) return a;
  a.sees_presence = item->second.from;
  if (item->second.listed) a.groups = item->second.groups;
  return a;
}

chat_account::reply_to chat_account::replies(const client& c, receipt_ptr receipt) {
  return [this, id = c.id, receipt = std::move(receipt)](const xmpp::element& e) {
    if (auto* to = find(id)) deliver(*to, e);
  };
}

void chat_account::query_pubsub(const stanza_ptr& iq, xmpp::pubsub::asker who, reply_to reply) {
  settle_pubsub(nodes_.handle(*iq, who, base::random_token(16)), iq, std::move(reply));
}

void chat_account::settle_pubsub(xmpp::pubsub::outcome out, const stanza_ptr& iq, reply_to reply) {
  if (out.items) {
    // Behind commits that are under way: what was published before is there.
    return in_order([this, iq, reply, what = *out.items] {
      read_items(what.node, what.ids, [this, iq, reply, what](const std::vector<xmpp::element>& items) {
        reply(nodes_.items_answer(*iq, what.node, items, items.size() == what.ids.size()));
      });
    });
  }
  if (out.changes.empty()) {
    if (out.answer) in_order([reply, answer = std::move(*out.answer)] { reply(answer); });
    return;
  }
  std::string metadata;
  bool bookmarks = false;
  for (const auto& c : out.changes) {
    if (const auto* put = std::get_if<xmpp::pubsub::put_item>(&c); put != nullptr && put->node == xmpp::pubsub::avatar_metadata_node) metadata = put->octets;
    std::visit(
        [&](const auto& one) {
          if constexpr (requires { one.id; }) bookmarks = bookmarks || one.node == xmpp::pubsub::bookmarks_node;
          else bookmarks = bookmarks || one.name == xmpp::pubsub::bookmarks_node;
        },
        c);
  }
  const auto answer = std::make_shared<std::optional<xmpp::element>>(std::move(out.answer));
  const auto subscribed = out.subscribed;
  keep_pubsub(std::move(out), {}, [this, iq, reply, answer, subscribed, metadata, bookmarks](bool kept) {
    if (!kept) return reply(xmpp::error_reply(*iq, xmpp::condition::resource_constraint));
    if (*answer) reply(**answer);
    if (subscribed) send_last_item(subscribed->first, subscribed->second);
    if (!metadata.empty()) take_over_avatar(metadata);
    if (bookmarks) tell_bookmarks();
  });
}

void chat_account::keep_pubsub(xmpp::pubsub::outcome out, std::vector<storage::shard_command> commands, std::function<void(bool)> then) {
  namespace ps = xmpp::pubsub;
  using namespace storage::chat;
  for (auto& c : out.changes) {
    if (const auto* n = std::get_if<ps::put_node>(&c)) {
      commands.push_back(command(put_records{{{record_kind::node, n->name, nodes_.encode(n->name)}}}));
    } else if (const auto* gone = std::get_if<ps::drop_node>(&c)) {
      commands.push_back(command(drop_records{record_kind::node, gone->name, false}));
      commands.push_back(command(drop_records{record_kind::item, item_key(gone->name, {}), true}));
    } else if (auto* put = std::get_if<ps::put_item>(&c)) {
      commands.push_back(command(put_records{{{record_kind::item, item_key(put->node, put->id), std::move(put->octets)}}}));
    } else if (const auto* drop = std::get_if<ps::drop_item>(&c)) {
      commands.push_back(command(drop_records{record_kind::item, item_key(drop->node, drop->id), false}));
    }
  }
  const auto kept = std::make_shared<bool>(commands.empty());
  const auto tell = [this, kept, notices = std::make_shared<std::vector<ps::notice>>(std::move(out.notices)), then = std::move(then)] {
    then(*kept);
    if (*kept)
      for (const auto& n : *notices) spread(n);
  };
  if (commands.empty()) return in_order(tell);
  const auto ready = place_in_order(tell);
  commit(std::move(commands), [this, kept, ready](const commit_done& d) {
    *kept = !d.error && std::none_of(d.results.begin(), d.results.end(), [](const auto& r) { return r.what == storage::outcome::over_limit; });
    if (!*kept) begin_anew("chat.items_not_stored", "What was published cannot be stored now");
    ready();
  });
}

void chat_account::read_items(std::string node, std::vector<std::string> ids, std::function<void(std::vector<xmpp::element>)> then) {
  const auto found = std::make_shared<std::vector<xmpp::element>>();
  read(
      [found, node = std::move(node), ids = std::move(ids), most = nodes_.limits().answer_octets, &n = node_, owner = owner_] {
        std::size_t octets = 0;
        for (const auto& id : ids) {
          const auto record = n.chat_of(owner).record(owner, record_kind::item, item_key(node, id));
          if (!record) continue;
          octets += record->value.size();
          if (octets > most && !found->empty()) return;
          const auto parsed = xml::parse(record->value, xml::limits{.stanza_octets = 1u << 20});
          if (const auto* e = std::get_if<xml::element>(&parsed)) found->push_back(*e);
        }
      },
      [found, then] { then(std::move(*found)); }, [then] { then({}); });
}

/// XEP-0163 §4.3: to our own clients, to contacts that see our presence, and to who subscribed.
void chat_account::spread(const xmpp::pubsub::notice& n) {
  for (auto& c : clients_)
    if (c->available && c->wishes && c->wishes->count(n.node) != 0) deliver(*c, news(bare_, c->address, n.event));
  for (const auto& [contact, item] : roster_) {
    if (!item.from || blocked(contact) || !nodes_.may_read(*n.of, asker_of(contact))) continue;
    if (!router_.serves(contact.domain)) {
      spread_to_remotes(contact, n.node, [&](const xmpp::jid& to) { return news(bare_, to, n.event); });
      continue;
    }
    routed_stanza r{std::make_shared<const xmpp::element>(news(bare_, contact, n.event)), bare_, contact, nullptr, nullptr, {}, 0, n.node, nullptr};
    router_.route_news(std::move(r));
  }
  for (const auto& s : n.of->subscribers) {
    if (blocked(s) || !nodes_.may_read(*n.of, asker_of(s))) continue;
    if (!s.same_bare(bare_)) {
      router_.route({std::make_shared<const xmpp::element>(news(bare_, s, n.event)), bare_, s, nullptr, nullptr, {}, 0, {}, nullptr});
      continue;
    }
    for (auto& c : clients_)
      if (c->available && (s.is_bare() || c->address == s) && !(c->wishes && c->wishes->count(n.node) != 0))
        deliver(*c, news(bare_, c->address, n.event));
  }
}

void chat_account::receive_news(const routed_stanza& r) {
  if (blocked(r.from)) return;
  in_order([this, what = r.what, node = r.news_of] {
    for (auto& c : clients_) {
      if (!c->available || !c->wishes || c->wishes->count(node) == 0) continue;
      auto copy = *what;
      copy.set("to", c->address.text());
      deliver(*c, copy);
    }
  });
}

void chat_account::send_last_item(const std::string& node, const xmpp::jid& to) {
  const auto* n = nodes_.find(node);
  if (n == nullptr || n->items.empty()) return;
  in_order([this, node, to, id = n->items.back().id] {
    read_items(node, {id}, [this, node, to](const std::vector<xmpp::element>& items) {
      if (items.empty()) return;
      const auto e = news(bare_, to, xmpp::pubsub::item_event(node, items.front()));
      if (!to.same_bare(bare_)) return router_.route({std::make_shared<const xmpp::element>(e), bare_, to, nullptr, nullptr, {}, 0, {}, nullptr});
      for (auto& c : clients_)
        if (c->available && (to.is_bare() || c->address == to)) deliver(*c, e);
    });
  });
}

/// What a client's abilities are: asked of it, unless one of its kind has told.
void chat_account::look_at_caps(client& c, const xmpp::element& presence) {
  const auto caps = xmpp::caps_of(presence);
  if (!caps) {
    c.wishes = nullptr;
    c.caps_version.clear();
    return;
  }
  if (caps->version == c.caps_version) return;
  c.caps_version = caps->version;
  if (auto known = router_.caps().find(caps->version); known && caps->hash == "sha-1") return wish(c, std::move(known));
  c.caps_asked = "caps" + std::to_string(++last_question_);
  auto iq = xmpp::make_iq("get", c.caps_asked);
  iq.set("from", bare_.domain).set("to", c.address.text());
  iq.add("query", xmpp::space::disco_info).set("node", caps->query_node());
  deliver(c, iq);
}

bool chat_account::heard_caps(client& c, query iq) {
  if (c.caps_asked.empty() || iq.get("id") != c.caps_asked) return false;
  c.caps_asked.clear();
  const auto* q = iq.child("query", xmpp::space::disco_info);
  if (iq.get("type") != "result" || q == nullptr) return true;
  auto nodes = xmpp::wished_nodes(*q);
  // XEP-0115 §5.4: what does not fit its digest holds for this client alone.
  if (xmpp::caps_digest(*q) == c.caps_version) wish(c, router_.caps().put(c.caps_version, std::move(nodes)));
  else wish(c, std::make_shared<const std::set<std::string>>(std::move(nodes)));
  return true;
}

/// XEP-0163 §4.1: who comes, or wishes for more, gets the last items.
void chat_account::wish(client& c, wish_list now) {
  std::set<std::string> fresh;
  for (const auto& node : *now)
    if (!c.wishes || c.wishes->count(node) == 0) fresh.insert(node);
  c.wishes = std::move(now);
  if (fresh.empty() || !c.available) return;
  for (const auto& node : fresh)
    if (const auto* n = nodes_.find(node); n != nullptr && n->config.last == xmpp::pubsub::last_item::on_subscription_and_presence)
      send_last_item(node, c.address);
  const auto asked = std::make_shared<const std::set<std::string>>(std::move(fresh));
  for (const auto& [contact, item] : roster_)
    if (item.to && blocks_.count(contact) == 0) ask_last_items(c, contact, asked);
}

void chat_account::ask_last_items(const client& c, const xmpp::jid& contact, const wish_list& wishes) {
  if (router_.find(contact)) router_.route({nullptr, c.address, contact, nullptr, nullptr, {}, 0, {}, wishes});
}

void chat_account::grant_wishes(const routed_stanza& r) {
  const auto who = asker_of(r.from);
  if (blocked(r.from) || !who.sees_presence) return;
  for (const auto& node : *r.wishes) {
    const auto* n = nodes_.find(node);
    if (n != nullptr && n->config.notified && n->config.last == xmpp::pubsub::last_item::on_subscription_and_presence && nodes_.may_read(*n, who))
      send_last_item(node, r.from);
  }
}

} // namespace rookery::actors
