#include "actors/admin/call.hpp"
#include "actors/config/delivery_documents.hpp"
#include "base/text.hpp"
#include "policy/delivery/retry_plan.hpp"

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

std::string_view name(queue::message_origin o) {
  switch (o) {
  case queue::message_origin::mail: return "mail";
  case queue::message_origin::report: return "report";
  case queue::message_origin::forwarded: return "forwarded";
  case queue::message_origin::system: return "system";
  case queue::message_origin::collected: return "collected";
  case queue::message_origin::list: return "list";
  case queue::message_origin::archived: return "archived";
  }
  return "";
}

json::value show(const queue::message_route& r) {
  json::value out{json::object{}};
  out.set("host", r.host);
  out.set("port", r.port);
  out.set("tls", config::name_of(static_cast<delivery::tls_use>(r.tls)));
  if (r.tls_at_once) out.set("tls_at_once", true);
  if (!r.login.empty()) out.set("login", r.login);
  return out;
}

json::value show(const queue::envelope& e, bool whole) {
  json::value out{json::object{}};
  out.set("id", id_text(e.id));
  out.set("queue", e.queue);
  out.set("sender", e.sender);
  if (!e.subject.empty()) out.set("subject", base::printable(e.subject));
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
    if (base::to_milliseconds(r.last_attempt) != 0) one.set("last_attempt", base::to_milliseconds(r.last_attempt));
    if (!r.remote_host.empty()) one.set("remote_host", base::printable(r.remote_host));
    if (r.delay_told) one.set("delay_told", true);
    if (whole && !r.orcpt.empty()) one.set("orcpt", base::printable(r.orcpt, 500));
    if (!r.last_answer.empty()) one.set("last_answer", base::printable(r.last_answer, 500));
    recipients.push_back(std::move(one));
  }
  out.set("recipient_count", e.recipients.size());
  out.set("recipients", std::move(recipients));
  if (!whole) return out;
  out.set("origin", name(e.origin));
  if (e.priority != 0) out.set("priority", static_cast<int>(e.priority));
  if (!e.message_id_field.empty()) out.set("message_id", base::printable(e.message_id_field, 250));
  if (!e.route.host.empty()) out.set("route", show(e.route));
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

} // namespace

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

std::shared_ptr<const queue::spool_view> spool_of(const call_ptr& c) {
  auto spool = c->node->spool();
  if (spool == nullptr) c->refuse(base::error_kind::unsupported, "the queue is not open");
  return spool;
}

std::optional<base::message_id> message_named(const call_ptr& c) {
  const auto id = read_id(c->name());
  if (!id) c->refuse(base::error_kind::not_found, "this is no message id");
  return id;
}

base::result<queue::spool_filter> read_filter(const std::function<std::string(const char*)>& member, base::wall_time now) {
  queue::spool_filter f;
  f.queue = member("queue");
  f.sender = member("sender");
  f.sender_domain = member("sender_domain");
  f.recipient = member("recipient");
  f.domain = member("domain");
  f.reason = member("reason");
  if (const auto held = member("held"); !held.empty()) f.held = held == "true" || held == "1";
  const auto age = [&](const char* name, base::wall_time& moment) {
    const auto text = member(name);
    if (text.empty()) return true;
    const auto span = delivery::parse_span(text);
    if (span) moment = now - *span;
    return span.has_value();
  };
  for (const auto& [name, moment] : {std::pair{"older", &f.received_before}, std::pair{"newer", &f.received_from}})
    if (!age(name, *moment)) return base::fail(base::error_kind::invalid, std::string(name) + " is a duration as 90s, 4h or 2d");
  return f;
}

void list_queue(const call_ptr& c) {
  const auto spool = spool_of(c);
  if (spool == nullptr) return;
  const auto filter = read_filter([&](const char* member) { return c->query(member); }, c->node->now());
  if (!filter) return c->refuse(filter.error());
  base::message_id from{0};
  if (const auto after = c->query("after"); !after.empty()) {
    const auto id = read_id(after);
    if (!id) return c->refuse(base::error_kind::invalid, "after is a message id");
    from.value = id->value + 1;
  }
  reply_from_worker(c, [spool, filter = *filter, from, limit = c->limit()]() -> base::result<json::value> {
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
  reply_from_worker(c, [spool]() -> base::result<json::value> {
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
  const auto id = message_named(c);
  if (!id) return;
  reply_from_worker(c, [spool, id = *id]() -> base::result<json::value> {
    const auto found = spool->find(id);
    if (!found) return base::fail(base::error_kind::not_found, "there is no such message in the queue");
    return show(*found, true);
  });
}

} // namespace rookery::admin
