// A person's picture, cards and bookmarks in their several forms, kept alike. XEP-0398, XEP-0292, XEP-0048 with XEP-0402.
#include "actors/xmpp/chat_account.hpp"
#include "actors/xmpp/router.hpp"
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/pubsub/vcard_avatar.hpp"
#include "storage/chat/limits.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

namespace ps = xmpp::pubsub;
using storage::chat::record_kind;

constexpr std::size_t vcard_octets_max = 200 * 1024;
/// The key under which private XML of bookmarks is kept: what is in it beside rooms.
std::string storage_key() { return "storage:bookmarks storage"; }

std::optional<xml::element> parsed(const std::optional<storage::chat::stored_record>& r) {
  if (!r) return {};
  auto read = xml::parse(r->value, xml::limits{.stanza_octets = 1u << 20});
  auto* e = std::get_if<xml::element>(&read);
  return e == nullptr ? std::nullopt : std::optional(std::move(*e));
}

/// Who may see a vCard may see the picture in it.
ps::node_config open_node() {
  ps::node_config c;
  c.access = ps::access_model::open;
  return c;
}

ps::node_config private_node(std::size_t items) {
  ps::node_config c;
  c.access = ps::access_model::whitelist;
  c.items_max = items;
  c.last = ps::last_item::never;
  return c;
}

} // namespace

/// Requests of the account's own clients. False: it is none of these.
bool chat_account::answer_profile(client& c, const stanza_ptr& iq, const receipt_ptr& receipt) {
  const auto& what = *iq->first();
  const bool get = iq->get("type") == "get";
  if (what.space == ps::space || what.space == ps::owner_space) {
    const auto* inner = what.first();
    if (inner != nullptr && inner->get("node") == ps::storage_space) {
      if (get && inner->is("items", ps::space)) return give_bookmarks(iq, true, replies(c, receipt)), true;
      const auto* item = inner->is("publish", ps::space) ? inner->child("item", ps::space) : nullptr;
      const auto* storage = item == nullptr ? nullptr : item->child("storage", ps::storage_space);
      if (!get && storage != nullptr) return store_bookmarks(iq, *storage, true, replies(c, receipt)), true;
    }
    query_pubsub(iq, asker_of(c.address), replies(c, receipt));
    return true;
  }
  if (what.is("query", xmpp::space::private_xml)) {
    const auto* inner = what.first();
    if (inner == nullptr || !inner->is("storage", ps::storage_space) || what.elements().size() != 1) return false;
    if (get) give_bookmarks(iq, false, replies(c, receipt));
    else store_bookmarks(iq, *inner, false, replies(c, receipt));
    return true;
  }
  if (what.is("vcard", ps::vcard4_space)) {
    if (get) return give_vcard4(iq, asker_of(c.address), replies(c, receipt)), true;
    ps::outcome out;
    if (!nodes_.publish(out, std::string(ps::vcard4_node), "current", what, c.address, open_node()))
      return refuse(c, *iq, xmpp::condition::not_acceptable), true;
    out.answer = xmpp::iq_result(*iq);
    settle_pubsub(std::move(out), iq, replies(c, receipt));
    return true;
  }
  const auto node = what.get("node");
  if (get && !node.empty() && (what.is("query", xmpp::space::disco_info) || what.is("query", xmpp::space::disco_items))) {
    const auto who = asker_of(c.address);
    auto told = what.space == xmpp::space::disco_info ? nodes_.info(std::string(node), who) : nodes_.item_list(std::string(node), who);
    if (!told) return false;
    auto answer = xmpp::iq_result(*iq);
    answer.add(std::move(*told));
    return deliver(c, answer), true;
  }
  return false;
}

/// XEP-0292 §4
void chat_account::give_vcard4(const stanza_ptr& iq, const ps::asker& who, reply_to reply) {
  const auto* n = nodes_.find(std::string(ps::vcard4_node));
  if (n == nullptr || n->items.empty() || !nodes_.may_read(*n, who)) {
    if (!who.owner) return reply(xmpp::error_reply(*iq, xmpp::condition::item_not_found));
    auto answer = xmpp::iq_result(*iq);
    answer.add("vcard", ps::vcard4_space);
    return reply(answer);
  }
  in_order([this, iq, reply, id = n->items.back().id] {
    read_items(std::string(ps::vcard4_node), {id}, [iq, reply](const std::vector<xmpp::element>& items) {
      const auto* card = items.empty() ? nullptr : items.front().child("vcard", ps::vcard4_space);
      if (card == nullptr) return reply(xmpp::error_reply(*iq, xmpp::condition::item_not_found));
      auto answer = xmpp::iq_result(*iq);
      answer.add(*card);
      reply(answer);
    });
  });
}

