#include "actors/xmpp/c2s_host.hpp"

#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "actors/xmpp/router.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "policy/quiet/quiet_hours.hpp"
#include "protocols/charset/idna.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/disco.hpp"
#include "protocols/xmpp/websocket_wire.hpp"

#include <algorithm>
#include <utility>

namespace rookery::actors {
namespace {

constexpr std::chrono::seconds account_time{30};
/// Of presence and the like for an inactive client; then it is sent all the same.
constexpr std::size_t waiting_max = 500;

} // namespace

c2s_host::c2s_host(node& n, chat_router& router, std::shared_ptr<const xmpp::stream_settings> settings, const connection_facts& facts,
                   std::unique_ptr<xmpp::stream_wire> wire, wire_taker taker)
    : session_host(std::move(settings), facts, n.clock->now(), std::move(wire)), node_(n), router_(router), entry_(n, "xmpp"), taker_(std::move(taker)) {}

std::unique_ptr<net::protocol> make_c2s_host(node& n, chat_router& router, std::shared_ptr<const xmpp::stream_settings> settings,
                                             const connection_facts& facts, std::unique_ptr<xmpp::stream_wire> wire, wire_taker taker) {
  return std::make_unique<c2s_host>(n, router, std::move(settings), facts, std::move(wire), std::move(taker));
}

c2s_host::c2s_host(node& n, chat_router& router, std::shared_ptr<const xmpp::stream_settings> settings, const session_handover& h, xmpp::begun_login b,
                   std::unique_ptr<xmpp::stream_wire> wire)
    : session_host(std::move(settings), h.facts, n.clock->now(), b, h.address, std::move(wire)), node_(n), router_(router), entry_(n, "xmpp"),
      handed_over_(b.proved ? h.account : base::account_id{}) {}

std::unique_ptr<net::protocol> make_c2s_host(node& n, chat_router& router, std::shared_ptr<const xmpp::stream_settings> settings, const session_handover& h) {
  auto begun = xmpp::read_begun_login(h.tag);
  if (!begun) return nullptr;
  auto wire = h.protocol == "xmpp" ? nullptr : std::make_unique<xmpp::websocket_wire>(n.clock->now());
  return std::make_unique<c2s_host>(n, router, std::move(settings), h, std::move(*begun), std::move(wire));
}

std::string stream_features() {
  xml::element caps("c", xmpp::space::caps);
  caps.set("hash", "sha-1").set("node", xmpp::caps_node).set("ver", xmpp::caps_version(xmpp::server_info()));
  return "<ver xmlns='" + std::string(xmpp::space::roster_versions) + "'/><sub xmlns='urn:xmpp:features:pre-approval'/>" + xml::to_text(caps);
}

caf::message_handler c2s_host::messages() {
  return {[this](const deliver_stanza& d) {
            progress_->taken.fetch_add(1, std::memory_order_release);
            take(d);
          },
          [this](const commit_done_ptr& d) { commits_.done(*d); },
          [this](const stanzas_handled&) { session_.handled(handled_->handled()); },
          [this](const end_stream& e) { session_.end(e.why, e.text); },
          [this](const surrender_stream&) {
            leave(false);
            link().abort("another connection resumes the stream");
          },
          [this](const password_changes&) { password_changes_ = true; },
          [this](const password_changed& p) {
            password_changes_ = false;
            own_key_ = p.stored_key;
            if (std::exchange(closed_meanwhile_, false)) close_account();
          },
          [this](const account_closed& c) {
            if (c.quiet) return session_.end(xmpp::stream_fault::policy_violation, quiet::quiet_text);
            if (password_changes_) closed_meanwhile_ = true;
            else close_account();
          },
          [this](const account_changed&) { look_at_mail(); }};
}

void c2s_host::close_account() {
  // It stays with the password that it has set itself.
  const auto now = own_key_.empty() ? nullptr : node_.directory->get()->account(entry_.id());
  if (now && now->address == entry_.account()->address && now->may_log_in() && now->credentials().stored_key == own_key_) return;
  session_.end(xmpp::stream_fault::not_authorized, "The account was closed, or its password changed");
}

void c2s_host::on(xmpp::stream_session::event& e) {
  std::visit([this](auto& what) { handle(what); }, e);
}

void c2s_host::handle(const xmpp::stream_event::start_tls&) { link().start_tls(charset::domain_to_ascii(session_.domain()).value_or(std::string())); }

void c2s_host::handle(const xmpp::stream_event::check_domain& c) { session_.domain_served(router_.serves(c.domain)); }

std::string c2s_host::login_name(std::string_view user) const { return chat_router::login_name(user, session_.domain()); }

std::string c2s_host::authorization(std::string_view authzid) const {
  const auto j = authzid.empty() ? std::nullopt : xmpp::read_jid(authzid);
  return j && !j->local.empty() && j->is_bare() ? chat_router::login_name(j->local, j->domain) : std::string(authzid);
}

void c2s_host::handle(const xmpp::stream_event::find_credentials& q) {
  const auto found = entry_.find(login_name(q.user), q.digest);
  session_.credentials_found(found.credentials, found.known);
}

void c2s_host::handle(const xmpp::stream_event::check_password& q) {
  entry_.check(link(), authorization(q.authzid), login_name(q.user), q.password, [this](login_verdict v) {
    if (v == login_verdict::busy || v == login_verdict::quiet) return session_.refuse_login("temporary-auth-failure");
    session_.password_verified(v != login_verdict::wrong);
  });
}

void c2s_host::handle(const xmpp::stream_event::check_proof& q) {
  auto question = q.question;
  question.authzid = authorization(question.authzid);
  entry_.check(link(), question, [this](login_verdict v) {
    if (v == login_verdict::busy || v == login_verdict::quiet) return session_.refuse_login("temporary-auth-failure");
    session_.proof_judged(v != login_verdict::wrong, entry_.account_checked());
  });
}

void c2s_host::handle(const xmpp::stream_event::authentication_failed& f) {
  if (f.held) entry_.failed(link(), f.user, f.why, [this] { session_.say_failure(); });
}

void c2s_host::handle(const xmpp::stream_event::authenticated& a) {
  const auto taken = std::exchange(handed_over_, {});
  switch (taken.value != 0 ? entry_.admit_handed_over(link(), taken, a.user) : entry_.admit(link(), a.mechanism, authorization(a.authzid), login_name(a.user))) {
  case login_verdict::ok: break;
  case login_verdict::wrong: return session_.refuse_login("invalid-authzid");
  case login_verdict::not_allowed: return session_.refuse_login("account-disabled");
  case login_verdict::quiet:
  case login_verdict::busy: return session_.refuse_login("temporary-auth-failure");
  }
  const auto address = chat_router::address_of(*entry_.account());
  // An account of another domain has its streams there.
  if (address.domain != session_.domain() || !router_.find(address)) {
    entry_.forget();
    return session_.refuse_login("not-authorized");
  }
  if (taken.value == 0 && !at_home(node_, *entry_.account())) {
    const auto account = entry_.account();
    entry_.forget();
    return hand_over(*account);
  }
  if (!entry_.join(link())) return session_.refuse_login("account-disabled");
  by_password_ = a.mechanism.starts_with("SCRAM") || a.mechanism.starts_with("HT-") || a.mechanism == "PLAIN";
  session_.accept_login(address);
}

/// The account is at home on another node: the stream goes on there. A connection that is lost later just ends, so that the client
/// tries to resume.
void c2s_host::hand_over(const routing::account_record& account) {
  const auto relays = relays_of(node_);
  if (!relays || session_.wire_kind().empty()) return session_.refuse_login("temporary-auth-failure");
  session_handover h;
  h.protocol = taker_ ? "xmpp" : session_.wire_kind();
  h.volume = homes_of(node_)->volume_of(account);
  h.account = account.id;
  h.address = account.address;
  h.tag = xmpp::encode(session_.begun()); // as IMAP has there the login that is not answered yet
  h.facts = link().facts();
  session_relays::end_placed place;
  if (taker_) place = [this](std::unique_ptr<net::protocol> end) { taker_(std::move(end), session_.give_up_wire()); };
  relays->give(link(), std::move(h), {}, [this](const std::string&) { session_.refuse_login("temporary-auth-failure"); }, std::move(place));
}

void c2s_host::handle(const xmpp::stream_event::bind_resource& b) {
  auto address = chat_router::address_of(*entry_.account());
  account_ = router_.account(address);
  if (!account_) return session_.refuse_binding(xmpp::condition::not_allowed);
  address.resource = b.resource.empty() ? base::random_token(12) : b.resource;
  // XEP-0386 §3.2.1
  if (!b.tag.empty())
    if (auto tagged = xmpp::normal_resource(b.tag + "/" + address.resource)) address.resource = std::move(*tagged);
  const auto self = caf::actor_cast<caf::actor>(&link());
  handled_->tell(self);
  link().ask<session_bound>(
      account_, account_time, bind_session{self, progress_, address.resource, link().facts().session_id, link().facts().peer_address, b.client_id, b.at_login, b.carbons},
      [this, address](const session_bound& bound) {
        if (bound.session == 0) return session_.refuse_binding(bound.why);
        client_ = bound.session;
        session_.bound(address, bound.archive);
        watch_mail();
      },
      [this] { session_.refuse_binding(xmpp::condition::resource_constraint); });
}

void c2s_host::handle(const xmpp::stream_event::enable_management& e) {
  if (!e.resume) return session_.management_enabled({}, {});
  const auto id = base::random_token(24);
  resumable_ = true;
  link().send(account_, manage_session{client_, id});
  session_.management_enabled(id, std::chrono::seconds(router_.limits(session_.domain()).resume_seconds));
}

void c2s_host::handle(const xmpp::stream_event::resume_stream& r) {
  const auto address = chat_router::address_of(*entry_.account());
  account_ = router_.account(address);
  if (!account_) return session_.refuse_resumption();
  const auto self = caf::actor_cast<caf::actor>(&link());
  link().ask<session_resumed>(
      account_, account_time, resume_session{self, progress_, r.previous, link().facts().session_id, link().facts().peer_address},
      [this, self, address, previous = r.previous](const session_resumed& s) {
        if (s.session == 0 || !s.stream) return session_.refuse_resumption(router_.ended().handled(previous, address));
        client_ = s.session;
        resumable_ = true;
        handled_ = s.stream->handled;
        handled_->tell(self);
        session_.resumed(address.with_resource(s.resource), previous, std::move(s.stream->management), handled_->handled(),
                         s.stream->counted_from);
      },
      [this] { session_.refuse_resumption(); });
}

void c2s_host::handle(xmpp::stream_event::stanza& s) {
  auto receipt = std::make_shared<stanza_receipt>(handled_);
  if (s.what.name.empty()) return;
  link().send(account_, client_stanza{client_, std::make_shared<xmpp::element>(std::move(s.what)), s.to.value_or(xmpp::jid{}), std::move(receipt)});
}

void c2s_host::handle(const xmpp::stream_event::client_state& s) {
  active_ = s.active;
  if (client_ != 0) link().send(account_, client_activity{client_, active_});
  if (active_) flush_waiting();
}

void c2s_host::take(const deliver_stanza& d) {
  if (active_ || !d.can_wait) {
    if (!waiting_.empty()) flush_waiting();
    return session_.send(d.octets);
  }
  if (!d.presence_of.empty())
    std::erase_if(waiting_, [&](const deliver_stanza& w) { return w.presence_of == d.presence_of; });
  waiting_.push_back(d);
  if (waiting_.size() > waiting_max) flush_waiting();
}

void c2s_host::flush_waiting() {
  for (const auto& d : waiting_) session_.send(d.octets);
  waiting_ = std::vector<deliver_stanza>(); // and its memory
}

void c2s_host::handle(const xmpp::stream_event::gone& g) {
  base::log_event(base::severity::debug, "xmpp.ended").text("session", link().facts().session_id).text("why", g.why);
  leave(g.finished);
}

void c2s_host::gone() { leave(false); }

void c2s_host::leave(bool finished) {
  if (left_) return;
  left_ = true;
  entry_.leave();
  if (client_ == 0) return;
  auto management = session_.take_management();
  for (const auto& d : waiting_) management.push(d.octets);
  if (finished || !resumable_) {
    end_session e{client_, {}};
    e.unacknowledged.assign(management.unacknowledged().begin(), management.unacknowledged().end());
    return caf::anon_send(account_, std::move(e));
  }
  auto parked = std::make_shared<parked_stream>();
  parked->management = std::move(management);
  parked->counted_from = session_.counted_from();
  parked->handled = handled_;
  caf::anon_send(account_, park_session{client_, std::move(parked)});
}

} // namespace rookery::actors
