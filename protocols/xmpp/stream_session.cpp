#include "protocols/xmpp/stream_session.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/xml/writer.hpp"

#include <algorithm>
#include <utility>

namespace rookery::xmpp {

stream_session::stream_session(std::shared_ptr<const stream_settings> settings, connection_facts facts, base::instant now,
                               std::unique_ptr<stream_wire> wire)
    : settings_(std::move(settings)), facts_(std::move(facts)), now_(now), login_by_(now + settings_->limits.login_time),
      last_word_(now), wire_(wire ? std::move(wire) : std::make_unique<xml_wire>()),
      pace_(settings_->limits.octets_a_second, settings_->limits.burst_octets, now) {
  restart();
}

void stream_session::feed(base::const_bytes in, base::instant now) {
  now_ = now;
  if (closed_) return;
  pace_.refill(now);
  if (!in.empty()) {
    last_word_ = now;
    nudged_ = false;
  }
  wire_->feed(in, now);
}

void stream_session::tick(base::instant now) {
  now_ = now;
  wire_->tick(now);
  if (events_.empty()) events_ = {}; // and their memory
  if (closed_) return;
  pace_.refill(now);
  if (state_ != state::bound) {
    if (now >= login_by_) end(stream_fault::connection_timeout, "No login in time");
    return;
  }
  if (acknowledgement_by_ && now >= *acknowledgement_by_) return finish(false, "no acknowledgement in time");
  if (nudged_ || now < last_word_ + settings_->limits.idle_time) return;
  nudged_ = true;
  if (managed_)
    request_acknowledgement();
  else
    wire_->nudge();
}

std::optional<base::instant> stream_session::deadline() const noexcept {
  if (closed_) return wire_->deadline();
  auto next = state_ == state::bound ? base::instant::max() : login_by_;
  if (acknowledgement_by_) next = std::min(next, *acknowledgement_by_);
  if (const auto of_wire = wire_->deadline()) next = std::min(next, *of_wire);
  if (state_ == state::bound && !nudged_) next = std::min(next, last_word_ + settings_->limits.idle_time);
  if (const auto paced = pace_.until()) next = std::min(next, *paced);
  return next == base::instant::max() ? std::nullopt : std::optional(next);
}

bool stream_session::wants_input() const noexcept {
  if (closed_ || pace_.throttled() || wire_->waiting() >= settings_->limits.input_octets) return false;
  return outstanding() < settings_->limits.unhandled_stanzas;
}

std::optional<stream_session::event> stream_session::next_event() {
  while (events_.empty() && step()) {}
  if (events_.empty()) return {};
  auto e = std::move(events_.front());
  events_.erase(events_.begin());
  return e;
}

bool stream_session::step() {
  if (closed_ || asking_ || pace_.throttled() || outstanding() >= settings_->limits.unhandled_stanzas) return false;
  auto piece = wire_->read();
  pace_.spend(piece.used, piece.what.has_value());
  if (piece.what) read(std::move(*piece.what));
  if (wire_->over()) finish(false, "the peer left");
  return piece.what || piece.used > 0;
}

std::unique_ptr<stream_wire> stream_session::give_up_wire() {
  closed_ = true;
  return std::exchange(wire_, std::make_unique<xml_wire>());
}

void stream_session::read(xml::reading what) {
  if (auto* opened = std::get_if<xml::root_opened>(&what)) return on_header(*opened);
  if (auto* child = std::get_if<xml::child_read>(&what)) return on_element(std::move(child->child));
  if (auto* fault = std::get_if<xml::fault>(&what)) return on_fault(*fault);
  if (!header_sent_) write_header();
  wire_->close();
  finish(true, "closed by the client");
}

void stream_session::on_fault(xml::fault f) { end(fault_of(f), f == xml::fault::over_limit ? "Too large or too deep" : ""); }

/// A new stream on the same connection (RFC 6120 §4.3.3); what the client pipelined stays.
void stream_session::restart() {
  auto bounds = settings_->limits.xml;
  bounds.stanza_octets = authenticated_ ? settings_->limits.stanza_octets : settings_->limits.login_octets;
  bounds.tag_octets = std::min(bounds.tag_octets, bounds.stanza_octets);
  wire_->restart(bounds);
  state_ = state::header;
  header_sent_ = false;
}

void stream_session::write_header() {
  header_sent_ = true;
  ++streams_;
  std::string id = facts_.session_id + '-';
  base::append_number(id, streams_);
  wire_->open(id, domain_.empty() ? login_->wanted_domain : domain_);
}

void stream_session::on_header(const xml::root_opened& opened) {
  const auto& root = opened.root;
  // Only BOSH can say it then (XEP-0206 §5): what a login needs is gone.
  if (state_ == state::bound) return end(stream_fault::policy_violation, "No stream begins anew once a resource is bound");
  if (root.space != space::streams || opened.default_space != space::client) return end(stream_fault::invalid_namespace);
  if (root.name != "stream") return end(stream_fault::bad_format);
  const auto to = normal_domain(root.get("to"));
  // RFC 6120 §4.9.3.6: what the client wanted stands in the answer also when it is not served.
  if (to) login_->wanted_domain = *to;
  login_->expected = root.has("from") ? read_jid(root.get("from")) : std::nullopt;
  if (!version_fits(root.get("version"))) return end(stream_fault::unsupported_version);
  if (!root.has("to")) return end(stream_fault::improper_addressing);
  if (!to || (authenticated_ && *to != domain_)) return end(stream_fault::host_unknown);
  if (*to == domain_) return domain_served(true);
  domain_.clear();
  ask(stream_event::check_domain{*to});
}

void stream_session::domain_served(bool served) {
  if (closed_) return;
  asking_ = false;
  if (!served) return end(stream_fault::host_unknown);
  domain_ = login_->wanted_domain;
  write_header();
  write_features();
  state_ = authenticated_ ? state::logged_in : state::negotiating;
}

void stream_session::write_features() {
  std::string text = "<stream:features>";
  if (!authenticated_) {
    if (settings_->starttls_available && !facts_.tls)
      text.append("<starttls xmlns='").append(space::tls).append(facts_.secure() ? "'/>" : "'><required/></starttls>");
    text += offered_mechanisms();
    if (takes_registrations()) text.append("<register xmlns='").append(space::registration_feature).append("'/>");
  } else {
    if (state_ != state::bound) {
      text.append("<bind xmlns='").append(space::bind).append("'/>");
      text.append("<session xmlns='").append(space::session).append("'><optional/></session>");
    }
    text.append("<sm xmlns='").append(space::stream_management).append("'/>");
    text.append("<csi xmlns='").append(space::client_state).append("'/>");
    text += settings_->features;
  }
  // XEP-0478
  text += "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>";
  base::append_number(text, authenticated_ ? settings_->limits.stanza_octets : settings_->limits.login_octets);
  put(text + "</max-bytes></limits></stream:features>");
}

void stream_session::tls_started(const connection_facts& facts, base::instant now) {
  facts_ = facts;
  now_ = now;
  asking_ = false;
  // RFC 6120 §5.4.3.3: what was learned before TLS is forgotten.
  wire_->drop_input();
  domain_.clear();
  login_->wanted_domain.clear();
  restart();
}

void stream_session::on_element(element e) {
  if (e.space == space::streams && e.name == "error") return finish(true, "the client said an error");
  switch (state_) {
  case state::negotiating:
    if (e.is("starttls", space::tls)) return on_starttls();
    if (e.is("auth", space::sasl)) return on_auth(e);
    if (e.is("authenticate", space::sasl2) && settings_->sasl2) return on_authenticate(e);
    if (kind_of(e) == stanza_kind::iq && e.child("query", space::registration) != nullptr) return on_registration(e);
    break;
  case state::exchanging:
    if (e.space == (login_->wishes ? space::sasl2 : space::sasl)) return on_sasl(e);
    break;
  case state::logged_in:
    if (e.space == space::stream_management) return on_management(e);
    if (kind_of(e) == stanza_kind::iq && e.child("bind", space::bind) != nullptr) return on_bind(e);
    break;
  case state::bound:
    if (e.space == space::stream_management) return on_management(e);
    if (e.is("active", space::client_state)) return push(stream_event::client_state{true});
    if (e.is("inactive", space::client_state)) return push(stream_event::client_state{false});
    if (kind_of(e)) return on_stanza(std::move(e));
    return end(stream_fault::unsupported_stanza_type);
  default: break;
  }
  // RFC 6120 §4.9.3.12, §7.1
  end(kind_of(e) || e.space == space::sasl || e.space == space::sasl2 ? stream_fault::not_authorized : stream_fault::unsupported_stanza_type);
}

void stream_session::ask(event e) {
  asking_ = true;
  push(std::move(e));
}

void stream_session::put(std::string_view octets) {
  if (!closed_ && has_room(octets.size())) wire_->put(octets);
}

bool stream_session::has_room(std::size_t octets) {
  if (wire_->pending() + octets <= settings_->limits.output_octets) return true;
  wire_->drop_output();
  finish(true, "the client does not read");
  return false;
}

void stream_session::put(const element& e) { put(xml::to_text(e, space::client)); }

void stream_session::end(stream_fault f, std::string_view text) {
  if (closed_) return;
  if (!header_sent_) write_header();
  put(stream_error(f, text));
  if (!closed_) wire_->close();
  finish(true, name(f));
}

void stream_session::finish(bool finished, std::string_view why) {
  if (closed_) return;
  closed_ = true;
  asking_ = false;
  state_ = state::ended;
  wire_->drop_input();
  // What came while the login was not complete goes the way of what was not acknowledged.
  if (login_)
    for (auto& s : std::exchange(login_->held, {})) management_.push(std::move(s));
  events_.clear();
  push(stream_event::gone{finished, std::string(why)});
}

} // namespace rookery::xmpp