/// XEP-0398 §2: a new picture of the vCard is published too.
void chat_account::set_vcard(client& c, query iq, receipt_ptr receipt) {
  const auto& card = *iq.first();
  auto octets = xml::to_text(card);
  if (octets.size() > vcard_octets_max) return refuse(c, iq, xmpp::condition::not_acceptable);
  std::vector<storage::shard_command> commands;
  commands.push_back(command(storage::chat::put_records{{{record_kind::vcard, {}, std::move(octets)}}}));
  const auto photo = ps::photo_of(card);
  const auto id = photo ? photo->id : std::string();
  ps::outcome out;
  if (id != photo_) {
    const auto metadata = std::string(ps::avatar_metadata_node);
    if (photo) {
      if (!nodes_.publish(out, std::string(ps::avatar_data_node), id, ps::avatar_data(*photo), c.address, open_node()) ||
          !nodes_.publish(out, metadata, id, ps::avatar_metadata(*photo), c.address, open_node())) {
        // The card is kept; there is no room for the picture beside it.
        if (!out.changes.empty()) return begin_anew("chat.items_not_stored", "There is no room for the picture");
      }
    } else if (const auto* n = nodes_.find(metadata); n != nullptr && !n->items.empty()) {
      nodes_.publish(out, metadata, n->items.back().id, xmpp::element("metadata", metadata), c.address, open_node());
    }
    commands.push_back(command(storage::chat::put_records{{{record_kind::setting, "photo", id}}}));
  }
  const auto asked = std::make_shared<const xmpp::element>(iq);
  keep_pubsub(std::move(out), std::move(commands), [this, asked, id, reply = replies(c, std::move(receipt))](bool kept) {
    if (!kept) return reply(xmpp::error_reply(*asked, xmpp::condition::resource_constraint));
    reply(xmpp::iq_result(*asked));
    show_photo(id);
  });
}

/// The other way: the picture that published metadata names goes into the vCard.
void chat_account::take_over_avatar(const std::string& item_octets) {
  const auto read_item = xml::parse(item_octets, xml::limits{.stanza_octets = 1u << 20});
  const auto* item = std::get_if<xml::element>(&read_item);
  const auto* metadata = item == nullptr ? nullptr : item->child("metadata", ps::avatar_metadata_node);
  if (metadata == nullptr) return;
  const auto reference = ps::present_avatar(*metadata);
  if ((reference ? reference->id : std::string()) == photo_) return;
  struct found_records {
    std::optional<storage::chat::stored_record> card, data;
  };
  const auto found = std::make_shared<found_records>();
  read(
      [found, reference, &n = node_, owner = owner_] {
        const auto& view = n.chat_of(owner);
        found->card = view.record(owner, record_kind::vcard, {});
        if (reference) found->data = view.record(owner, record_kind::item, std::string(ps::avatar_data_node) + '\0' + reference->id);
      },
      [this, found, reference] {
        std::optional<ps::avatar> picture;
        if (reference) {
          const auto data = parsed(found->data);
          const auto* octets = data ? data->child("data", ps::avatar_data_node) : nullptr;
          picture = octets != nullptr ? ps::read_avatar(*octets, *reference) : std::nullopt;
          if (!picture) return; // it is somewhere else, or not what it says
        }
        auto card = parsed(found->card).value_or(xml::element("vCard", xmpp::space::vcard_temp));
        ps::set_photo(card, picture);
        auto text = xml::to_text(card);
        if (text.size() > storage::chat::record_value_octets_max) return;
        const auto id = picture ? picture->id : std::string();
        std::vector<storage::shard_command> commands;
        commands.push_back(command(storage::chat::put_records{
            {{record_kind::vcard, {}, std::move(text)}, {record_kind::setting, "photo", id}}}));
        keep_pubsub({}, std::move(commands), [this, id](bool kept) {
          if (kept) show_photo(id);
        });
      },
      [] {});
}

/// XEP-0153 §3.1: who sees our clients hears that there is another picture.
void chat_account::show_photo(std::string id) {
  if (id == photo_) return;
  photo_ = std::move(id);
  for (auto& c : clients_) {
    if (!c->available || !c->presence) continue;
    auto changed = *c->presence;
    changed.remove("x", ps::vcard_update_space);
    if (photo_.empty()) changed.add("x", ps::vcard_update_space).add("photo");
    ps::add_photo_digest(changed, photo_);
    c->presence = std::make_shared<const xmpp::element>(changed);
    broadcast(*c, changed, false);
  }
}

