// Headers, features and STARTTLS: RFC 6120 §4.3, §4.7, §5.
#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/xmpp/federation/peer_session.hpp"

namespace rookery::xmpp::federation {

void peer_session::on_header(const xml::root_opened& opened) {
  const auto& root = opened.root;
  if (root.space != space::streams || opened.default_space != space::server) return end(stream_fault::invalid_namespace);
  if (root.name != "stream") return end(stream_fault::bad_format);
  const auto to = normal_domain(root.get("to")), from = normal_domain(root.get("from"));
  if (initiating()) {
    if (!version_fits(root.get("version"))) return give_up("the other server is too old");
    if (root.has("from") && from != between_.theirs) return end(stream_fault::invalid_from);
    id_ = root.get("id");
    if (id_.size() > settings_->limits.key_octets) return end(stream_fault::bad_format);
    state_ = state::features;
    return;
  }
  // RFC 6120 §4.9.3.6: what was wanted stands in the answer also when it is not served.
  wanted_ = {to.value_or(""), from.value_or("")};
  if (!version_fits(root.get("version"))) return end(stream_fault::unsupported_version);
  if (!root.has("to")) return end(stream_fault::improper_addressing);
  if (!to) return end(stream_fault::host_unknown);
  if (root.has("from") && !from) return end(stream_fault::invalid_from);
  if (authenticated_ && (wanted_.ours != between_.ours || (from && *from != between_.theirs))) return end(stream_fault::invalid_from);
  if (authenticated_) return domain_checked({});
  between_ = {};
  ask(peer_event::check_domain{wanted_});
}

void peer_session::domain_checked(std::optional<stream_fault> fault, std::string_view text) {
  if (closed_) return;
  asking_ = false;
  if (fault) return end(*fault, text);
  if (!authenticated_) between_ = wanted_;
  write_header();
  write_features();
  state_ = state::negotiating;
  if (authenticated_) push(peer_event::proved{between_, "EXTERNAL", both_});
}

void peer_session::write_features() {
  std::string text = "<stream:features>";
  if (!facts_.tls && settings_->starttls_available)
    text.append("<starttls xmlns='").append(space::tls).append(settings_->tls_required ? "'><required/></starttls>" : "'/>");
  if (may_prove()) {
    if (!authenticated_) {
      if (!between_.theirs.empty() && certificate_is_of(between_.theirs))
        text.append("<mechanisms xmlns='").append(space::sasl).append("'><mechanism>EXTERNAL</mechanism></mechanisms>");
      text.append("<bidi xmlns='").append(space::bidi_feature).append("'/>");
    }
    if (settings_->dialback) text.append("<dialback xmlns='").append(space::dialback_feature).append("'><errors/></dialback>");
    // Who proves himself by dialback sees no later features.
    if (settings_->dialback || authenticated_) text.append("<sm xmlns='").append(space::stream_management).append("'/>");
  }
  // XEP-0478
  text += "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>";
  base::append_number(text, settings_->limits.stanza_octets);
  text += "</max-bytes><idle-seconds>";
  base::append_number(text, static_cast<std::uint64_t>(settings_->limits.idle_time.count()));
  put(text + "</idle-seconds></limits></stream:features>");
}

void peer_session::on_features(const element& f) {
  management_offered_ = f.child("sm", space::stream_management) != nullptr;
  if (authenticated_) return begin_ready("EXTERNAL");
  if (!facts_.tls && f.child("starttls", space::tls) != nullptr) {
    state_ = state::starting_tls;
    return put("<starttls xmlns='" + std::string(space::tls) + "'/>");
  }
  if (!may_prove()) return give_up("the other server offers no TLS");
  if (!settings_->dialback && !certificate_is_of(between_.theirs)) {
    const auto& shown = facts_.tls_server;
    return give_up("the other server has no certificate for its domain" + (shown && !shown->fault.empty() ? ": " + shown->fault : std::string()));
  }
  if (errand_->key_id) {
    state_ = state::verifying;
    return on_verify({});
  }
  both_offered_ = f.child("bidi", space::bidi_feature) != nullptr;
  if (both_offered_) {
    both_ = true;
    put("<bidi xmlns='" + std::string(space::bidi) + "'/>");
  }
  const auto* mechanisms = f.child("mechanisms", space::sasl);
  bool external = false;
  if (mechanisms != nullptr)
    for (const auto* m : mechanisms->elements("mechanism", space::sasl)) external = external || m->text() == "EXTERNAL";
  if (external && facts_.tls) return authenticate();
  dial_back();
}

void peer_session::on_starttls(const element& e) {
  if (initiating()) {
    if (state_ != state::starting_tls) return end(stream_fault::unsupported_stanza_type);
    if (e.name != "proceed") return finish(true, "the other server does not begin TLS");
    wire_.drop_input();
    return ask(peer_event::start_tls{});
  }
  if (e.name != "starttls" || facts_.tls || !settings_->starttls_available || settled()) {
    // RFC 6120 §5.4.2.2
    put("<failure xmlns='" + std::string(space::tls) + "'/>");
    if (!closed_) wire_.close();
    return finish(true, "STARTTLS where it is not offered");
  }
  put("<proceed xmlns='" + std::string(space::tls) + "'/>");
  // What came in the same breath was not protected.
  wire_.drop_input();
  ask(peer_event::start_tls{});
}

void peer_session::tls_started(const connection_facts& facts, base::instant now) {
  facts_ = facts;
  now_ = now;
  asking_ = false;
  if (closed_) return;
  // RFC 6120 §5.4.3.3: what was learned before TLS is forgotten.
  wire_.drop_input();
  both_ = false;
  open_keys_.clear();
  if (!initiating()) between_ = wanted_ = {};
  restart();
}

void peer_session::give_up(std::string_view why, condition says) {
  if (closed_) return;
  wire_.close();
  finish(true, why, says);
}

} // namespace rookery::xmpp::federation
