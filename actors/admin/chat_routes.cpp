#include "actors/admin/call.hpp"

namespace rookery::admin {
namespace {

void ask(const call_ptr& c, chat_question q) {
  c->node->chat(std::move(q), [c](base::result<json::value> r) { r ? c->reply(std::move(*r)) : c->refuse(r.error()); });
}

using work = actors::chat_order;

void order(const call_ptr& c, work o) {
  o.max = c->limit();
  reply_from_worker(c, [node = c->node, o = std::move(o)] { return node->chat_work(o); });
}

/// Of the query, or of the body. False: it was refused.
bool read_before(const call_ptr& c, std::string_view text, work& o, bool wanted) {
  if (text.empty() && !wanted) return true;
  const auto at = text == "now" ? std::optional(c->node->now()) : read_moment(text, c->node->now());
  if (at && *at <= c->node->now()) return o.before = *at, true;
  c->refuse(base::error_kind::invalid, "before is a moment of the past in UTC, as 2026-11-21T08:30:00Z, how long ago, as 3h or 2d, or now");
  return false;
}

work about(work::verb what, std::string_view address) {
  work o;
  o.what = what;
  o.address = address;
  return o;
}

} // namespace

/// {"from", "to", "text"}
void send_in_chat(const call_ptr& c) {
  auto o = about(work::verb::send, c->what.body.get_string("from").value_or(""));
  o.to = c->what.body.get_string("to").value_or("");
  o.text = c->what.body.get_string("text").value_or("");
  if (o.text.empty() || o.text.size() > 10'000) return c->refuse(base::error_kind::invalid, "text: 1 to 10000 octets are sent");
  order(c, std::move(o));
}

/// ?address=A&before=T: an account or a room.
void list_chat_archive(const call_ptr& c) {
  auto o = about(work::verb::archive, c->query("address"));
  o.after = c->query("after");
  if (read_before(c, c->query("before"), o, false)) order(c, std::move(o));
}

/// {"address", "before"}
void purge_chat_archive(const call_ptr& c) {
  auto o = about(work::verb::purge_archive, c->what.body.get_string("address").value_or(""));
  if (read_before(c, c->what.body.get_string("before").value_or(""), o, true)) order(c, std::move(o));
}

/// ?address=A restricts, and adds how much of its space the account has used.
void list_chat_uploads(const call_ptr& c) {
  auto o = about(work::verb::uploads, c->query("address"));
  o.after = c->query("after");
  order(c, std::move(o));
}

/// {"address", "before"}
void purge_chat_uploads(const call_ptr& c) {
  auto o = about(work::verb::purge_uploads, c->what.body.get_string("address").value_or(""));
  if (read_before(c, c->what.body.get_string("before").value_or(""), o, false)) order(c, std::move(o));
}

void list_chat_sessions(const call_ptr& c) { ask(c, {chat_question::verb::sessions, c->query("address"), {}, {}}); }

void kick_from_chat(const call_ptr& c) {
  const auto address = c->what.body.get_string("address");
  if (!address || address->empty()) return c->refuse(base::error_kind::invalid, "address: whose session is to end?");
  ask(c, {chat_question::verb::kick, std::string(*address), {}, std::string(c->what.body.get_string("text").value_or(""))});
}

void list_chat_streams(const call_ptr& c) { ask(c, {chat_question::verb::streams, {}, {}, {}}); }

void end_chat_streams(const call_ptr& c) {
  const auto which = c->what.body.get_string("which");
  if (!which || which->empty()) return c->refuse(base::error_kind::invalid, "which: the session or the domain whose streams are to end?");
  ask(c, {chat_question::verb::end_streams, std::string(*which), {}, {}});
}

void announce_in_chat(const call_ptr& c) {
  const auto text = c->what.body.get_string("text");
  if (!text || text->empty() || text->size() > 10'000) return c->refuse(base::error_kind::invalid, "text: 1 to 10000 octets are told");
  ask(c, {chat_question::verb::announce, {}, std::string(c->what.body.get_string("domain").value_or("")), std::string(*text)});
}

} // namespace rookery::admin