void chat_account::read_bookmarks(std::function<void(std::vector<ps::bookmark>)> then) {
  const auto* n = nodes_.find(std::string(ps::bookmarks_node));
  std::vector<std::string> ids;
  if (n != nullptr)
    for (const auto& i : n->items) ids.push_back(i.id);
  in_order([this, ids, then] {
    read_items(std::string(ps::bookmarks_node), ids, [then](const std::vector<xmpp::element>& items) {
      std::vector<ps::bookmark> all;
      for (const auto& i : items)
        if (const auto* c = i.child("conference", ps::bookmarks_node)) all.emplace_back(std::string(i.get("id")), *c);
      then(std::move(all));
    });
  });
}

void chat_account::give_bookmarks(const stanza_ptr& iq, bool as_node, reply_to reply) {
  read_bookmarks([this, iq, as_node, reply](const std::vector<ps::bookmark>& all) {
    const auto kept = std::make_shared<std::optional<storage::chat::stored_record>>();
    read([kept, &n = node_, owner = owner_] { *kept = n.chat_of(owner).record(owner, record_kind::private_xml, storage_key()); },
         [iq, as_node, reply, kept, all] {
           auto storage = ps::to_storage(all);
           if (const auto more = parsed(*kept))
             for (const auto* e : more->elements())
               if (!e->is("conference", ps::storage_space)) storage.add(*e);
           auto answer = xmpp::iq_result(*iq);
           if (as_node) {
             auto& items = answer.add("pubsub", ps::space).add("items");
             items.set("node", ps::storage_space).add("item").set("id", "current").add(std::move(storage));
           } else {
             answer.add("query", xmpp::space::private_xml).add(std::move(storage));
           }
           reply(answer);
         },
         [iq, reply] { reply(xmpp::error_reply(*iq, xmpp::condition::resource_constraint)); });
  });
}

void chat_account::store_bookmarks(const stanza_ptr& iq, const xmpp::element& storage, bool as_node, reply_to reply) {
  const auto wanted = std::make_shared<const xmpp::element>(storage);
  read_bookmarks([this, iq, as_node, reply, wanted](const std::vector<ps::bookmark>& now) {
    const auto difference = ps::differences(now, ps::read_storage(*wanted));
    const auto node = std::string(ps::bookmarks_node);
    ps::outcome out;
    bool fits = true;
    for (const auto& id : difference.retracted) nodes_.retract(out, node, id, true);
    for (const auto& [id, conference] : difference.published)
      fits = fits && nodes_.publish(out, node, id, conference, bare_, private_node(nodes_.limits().items_a_node));
    auto rest = *wanted;
    rest.remove("conference", ps::storage_space);
    auto text = xml::to_text(rest);
    if (text.size() > vcard_octets_max) text = xml::to_text(xmpp::element("storage", ps::storage_space));
    std::vector<storage::shard_command> commands;
    commands.push_back(command(storage::chat::put_records{{{record_kind::private_xml, storage_key(), std::move(text)}}}));
    keep_pubsub(std::move(out), std::move(commands), [this, iq, as_node, reply, fits](bool kept) {
      if (!kept || !fits) return reply(xmpp::error_reply(*iq, xmpp::condition::resource_constraint));
      auto answer = xmpp::iq_result(*iq);
      if (as_node) answer.add("pubsub", ps::space).add("publish").set("node", ps::storage_space).add("item").set("id", "current");
      reply(answer);
      tell_bookmarks();
    });
  });
}

/// XEP-0402 §6: clients that know the one storage element alone hear of it whole.
void chat_account::tell_bookmarks() {
  const auto wishes = [](const auto& c) { return c->available && c->wishes && c->wishes->count(std::string(ps::storage_space)) != 0; };
  if (std::none_of(clients_.begin(), clients_.end(), wishes)) return;
  read_bookmarks([this, wishes](const std::vector<ps::bookmark>& all) {
    xmpp::element item("item", ps::space);
    item.set("id", "current").add(ps::to_storage(all));
    for (auto& c : clients_) {
      if (!wishes(c)) continue;
      auto m = xmpp::make_message("headline");
      m.set("from", bare_.text()).set("to", c->address.text());
      m.add(ps::item_event(ps::storage_space, item));
      deliver(*c, m);
    }
  });
}

} // namespace rookery::actors
