#include "actors/admin/call.hpp"

namespace rookery::admin {
namespace {

void ask(const call_ptr& c, chat_question q) {
  c->node->chat(std::move(q), [c](base::result<json::value> r) { r ? c->reply(std::move(*r)) : c->refuse(r.error()); });
}

} // namespace

void list_chat_sessions(const call_ptr& c) { ask(c, {chat_question::verb::sessions, c->query("address"), {}, {}}); }

void kick_from_chat(const call_ptr& c) {
  const auto address = c->what.body.get_string("address");
  if (!address || address->empty()) return c->refuse(base::error_kind::invalid, "address: whose session is to end?");
  ask(c, {chat_question::verb::kick, std::string(*address), {}, std::string(c->what.body.get_string("text").value_or(""))});
}

void announce_in_chat(const call_ptr& c) {
  const auto text = c->what.body.get_string("text");
  if (!text || text->empty() || text->size() > 10'000) return c->refuse(base::error_kind::invalid, "text: 1 to 10000 octets are told");
  ask(c, {chat_question::verb::announce, {}, std::string(c->what.body.get_string("domain").value_or("")), std::string(*text)});
}

} // namespace rookery::admin
