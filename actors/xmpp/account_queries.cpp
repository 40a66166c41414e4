#include "actors/xmpp/chat_account.hpp"
#include "actors/xmpp/domain_answers.hpp"
#include "actors/xmpp/router.hpp"
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/disco.hpp"
#include "protocols/xmpp/pubsub/vcard_avatar.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

constexpr std::size_t blocks_max = 1'000;
/// A vCard with its picture, or one piece of private XML.
constexpr std::size_t record_octets_max = 200 * 1024;

/// XEP-0191 §4.2: stanzas between the two are refused with this.
xmpp::element blocked_error(const xmpp::element& e) {
  auto answer = xmpp::error_reply(e, xmpp::condition::not_acceptable, {}, "cancel");
  answer.child("error", e.space)->add("blocked", xmpp::space::blocking_errors);
  return answer;
}

} // namespace

/// XEP-0191 §3: the address itself, its bare form, its domain.
bool chat_account::blocked(const xmpp::jid& j) const {
  if (blocks_.empty() || j.same_bare(bare_)) return false;
  return blocks_.count(j) != 0 || blocks_.count(j.bare()) != 0 || blocks_.count({{}, j.domain, j.resource}) != 0 || blocks_.count({{}, j.domain, {}}) != 0;
}

void chat_account::refuse(client& c, query e, xmpp::condition why, std::string_view text) {
  if (xmpp::is_answer(e)) return;
  const auto to = xmpp::read_jid(e.get("to"));
  deliver(c, why == xmpp::condition::not_acceptable && to && blocked(*to) ? blocked_error(e) : xmpp::error_reply(e, why, text));
}

void chat_account::send_iq(client& c, client_stanza& s) {
  const auto& iq = *s.what;
  const bool own = s.to.empty() || s.to == bare_;
  const bool server = s.to.is_domain() && !s.to.empty() && router_.serves(s.to.domain);
  if (!own && !server) {
    if (blocked(s.to)) return refuse(c, iq, xmpp::condition::not_acceptable);
    return router_.route({s.what, c.address, s.to, s.receipt, nullptr, {}, 0});
  }
  if (!xmpp::is_request(iq)) return static_cast<void>(heard_caps(c, iq)); // or an answer to one of our pushes
  if (own && answer_profile(c, s.what, s.receipt)) return;
  if (answer_registration(c, s.what, s.receipt)) return;
  if ((own && answer_own(c, iq, s.receipt)) || answer_server(c, iq, s.receipt)) return;
  refuse(c, iq, xmpp::condition::service_unavailable);
}

