// How a server proves that a domain is its own: SASL EXTERNAL (XEP-0178) and dialback (XEP-0220).
#include "protocols/encoding/base64.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/federation/certificate_identity.hpp"
#include "protocols/xmpp/federation/dialback.hpp"
#include "protocols/xmpp/federation/peer_session.hpp"

namespace rookery::xmpp::federation {
namespace {

/// An element of dialback, both domains in it.
std::string said(std::string_view what, const domain_pair& p, std::string_view more, std::string_view content) {
  std::string text = "<db:" + std::string(what) + " from='" + xml::escaped(p.ours) + "' to='" + xml::escaped(p.theirs) + "'";
  text.append(more);
  if (content.empty()) return text + "/>";
  return text.append(">").append(content).append("</db:").append(what).append(">");
}

std::string type_of(key_verdict v) {
  switch (v) {
  case key_verdict::valid: return " type='valid'";
  case key_verdict::invalid: return " type='invalid'";
  default: return " type='error'";
  }
}

/// XEP-0220 §2.5
std::string error_of(key_verdict v) {
  condition what{};
  switch (v) {
  case key_verdict::valid:
  case key_verdict::invalid: return {};
  case key_verdict::unknown: what = condition::item_not_found; break;
  case key_verdict::refused: what = condition::policy_violation; break;
  case key_verdict::unreachable: what = condition::remote_server_timeout; break;
  }
  return xml::to_text(error_element(what, {}, "cancel", space::server), space::server);
}

/// The domains that an element of dialback names; nothing when it names none.
std::optional<domain_pair> pair_of(const element& e) {
  auto ours = normal_domain(e.get("to")), theirs = normal_domain(e.get("from"));
  if (!ours || !theirs) return {};
  return domain_pair{std::move(*ours), std::move(*theirs)};
}

} // namespace

bool peer_session::certificate_is_of(std::string_view domain) const {
  const auto& shown = initiating() ? facts_.tls_server : facts_.tls_client;
  return facts_.tls && shown && shown->trusted && speaks_for(*shown, domain);
}

// EXTERNAL.

void peer_session::authenticate() {
  external_tried_ = true;
  state_ = state::authenticating;
  put("<auth xmlns='" + std::string(space::sasl) + "' mechanism='EXTERNAL'>" + encoding::base64_encode(between_.ours) + "</auth>");
}

void peer_session::on_sasl(const element& e) {
  if (initiating()) {
    if (state_ != state::authenticating) return end(stream_fault::unsupported_stanza_type);
    if (e.name == "success") {
      authenticated_ = true;
      return restart();
    }
    if (e.name == "challenge") return put("<response xmlns='" + std::string(space::sasl) + "'>" + encoding::base64_encode(between_.ours) + "</response>");
    if (e.name == "failure") return dial_back();
    return end(stream_fault::unsupported_stanza_type);
  }
  if (e.name != "auth" || state_ != state::negotiating || authenticated_) return end(stream_fault::not_authorized);
  if (e.get("mechanism") != "EXTERNAL") return refuse_proof("invalid-mechanism");
  const auto text = e.text();
  std::string named = between_.theirs;
  if (!text.empty() && text != "=") {
    const auto octets = encoding::base64_decode(text);
    if (!octets) return refuse_proof("incorrect-encoding");
    const auto domain = normal_domain(*octets);
    // XEP-0178 §3: who named himself in the header is no other now.
    if (!domain || (!between_.theirs.empty() && *domain != between_.theirs)) return refuse_proof("invalid-authzid");
    named = *domain;
  }
  // A domain that the header does not name has not been looked at by the host.
  if (between_.theirs.empty() || !certificate_is_of(named)) return refuse_proof("not-authorized");
  proved_.insert(named);
  authenticated_ = true;
  put("<success xmlns='" + std::string(space::sasl) + "'/>");
  last_stanza_ = now_;
  restart(); // it is told when the new stream has begun: nothing goes between the two
}

void peer_session::refuse_proof(std::string_view failure) {
  put("<failure xmlns='" + std::string(space::sasl) + "'><" + std::string(failure) + "/></failure>");
  if (++failures_ >= settings_->limits.failures) end(stream_fault::policy_violation, "Too many failed proofs");
}

// Dialback.

void peer_session::dial_back() {
  if (!settings_->dialback) return give_up(external_tried_ ? "the other server does not take our certificate" : "the other server takes no certificates");
  state_ = state::dialing_back;
  put(said("result", between_, {}, dialback_key(settings_->secret, between_.theirs, between_.ours, id_)));
}

/// `<db:result>`: a key that is to be checked, or what became of ours.
void peer_session::on_result(const element& e) {
  const auto p = pair_of(e);
  if (!p) return end(stream_fault::improper_addressing);
  if (e.has("type")) {
    if (!initiating() || state_ != state::dialing_back || *p != between_) return end(stream_fault::unsupported_stanza_type);
    if (e.get("type") == "valid") return begin_ready("dialback");
    return give_up("the other server does not believe our key: " + std::string(e.get("type")));
  }
  if (initiating()) return end(stream_fault::unsupported_stanza_type);
  if (state_ != state::negotiating || !may_prove()) return end(stream_fault::policy_violation, "TLS comes first");
  const auto key = e.text();
  if (key.empty() || key.size() > settings_->limits.key_octets) return end(stream_fault::bad_format);
  if (!settings_->dialback) {
    put(said("result", *p, type_of(key_verdict::refused), error_of(key_verdict::refused)));
    if (++failures_ >= settings_->limits.failures) end(stream_fault::policy_violation, "Too many failed proofs");
    return;
  }
  if (open_keys_.count(*p) != 0) return;
  if (open_keys_.size() >= settings_->limits.open_keys || pairs_.size() >= settings_->limits.pairs)
    return end(stream_fault::policy_violation, "Too many domains on one stream");
  open_keys_.insert(*p);
  push(peer_event::check_key{*p, id_, key});
}

void peer_session::key_checked(const domain_pair& p, key_verdict v) {
  if (closed_ || open_keys_.erase(p) == 0) return;
  put(said("result", p, type_of(v), error_of(v)));
  if (v == key_verdict::valid) {
    pairs_.insert(p);
    last_stanza_ = now_;
    return push(peer_event::proved{p, "dialback", both_});
  }
  // XEP-0220 §2.4: a wrong key ends the stream; with an error others may still be shown.
  if (v == key_verdict::invalid) return give_up("the key is wrong");
  if (++failures_ >= settings_->limits.failures) end(stream_fault::policy_violation, "Too many failed proofs");
}

/// `<db:verify>`: a question about a key of ours, or the answer to our own; of no element: our question is sent.
void peer_session::on_verify(const element& e) {
  if (e.name.empty()) return put(said("verify", between_, " id='" + xml::escaped(*errand_->key_id) + "'", xml::escaped(errand_->key)));
  const auto p = pair_of(e);
  if (!p) return end(stream_fault::improper_addressing);
  if (e.has("type")) {
    if (state_ != state::verifying || *p != between_ || e.get("id") != *errand_->key_id) return end(stream_fault::unsupported_stanza_type);
    const auto type = e.get("type");
    push(peer_event::key_judged{type == "valid" ? key_verdict::valid : type == "invalid" ? key_verdict::invalid : key_verdict::unreachable});
    return give_up("the key was judged");
  }
  if (!may_prove()) return end(stream_fault::policy_violation, "TLS comes first");
  const auto id = e.get("id");
  if (id.empty() || id.size() > settings_->limits.key_octets) return end(stream_fault::bad_format);
  const bool right = settings_->dialback && is_dialback_key(e.text(), settings_->secret, p->theirs, p->ours, id);
  put(said("verify", *p, " id='" + xml::escaped(id) + "'" + type_of(right ? key_verdict::valid : key_verdict::invalid), {}));
}

void peer_session::begin_ready(std::string_view how) {
  state_ = state::ready;
  last_stanza_ = now_;
  if (management_offered_) begin_management();
  push(peer_event::ready{how, both_});
}

} // namespace rookery::xmpp::federation
