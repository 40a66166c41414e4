#include "actors/admin/call.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace rookery::admin {
namespace {

namespace queue = storage::queue;

std::string_view name(queue::recipient_state s) {
  switch (s) {
  case queue::recipient_state::waiting: return "waiting";
  case queue::recipient_state::delivered: return "delivered";
  case queue::recipient_state::failed: return "failed";
  case queue::recipient_state::expired: return "expired";
  }
  return "";
}

/// Message ids are shown as the logs show them: 16 hex digits.
std::string id_text(base::message_id id) {
  std::string out(16, '0');
  for (std::size_t i = 0; i < 16; ++i) out[15 - i] = "0123456789abcdef"[id.value >> (4 * i) & 15];
  return out;
}

std::optional<base::message_id> read_id(std::string_view text) {
  if (text.empty() || text.size() > 16) return std::nullopt;
  std::uint64_t v = 0;
  for (const char c : text) {
    const char low = base::ascii_lower(c);
    if (!base::is_digit(low) && (low < 'a' || low > 'f')) return std::nullopt;
    v = v << 4 | static_cast<std::uint64_t>(base::is_digit(low) ? low - '0' : low - 'a' + 10);
  }
  return base::message_id{v};
}

json::value show(const queue::envelope& e, bool whole) {
  json::value out{json::object{}};
  out.set("id", id_text(e.id));
  out.set("queue", e.queue);
  out.set("sender", e.sender);
  out.set("octets", e.octets());
  out.set("received", base::to_milliseconds(e.received));
  out.set("held", e.held);
  if (!e.held_because.empty()) out.set("held_because", e.held_because);
  out.set("waiting", std::count_if(e.recipients.begin(), e.recipients.end(), [](const queue::recipient& r) {
            return r.state == queue::recipient_state::waiting;
          }));
  out.set("attempts", e.attempts);
  json::array recipients;
  for (const auto& r : e.recipients) {
    if (!whole && recipients.size() == 20) break; // a list shows the first; the message itself shows all
    json::value one{json::object{}};
    one.set("address", r.address);
    one.set("state", name(r.state));
    one.set("attempts", r.attempts);
    if (base::to_milliseconds(r.next_attempt) != 0) one.set("next_attempt", base::to_milliseconds(r.next_attempt));
    if (!r.last_answer.empty()) one.set("last_answer", base::printable(r.last_answer, 500));
    recipients.push_back(std::move(one));
  }
  out.set("recipient_count", e.recipients.size());
  out.set("recipients", std::move(recipients));
  if (!whole) return out;
  if (!e.login.empty()) out.set("login", e.login);
  out.set("peer", e.peer);
  out.set("helo", base::printable(e.helo));
  out.set("session", e.session);
  if (!e.envid.empty()) out.set("envid", base::printable(e.envid));
  out.set("smtputf8", e.smtputf8);
  out.set("requiretls", e.requiretls);
  if (base::to_milliseconds(e.hold_until) != 0) out.set("hold_until", base::to_milliseconds(e.hold_until));
  if (base::to_milliseconds(e.deliver_by) != 0) out.set("deliver_by", base::to_milliseconds(e.deliver_by));
  return out;
}

/// Null, and answered, when this node has no queue.
std::shared_ptr<const queue::spool_view> spool_of(const call_ptr& c) {
  auto spool = c->node->spool();
  if (spool == nullptr) c->refuse(base::error_kind::unsupported, "the queue is not open");
  return spool;
}

std::optional<base::message_id> named(const call_ptr& c) {
  const auto id = read_id(c->name());
  if (!id) c->refuse(base::error_kind::not_found, "this is no message id");
  return id;
}

void worker_reply(const call_ptr& c, node_access::task task) {
  c->node->in_worker(std::move(task), [c](base::result<json::value> r) {
    if (!r) return c->refuse(r.error());
    c->reply(std::move(*r));
  });
}

void command(const call_ptr& c, queue::any_command what) {
  c->node->change_spool({c->node->now(), std::move(what)}, [c](base::result<storage::command_result> r) {
    if (!r) return c->refuse(r.error());
    if (r->what == storage::outcome::no_such_record) return c->refuse(base::error_kind::not_found, "there is no such message in the queue");
    if (r->what != storage::outcome::done && r->what != storage::outcome::already_done)
      return c->refuse(base::error_kind::invalid, "the change was refused by the queue");
    c->reply(json::value(json::object{}));
  });
}

} // namespace

void list_queue(const call_ptr& c) {
  const auto spool = spool_of(c);
  if (spool == nullptr) return;
  queue::spool_filter filter;
  filter.queue = c->query("queue");
  filter.sender = c->query("sender");
  filter.recipient = c->query("recipient");
  filter.domain = c->query("domain");
  if (const auto held = c->query("held"); !held.empty()) filter.held = held == "true" || held == "1";
  base::message_id from{0};
  if (const auto after = c->query("after"); !after.empty()) {
    const auto id = read_id(after);
    if (!id) return c->refuse(base::error_kind::invalid, "after is a message id");
    from.value = id->value + 1;
  }
  worker_reply(c, [spool, filter, from, limit = c->limit()]() -> base::result<json::value> {
    const auto page = spool->list(filter, from, limit);
    json::array items;
    for (const auto& e : page.messages) items.push_back(show(e, false));
    std::uint64_t total = 0;
    for (const auto& q : spool->counts()) total += q.messages;
    return page_body(std::move(items), page.next ? id_text(base::message_id{page.next.value - 1}) : std::string(), total);
  });
}

void count_queue(const call_ptr& c) {
  const auto spool = spool_of(c);
  if (spool == nullptr) return;
  worker_reply(c, [spool]() -> base::result<json::value> {
    json::array items;
    for (const auto& q : spool->counts()) {
      json::value row{json::object{}};
      row.set("queue", q.queue);
      row.set("messages", q.messages);
      row.set("held", q.held);
      row.set("recipients", q.recipients);
      row.set("octets", q.octets);
      items.push_back(std::move(row));
    }
    const auto total = items.size();
    return page_body(std::move(items), {}, total);
  });
}

void show_queued(const call_ptr& c) {
  const auto spool = spool_of(c);
  if (spool == nullptr) return;
  const auto id = named(c);
  if (!id) return;
  worker_reply(c, [spool, id = *id]() -> base::result<json::value> {
    const auto found = spool->find(id);
    if (!found) return base::fail(base::error_kind::not_found, "there is no such message in the queue");
    return show(*found, true);
  });
}

void remove_queued(const call_ptr& c) {
  if (const auto id = named(c)) command(c, queue::removed{*id});
}

void hold_queued(const call_ptr& c) {
  if (const auto id = named(c))
    command(c, queue::hold{*id, base::printable(c->what.body.get_string("because").value_or("by the administrator"))});
}

void release_queued(const call_ptr& c) {
  if (const auto id = named(c)) command(c, queue::release{*id});
}

} // namespace rookery::admin
