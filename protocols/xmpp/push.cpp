#include "protocols/xmpp/push.hpp"

#include "protocols/xml/writer.hpp"

namespace rookery::xmpp {
namespace {

constexpr std::string_view pubsub_space = "http://jabber.org/protocol/pubsub";
constexpr std::string_view summary_type = "urn:xmpp:push:summary";

void add_field(element& form, std::string_view name, std::string_view value, std::string_view type = {}) {
  auto& f = form.add("field");
  f.set("var", name);
  if (!type.empty()) f.set("type", type);
  f.add("value").add_text(value);
}

/// Whole characters of UTF-8 within the bound.
std::string cut(std::string_view text) {
  if (text.size() <= push_text_octets_max) return std::string(text);
  auto end = push_text_octets_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

} // namespace

std::variant<push_registration, condition> read_push_enable(const element& enable) {
  push_registration out;
  auto service = read_jid(enable.get("jid"));
  if (!service) return enable.has("jid") ? condition::jid_malformed : condition::bad_request;
  out.service = std::move(*service);
  out.node = enable.get("node");
  if (out.node.find('\0') != std::string::npos) return condition::bad_request;
  if (const auto* form = enable.child("x", space::forms)) {
    if (form->get("type") != "submit") return condition::bad_request;
    out.options = *form;
  }
  if (xml::to_text(enable).size() > push_registration_octets_max) return condition::not_acceptable;
  return out;
}

element push_notice(const push_registration& r, const push_summary& s, std::string_view id) {
  auto iq = make_iq("set", id);
  auto& pubsub = iq.add("pubsub", pubsub_space);
  auto& publish = pubsub.add("publish");
  if (!r.node.empty()) publish.set("node", r.node);
  auto& form = publish.add("item").add("notification", push_space).add("x", space::forms);
  form.set("type", "submit");
  add_field(form, "FORM_TYPE", summary_type, "hidden");
  add_field(form, "message-count", std::to_string(s.messages));
  if (!s.sender.empty()) add_field(form, "last-message-sender", s.sender);
  if (!s.text.empty()) add_field(form, "last-message-body", cut(s.text));
  if (!r.options.name.empty()) pubsub.add("publish-options").add(r.options);
  return iq;
}

bool ends_push(const element& answer) {
  const auto* error = answer.child("error", answer.space);
  if (answer.get("type") != "error" || error == nullptr) return false;
  // What may pass: the service is not reachable or busy now.
  return error->get("type") != "wait" && error->child("remote-server-not-found", space::stanzas) == nullptr;
}

} // namespace rookery::xmpp
