#include "actors/xmpp/federation/peer_host.hpp"

#include "actors/xmpp/router.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "protocols/charset/idna.hpp"

namespace rookery::actors {
namespace {

using xmpp::federation::domain_pair;
using xmpp::federation::key_verdict;
namespace peer_event = xmpp::federation::peer_event;

base::counter& stanzas_counter(bool in) {
  static auto& from = base::counter_named("rookery_federation_stanzas_total", "direction=\"in\"", "Stanzas from and to other servers");
  static auto& to = base::counter_named("rookery_federation_stanzas_total", "direction=\"out\"", "Stanzas from and to other servers");
  return in ? from : to;
}

base::gauge& open_streams() {
  static auto& g = base::gauge_named("rookery_federation_streams", "", "Streams from and to other servers");
  return g;
}

} // namespace

peer_host::peer_host(peer_service& service, std::shared_ptr<const xmpp::federation::peer_settings> settings, const connection_facts& facts,
                     std::uint64_t number, std::optional<xmpp::federation::peer_errand> errand)
    : session_host(std::move(settings), facts, service.of().clock->now(), errand), service_(service), number_(number),
      errand_domain_(errand ? errand->between.theirs : std::string()) {
  auto& f = record_->facts;
  f.number = number_;
  f.session = facts.session_id;
  f.peer_address = facts.peer_address;
  f.outgoing = errand.has_value();
  if (errand) f.between = errand->between;
  f.since = service_.of().clock->wall();
}

void peer_host::begin(net::connection& c) {
  session_host::begin(c);
  record_->connection = self();
  handled_->tell(self());
  service_.put(record_);
  open_streams().add(1);
}

caf::message_handler peer_host::messages() {
  return {[this](const carry_stanza& c) {
            // What is not taken goes over another stream.
            if (session_.closed()) return;
            session_.send(c.octets);
            if (session_.closed()) return;
            c.progress->taken.fetch_add(1, std::memory_order_release);
            if (session_.managed()) unacknowledged_.push_back(c.progress);
            else c.progress->arrived.fetch_add(1, std::memory_order_release);
            record_->out.fetch_add(1, std::memory_order_relaxed);
            stanzas_counter(false).add();
          },
          [this](const stanzas_handled&) { session_.handled(handled_->handled()); },
          [this](const close_stream& c) { session_.close(c.why); },
          [this](const key_answer& a) { session_.key_checked(a.between, a.what); }};
}

void peer_host::on(xmpp::federation::peer_session::event& e) {
  std::visit([this](auto& what) { handle(what); }, e);
}

void peer_host::handle(const peer_event::start_tls&) {
  // Some servers name nobody in the handshake: then it is whom their stream is to.
  link().start_tls(session_.initiating() ? std::string() : charset::domain_to_ascii(session_.between().ours).value_or(std::string()));
}

void peer_host::handle(const peer_event::check_domain& c) {
  const auto refused = service_.look(c.between);
  service_.change(record_, [&](peer_stream& f) {
    f.between = c.between;
    f.tls = session_.facts().tls_version;
  });
  if (refused) return session_.domain_checked(refused->what, refused->text);
  session_.domain_checked({});
}

void peer_host::handle(const peer_event::check_key& k) {
  if (const auto refused = service_.look(k.between))
    return session_.key_checked(k.between, refused->what == xmpp::stream_fault::host_unknown ? key_verdict::unknown : key_verdict::refused);
  const auto whom = service_.remote(k.between.theirs);
  if (!whom) return session_.key_checked(k.between, key_verdict::unreachable);
  link().send(whom, ask_key{k.between, k.id, k.key, self()});
}

void peer_host::note(std::string_view how) {
  const auto& pair = session_.between();
  service_.change(record_, [&](peer_stream& f) {
    f.how = how;
    f.tls = session_.facts().tls_version;
    f.both_ways = session_.both_ways();
  });
  base::log_event(base::severity::info, "federation.open")
      .text("session", link().facts().session_id).text("domain", pair.theirs).text("ours", pair.ours).text("peer", link().facts().peer_address)
      .text("proof", how).text("tls", session_.facts().tls_version).flag("outgoing", record_->facts.outgoing).flag("both_ways", session_.both_ways());
}

/// Its actor may send stanzas over this stream.
void peer_host::offer(const domain_pair& p) {
  const auto whom = service_.remote(p.theirs);
  if (!whom) return;
  told_.insert(p.theirs);
  link().send(whom, peer_ready{number_, self(), p.ours});
}

void peer_host::handle(const peer_event::proved& p) {
  note(p.how);
  if (p.both) offer(p.between);
}

void peer_host::handle(const peer_event::ready& r) {
  note(r.how);
  offer(session_.between());
}

void peer_host::handle(const peer_event::key_judged& k) {
  if (const auto whom = service_.remote(errand_domain_)) link().send(whom, key_verdict_seen{number_, k.what});
}

void peer_host::handle(peer_event::stanza& s) {
  auto receipt = std::make_shared<stanza_receipt>(handled_);
  record_->in.fetch_add(1, std::memory_order_relaxed);
  stanzas_counter(true).add();
  auto& router = service_.router();
  // Nobody sends through us from outside to outside.
  if (!router.is_ours(s.to.domain)) return session_.end(xmpp::stream_fault::host_unknown);
  routed_stanza r;
  r.what = std::make_shared<const xmpp::element>(std::move(s.what));
  r.from = std::move(s.from);
  r.to = std::move(s.to);
  r.receipt = std::move(receipt);
  if (s.wrong) return router.refuse(r, *s.wrong);
  router.route(std::move(r));
}

void peer_host::handle(const peer_event::acknowledged& a) {
  static auto& acknowledged = base::counter_named("rookery_federation_acknowledged_total", "", "Stanzas that other servers have acknowledged");
  acknowledged.add(a.stanzas);
  for (auto n = a.stanzas; n > 0; --n) {
    unacknowledged_.front()->arrived.fetch_add(1, std::memory_order_release);
    unacknowledged_.pop_front();
  }
}

void peer_host::handle(const peer_event::gone& g) {
  why_ = g.why;
  leave(g.why, g.says);
}

void peer_host::gone() { leave(why_.empty() ? "the connection was lost" : why_, xmpp::condition::remote_server_timeout); }

void peer_host::leave(std::string_view why, xmpp::condition says) {
  if (std::exchange(left_, true)) return;
  open_streams().add(-1);
  service_.erase(number_);
  base::log_event(base::severity::info, "federation.ended")
      .text("session", link().facts().session_id).text("domain", session_.between().theirs).text("ours", session_.between().ours).text("why", why)
      .number("in", static_cast<std::int64_t>(record_->in.load())).number("out", static_cast<std::int64_t>(record_->out.load()));
  if (!errand_domain_.empty()) told_.insert(errand_domain_);
  for (const auto& domain : told_)
    if (const auto whom = service_.remote(domain)) caf::anon_send(whom, peer_gone{number_, std::string(why), says});
  record_->connection = {};
}

} // namespace rookery::actors