/// What the account answers for itself.
bool chat_account::answer_own(client& c, query iq, const receipt_ptr& receipt) {
  using storage::chat::record_kind;
  const auto& what = *iq.first();
  const bool get = iq.get("type") == "get";
  const auto ok = [&] {
    deliver(c, xmpp::iq_result(iq));
    return true;
  };
  if (what.is("query", xmpp::space::roster)) return (get ? query_roster(c, iq, receipt) : set_roster(c, iq, receipt)), true;
  if (what.is("query", xmpp::space::archive)) {
    const bool form = get && what.child("set", xmpp::space::result_sets) == nullptr && what.child("x", xmpp::space::forms) == nullptr;
    return (form ? answer_archive_form(c, iq) : query_archive(c, iq, receipt)), true;
  }
  if (what.is("metadata", xmpp::space::archive) && get) return answer_archive_metadata(c, iq, receipt), true;
  if (what.is("prefs", xmpp::space::archive)) return archive_preferences(c, iq, receipt), true;
  if (what.is("enable", xmpp::space::carbons) && !get) return c.carbons = true, ok();
  if (what.is("disable", xmpp::space::carbons) && !get) return c.carbons = false, ok();
  if (what.is("blocklist", xmpp::space::blocking) && get) return query_blocks(c, iq, receipt), true;
  if ((what.is("block", xmpp::space::blocking) || what.is("unblock", xmpp::space::blocking)) && !get) return set_blocks(c, iq, receipt), true;
  if (what.space == xmpp::push_space) return answer_push(c, iq, receipt);
  if (what.is("vCard", xmpp::space::vcard_temp)) {
    if (get) answer_record(c, iq, record_kind::vcard, {}, xmpp::element("vCard", xmpp::space::vcard_temp), receipt);
    else set_vcard(c, iq, receipt);
    return true;
  }
  if (what.is("query", xmpp::space::private_xml)) {
    const auto* inner = what.first();
    if (inner == nullptr || inner->space.empty() || inner->space == xmpp::space::private_xml || (!get && what.elements().size() != 1))
      return refuse(c, iq, xmpp::condition::not_acceptable), true;
    const auto key = inner->space + " " + inner->name;
    if (get) answer_record(c, iq, record_kind::private_xml, key, *inner, receipt);
    else store_record(c, iq, record_kind::private_xml, key, xml::to_text(*inner), receipt);
    return true;
  }
  // Those that there are have answered (answer_profile); without an address it is the domain that is asked for its items.
  if (what.is("query", xmpp::space::disco_info) && get && !what.get("node").empty()) return refuse(c, iq, xmpp::condition::item_not_found), true;
  if (what.is("query", xmpp::space::disco_info) && get) {
    auto answer = xmpp::iq_result(iq);
    answer.add(account_info(bare_));
    return deliver(c, answer), true;
  }
  if (what.is("query", xmpp::space::disco_items) && get && !iq.get("to").empty()) {
    if (!what.get("node").empty()) return refuse(c, iq, xmpp::condition::item_not_found), true;
    auto answer = xmpp::iq_result(iq);
    auto& q = answer.add(*nodes_.item_list({}, asker_of(c.address)));
    for (const auto& other : clients_)
      if (other->available) q.add("item").set("jid", other->address.text());
    return deliver(c, answer), true;
  }
  if (what.is("query", xmpp::space::last_activity) && get && !iq.get("to").empty()) {
    auto answer = xmpp::iq_result(iq);
    answer.add("query", xmpp::space::last_activity).set("seconds", "0");
    return deliver(c, answer), true;
  }
  return false;
}

/// What the domain answers.
bool chat_account::answer_server(client& c, query iq, const receipt_ptr&) {
  const auto answer = answer_of_domain(node_, router_, bare_.domain, iq);
  if (const auto* why = std::get_if<xmpp::condition>(&answer)) return refuse(c, iq, *why), true;
  if (const auto* e = std::get_if<xmpp::element>(&answer)) return deliver(c, *e), true;
  return false;
}

xmpp::element chat_account::account_info(const xmpp::jid& asker) const {
  const auto item = roster_.find(asker.bare());
  const bool may = asker.same_bare(bare_) || (item != roster_.end() && item->second.from);
  auto info = xmpp::account_info();
  if (!may) {
    info.features = {std::string(xmpp::space::disco_info)};
    return xmpp::shown(info);
  }
  info.identities.push_back({"pubsub", "pep", ""});
  for (auto& f : xmpp::pubsub::features()) info.features.push_back(std::move(f));
  for (const auto* f : {"urn:xmpp:pep-vcard-conversion:0", "urn:xmpp:bookmarks:1#compat", "urn:xmpp:bookmarks:1#compat-pep", "urn:xmpp:push:0"})
    info.features.emplace_back(f);
  return xmpp::shown(info);
}

