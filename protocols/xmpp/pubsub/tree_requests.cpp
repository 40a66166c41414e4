// XEP-0060 §5 to §8: what a request wants, who may, and what is answered.
#include "protocols/xmpp/pubsub/tree.hpp"

#include "base/text.hpp"
#include "protocols/xml/writer.hpp"

#include <algorithm>

namespace rookery::xmpp::pubsub {
namespace {

std::string_view name(affiliation a) {
  constexpr std::string_view names[] = {"none", "member", "publisher", "owner", "outcast"};
  return names[static_cast<std::size_t>(a)];
}

element subscription_element(const std::string& node, const jid& who, std::string_view state) {
  element s("subscription", space);
  s.set("node", node).set("jid", who.text()).set("subscription", state);
  return s;
}

} // namespace

struct tree::request {
  const element& iq;
  const asker& who;
};

void tree::refuse(const request& r, outcome& out, condition why, std::string_view specific, std::string_view feature) const {
  // Waiting would not help whoever is not subscribed (XEP-0060 §6.2.3.2).
  auto answer = error_reply(r.iq, why, {}, why == condition::unexpected_request ? "cancel" : "");
  if (!specific.empty()) {
    auto& e = answer.child("error", answer.space)->add(specific, error_space);
    if (!feature.empty()) e.set("feature", feature);
  }
  out = {};
  out.answer = std::move(answer);
}

outcome tree::handle(const element& iq, const asker& who, std::string_view fresh_id) {
  outcome out;
  const request r{iq, who};
  const auto& asked = *iq.first();
  const bool get = iq.get("type") == "get";
  if (asked.space == owner_space) {
    if (!who.owner) refuse(r, out, condition::forbidden);
    else if (get) owner_read(r, out);
    else owner_write(r, out);
  } else if (get) {
    read(r, out);
  } else {
    write(r, out, fresh_id);
  }
  return out;
}

bool tree::refused_reading(const request& r, const node& n, outcome& out) const {
  if (may_read(n, r.who)) return false;
  if (rank(n, r.who) == affiliation::outcast) refuse(r, out, condition::forbidden);
  else if (n.config.access == access_model::presence) refuse(r, out, condition::not_authorized, "presence-subscription-required");
  else if (n.config.access == access_model::roster) refuse(r, out, condition::not_authorized, "not-in-roster-group");
  else refuse(r, out, condition::not_allowed, "closed-node");
  return true;
}

void tree::read(const request& r, outcome& out) {
  const auto& asked = *r.iq.first();
  const auto* what = asked.first();
  if (what == nullptr) return refuse(r, out, condition::bad_request);
  const auto wanted = std::string(what->get("node"));
  if (what->is("items", space)) {
    if (wanted.empty()) return refuse(r, out, condition::bad_request, "nodeid-required");
    const auto* n = find(wanted);
    if (n == nullptr) return refuse(r, out, condition::item_not_found);
    if (refused_reading(r, *n, out)) return;
    outcome::fetch f{wanted, {}};
    const auto named = what->elements("item", space);
    if (!named.empty()) {
      for (const auto* i : named) {
        const auto known = std::find_if(n->items.begin(), n->items.end(), [&](const auto& one) { return one.id == i->get("id"); });
        // XEP-0060 §6.5.8: what is not there is left out.
        if (known != n->items.end() && std::find(f.ids.begin(), f.ids.end(), known->id) == f.ids.end()) f.ids.push_back(known->id);
      }
    } else {
      std::size_t most = n->items.size();
      if (what->has("max_items")) {
        const auto m = base::parse_u32(what->get("max_items"));
        if (!m) return refuse(r, out, condition::bad_request);
        most = std::min<std::size_t>(most, *m);
      }
      auto from = n->items.rbegin();
      if (const auto* set = asked.child("set", space::result_sets)) {
        if (const auto m = base::parse_u32(set->child_text("max", space::result_sets))) most = std::min<std::size_t>(most, *m);
        if (const auto* after = set->child("after", space::result_sets)) {
          from = std::find_if(n->items.rbegin(), n->items.rend(), [id = after->text()](const auto& i) { return i.id == id; });
          if (from == n->items.rend()) return refuse(r, out, condition::item_not_found);
          ++from;
        }
      }
      for (; from != n->items.rend() && f.ids.size() < most; ++from) f.ids.push_back(from->id);
    }
    if (f.ids.empty()) out.answer = items_answer(r.iq, wanted, {}, true);
    else out.items = std::move(f);
    return;
  }
  const bool subscriptions = what->is("subscriptions", space);
  if (subscriptions || what->is("affiliations", space)) {
    auto answer = iq_result(r.iq);
    auto& list = answer.add("pubsub", space).add(what->name);
    if (!wanted.empty()) list.set("node", wanted);
    for (const auto& [known, n] : nodes_) {
      if (!wanted.empty() && known != wanted) continue;
      if (subscriptions) {
        for (const auto& s : n.subscribers)
          if (s.same_bare(r.who.who)) list.add(subscription_element(known, s, "subscribed"));
      } else if (const auto a = rank(n, r.who); a != affiliation::none) {
        list.add("affiliation").set("node", known).set("affiliation", name(a));
      }
    }
    out.answer = std::move(answer);
    return;
  }
  if (what->is("default", space)) {
    auto answer = iq_result(r.iq);
    answer.add("pubsub", space).add("default").add(to_element(shown({}, "form", limits_)));
    out.answer = std::move(answer);
    return;
  }
  refuse(r, out, condition::feature_not_implemented, "unsupported", what->is("options", space) ? "subscription-options" : std::string_view());
}

void tree::write(const request& r, outcome& out, std::string_view fresh_id) {
  const auto& asked = *r.iq.first();
  if (const auto* e = asked.child("publish", space)) return publish_request(r, *e, out, fresh_id);
  if (const auto* e = asked.child("retract", space)) return retract_request(r, *e, out);
  if (const auto* e = asked.child("subscribe", space)) return subscribe(r, *e, out);
  if (const auto* e = asked.child("unsubscribe", space)) return unsubscribe(r, *e, out);
  if (const auto* e = asked.child("create", space)) return create(r, *e, out);
  refuse(r, out, condition::feature_not_implemented, "unsupported", asked.child("options", space) != nullptr ? "subscription-options" : std::string_view());
}

/// §7.1
void tree::publish_request(const request& r, const element& publish_element, outcome& out, std::string_view fresh_id) {
  const auto to = std::string(publish_element.get("node"));
  if (to.empty()) return refuse(r, out, condition::bad_request, "nodeid-required");
  const auto items = publish_element.elements("item", space);
  if (items.empty()) return refuse(r, out, condition::bad_request, "item-required");
  const auto* known = find(to);
  if (known == nullptr ? !r.who.owner : !may_publish(*known, r.who))
    return refuse(r, out, known == nullptr ? condition::item_not_found : condition::forbidden);
  auto config = known == nullptr ? node_config{} : known->config;
  // §7.1.5: what the publisher relies on. A new node is made so.
  if (const auto* options = r.iq.first()->child("publish-options", space)) {
    const auto* x = options->child("x", space::forms);
    const auto form = x == nullptr ? std::nullopt : read_form(*x);
    if (!form || form->form_type() != options_form) return refuse(r, out, condition::bad_request, "invalid-options");
    const auto wanted = changed(config, *form, limits_);
    if (!wanted) return refuse(r, out, condition::not_acceptable);
    if (known != nullptr && !(*wanted == config)) return refuse(r, out, condition::conflict, "precondition-not-met");
    config = *wanted;
  }
  if (items.size() > config.items_max) return refuse(r, out, condition::not_allowed, "max-items-exceeded");
  std::vector<std::string> ids;
  for (const auto* i : items) {
    const auto inner = i->elements();
    if (inner.size() > 1) return refuse(r, out, condition::bad_request, "invalid-payload");
    auto id = i->get("id").empty() ? std::string(fresh_id) + (ids.empty() ? std::string() : "-" + std::to_string(ids.size())) : std::string(i->get("id"));
    // All or none: what cannot be taken is refused before anything is changed.
    if (xml::to_text(*i).size() + 4096 > limits_.item_octets) return refuse(r, out, condition::not_acceptable, "payload-too-big");
    ids.push_back(std::move(id));
  }
  for (std::size_t k = 0; k < items.size(); ++k) {
    const auto inner = items[k]->elements();
    if (publish(out, to, ids[k], inner.empty() ? element() : *inner.front(), r.who.who, config)) continue;
    if (k == 0) return refuse(r, out, condition::resource_constraint);
    break; // no room for the rest: the answer names what was taken
  }
  auto answer = iq_result(r.iq);
  auto& told = answer.add("pubsub", space).add("publish");
  told.set("node", to);
  for (const auto& n : out.notices)
    if (const auto* i = n.event.first()->first()) told.add("item").set("id", i->get("id"));
  if (told.elements().empty())
    for (const auto& id : ids) told.add("item").set("id", id);
  out.answer = std::move(answer);
}

/// §7.2
void tree::retract_request(const request& r, const element& retract_element, outcome& out) {
  const auto from = std::string(retract_element.get("node"));
  if (from.empty()) return refuse(r, out, condition::bad_request, "nodeid-required");
  const auto* n = find(from);
  if (n == nullptr) return refuse(r, out, condition::item_not_found);
  const auto a = rank(*n, r.who);
  if (a != affiliation::owner && a != affiliation::publisher) return refuse(r, out, condition::forbidden);
  const auto items = retract_element.elements("item", space);
  if (items.empty() || items.front()->get("id").empty()) return refuse(r, out, condition::bad_request, "item-required");
  for (const auto* i : items)
    if (std::none_of(n->items.begin(), n->items.end(), [&](const auto& one) { return one.id == i->get("id"); }))
      return refuse(r, out, condition::item_not_found);
  const bool told = read_flag(retract_element.get("notify")).value_or(false);
  for (const auto* i : items) retract(out, from, std::string(i->get("id")), told);
  out.answer = iq_result(r.iq);
}

/// §6.1
void tree::subscribe(const request& r, const element& wish, outcome& out) {
  const auto to = std::string(wish.get("node"));
  const auto who = read_jid(wish.get("jid"));
  if (to.empty()) return refuse(r, out, condition::feature_not_implemented, "unsupported", "subscribe-root");
  if (!who || !who->same_bare(r.who.who)) return refuse(r, out, condition::bad_request, "invalid-jid");
  const auto at = nodes_.find(to);
  if (at == nodes_.end()) return refuse(r, out, condition::item_not_found);
  auto& n = at->second;
  if (refused_reading(r, n, out)) return;
  if (std::find(n.subscribers.begin(), n.subscribers.end(), *who) == n.subscribers.end()) {
    if (n.subscribers.size() >= limits_.subscribers) return refuse(r, out, condition::not_allowed, "too-many-subscriptions");
    n.subscribers.push_back(*who);
    out.changes.push_back(put_node{to});
  }
  if (n.config.last != last_item::never) out.subscribed = {to, *who};
  auto answer = iq_result(r.iq);
  answer.add("pubsub", space).add(subscription_element(to, *who, "subscribed"));
  out.answer = std::move(answer);
}

/// §6.2
void tree::unsubscribe(const request& r, const element& wish, outcome& out) {
  const auto from = std::string(wish.get("node"));
  const auto who = read_jid(wish.get("jid"));
  if (!who || !who->same_bare(r.who.who)) return refuse(r, out, condition::forbidden);
  const auto at = nodes_.find(from);
  if (at == nodes_.end()) return refuse(r, out, condition::item_not_found);
  auto& all = at->second.subscribers;
  const auto known = std::find(all.begin(), all.end(), *who);
  if (known == all.end()) return refuse(r, out, condition::unexpected_request, "not-subscribed");
  all.erase(known);
  out.changes.push_back(put_node{from});
  auto answer = iq_result(r.iq);
  answer.add("pubsub", space).add(subscription_element(from, *who, "none"));
  out.answer = std::move(answer);
}

/// §8.1
void tree::create(const request& r, const element& wish, outcome& out) {
  const auto wanted = std::string(wish.get("node"));
  if (!r.who.owner) return refuse(r, out, condition::forbidden);
  if (wanted.empty()) return refuse(r, out, condition::not_acceptable, "nodeid-required");
  if (find(wanted) != nullptr) return refuse(r, out, condition::conflict);
  if (wanted.size() > limits_.name_octets) return refuse(r, out, condition::not_acceptable);
  if (nodes_.size() >= limits_.nodes) return refuse(r, out, condition::resource_constraint);
  node_config config;
  if (const auto* configure_element = r.iq.first()->child("configure", space))
    if (const auto* x = configure_element->child("x", space::forms)) {
      const auto form = read_form(*x);
      const auto read = form ? changed(config, *form, limits_) : std::nullopt;
      if (!read) return refuse(r, out, condition::not_acceptable);
      config = *read;
    }
  nodes_.emplace(wanted, node{config, {}, {}, {}});
  out.changes.push_back(put_node{wanted});
  auto answer = iq_result(r.iq);
  answer.add("pubsub", space).add("create").set("node", wanted);
  out.answer = std::move(answer);
}

void tree::owner_read(const request& r, outcome& out) {
  const auto* what = r.iq.first()->first();
  if (what == nullptr) return refuse(r, out, condition::bad_request);
  const auto wanted = std::string(what->get("node"));
  auto answer = iq_result(r.iq);
  auto& body = answer.add("pubsub", owner_space);
  if (what->is("default", owner_space)) {
    body.add("default").add(to_element(shown({}, "form", limits_)));
    out.answer = std::move(answer);
    return;
  }
  if (wanted.empty()) return refuse(r, out, condition::bad_request, "nodeid-required");
  const auto* n = find(wanted);
  if (n == nullptr) return refuse(r, out, condition::item_not_found);
  if (what->is("configure", owner_space)) {
    body.add("configure").set("node", wanted).add(to_element(shown(n->config, "form", limits_)));
  } else if (what->is("affiliations", owner_space)) {
    auto& list = body.add("affiliations");
    list.set("node", wanted);
    list.add("affiliation").set("jid", service_.text()).set("affiliation", "owner");
    for (const auto& [who, as] : n->affiliations) list.add("affiliation").set("jid", who.text()).set("affiliation", name(as));
  } else if (what->is("subscriptions", owner_space)) {
    auto& list = body.add("subscriptions");
    list.set("node", wanted);
    for (const auto& s : n->subscribers) list.add("subscription").set("jid", s.text()).set("subscription", "subscribed");
  } else {
    return refuse(r, out, condition::feature_not_implemented, "unsupported");
  }
  out.answer = std::move(answer);
}

void tree::owner_write(const request& r, outcome& out) {
  const auto* what = r.iq.first()->first();
  if (what == nullptr) return refuse(r, out, condition::bad_request);
  const auto wanted = std::string(what->get("node"));
  if (wanted.empty()) return refuse(r, out, condition::bad_request, "nodeid-required");
  const auto at = nodes_.find(wanted);
  if (at == nodes_.end()) return refuse(r, out, condition::item_not_found);
  auto& n = at->second;
  const auto tell = [&](std::string_view event_name, bool wanted_news) {
    if (!wanted_news) return;
    element event("event", event_space);
    event.add(event_name).set("node", wanted);
    out.notices.push_back({wanted, picture(n), std::move(event)});
  };
  if (what->is("configure", owner_space)) return configure(r, *what, out);
  if (what->is("affiliations", owner_space)) return set_affiliations(r, *what, out);
  if (what->is("delete", owner_space)) {
    tell("delete", n.config.deletion);
    items_ -= n.items.size();
    for (const auto& i : n.items) octets_ -= i.octets;
    nodes_.erase(at);
    out.changes.push_back(drop_node{wanted});
  } else if (what->is("purge", owner_space)) {
    if (!n.config.persistent) return refuse(r, out, condition::feature_not_implemented, "unsupported", "persistent-items");
    tell("purge", n.config.retractions);
    while (!n.items.empty()) remove_item(out, wanted, n, n.items.size() - 1);
  } else if (what->is("subscriptions", owner_space)) {
    // §8.8.2: the owner ends subscriptions; whom he wants to read he need not subscribe.
    auto left = n.subscribers;
    for (const auto* s : what->elements("subscription", owner_space)) {
      const auto who = read_jid(s->get("jid"));
      if (!who || s->get("subscription") != "none") return refuse(r, out, condition::not_acceptable);
      left.erase(std::remove(left.begin(), left.end(), *who), left.end());
    }
    n.subscribers = std::move(left);
    out.changes.push_back(put_node{wanted});
  } else {
    return refuse(r, out, condition::feature_not_implemented, "unsupported");
  }
  out.answer = iq_result(r.iq);
}

/// §8.2
void tree::configure(const request& r, const element& order, outcome& out) {
  const auto wanted = std::string(order.get("node"));
  const auto* x = order.child("x", space::forms);
  const auto form = x == nullptr ? std::nullopt : read_form(*x);
  if (!form) return refuse(r, out, condition::bad_request);
  out.answer = iq_result(r.iq);
  if (form->type == "cancel") return;
  auto& n = nodes_.at(wanted);
  const auto config = changed(n.config, *form, limits_);
  if (!config) return refuse(r, out, condition::not_acceptable);
  n.config = *config;
  out.changes.push_back(put_node{wanted});
  trim(out, wanted, n);
  if (!n.config.changes) return;
  element event("event", event_space);
  auto& told = event.add("configuration");
  told.set("node", wanted);
  if (n.config.payloads) told.add(to_element(shown(n.config, "result", limits_)));
  out.notices.push_back({wanted, picture(n), std::move(event)});
}

/// §8.9.2
void tree::set_affiliations(const request& r, const element& list, outcome& out) {
  const auto wanted = std::string(list.get("node"));
  auto next = nodes_.at(wanted).affiliations;
  for (const auto* a : list.elements("affiliation", owner_space)) {
    const auto who = read_jid(a->get("jid"));
    if (!who || who->bare() == service_) return refuse(r, out, condition::not_acceptable);
    const auto as = a->get("affiliation");
    if (as == "none") next.erase(who->bare());
    else if (as == "member") next.insert_or_assign(who->bare(), affiliation::member);
    else if (as == "publisher") next.insert_or_assign(who->bare(), affiliation::publisher);
    else if (as == "outcast") next.insert_or_assign(who->bare(), affiliation::outcast);
    else return refuse(r, out, condition::not_acceptable);
  }
  if (next.size() > limits_.affiliations) return refuse(r, out, condition::resource_constraint);
  nodes_.at(wanted).affiliations = std::move(next);
  out.changes.push_back(put_node{wanted});
  out.answer = iq_result(r.iq);
}

} // namespace rookery::xmpp::pubsub
