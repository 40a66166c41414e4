#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/stream_session.hpp"

namespace rookery::xmpp {
namespace {

std::string management(std::string_view name_and_attributes) {
  std::string text("<");
  const auto space_at = name_and_attributes.find(' ');
  text.append(name_and_attributes.substr(0, space_at)).append(" xmlns='").append(space::stream_management).append("'");
  if (space_at != std::string_view::npos) text.append(name_and_attributes.substr(space_at));
  return text + "/>";
}

std::string number(std::uint32_t n) {
  std::string text;
  base::append_number(text, n);
  return text;
}

std::string management_failed(std::string_view condition, std::optional<std::uint32_t> handled = {}) {
  std::string text = "<failed xmlns='" + std::string(space::stream_management) + "'";
  if (handled) text.append(" h='").append(number(*handled)).append("'"); // XEP-0198 §5
  return text.append("><").append(condition).append(" xmlns='").append(space::stanzas).append("'/></failed>");
}

/// XEP-0198 §4
std::string too_much_acknowledged(std::uint32_t handled, std::uint32_t sent) {
  auto error = stream_error(stream_fault::undefined_condition, "More acknowledged than was sent");
  return error.insert(error.rfind("</"), management("handled-count-too-high h='" + number(handled) + "' send-count='" + number(sent) + "'"));
}

} // namespace

void stream_session::on_bind(const element& iq) {
  const auto* bind = iq.child("bind", space::bind);
  if (iq.get("type") != "set" || !well_shaped(iq)) return put(error_reply(iq, condition::bad_request));
  login_->bind_id = iq.get("id");
  const auto wanted = bind->child_text("resource", space::bind);
  if (wanted.empty()) return ask(stream_event::bind_resource{});
  auto resource = normal_resource(wanted);
  if (!resource) return put(error_reply(iq, condition::bad_request));
  ask(stream_event::bind_resource{std::move(*resource)});
}

void stream_session::bound(const jid& address, std::string_view more) {
  if (closed_) return;
  base::check(asking_ && state_ == state::logged_in, "a resource is to be bound");
  asking_ = false;
  address_ = address;
  state_ = state::bound;
  if (at_login()) {
    login_->told_bound = more;
    return go_on_at_login();
  }
  auto iq = make_iq("result", login_->bind_id);
  iq.add("bind", space::bind).add("jid").add_text(address.text());
  put(iq);
  login_.reset();
}

void stream_session::refuse_binding(condition why) {
  if (closed_) return;
  asking_ = false;
  if (at_login()) return go_on_at_login();
  put(error_reply(make_iq("set", login_->bind_id), why));
}

void stream_session::on_management(const element& e) {
  if (e.name == "resume" && state_ == state::logged_in) {
    const auto h = base::parse_u32(e.get("h"));
    if (!h || !e.has("previd")) return put(management_failed("bad-request"));
    resume_handled_ = *h;
    return ask(stream_event::resume_stream{std::string(e.get("previd")), *h});
  }
  if (e.name == "enable") {
    if (state_ != state::bound || managed_) return put(management_failed("unexpected-request"));
    const auto resume = e.get("resume");
    return ask(stream_event::enable_management{resume == "true" || resume == "1"});
  }
  if (e.name == "resume") return put(management_failed("unexpected-request"));
  if (!managed_) return put(management_failed("unexpected-request"));
  if (e.name == "r") {
    acknowledge_at_ = received_;
    return answer_request();
  }
  if (e.name != "a") return end(stream_fault::unsupported_stanza_type);
  const auto h = base::parse_u32(e.get("h"));
  if (!h) return end(stream_fault::bad_format, "An acknowledgement without a number");
  acknowledgement_by_.reset();
  if (!management_.acknowledge(*h)) {
    put(too_much_acknowledged(*h, management_.sent()));
    if (!closed_) wire_->close();
    return finish(true, name(stream_fault::undefined_condition));
  }
  if (management_.stanzas() > 0) request_acknowledgement();
}

void stream_session::management_enabled(std::string_view id, std::chrono::seconds resumable) {
  if (closed_) return;
  asking_ = false;
  managed_ = true;
  counted_from_ = received_;
  auto text = management("enabled");
  if (!id.empty())
    text = management("enabled resume='true' id='" + xml::escaped(id) + "' max='" + number(static_cast<std::uint32_t>(resumable.count())) + "'");
  if (!at_login()) return put(text);
  login_->told_bound += text;
  go_on_at_login();
}

void stream_session::resumed(const jid& address, std::string_view previous, stream_management m, std::uint32_t handled,
                             std::uint32_t counted_from) {
  if (closed_) return;
  base::check(asking_ && state_ == state::logged_in, "a stream is to be resumed");
  asking_ = false;
  address_ = address;
  state_ = state::bound;
  managed_ = true;
  management_ = std::move(m);
  received_ = handled_ = handled;
  counted_from_ = counted_from;
  if (!management_.acknowledge(resume_handled_)) return end(stream_fault::undefined_condition, "More acknowledged than was sent");
  const auto text = management("resumed h='" + number(handled - counted_from) + "' previd='" + xml::escaped(previous) + "'");
  if (at_login()) {
    login_->told += text;
    return go_on_at_login();
  }
  login_.reset();
  put(text);
  repeat_unacknowledged();
}

void stream_session::repeat_unacknowledged() {
  for (const auto& s : management_.unacknowledged()) put(*s);
  if (management_.stanzas() > 0) request_acknowledgement();
}

void stream_session::refuse_resumption(std::optional<std::uint32_t> handled) {
  if (closed_) return;
  asking_ = false;
  if (at_login()) {
    login_->told += management_failed("item-not-found", handled);
    return go_on_at_login();
  }
  put(management_failed("item-not-found", handled));
}

void stream_session::handled(std::uint32_t count) {
  handled_ = count;
  if (!closed_) answer_request();
}

/// A stanza counts when it is on the disk: until then the answer waits.
void stream_session::answer_request() {
  if (!acknowledge_at_ || static_cast<std::int32_t>(handled_ - *acknowledge_at_) < 0) return;
  acknowledge_at_.reset();
  put(management("a h='" + number(handled_ - counted_from_) + "'"));
}

void stream_session::request_acknowledgement() {
  if (acknowledgement_by_) return;
  acknowledgement_by_ = now_ + settings_->limits.acknowledgement_time;
  put(management("r"));
}

bool stream_session::sender_is_right(const element& e) const {
  if (!e.has("from")) return true;
  const auto from = read_jid(e.get("from"));
  return from && (*from == address_ || *from == address_.bare());
}

/// It counts as handled like any other: the host hears of it.
void stream_session::refuse(const element& e, condition why) {
  if (!is_answer(e)) send(error_reply(e, why));
  push(stream_event::stanza{});
}

void stream_session::on_stanza(element e) {
  // RFC 6120 §8.1.2.1
  if (!sender_is_right(e)) return end(stream_fault::invalid_from);
  ++received_;
  e.set("from", address_.text());
  if (!well_shaped(e)) return refuse(e, condition::bad_request);
  if (e.name == "iq" && e.get("type") == "set" && e.child("session", space::session) != nullptr) {
    // RFC 3921 §3: a stream with a resource has its session.
    send(iq_result(e));
    return push(stream_event::stanza{});
  }
  std::optional<jid> to;
  if (e.has("to")) {
    to = read_jid(e.get("to"));
    if (!to) return refuse(e, condition::jid_malformed);
    e.set("to", to->text());
  }
  push(stream_event::stanza{std::move(e), std::move(to)});
}

void stream_session::send(const stanza_octets& s) {
  if (closed_) return;
  if (at_login()) {
    login_->held.push_back(s);
    login_->held_octets += s->size();
    if (login_->held_octets > settings_->limits.output_octets) end(stream_fault::resource_constraint, "Too much came during the login");
    return;
  }
  put(*s);
  if (closed_ || !managed_) return;
  management_.push(s);
  if (management_.stanzas() > settings_->limits.unacknowledged_stanzas || management_.octets() > settings_->limits.unacknowledged_octets)
    return end(stream_fault::resource_constraint, "Too much is not acknowledged");
  request_acknowledgement();
}

void stream_session::send(const element& e) { send(std::make_shared<const std::string>(xml::to_text(e, space::client))); }

} // namespace rookery::xmpp
