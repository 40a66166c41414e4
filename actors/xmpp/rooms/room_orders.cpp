#include "actors/xmpp/rooms/room_orders.hpp"

#include "base/text.hpp"
#include "protocols/json/page.hpp"
#include "protocols/xmpp/date_time.hpp"
#include "storage/chat/chat_view.hpp"
#include "storage/chat/owner.hpp"

#include <algorithm>
#include <future>
#include <utility>

namespace rookery::actors {
namespace {

using xmpp::muc::room;
using xmpp::muc::room_config;
using answer = base::result<json::value>;

constexpr std::chrono::seconds answer_time{30};

/// Settings as people name them, and the field of the form that has them (XEP-0045 §15.5).
struct setting_row {
  const char* name;
  const char* field;
};
constexpr setting_row rows[] = {
    {"name", "muc#roomconfig_roomname"},           {"description", "muc#roomconfig_roomdesc"},
    {"language", "muc#roomconfig_lang"},           {"password", "muc#roomconfig_roomsecret"},
    {"persistent", "muc#roomconfig_persistentroom"}, {"listed", "muc#roomconfig_publicroom"},
    {"moderated", "muc#roomconfig_moderatedroom"}, {"members_only", "muc#roomconfig_membersonly"},
    {"anyone_sets_subject", "muc#roomconfig_changesubject"}, {"members_invite", "muc#roomconfig_allowinvites"},
    {"archived", "muc#roomconfig_enablearchiving"}, {"whois", "muc#roomconfig_whois"},
    {"private_messages", "muc#roomconfig_allowpm"}, {"users_max", "muc#roomconfig_maxusers"},
    {"history", "muc#roomconfig_historylength"}};

json::value settings_of(const room_config& c) {
  json::value out{json::object{}};
  const auto form = xmpp::muc::config_form(c, 0);
  for (const auto& r : rows)
    if (const auto* f = form.find(r.field)) {
      if (f->type == "boolean") out.set(r.name, f->value() == "1");
      else out.set(r.name, f->value());
    }
  out.set("users_max", c.users_max);
  out.set("history", c.history);
  return out;
}

/// Nothing given is no change. The error names the setting.
base::result<xmpp::data_form> form_of(const json::value& settings) {
  xmpp::data_form form;
  form.type = "submit";
  const auto* all = settings.as_object();
  if (settings.is_null()) return form;
  if (all == nullptr) return base::fail(base::error_kind::invalid, "settings is an object");
  for (const auto& [name, value] : *all) {
    const auto row = std::find_if(std::begin(rows), std::end(rows), [&, n = std::string_view(name)](const setting_row& r) { return n == r.name; });
    if (row == std::end(rows)) return base::fail(base::error_kind::invalid, "rooms have no setting " + base::printable(name));
    std::string text;
    if (const auto* s = value.as_string()) text = *s;
    else if (const auto* b = value.as_bool()) text = *b ? "1" : "0";
    else if (const auto* n = value.as_integer()) text = std::to_string(*n);
    else return base::fail(base::error_kind::invalid, base::printable(name) + " is a text, a number, true or false");
    if (std::string_view(row->name) == "users_max" && text == "0") text = "none";
    if (std::string_view(row->name) == "password" && text.empty()) form.flag("muc#roomconfig_passwordprotectedroom", {}, false);
    form.text(row->field, {}, text);
    // An empty text is a value too: it takes away what was there.
    if (text.empty()) form.fields.back().values = {""};
  }
  return form;
}

json::value shown(const room& r) {
  json::value out{json::object{}};
  out.set("room", r.address().text());
  out.set("occupants", r.occupants());
  out.set("settings", settings_of(r.config()));
  std::size_t owners = 0;
  for (const auto& [address, m] : r.members()) owners += m.rank == xmpp::muc::affiliation::owner;
  out.set("owners", owners);
  out.set("addresses", r.members().size());
  return out;
}

answer not_there() { return base::fail(base::error_kind::not_found, "there is no such room"); }

/// In the room's thread, and what it changes is kept when this comes back.
answer in_room(room_service& s, const xmpp::jid& address, std::function<answer(room&)> what) {
  const auto found = std::make_shared<answer>(base::fail(base::error_kind::try_later, "the room does not answer"));
  const auto kept = std::make_shared<std::promise<bool>>();
  auto is_kept = kept->get_future();
  s.run(address, {std::make_shared<std::function<void(room&)>>([found, what = std::move(what)](room& r) { *found = what(r); }),
                  std::make_shared<std::function<void(bool)>>([kept](bool good) { kept->set_value(good); })});
  if (is_kept.wait_for(answer_time) != std::future_status::ready) return base::fail(base::error_kind::try_later, "the room does not answer");
  if (!is_kept.get()) return base::fail(base::error_kind::try_later, "the change could not be kept");
  return std::move(*found);
}

answer list(room_service& s, const room_order& o) {
  json::array items;
  std::string next;
  const auto from = xmpp::read_jid(o.after);
  for (const auto& domain : s.list().domains()) {
    if (!o.room.empty() && domain != o.room && domain != "conference." + o.room) continue;
    if (from && domain < from->domain) continue;
    std::optional<std::string> after;
    if (from && domain == from->domain) after = from->local;
    if (items.size() >= o.max) break;
    const auto page = s.list().rows(domain, o.max - items.size(), after, {}, true);
    for (const auto& r : page.rows) {
      json::value one{json::object{}};
      one.set("room", xmpp::jid{r.local, domain, {}}.text());
      one.set("name", r.entry.title);
      one.set("persistent", r.entry.persistent);
      one.set("listed", r.entry.listed);
      items.push_back(std::move(one));
    }
  }
  if (items.size() >= o.max && !items.empty()) next = *items.back().get_string("/room");
  return json::page_of(std::move(items), next.empty() ? std::nullopt : std::optional(next));
}

answer history(room_service& s, const xmpp::jid& address, const room_order& o) {
  const auto after = o.after.empty() ? std::optional<std::uint64_t>(0) : base::parse_u64(o.after);
  if (!after) return base::fail(base::error_kind::invalid, "after is the id of a message");
  const auto owner = storage::chat::room_owner(address.text());
  storage::chat::stream_query q;
  q.after_id = *after;
  q.max = o.max;
  const auto page = s.of().chat_of(owner).page(owner, storage::chat::stream_kind::archive, q);
  json::array items;
  for (const auto& e : page.entries) {
    json::value one{json::object{}};
    one.set("id", std::to_string(e.id));
    one.set("time", base::to_milliseconds(e.time));
    one.set("stanza", e.stanza);
    if (const auto m = read_stanza(e.stanza)) {
      one.set("from", m->get("from").substr(std::min(m->get("from").size(), address.text().size() + 1)));
      one.set("body", m->child_text("body", xmpp::space::client));
    }
    items.push_back(std::move(one));
  }
  return json::page_of(std::move(items), page.more ? std::optional(std::to_string(page.entries.back().id)) : std::nullopt);
}

answer create(room_service& s, const xmpp::jid& address, const room_order& o) {
  const auto owner = o.address.empty() ? std::nullopt : xmpp::read_jid(o.address);
  if (!o.address.empty() && (!owner || owner->local.empty())) return base::fail(base::error_kind::invalid, "the owner is no address");
  auto form = form_of(o.settings);
  if (!form) return base::fail(form.error());
  auto config = s.defaults(address.domain).config;
  config.persistent = true; // it has no occupant: nothing else would keep it
  const auto wanted = xmpp::muc::read_config(*form, config);
  if (!wanted || !wanted->persistent) return base::fail(base::error_kind::invalid, "a value is not allowed");
  if (s.list().size(address.domain) >= s.defaults(address.domain).rooms_max) return base::fail(base::error_kind::over_limit, "there are too many rooms");
  return in_room(s, address, [wanted, owner](room& r) -> answer {
    if (r.exists()) return base::fail(base::error_kind::exists, "there is such a room");
    r.create(*wanted, owner ? std::vector<xmpp::jid>{owner->bare()} : std::vector<xmpp::jid>{});
    return shown(r);
  });
}

} // namespace

answer carry_out(room_service& s, const room_order& o) {
  using verb = room_order::verb;
  if (o.what == verb::list) return list(s, o);
  const auto address = xmpp::read_jid(o.room);
  if (!address || address->local.empty() || !address->is_bare()) return base::fail(base::error_kind::invalid, "this is no address of a room");
  if (o.what == verb::create) {
    if (s.defaults(address->domain).elsewhere) return base::fail(base::error_kind::not_found, "the rooms of this domain are at home on another node");
    if (!s.serves(address->domain)) return base::fail(base::error_kind::invalid, "rooms are at conference. and a domain of this server");
    return create(s, *address, o);
  }
  if (!s.list().find(address->domain, address->local)) return not_there();
  switch (o.what) {
  case verb::history: return history(s, *address, o);
  case verb::show: return in_room(s, *address, [](room& r) { return r.exists() ? answer(shown(r)) : not_there(); });
  case verb::configure: {
    auto form = form_of(o.settings);
    if (!form) return base::fail(form.error());
    return in_room(s, *address, [form = std::move(*form)](room& r) -> answer {
      if (!r.exists()) return not_there();
      if (!r.configure(form)) return base::fail(base::error_kind::invalid, "a value is not allowed");
      return shown(r);
    });
  }
  case verb::destroy:
    return in_room(s, *address, [o](room& r) -> answer {
      if (!r.exists()) return not_there();
      auto was = shown(r);
      r.destroy(o.text, o.alternate);
      return was;
    });
  case verb::members:
    return in_room(s, *address, [o](room& r) -> answer {
      if (!r.exists()) return not_there();
      json::array items;
      std::string next;
      for (const auto& [bare, m] : r.members()) {
        if (!o.after.empty() && bare.text() <= o.after) continue;
        json::value one{json::object{}};
        one.set("address", bare.text());
        one.set("affiliation", name(m.rank));
        if (!m.nick.empty()) one.set("nick", m.nick);
        if (!m.reason.empty()) one.set("reason", m.reason);
        items.push_back(std::move(one));
      }
      // In the order of their texts, which is what `after` speaks of.
      std::sort(items.begin(), items.end(), [](const json::value& a, const json::value& b) { return *a.get_string("/address") < *b.get_string("/address"); });
      if (items.size() > o.max) {
        items.resize(o.max);
        next = *items.back().get_string("/address");
      }
      json::value out{json::object{}};
      out.set("items", std::move(items));
      out.set("next", next.empty() ? json::value() : json::value(next));
      return out;
    });
  case verb::set_member: {
    const auto whose = xmpp::read_jid(o.address);
    const auto rank = xmpp::muc::read_affiliation(o.affiliation);
    if (!whose || whose->local.empty()) return base::fail(base::error_kind::invalid, "this is no address");
    if (!rank) return base::fail(base::error_kind::invalid, "affiliation is owner, admin, member, none or outcast");
    return in_room(s, *address, [o, whose, rank](room& r) -> answer {
      if (!r.exists()) return not_there();
      if (!r.set_affiliation(whose->bare(), *rank, o.text)) return base::fail(base::error_kind::conflict, "the last owner stays, and lists have a bound");
      return shown(r);
    });
  }
  default: return base::fail(base::error_kind::invalid, "rooms know no such verb");
  }
}

} // namespace rookery::actors
