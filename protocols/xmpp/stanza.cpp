#include "protocols/xmpp/stanza.hpp"

#include <algorithm>
#include <array>

namespace rookery::xmpp {
namespace {

struct condition_row {
  std::string_view name, type;
};
constexpr std::array<condition_row, 22> conditions{{
    {"bad-request", "modify"},           {"conflict", "cancel"},
    {"feature-not-implemented", "cancel"}, {"forbidden", "auth"},
    {"gone", "cancel"},                  {"internal-server-error", "cancel"},
    {"item-not-found", "cancel"},        {"jid-malformed", "modify"},
    {"not-acceptable", "modify"},        {"not-allowed", "cancel"},
    {"not-authorized", "auth"},          {"policy-violation", "modify"},
    {"recipient-unavailable", "wait"},   {"redirect", "modify"},
    {"registration-required", "auth"},   {"remote-server-not-found", "cancel"},
    {"remote-server-timeout", "wait"},   {"resource-constraint", "wait"},
    {"service-unavailable", "cancel"},   {"subscription-required", "auth"},
    {"undefined-condition", "modify"},   {"unexpected-request", "wait"},
}};

element answer_to(const element& stanza, std::string_view type) {
  element e(stanza.name, stanza.space);
  e.set("type", type);
  if (stanza.has("id")) e.set("id", stanza.get("id"));
  if (stanza.has("to")) e.set("from", stanza.get("to"));
  if (stanza.has("from")) e.set("to", stanza.get("from"));
  return e;
}

} // namespace

std::optional<stanza_kind> kind_of(const element& e) noexcept {
  if (e.space != space::client) return {};
  if (e.name == "message") return stanza_kind::message;
  if (e.name == "presence") return stanza_kind::presence;
  if (e.name == "iq") return stanza_kind::iq;
  return {};
}

std::string_view name(condition c) noexcept { return conditions[static_cast<std::size_t>(c)].name; }
std::string_view usual_type(condition c) noexcept { return conditions[static_cast<std::size_t>(c)].type; }

element error_element(condition c, std::string_view text, std::string_view type, std::string_view stanza_space) {
  element e("error", stanza_space);
  e.set("type", type.empty() ? usual_type(c) : type);
  e.add(name(c), space::stanzas);
  if (!text.empty()) e.add("text", space::stanzas).set("lang", "en", xml::xml_space).add_text(text);
  return e;
}

element error_reply(const element& stanza, condition c, std::string_view text, std::string_view type) {
  auto e = answer_to(stanza, "error");
  e.add(error_element(c, text, type, stanza.space));
  return e;
}

element iq_result(const element& iq) { return answer_to(iq, "result"); }

bool is_request(const element& iq) noexcept {
  const auto type = iq.get("type");
  return iq.name == "iq" && (type == "get" || type == "set");
}

bool is_answer(const element& stanza) noexcept {
  const auto type = stanza.get("type");
  return type == "error" || (stanza.name == "iq" && type == "result");
}

element make_iq(std::string_view type, std::string_view id) {
  element e("iq", space::client);
  e.set("type", type).set("id", id);
  return e;
}

element make_message(std::string_view type) {
  element e("message", space::client);
  if (!type.empty()) e.set("type", type);
  return e;
}

element make_presence(std::string_view type) {
  element e("presence", space::client);
  if (!type.empty()) e.set("type", type);
  return e;
}

void adopt_client_space(element& e) {
  if (!e.space.empty()) return;
  e.space = space::client;
  for (auto& c : e.children)
    if (!c.is_text()) adopt_client_space(c.inner());
}

bool well_shaped(const element& stanza) noexcept {
  const auto type = stanza.get("type");
  if (stanza.name == "message") return true; // RFC 6121 §5.2.2: an unknown type is "normal"
  if (stanza.name == "presence") {
    constexpr std::array<std::string_view, 8> known{"", "error", "probe", "subscribe", "subscribed", "unavailable", "unsubscribe", "unsubscribed"};
    return std::find(known.begin(), known.end(), type) != known.end();
  }
  if (stanza.get("id").empty()) return false;
  const auto nested = std::count_if(stanza.children.begin(), stanza.children.end(), [](const xml::node& n) { return !n.is_text(); });
  if (type == "get" || type == "set") return nested == 1;
  return type == "error" || (type == "result" && nested <= 1);
}

} // namespace rookery::xmpp
