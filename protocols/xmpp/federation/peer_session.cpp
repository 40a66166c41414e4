#include "protocols/xmpp/federation/peer_session.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/xml/writer.hpp"

#include <algorithm>
#include <utility>

namespace rookery::xmpp::federation {
namespace {

/// From the one namespace into the other, as far down as it is that of the stanza.
void adopt(element& e) {
  if (e.space != space::server) return;
  e.space = space::client;
  for (auto& c : e.children)
    if (!c.is_text()) adopt(c.inner());
}

} // namespace

peer_session::peer_session(std::shared_ptr<const peer_settings> settings, connection_facts facts, base::instant now, std::optional<peer_errand> errand)
    : settings_(std::move(settings)), facts_(std::move(facts)), now_(now), setup_by_(now + settings_->limits.setup_time), last_stanza_(now),
      errand_(std::move(errand)), pace_(settings_->limits.octets_a_second, settings_->limits.burst_octets, now) {
  if (errand_) between_ = errand_->between;
  restart();
}

void peer_session::feed(base::const_bytes in, base::instant now) {
  now_ = now;
  if (closed_) return;
  pace_.refill(now);
  wire_.feed(in, now);
}

void peer_session::tick(base::instant now) {
  now_ = now;
  if (closed_) return;
  pace_.refill(now);
  if (!settled()) {
    if (now >= setup_by_) end(stream_fault::connection_timeout, "No proof of a domain in time");
    return;
  }
  if (acknowledgement_by_ && now >= *acknowledgement_by_) return end(stream_fault::connection_timeout, "No acknowledgement in time");
  if (now >= last_stanza_ + settings_->limits.idle_time) close("idle");
}

std::optional<base::instant> peer_session::deadline() const noexcept {
  if (closed_) return {};
  auto next = settled() ? last_stanza_ + settings_->limits.idle_time : setup_by_;
  if (acknowledgement_by_) next = std::min(next, *acknowledgement_by_);
  if (const auto paced = pace_.until()) next = std::min(next, *paced);
  return next;
}

bool peer_session::wants_input() const noexcept {
  if (closed_ || pace_.throttled() || wire_.waiting() >= settings_->limits.input_octets) return false;
  return outstanding() < settings_->limits.unhandled_stanzas;
}

std::optional<peer_session::event> peer_session::next_event() {
  while (events_.empty() && step()) {}
  if (events_.empty()) return {};
  auto e = std::move(events_.front());
  events_.pop_front();
  return e;
}

bool peer_session::step() {
  if (closed_ || asking_ || pace_.throttled() || outstanding() >= settings_->limits.unhandled_stanzas) return false;
  auto piece = wire_.read();
  pace_.spend(piece.used, piece.what.has_value());
  if (piece.what) read(std::move(*piece.what));
  return piece.what || piece.used > 0;
}

void peer_session::read(xml::reading what) {
  if (auto* opened = std::get_if<xml::root_opened>(&what)) return on_header(*opened);
  if (auto* child = std::get_if<xml::child_read>(&what)) return on_element(std::move(child->child));
  if (auto* fault = std::get_if<xml::fault>(&what)) return end(fault_of(*fault), *fault == xml::fault::over_limit ? "Too large or too deep" : "");
  if (!header_sent_) write_header();
  acknowledge_all();
  if (closed_) return;
  wire_.close();
  finish(true, "closed by the other server");
}

void peer_session::on_element(element e) {
  if (e.is("error", space::streams)) {
    const auto* what = e.first();
    const bool nobody = what != nullptr && (what->name == name(stream_fault::host_unknown) || what->name == name(stream_fault::host_gone));
    const auto why = "the other server said " + (what != nullptr ? what->name : std::string("an error"));
    return finish(true, why, nobody ? condition::remote_server_not_found : condition::remote_server_timeout);
  }
  if (e.is("features", space::streams)) {
    if (state_ != state::features) return end(stream_fault::unsupported_stanza_type);
    return on_features(e);
  }
  if (e.space == space::tls) return on_starttls(e);
  if (e.space == space::sasl) return on_sasl(e);
  if (e.is("result", space::dialback)) return on_result(e);
  if (e.is("verify", space::dialback)) return on_verify(e);
  if (e.is("bidi", space::bidi)) {
    // XEP-0288 §2.2: before any domain is proved.
    if (initiating() || settled() || !open_keys_.empty() || !may_prove()) return end(stream_fault::policy_violation, "bidi comes too late or too early");
    both_ = true;
    return;
  }
  if (e.space == space::stream_management) return on_management(e);
  if (e.space == space::server && (e.name == "message" || e.name == "presence" || e.name == "iq")) return on_stanza(std::move(e));
  end(stream_fault::unsupported_stanza_type);
}

void peer_session::on_stanza(element e) {
  if (!settled() || (initiating() && !both_)) return end(stream_fault::not_authorized, "No domain was proved");
  auto from = read_jid(e.get("from")), to = read_jid(e.get("to"));
  if (!from || !to) return end(stream_fault::improper_addressing);
  const bool right = initiating() ? from->domain == between_.theirs && to->domain == between_.ours
                                  : proved_.count(from->domain) != 0 || pairs_.count({to->domain, from->domain}) != 0;
  if (!right) return end(stream_fault::invalid_from); // RFC 6120 §4.9.3.9
  last_stanza_ = now_;
  ++received_;
  adopt(e);
  e.set("from", from->text()).set("to", to->text());
  const auto wrong = well_shaped(e) ? std::optional<condition>() : condition::bad_request;
  push(peer_event::stanza{std::move(e), std::move(*from), std::move(*to), wrong});
}

/// A new stream on the same connection (RFC 6120 §4.3.3).
void peer_session::restart() {
  auto bounds = settings_->limits.xml;
  // Who proves himself by dialback goes on with the stream that he has.
  const bool far = initiating() || settled() || (settings_->dialback && may_prove());
  bounds.stanza_octets = far ? settings_->limits.stanza_octets : settings_->limits.early_octets;
  bounds.tag_octets = std::min(bounds.tag_octets, bounds.stanza_octets);
  wire_.restart(bounds);
  state_ = state::header;
  header_sent_ = false;
  if (initiating()) write_header();
}

void peer_session::write_header() {
  header_sent_ = true;
  std::string text = "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'"
                     " xmlns:db='jabber:server:dialback' version='1.0' xml:lang='en'";
  const auto& ours = between_.ours.empty() ? wanted_.ours : between_.ours;
  const auto& theirs = between_.theirs.empty() ? wanted_.theirs : between_.theirs;
  if (!ours.empty()) text.append(" from='").append(xml::escaped(ours)).append("'");
  if (!theirs.empty()) text.append(" to='").append(xml::escaped(theirs)).append("'");
  if (!initiating()) {
    ++streams_;
    id_ = facts_.nonce + facts_.session_id + '-';
    base::append_number(id_, streams_);
    text.append(" id='").append(xml::escaped(id_)).append("'");
  }
  put(text + ">");
}

void peer_session::ask(event e) {
  asking_ = true;
  push(std::move(e));
}

void peer_session::put(std::string_view octets) {
  if (closed_) return;
  if (wire_.pending() + octets.size() <= settings_->limits.output_octets) return wire_.put(octets);
  wire_.drop_output();
  finish(false, "the other server does not read");
}

void peer_session::send(const stanza_octets& s) {
  if (closed_) return;
  base::check(initiating() ? state_ == state::ready : both_ && settled(), "stanzas may go");
  last_stanza_ = now_;
  put(*s);
  if (!closed_ && managed_) count_sent();
}

void peer_session::end(stream_fault f, std::string_view text) {
  if (closed_) return;
  if (!header_sent_) write_header();
  acknowledge_all();
  put(stream_error(f, text));
  if (closed_) return;
  wire_.close();
  finish(true, name(f));
}

void peer_session::close(std::string_view why) {
  if (closed_) return;
  if (!header_sent_) write_header();
  acknowledge_all();
  if (closed_) return;
  wire_.close();
  finish(true, why);
}

void peer_session::finish(bool finished, std::string_view why, condition says) {
  if (closed_) return;
  closed_ = true;
  asking_ = false;
  state_ = state::ended;
  wire_.drop_input();
  push(peer_event::gone{finished, std::string(why), says});
}

} // namespace rookery::xmpp::federation
