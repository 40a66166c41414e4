// What is done to messages in the spool: to one by its id, or to all that match a filter. Those
// that match are counted first, and nothing is done until that count is given back.
#include "actors/admin/call.hpp"
#include "actors/config/delivery_documents.hpp"
#include "base/text.hpp"
#include "policy/recall/sent_record.hpp"
#include "policy/routing/address_form.hpp"
#include "protocols/encoding/base64.hpp"

#include <algorithm>
#include <utility>

namespace rookery::admin {
namespace {

namespace queue = storage::queue;

constexpr std::size_t content_octets_default = 1u << 18, content_octets_max = 1u << 20;
constexpr std::size_t group_messages = 500; // of one commit
constexpr std::size_t because_octets_max = 200;

/// Something that is done to a message: the commands for it.
struct action {
  std::string_view word;
  std::function<void(const queue::envelope&, std::vector<queue::any_command>&)> commands;
};

/// Where mail waits for somebody's word and not for its time.
bool waits_for_a_word(const queue::envelope& m) {
  return m.queue == "holding" || m.queue == "quarantine" || m.queue == "bad" || m.queue == "deferred" || m.queue == "inbound";
}

void release(const queue::envelope& m, std::vector<queue::any_command>& out) {
  out.emplace_back(queue::release{m.id});
  if (waits_for_a_word(m)) out.emplace_back(queue::moved_to_queue{m.id, "remote"});
  out.emplace_back(queue::retry_now{{m.id}});
}

queue::message_route route_of(const delivery::relay& way) {
  return {way.host, way.port, static_cast<queue::route_tls>(way.tls), way.tls_at_once, way.login, way.sealed_password};
}

base::failure<base::error> unfit(std::string text) { return base::fail(base::error_kind::invalid, std::move(text)); }

/// Whoever recalls the message hears that it was taken out, and not that it was sent.
queue::put_note removal_note(base::message_id id, std::uint64_t max) {
  return {std::string(recall::later_space), recall::later_removed_key(id), {}, {}, max};
}
std::uint64_t notes_of_sent_max(const call& c) { return c.node->values()->recall_messages * recall::later_factor; }

/// The action that the word names, with what else the request says of it.
base::result<action> read_action(const call& c, std::string_view word) {
  const auto& body = c.what.body;
  if (word == "hold") {
    const auto because = base::printable(body.get_string("because").value_or("by the administrator"), because_octets_max);
    return action{"held", [because](const queue::envelope& m, auto& out) { out.emplace_back(queue::hold{m.id, because}); }};
  }
  if (word == "release") return action{"released", release};
  if (word == "retry") return action{"due now", [](const queue::envelope& m, auto& out) { out.emplace_back(queue::retry_now{{m.id}}); }};
  if (word == "remove")
    return action{"removed", [max = notes_of_sent_max(c)](const queue::envelope& m, auto& out) {
                    out.emplace_back(queue::removed{m.id});
                    if (m.account.value != 0 && max != 0) out.emplace_back(removal_note(m.id, max));
                  }};
  if (word == "move") {
    const auto name = config::canonical_queue(body.get_string("queue").value_or(""));
    if (!name) return unfit("queue is the name of a queue");
    if (*name == "system") return unfit("orders come into the queue system by mail alone");
    if (!queue_is_known(*c.node->table(), *name))
      return base::fail(base::error_kind::not_found, "there is no queue " + *name);
    return action{"moved", [name = *name](const queue::envelope& m, auto& out) { out.emplace_back(queue::moved_to_queue{m.id, name}); }};
  }
  if (word == "reroute") {
    auto given = json::value(json::object{});
    for (const auto* member : {"host", "port", "tls", "tls_at_once", "login", "password"})
      if (const auto* v = body.find(member)) given.set(member, *v);
    const auto way = config::read_relay(given, c.node->secrets());
    if (!way) return base::fail(way.error());
    return action{"rerouted", [route = route_of(*way)](const queue::envelope& m, auto& out) { out.emplace_back(queue::rerouted{m.id, route}); }};
  }
  if (word == "redirect") {
    const auto from = routing::canonical_address(body.get_string("recipient").value_or(""));
    const auto to = routing::canonical_address(body.get_string("address").value_or(""));
    if (!from || !to) return unfit("recipient and address are addresses: whom to replace by whom");
    return action{"redirected", [from = *from, to = *to](const queue::envelope& m, auto& out) {
                    for (std::uint32_t i = 0; i < m.recipients.size(); ++i)
                      if (m.recipients[i].state == queue::recipient_state::waiting && base::iequals(m.recipients[i].address, from))
                        out.emplace_back(queue::redirected{m.id, i, to});
                  }};
  }
  return base::fail(base::error_kind::not_found, "there is no such thing to do to a message");
}

bool changed(const storage::command_result& r) { return r.what == storage::outcome::done; }

/// The commands of all that match, committed in groups, one after the other.
struct many {
  call_ptr of;
  std::vector<std::pair<base::message_id, std::vector<queue::any_command>>> messages;
  std::size_t next = 0, changed_count = 0;
};

json::value counted(std::uint64_t matched, std::uint64_t changed_count, bool complete) {
  json::value out{json::object{}};
  out.set("matched", matched);
  out.set("changed", changed_count);
  out.set("complete", complete);
  return out;
}

void go_on(const std::shared_ptr<many>& all) {
  const auto& c = all->of;
  if (all->next == all->messages.size()) return c->reply(counted(all->messages.size(), all->changed_count, true));
  std::vector<queue::command> commands;
  std::vector<std::size_t> owners;
  const auto end = std::min(all->next + group_messages, all->messages.size());
  for (auto i = all->next; i < end; ++i)
    for (auto& what : all->messages[i].second) {
      commands.push_back({c->node->now(), std::move(what)});
      owners.push_back(i);
    }
  all->next = end;
  c->node->change_spool_together(std::move(commands), [all, owners = std::move(owners)](base::result<std::vector<storage::command_result>> r) {
    if (!r) {
      if (all->changed_count == 0) return all->of->refuse(r.error());
      return all->of->reply(counted(all->messages.size(), all->changed_count, false));
    }
    std::size_t last = ~std::size_t{0};
    for (std::size_t i = 0; i < r->size() && i < owners.size(); ++i) {
      if (!changed((*r)[i]) || owners[i] == last) continue;
      last = owners[i];
      ++all->changed_count;
    }
    go_on(all);
  });
}

} // namespace

void remove_queued(const call_ptr& c) {
  const auto id = message_named(c);
  if (!id) return;
  std::vector<queue::command> commands{{c->node->now(), queue::removed{*id}}};
  if (const auto max = notes_of_sent_max(*c); max != 0) commands.push_back({c->node->now(), removal_note(*id, max)});
  c->node->change_spool_together(std::move(commands), [c](base::result<std::vector<storage::command_result>> r) {
    if (!r) return c->refuse(r.error());
    if (r->empty() || !changed(r->front())) return c->refuse(base::error_kind::not_found, "there is no such message in the queue");
    c->reply(json::value(json::object{}));
  });
}

/// POST /v1/queue/ID/ACTION
void change_queued(const call_ptr& c) {
  const auto id = message_named(c);
  if (!id) return;
  const auto spool = spool_of(c);
  if (spool == nullptr) return;
  auto what = read_action(*c, c->what.path[3]);
  if (!what) return c->refuse(what.error());
  const auto found = std::make_shared<std::vector<queue::any_command>>();
  c->node->in_worker(
      [spool, id = *id, what = *what, found]() -> base::result<json::value> {
        const auto m = spool->find(id);
        if (!m) return base::fail(base::error_kind::not_found, "there is no such message in the queue");
        what.commands(*m, *found);
        if (found->empty()) return base::fail(base::error_kind::not_found, "the message has no such recipient that waits");
        return json::value();
      },
      [c, found](base::result<json::value> r) {
        if (!r) return c->refuse(r.error());
        std::vector<queue::command> commands;
        for (auto& one : *found) commands.push_back({c->node->now(), std::move(one)});
        c->node->change_spool_together(std::move(commands), [c](base::result<std::vector<storage::command_result>> done) {
          if (!done) return c->refuse(done.error());
          const auto gone = [](const storage::command_result& one) { return one.what == storage::outcome::no_such_record; };
          if (std::all_of(done->begin(), done->end(), gone))
            return c->refuse(base::error_kind::not_found, "there is no such message in the queue");
          c->reply(json::value(json::object{}));
        });
      });
}

/// POST /v1/queue/change {"action": …, "filter": {…}, "confirm": N}
void change_many_queued(const call_ptr& c) {
  const auto spool = spool_of(c);
  if (spool == nullptr) return;
  auto what = read_action(*c, c->what.body.get_string("action").value_or(""));
  if (!what) return c->refuse(what.error());
  const auto* given = c->what.body.find("filter");
  if (given == nullptr || given->as_object() == nullptr) return c->refuse(base::error_kind::invalid, "filter is an object; {} is every message");
  constexpr std::string_view known[] = {"queue", "sender", "sender_domain", "recipient", "domain", "reason", "held", "older", "newer"};
  for (const auto& [member, v] : *given->as_object())
    if (std::find(std::begin(known), std::end(known), member) == std::end(known))
      return c->refuse(base::error_kind::invalid, base::printable(member, 60) + " is no member of a filter");
  const auto filter = read_filter(
      [&](const char* member) {
        const auto* v = given->find(member);
        if (v == nullptr) return std::string();
        if (const auto* flag = v->as_bool()) return std::string(*flag ? "true" : "false");
        return v->as_string() == nullptr ? json::to_text(*v) : *v->as_string();
      },
      c->node->now());
  if (!filter) return c->refuse(filter.error());
  const auto confirmed = c->what.body.get_unsigned("confirm");
  const auto all = std::make_shared<many>();
  all->of = c;
  c->node->in_worker(
      [spool, filter = *filter, what = *what, all, keep = confirmed.has_value()]() -> base::result<json::value> {
        std::uint64_t matched = 0;
        for (base::message_id from;;) {
          const auto page = spool->list(filter, from, 1000);
          for (const auto& m : page.messages) {
            std::vector<queue::any_command> commands;
            what.commands(m, commands);
            if (commands.empty()) continue;
            if (++matched > change_many_max)
              return base::fail(base::error_kind::over_limit, "more than " + std::to_string(change_many_max) + " messages match: narrow the filter");
            if (keep) all->messages.emplace_back(m.id, std::move(commands));
          }
          if (!page.next) break;
          from = page.next;
        }
        return json::value(matched);
      },
      [c, all, confirmed](base::result<json::value> r) {
        if (!r) return c->refuse(r.error());
        const auto matched = static_cast<std::uint64_t>(*r->as_integer());
        if (!confirmed) return c->reply(counted(matched, 0, false));
        if (*confirmed != matched)
          return c->refuse(base::error_kind::conflict, std::to_string(matched) + " messages match, and " + std::to_string(*confirmed) + " were confirmed: nothing was changed");
        go_on(all);
      });
}

/// GET /v1/queue/ID/content?offset=N&octets=N
void export_queued(const call_ptr& c) {
  const auto id = message_named(c);
  if (!id) return;
  const auto spool = spool_of(c);
  if (spool == nullptr) return;
  const auto offset = base::parse_u64(c->query("offset")).value_or(0);
  const auto octets = std::clamp<std::size_t>(base::parse_u64(c->query("octets")).value_or(content_octets_default), 1, content_octets_max);
  reply_from_worker(c, [c, spool, id = *id, offset, octets]() -> base::result<json::value> {
    const auto m = spool->find(id);
    if (!m) return base::fail(base::error_kind::not_found, "there is no such message in the queue");
    if (offset > m->octets()) return base::fail(base::error_kind::invalid, "offset lies behind the message");
    std::string piece;
    if (offset < m->prefix.size()) piece = m->prefix.substr(static_cast<std::size_t>(offset), octets);
    if (piece.size() < octets) {
      const auto from = offset + piece.size() - m->prefix.size();
      auto rest = c->node->content(m->content, static_cast<std::uint32_t>(from), octets - piece.size());
      if (!rest) return base::fail(rest.error());
      piece += *rest;
    }
    json::value out{json::object{}};
    out.set("offset", offset);
    out.set("total", m->octets());
    out.set("content", encoding::base64_encode(piece));
    return out;
  });
}

} // namespace rookery::admin
