#include "protocols/xmpp/roster.hpp"

#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/namespaces.hpp"

#include <algorithm>

namespace rookery::xmpp {

std::string_view subscription(const roster_item& i) noexcept {
  if (i.to && i.from) return "both";
  return i.to ? "to" : i.from ? "from" : "none";
}

xml::element shown(const roster_item& i) {
  xml::element e("item", space::roster);
  e.set("jid", i.contact.text()).set("subscription", subscription(i));
  if (!i.name.empty()) e.set("name", i.name);
  if (i.ask) e.set("ask", "subscribe");
  if (i.approved) e.set("approved", "true");
  for (const auto& g : i.groups) e.add("group").add_text(g);
  return e;
}

std::string encode(const roster_item& i) {
  auto e = shown(i);
  if (i.pending_in) e.set("pending", "1");
  if (i.listed) e.set("listed", "1");
  if (!i.request.empty()) e.set("request", i.request);
  return xml::to_text(e, space::roster);
}

std::optional<roster_item> read_roster_item(std::string_view stored) {
  const auto read = xml::parse(stored);
  const auto* e = std::get_if<xml::element>(&read);
  if (e == nullptr || e->name != "item") return {};
  auto contact = read_jid(e->get("jid"));
  if (!contact) return {};
  roster_item i;
  i.contact = std::move(*contact);
  i.name = e->get("name");
  const auto s = e->get("subscription");
  i.to = s == "to" || s == "both";
  i.from = s == "from" || s == "both";
  i.ask = e->has("ask");
  i.pending_in = e->has("pending");
  i.approved = e->get("approved") == "true";
  i.listed = e->has("listed");
  i.request = e->get("request");
  for (const auto* g : e->elements("group", e->space)) i.groups.push_back(g->text());
  return i;
}

std::optional<roster_change> read_roster_change(const xml::element& query, const roster_limits& limits, roster_fault& why) {
  const auto items = query.elements();
  why = roster_fault::bad_request;
  if (items.size() != 1 || !items.front()->is("item", space::roster)) return {};
  const auto& item = *items.front();
  auto contact = read_jid(item.get("jid"));
  if (!contact) return {};
  roster_change c;
  c.contact = contact->bare();
  c.name = item.get("name");
  c.remove = item.get("subscription") == "remove";
  for (const auto* g : item.elements("group", space::roster)) {
    auto text = g->text();
    if (std::find(c.groups.begin(), c.groups.end(), text) != c.groups.end()) return {};
    if (text.empty() || text.size() > limits.name_octets) {
      why = roster_fault::not_acceptable;
      return {};
    }
    c.groups.push_back(std::move(text));
  }
  if (c.name.size() <= limits.name_octets && c.groups.size() <= limits.groups) return c;
  why = roster_fault::not_acceptable;
  return {};
}

std::optional<subscription_step> subscription_step_of(std::string_view type) noexcept {
  for (const auto s : {subscription_step::subscribe, subscription_step::subscribed, subscription_step::unsubscribe, subscription_step::unsubscribed})
    if (type == name(s)) return s;
  return {};
}

std::string_view name(subscription_step s) noexcept {
  switch (s) {
  case subscription_step::subscribe: return "subscribe";
  case subscription_step::subscribed: return "subscribed";
  case subscription_step::unsubscribe: return "unsubscribe";
  case subscription_step::unsubscribed: return "unsubscribed";
  }
  return {};
}

subscription_outcome say(roster_item& i, subscription_step s) {
  const auto before = i;
  subscription_outcome out;
  switch (s) {
  case subscription_step::subscribe:
    // A.2.1: asked again it is passed on again; RFC 6121 §3.1.2 puts the contact into the roster.
    out.pass_on = true;
    i.listed = true;
    if (!i.to) i.ask = true;
    break;
  case subscription_step::unsubscribe:
    out.pass_on = true;
    i.to = i.ask = false;
    break;
  case subscription_step::subscribed:
    // A.2.3
    if (i.from) break;
    if (!i.pending_in) { // §3.4.2: it is noted, and told to nobody
      i.approved = i.listed = true;
      break;
    }
    out.pass_on = out.shows = true;
    i.pending_in = false;
    i.from = i.listed = true;
    i.request.clear();
    break;
  case subscription_step::unsubscribed:
    i.approved = false;
    if (!i.pending_in && !i.from) break;
    out.pass_on = true;
    out.hides = i.from;
    i.pending_in = i.from = false;
    i.request.clear();
    break;
  }
  out.changed = !(i == before);
  return out;
}

subscription_outcome hear(roster_item& i, subscription_step s) {
  const auto before = i;
  subscription_outcome out;
  switch (s) {
  case subscription_step::subscribe:
    if (i.from) {
      out.answer = true;
    } else if (i.approved) {
      out.answer = out.shows = true;
      i.from = i.listed = true;
    } else {
      out.pass_on = !i.pending_in;
      i.pending_in = true;
    }
    break;
  case subscription_step::unsubscribe:
    out.pass_on = i.from || i.pending_in;
    out.hides = i.from;
    i.from = i.pending_in = false;
    i.request.clear();
    break;
  case subscription_step::subscribed:
    if (!i.ask) break;
    out.pass_on = true;
    i.ask = false;
    i.to = true;
    break;
  case subscription_step::unsubscribed:
    if (!i.ask && !i.to) break;
    out.pass_on = true;
    i.ask = i.to = false;
    break;
  }
  out.changed = !(i == before);
  return out;
}

} // namespace rookery::xmpp