/// From others, to the account or one of its clients.
void chat_account::receive_iq(const routed_stanza& r) {
  const auto what = r.what;
  if (!r.to.is_bare()) {
    if (find_resource(r.to.resource) == nullptr) return router_.refuse(r, xmpp::condition::service_unavailable);
    return in_order([this, what, to = r.to, receipt = r.receipt] {
      if (auto* c = find_resource(to.resource)) return deliver(*c, *what);
      routed_stanza back{what, *xmpp::read_jid(what->get("from")), to, receipt, nullptr, {}, 0};
      router_.refuse(back, xmpp::condition::service_unavailable);
    });
  }
  if (!xmpp::is_request(*what)) return static_cast<void>(heard_remote_caps(r) || heard_push(r));
  const auto& asked = *what->first();
  const bool get = what->get("type") == "get";
  const auto item = roster_.find(r.from.bare());
  const bool may = r.from.same_bare(bare_) || (item != roster_.end() && item->second.from);
  auto answer = xmpp::iq_result(*what);
  const auto node = asked.get("node");
  if (asked.space == xmpp::pubsub::space || asked.space == xmpp::pubsub::owner_space) {
    return query_pubsub(what, asker_of(r.from), [this, receipt = r.receipt](xmpp::element e) { router_.route(std::move(e), receipt); });
  } else if (get && asked.is("vcard", xmpp::pubsub::vcard4_space)) {
    return give_vcard4(what, asker_of(r.from), [this, receipt = r.receipt](xmpp::element e) { router_.route(std::move(e), receipt); });
  } else if (get && !node.empty() && (asked.is("query", xmpp::space::disco_info) || asked.is("query", xmpp::space::disco_items))) {
    const auto who = asker_of(r.from);
    auto told = asked.space == xmpp::space::disco_info ? nodes_.info(std::string(node), who) : nodes_.item_list(std::string(node), who);
    if (!told) return router_.refuse(r, xmpp::condition::item_not_found);
    answer.add(std::move(*told));
  } else if (get && asked.is("query", xmpp::space::disco_info)) {
    answer.add(account_info(r.from));
  } else if (get && asked.is("query", xmpp::space::disco_items)) {
    auto& q = answer.add(*nodes_.item_list({}, asker_of(r.from)));
    for (const auto& c : clients_)
      if (may && c->available) q.add("item").set("jid", c->address.text());
  } else if (get && asked.is("query", xmpp::space::last_activity)) {
    if (!may) return router_.refuse(r, xmpp::condition::forbidden);
    const bool here = std::any_of(clients_.begin(), clients_.end(), [](const auto& c) { return c->available; });
    const auto gone = here || last_seen_ == base::wall_time{} ? 0 : base::to_seconds(node_.clock->wall()) - base::to_seconds(last_seen_);
    answer.add("query", xmpp::space::last_activity).set("seconds", std::to_string(gone));
  } else if (get && asked.is("vCard", xmpp::space::vcard_temp)) {
    const auto found = std::make_shared<std::optional<storage::chat::stored_record>>();
    const auto back = std::make_shared<xmpp::element>(std::move(answer));
    const auto asking = std::make_shared<const routed_stanza>(r);
    return read([found, &n = node_, owner = owner_] { *found = n.chat_of(owner).record(owner, storage::chat::record_kind::vcard, {}); },
                [this, found, back, asking] {
                  const auto parsed = *found ? xml::parse((*found)->value) : std::variant<xml::element, xml::fault>(xml::fault::not_well_formed);
                  if (const auto* e = std::get_if<xml::element>(&parsed)) back->add(*e);
                  else return router_.refuse(*asking, xmpp::condition::item_not_found);
                  router_.route(*back, asking->receipt);
                },
                [this, asking] { router_.refuse(*asking, xmpp::condition::resource_constraint); });
  } else {
    return router_.refuse(r, xmpp::condition::service_unavailable);
  }
  router_.route(std::move(answer), r.receipt);
}

void chat_account::answer_record(client& c, query iq, storage::chat::record_kind kind, std::string key, xmpp::element empty, receipt_ptr receipt) {
  const auto found = std::make_shared<std::optional<storage::chat::stored_record>>();
  const auto asked = std::make_shared<const xmpp::element>(iq);
  read([found, kind, key, &n = node_, owner = owner_] { *found = n.chat_of(owner).record(owner, kind, key); },
       [this, found, asked, kind, empty = std::move(empty), id = c.id, receipt] {
         auto* to = find(id);
         if (to == nullptr) return;
         auto answer = xmpp::iq_result(*asked);
         auto& in = kind == storage::chat::record_kind::private_xml ? answer.add("query", xmpp::space::private_xml) : answer;
         const auto parsed = *found ? xml::parse((*found)->value) : std::variant<xml::element, xml::fault>(xml::fault::not_well_formed);
         const auto* stored = std::get_if<xml::element>(&parsed);
         in.add(stored != nullptr ? *stored : empty);
         deliver(*to, answer);
       },
       [this, asked, id = c.id] {
         if (auto* to = find(id)) refuse(*to, *asked, xmpp::condition::resource_constraint);
       });
}

