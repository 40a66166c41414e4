#include "protocols/xmpp/pubsub/tree.hpp"

#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"

#include <algorithm>

namespace rookery::xmpp::pubsub {
namespace {

/// Of our own records.
constexpr std::string_view record_space = "urn:rookery:pubsub";

std::string_view name(affiliation a) {
  switch (a) {
  case affiliation::member: return "member";
  case affiliation::publisher: return "publisher";
  case affiliation::owner: return "owner";
  case affiliation::outcast: return "outcast";
  case affiliation::none: break;
  }
  return "none";
}

affiliation affiliation_of(std::string_view text) {
  for (const auto a : {affiliation::member, affiliation::publisher, affiliation::outcast})
    if (name(a) == text) return a;
  return affiliation::none;
}

} // namespace

bool tree::restore_node(const std::string& wanted, std::string_view stored) {
  const auto parsed = xml::parse(stored, xml::limits{.stanza_octets = 1u << 20});
  const auto* e = std::get_if<xml::element>(&parsed);
  if (e == nullptr || !e->is("node", record_space)) return false;
  const auto* x = e->child("x", space::forms);
  const auto form = x == nullptr ? std::nullopt : read_form(*x);
  const auto config = form ? changed({}, *form, limits_) : std::nullopt;
  if (!config) return false;
  node n;
  n.config = *config;
  for (const auto* a : e->elements("affiliation", record_space))
    if (auto j = read_jid(a->get("jid"))) n.affiliations.insert_or_assign(std::move(*j), affiliation_of(a->get("as")));
  for (const auto* s : e->elements("subscriber", record_space))
    if (auto j = read_jid(s->get("jid"))) n.subscribers.push_back(std::move(*j));
  nodes_.insert_or_assign(wanted, std::move(n));
  return true;
}

std::string tree::encode(const std::string& wanted) const {
  const auto& n = nodes_.at(wanted);
  element e("node", record_space);
  e.add(to_element(shown(n.config, "submit", limits_)));
  for (const auto& [who, as] : n.affiliations) e.add("affiliation").set("jid", who.text()).set("as", name(as));
  for (const auto& s : n.subscribers) e.add("subscriber").set("jid", s.text());
  return xml::to_text(e);
}

void tree::restore_item(const std::string& wanted, std::string id, std::size_t octets) {
  const auto at = nodes_.find(wanted);
  if (at == nodes_.end()) return;
  at->second.items.push_back({std::move(id), octets});
  ++items_;
  octets_ += octets;
}

const node* tree::find(const std::string& wanted) const {
  const auto at = nodes_.find(wanted);
  return at == nodes_.end() ? nullptr : &at->second;
}

affiliation tree::rank(const node& n, const asker& who) const {
  if (who.owner) return affiliation::owner;
  const auto at = n.affiliations.find(who.who.bare());
  return at == n.affiliations.end() ? affiliation::none : at->second;
}

/// XEP-0060 §4.5
bool tree::may_read(const node& n, const asker& who) const {
  const auto a = rank(n, who);
  if (a == affiliation::outcast) return false;
  if (a != affiliation::none) return true;
  switch (n.config.access) {
  case access_model::open: return true;
  case access_model::presence: return who.sees_presence;
  case access_model::roster:
    return std::any_of(who.groups.begin(), who.groups.end(),
                       [&](const auto& g) { return std::find(n.config.groups.begin(), n.config.groups.end(), g) != n.config.groups.end(); });
  case access_model::whitelist: break;
  }
  return false;
}

bool tree::may_publish(const node& n, const asker& who) const {
  const auto a = rank(n, who);
  if (a == affiliation::owner || a == affiliation::publisher) return true;
  return a != affiliation::outcast && n.config.publish == publish_model::open && may_read(n, who);
}

node_ptr tree::picture(const node& n) const {
  auto copy = std::make_shared<node>();
  copy->config = n.config;
  copy->affiliations = n.affiliations;
  copy->subscribers = n.subscribers;
  return copy;
}

void tree::remove_item(outcome& out, const std::string& of, node& n, std::size_t at) {
  const auto item = n.items.begin() + static_cast<std::ptrdiff_t>(at);
  --items_;
  octets_ -= item->octets;
  out.changes.push_back(drop_item{of, item->id});
  n.items.erase(item);
}

/// The oldest items beyond what the node keeps go.
void tree::trim(outcome& out, const std::string& of, node& n) {
  while (n.items.size() > n.config.items_max) remove_item(out, of, n, 0);
}

bool tree::publish(outcome& out, const std::string& to, const std::string& id, element payload, const jid& publisher, const node_config& if_new) {
  element item("item", space);
  item.set("id", id);
  if (!publisher.empty()) item.set("publisher", publisher.text());
  if (!payload.name.empty()) item.add(std::move(payload));
  auto octets = xml::to_text(item);
  auto at = nodes_.find(to);
  const bool fresh = at == nodes_.end();
  if (to.empty() || to.size() > limits_.name_octets || id.size() > limits_.name_octets || to.find('\0') != std::string::npos ||
      octets.size() > limits_.item_octets || (fresh && nodes_.size() >= limits_.nodes))
    return false;
  // What it takes is reckoned before anything is changed.
  if (fresh || at->second.config.persistent) {
    const auto* known = fresh ? nullptr : &at->second;
    std::size_t count = items_, room = octets_ + octets.size();
    std::vector<const item_head*> left;
    if (known != nullptr)
      for (const auto& i : known->items) {
        if (i.id != id) {
          left.push_back(&i);
          continue;
        }
        --count;
        room -= i.octets;
      }
    const auto keeps = known == nullptr ? if_new.items_max : known->config.items_max;
    for (std::size_t i = 0; left.size() - i + 1 > keeps && i < left.size(); ++i) {
      --count;
      room -= left[i]->octets;
    }
    if (count + 1 > limits_.items || room > limits_.octets) return false;
  }
  if (fresh) {
    at = nodes_.emplace(to, node{if_new, {}, {}, {}}).first;
    out.changes.push_back(put_node{to});
  }
  auto& n = at->second;
  if (n.config.persistent) {
    const auto same = std::find_if(n.items.begin(), n.items.end(), [&](const auto& i) { return i.id == id; });
    if (same != n.items.end()) {
      --items_;
      octets_ -= same->octets;
      n.items.erase(same);
    }
    n.items.push_back({id, octets.size()});
    ++items_;
    octets_ += octets.size();
    out.changes.push_back(put_item{to, id, std::move(octets)});
    trim(out, to, n);
  }
  if (!n.config.notified) return true;
  if (!n.config.payloads) std::erase_if(item.children, [](const auto& c) { return !c.is_text(); });
  out.notices.push_back({to, picture(n), item_event(to, item)});
  return true;
}

bool tree::retract(outcome& out, const std::string& from, const std::string& id, bool told) {
  const auto at = nodes_.find(from);
  if (at == nodes_.end()) return false;
  auto& n = at->second;
  const auto item = std::find_if(n.items.begin(), n.items.end(), [&](const auto& i) { return i.id == id; });
  if (item == n.items.end()) return false;
  remove_item(out, from, n, static_cast<std::size_t>(item - n.items.begin()));
  if (!told && !n.config.retractions) return true;
  element event("event", event_space);
  event.add("items").set("node", from).add("retract").set("id", id);
  out.notices.push_back({from, picture(n), std::move(event)});
  return true;
}

element item_event(std::string_view node, const element& item) {
  element event("event", event_space);
  auto& items = event.add("items");
  items.set("node", node);
  auto copy = item;
  copy.space = event_space;
  items.add(std::move(copy));
  return event;
}

element tree::items_answer(const element& iq, const std::string& from, const std::vector<element>& items, bool complete) const {
  auto answer = iq_result(iq);
  auto& list = answer.add("pubsub", space).add("items");
  list.set("node", from);
  for (const auto& i : items) list.add(i);
  if (complete || items.empty()) return answer;
  // XEP-0060 §6.5.4: what did not fit is said.
  const auto at = nodes_.find(from);
  auto& set = answer.child("pubsub", space)->add("set", space::result_sets);
  set.add("first").add_text(items.front().get("id"));
  set.add("last").add_text(items.back().get("id"));
  if (at != nodes_.end()) set.add("count").add_text(std::to_string(at->second.items.size()));
  return answer;
}

std::optional<element> tree::info(const std::string& wanted, const asker& who) const {
  const auto* n = find(wanted);
  if (n == nullptr || !may_read(*n, who)) return {};
  element q("query", space::disco_info);
  q.set("node", wanted);
  q.add("identity").set("category", "pubsub").set("type", "leaf");
  q.add("feature").set("var", space);
  q.add("feature").set("var", space::disco_info);
  data_form meta;
  meta.type = "result";
  meta.hidden(meta_form);
  meta.text("pubsub#title", {}, n->config.title).text("pubsub#description", {}, n->config.description).text("pubsub#type", {}, n->config.type);
  q.add(to_element(meta));
  return q;
}

std::optional<element> tree::item_list(const std::string& wanted, const asker& who) const {
  element q("query", space::disco_items);
  if (wanted.empty()) {
    for (const auto& [name, n] : nodes_)
      if (may_read(n, who)) {
        auto& item = q.add("item");
        item.set("jid", service_.text()).set("node", name);
        if (!n.config.title.empty()) item.set("name", n.config.title);
      }
    return q;
  }
  const auto* n = find(wanted);
  if (n == nullptr || !may_read(*n, who)) return {};
  q.set("node", wanted);
  for (const auto& i : n->items) q.add("item").set("jid", service_.text()).set("name", i.id);
  return q;
}

std::vector<std::string> features() {
  std::vector<std::string> all{std::string(space)};
  for (const auto* f : {"access-open", "access-presence", "access-roster", "access-whitelist", "auto-create", "auto-subscribe", "config-node",
                        "config-node-max", "create-and-configure", "create-nodes", "delete-items", "delete-nodes", "filtered-notifications",
                        "item-ids", "last-published", "member-affiliation", "meta-data", "modify-affiliations", "multi-items",
                        "outcast-affiliation", "persistent-items", "presence-notifications", "presence-subscribe", "publish",
                        "publish-options", "publisher-affiliation", "purge-nodes", "retract-items", "retrieve-affiliations", "retrieve-default",
                        "retrieve-items", "retrieve-subscriptions", "subscribe"})
    all.push_back(std::string(space) + "#" + f);
  return all;
}

} // namespace rookery::xmpp::pubsub
