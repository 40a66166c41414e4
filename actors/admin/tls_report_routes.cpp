#include "actors/admin/call.hpp"
#include "actors/tlsrpt/notes.hpp"
#include "base/text.hpp"
#include "policy/reporting/report_state.hpp"

#include <algorithm>

namespace rookery::admin {
namespace {

/// The day asked for in ?day=, or all.
std::optional<std::string> prefix_of(const call_ptr& c) {
  const auto day = c->query("day");
  if (day.empty()) return std::string();
  if (!mailauth::rpt_day_begin(day)) {
    c->refuse(base::error_kind::invalid, "day is a date as 2026-11-21");
    return std::nullopt;
  }
  return mailauth::rpt_key_prefix(day, c->query("domain"));
}

/// A page of notes, a row each; read in a worker. Keys have octets that no target may have: where to go on is in hex.
void page_of_notes(const call_ptr& c, const char* space, std::function<json::value(const storage::queue::note&)> row) {
  const auto prefix = prefix_of(c);
  if (!prefix) return;
  const auto after = base::from_hex(c->query("after"));
  if (!after) return c->refuse(base::error_kind::invalid, "after is what the page before gave as next");
  auto view = spool_of(c);
  if (!view) return;
  reply_from_worker(c, [view, space, prefix = *prefix, max = c->limit(), after = *after, row = std::move(row)]() -> base::result<json::value> {
    json::array items;
    const auto notes = view->notes(space, prefix, max, after);
    for (const auto& n : notes)
      if (auto one = row(n); !one.is_null()) items.push_back(std::move(one));
    const auto count = items.size();
    return page_body(std::move(items), notes.size() == max ? base::to_hex(notes.back().key) : std::string(), count);
  });
}

json::value show_counter(const storage::queue::note& n) {
  const auto s = mailauth::read_rpt_key(n.key);
  if (!s) return {};
  json::value out{json::object{}};
  out.set("day", s->day);
  out.set("domain", s->domain);
  out.set("policy", mailauth::name(s->policy));
  out.set("result", s->result.empty() ? "success" : s->result);
  out.set("sessions", base::parse_u64(n.value).value_or(0));
  if (!s->host.empty()) out.set("host", s->host);
  if (!s->sent_from.empty()) out.set("sent_from", s->sent_from);
  if (!s->sent_to.empty()) out.set("sent_to", s->sent_to);
  return out;
}

json::value show_report(const storage::queue::note& n) {
  const auto state = reporting::decode_report_state(n.value);
  const auto parts = base::split(n.key, '\t');
  if (!state || parts.size() < 2) return {};
  json::value out{json::object{}};
  out.set("day", parts[0]);
  out.set("domain", parts[1]);
  out.set("report_id", state->id);
  out.set("made", base::to_milliseconds(state->made));
  json::array targets;
  for (const auto& t : state->targets) {
    json::value one{json::object{}};
    one.set("address", t.to);
    one.set("state", reporting::name(t.state));
    one.set("attempts", t.attempts);
    if (t.next != base::wall_time{}) one.set("next", base::to_milliseconds(t.next));
    if (!t.why.empty()) one.set("why", t.why);
    targets.push_back(std::move(one));
  }
  out.set("state", state->targets.empty() ? "nobody asks" : state->over() ? "done" : "under way");
  out.set("targets", std::move(targets));
  return out;
}

json::value show_received(const storage::queue::note& n) {
  auto read = json::parse(n.value);
  if (!read) return {};
  json::value out{json::object{}};
  out.set("id", n.key);
  for (const auto& [member, v] : *read->as_object()) out.set(member, v);
  return out;
}

} // namespace

void list_tls_counters(const call_ptr& c) { page_of_notes(c, actors::tls_counted_space, show_counter); }
void list_tls_sent(const call_ptr& c) { page_of_notes(c, actors::tls_sent_space, show_report); }

void list_tls_received(const call_ptr& c) {
  auto view = spool_of(c);
  if (!view) return;
  reply_from_worker(c, [view, max = c->limit()]() -> base::result<json::value> {
    const auto notes = view->notes(actors::tls_received_space, {}, actors::tls_received_max);
    json::array items;
    for (auto n = notes.rbegin(); n != notes.rend() && items.size() < max; ++n) items.push_back(show_received(*n));
    return page_body(std::move(items), {}, notes.size());
  });
}

void show_tls_received(const call_ptr& c) {
  auto view = spool_of(c);
  if (!view) return;
  reply_from_worker(c, [view, id = c->what.path[3]]() -> base::result<json::value> {
    const auto head = view->note(actors::tls_received_space, id);
    if (!head) return base::fail(base::error_kind::not_found, "there is no report " + base::printable(id, 60));
    auto out = show_received(*head);
    if (const auto whole = view->note(actors::tls_received_whole_space, id))
      if (auto report = json::parse(whole->value)) out.set("report", std::move(*report));
    return out;
  });
}

void send_tls_reports(const call_ptr& c) {
  const auto day = c->what.body.get_string("day");
  const auto begin = day ? mailauth::rpt_day_begin(*day) : std::nullopt;
  if (!begin) return c->refuse(base::error_kind::invalid, "day is missing, a date as 2026-11-21");
  const auto now = c->node->now();
  if (*begin > now) return c->refuse(base::error_kind::invalid, "this day has not begun");
  if (*begin + std::chrono::hours(24) > now && !c->what.body.get_bool("unfinished").value_or(false))
    return c->refuse(base::error_kind::conflict, "this day is not over: what comes after its reports would never be reported; say unfinished to send them all the same");
  c->node->send_tls_reports(std::string(*day), [c](base::result<json::value> r) {
    if (!r) return c->refuse(r.error());
    c->reply(std::move(*r));
  });
}

} // namespace rookery::admin