void chat_account::store_record(client& c, query iq, storage::chat::record_kind kind, std::string key, std::string value, receipt_ptr receipt) {
  if (value.size() > record_octets_max || key.size() > 1024) return refuse(c, iq, xmpp::condition::not_acceptable);
  std::vector<storage::shard_command> commands;
  commands.push_back(command(storage::chat::put_records{{{kind, std::move(key), std::move(value)}}}));
  commit(std::move(commands), [this, iq, id = c.id, receipt](const commit_done& d) {
    auto* to = find(id);
    if (to == nullptr) return;
    if (d.error || d.results.front().what != storage::outcome::done) return refuse(*to, iq, xmpp::condition::resource_constraint);
    deliver(*to, xmpp::iq_result(iq));
  });
}

void chat_account::query_blocks(client& c, query iq, receipt_ptr) {
  c.wants_blocks = true;
  auto answer = xmpp::iq_result(iq);
  auto& list = answer.add("blocklist", xmpp::space::blocking);
  for (const auto& j : blocks_) list.add("item").set("jid", j.text());
  deliver(c, answer);
}

/// XEP-0191 §3.3 to §3.5
void chat_account::set_blocks(client& c, query iq, receipt_ptr receipt) {
  const auto what = std::make_shared<const xmpp::element>(*iq.first());
  const bool block = what->name == "block";
  std::set<xmpp::jid> named;
  for (const auto* item : what->elements("item", xmpp::space::blocking)) {
    auto j = xmpp::read_jid(item->get("jid"));
    if (!j) return refuse(c, iq, xmpp::condition::jid_malformed);
    named.insert(std::move(*j));
  }
  if (named.empty() && block) return refuse(c, iq, xmpp::condition::bad_request);
  if (block && blocks_.size() + named.size() > blocks_max) return refuse(c, iq, xmpp::condition::resource_constraint);
  if (named.empty()) named = blocks_;
  using namespace storage::chat;
  std::vector<storage::shard_command> commands;
  for (const auto& j : named)
    commands.push_back(block ? command(put_records{{{record_kind::block, j.text(), {}}}}) : command(drop_records{record_kind::block, j.text(), false}));
  const auto finish = [this, iq, what, block, named, id = c.id, receipt](bool stored) {
    auto* to = find(id);
    if (!stored) {
      if (to != nullptr) refuse(*to, iq, xmpp::condition::resource_constraint);
      return;
    }
    // The contact sees us leave before he is blocked, and come back after it.
    const auto show = [&](bool hide) {
      for (const auto& [contact, item] : roster_)
        if (item.from && (named.count(contact) != 0 || named.count({{}, contact.domain, {}}) != 0)) show_presence(contact, hide);
    };
    if (block) show(true);
    for (const auto& j : named) block ? static_cast<void>(blocks_.insert(j)) : static_cast<void>(blocks_.erase(j));
    if (!block) show(false);
    if (to != nullptr) deliver(*to, xmpp::iq_result(iq));
    for (auto& other : clients_) {
      if (!other->wants_blocks) continue;
      auto push = xmpp::make_iq("set", "block" + std::to_string(++last_parking_));
      push.set("from", bare_.text()).set("to", other->address.text());
      push.add(*what);
      deliver(*other, push);
    }
  };
  if (commands.empty()) return finish(true);
  commit(std::move(commands), [finish](const commit_done& d) { finish(!d.error); });
}

} // namespace rookery::actors
