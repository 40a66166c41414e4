#include "actors/queue/delivery_host.hpp"

#include "actors/system/held_session.hpp"
#include "base/log.hpp"
#include "protocols/sasl/client_exchange.hpp"

#include <algorithm>
#include <cstring>

namespace rookery::actors {
namespace {

/// Octets of a message that are read at once.
constexpr std::size_t piece_octets = 64 * 1024;
/// A destination that is over its rate keeps its connection so long; beyond it, it is closed.
constexpr std::chrono::seconds rate_wait_max{5};
constexpr std::chrono::seconds work_wait_max{120};
/// Whoever lent the connection says sooner that a message may end, or does not say it any more.
constexpr std::chrono::seconds end_wait_max{10};

smtp::transaction_recipient recipient_of(const storage::queue::recipient& r) {
  smtp::transaction_recipient out;
  out.address = mailbox_of(r.address);
  out.notify = r.notify;
  out.original_recipient = r.orcpt;
  return out;
}

/// "none", "TLSv1.3", "TLSv1.3 pkix", "TLSv1.3 dane".
std::string tls_words(const connection_facts& f) {
  if (!f.tls) return "none";
  return f.tls_version + (f.tls_peer == peer_trust::pkix ? " pkix" : f.tls_peer == peer_trust::dane ? " dane" : "");
}

} // namespace

delivery_host::delivery_host(std::shared_ptr<const delivery_parts> parts, const connection_facts& facts, base::instant now)
    : session_host(parts->session, facts, now), parts_(std::move(parts)), connection_(parts_->connection) {}

void delivery_host::on(smtp::client_session::event& e) {
  std::visit([this](const auto& what) { handle(what); }, e);
}

void delivery_host::unfit(way_failure why) {
  why.host = parts_->host;
  failed_ = std::move(why);
}

void delivery_host::handle(const smtp::client_session::check_peer&) {
  if (auto why = parts_->judge(session_.facts(), session_.capabilities())) {
    unfit(std::move(*why));
    return session_.quit();
  }
  session_.peer_accepted();
}

void delivery_host::handle(const smtp::client_session::derive_key& d) {
  auto key = std::make_shared<std::string>();
  const bool taken = parts_->of->passwords->run(
      link(), [key, q = d.question] { *key = sasl::derive_key(q); },
      [this, key] {
        session_.tick(link().now());
        session_.key_derived(*key);
      });
  if (!taken) session_.abort();
}

void delivery_host::handle(const smtp::client_session::ready&) {
  if (!ready_) {
    ready_ = true;
    if (!session_.facts().tls) { // in the clear: may it?
      if (auto why = parts_->judge(session_.facts(), session_.capabilities())) {
        ready_ = false;
        unfit(std::move(*why));
        return session_.quit();
      }
    }
    if (!parts_->admitted) link().send(parts_->destination, connection_ready{connection_});
  }
  if (!asking_) ask_for_work(); // else the message is being converted for this peer
}

void delivery_host::ask_for_work() {
  asking_ = true;
  link()
      .request(parts_->dispatch, work_wait_max, take_work{connection_, session_.recipients_most(), !parts_->admitted})
      .then(
          [this](const given_work& g) {
            asking_ = false;
            session_.tick(link().now());
            take(g);
          },
          [this](const caf::error&) {
            asking_ = false;
            session_.quit();
          });
}

namespace {
/// Between two looks whether the lease of the queue's volume lasts.
constexpr std::chrono::milliseconds lease_pause{100};
} // namespace

void delivery_host::take(const given_work& g) {
  if (g.what == queueing::take_result::later) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(g.until - parts_->of->clock->wall());
    if (wait > rate_wait_max) return no_more_work();
    return link().after(std::max(wait, std::chrono::milliseconds(1)), [this] {
      if (!session_.closed()) ask_for_work();
    });
  }
  if (g.what != queueing::take_result::work) return no_more_work();
  // Another node may send it by now: first it must be clear that this one still leads the queue.
  if (!may_serve(*parts_->of))
    return link().after(lease_pause, [this, g] {
      if (!session_.closed()) take(g);
    });
  work_ = g;
  if (session_.closed()) return; // the peer went while we asked; `gone` tells dispatch
  if (!g.verify_only) link().send(parts_->record, attempt_started{g.work.id, g.work.recipients});
  begin(static_cast<smtp::body_type>(g.message->body));
}

void delivery_host::no_more_work() {
  if (further_ == parts_->further.size() || session_.closed()) return session_.quit();
  tell_over(connection_);
  connection_ = parts_->further[further_++];
  passed_ = 0;
  ask_for_work();
}

void delivery_host::tell_over(queueing::connection_number number) {
  connection_over over;
  over.connection = number;
  over.passed = passed_;
  caf::anon_send(parts_->dispatch, std::move(over));
}

void delivery_host::begin(smtp::body_type body) {
  const auto& e = *work_.message;
  smtp::transaction t;
  t.sender = mailbox_of(e.sender.empty() || parts_->return_path.empty() ? e.sender : parts_->return_path);
  for (const auto n : work_.work.recipients) t.recipients.push_back(recipient_of(e.recipients.at(n)));
  t.verify_only = work_.verify_only;
  t.octets = converted_ ? converted_->octets_estimate() : work_.octets ? work_.octets->size() : e.octets();
  t.body = body;
  t.smtputf8 = e.smtputf8;
  t.require_tls = e.requiretls;
  t.ret = static_cast<smtp::dsn_return>(e.ret);
  t.envelope_id = e.envid;
  if (e.deliver_by != base::wall_time{}) {
    smtp::deliver_by by;
    by.seconds = static_cast<std::int32_t>(std::chrono::duration_cast<std::chrono::seconds>(e.deliver_by - parts_->of->clock->wall()).count());
    by.or_return = e.deliver_by_return;
    by.trace = e.deliver_by_trace;
    t.by = by;
  }
  session_.begin(std::move(t));
}

void delivery_host::handle(const smtp::client_session::want_body&) {
  streaming_ = true;
  streamed_ = 0;
}

bool delivery_host::produce() {
  if (!streaming_ || reading_ || !session_.takes_body()) return false;
  if (converted_) {
    produce_converted();
    return !reading_;
  }
  const auto& e = *work_.message;
  const auto& lent = work_.octets;
  const auto all = lent ? lent->size() : e.octets();
  if (streamed_ == all) {
    end_body();
    return true;
  }
  if (streamed_ < e.prefix.size()) {
    session_.body(std::string_view(e.prefix).substr(streamed_));
    streamed_ = e.prefix.size();
    return true;
  }
  const auto at = static_cast<std::uint32_t>(streamed_ - e.prefix.size());
  const auto left = all - streamed_;
  char piece[16 * 1024];
  storage::quick_read got;
  if (!lent) {
    got = parts_->of->bodies->try_read(e.content, at, piece, std::min<std::uint64_t>(sizeof piece, left));
  } else if (lent->in_memory()) {
    got = {storage::quick_read::state::octets, lent->read(at, piece, sizeof piece).value()};
  }
  if (got.what == storage::quick_read::state::octets && got.count > 0) {
    session_.body({piece, got.count});
    streamed_ += got.count;
    return true;
  }
  // Not in memory: a worker reads it.
  auto read = std::make_shared<base::result<std::string>>(std::string(std::min<std::uint64_t>(piece_octets, left), '\0'));
  reading_ = parts_->of->readers->run(
      link(),
      [read, bodies = parts_->of->bodies, message = work_.message, lent, at] {
        auto& text = **read;
        const auto n = lent ? lent->read(at, text.data(), text.size()) : bodies->read(message->content, at, text.data(), text.size());
        if (!n) *read = base::fail(n.error());
        else if (*n == 0) *read = base::fail(base::error_kind::damaged, "it is damaged", "too short");
        else text.resize(*n);
      },
      [this, read, number = work_.work.number] { have_piece(number, *read); });
  if (reading_) return false;
  streaming_ = false;
  session_.body_failed();
  return true;
}

void delivery_host::have_piece(std::uint64_t transaction, const base::result<std::string>& piece) {
  reading_ = false;
  session_.tick(link().now());
  if (!streaming_ || transaction != work_.work.number) return; // the peer has ended that one early
  if (piece && !piece->empty()) {
    streamed_ += piece->size();
    return session_.body(*piece);
  }
  if (piece) return end_body(); // a converted one has ended
  streaming_ = false;
  base::log_event(base::severity::error, "delivery.unreadable").text("message", message_name(work_.work.id)).text("error", piece.error().log.value);
  session_.body_failed();
}

/// All was given. A lent connection asks first: until the end is sent nobody has the message.
void delivery_host::end_body() {
  if (!parts_->lent) {
    streaming_ = false;
    return session_.body_done();
  }
  reading_ = true;
  const auto asked = [this, number = work_.work.number](bool may) {
    reading_ = false;
    session_.tick(link().now());
    if (!streaming_ || number != work_.work.number) return; // the peer has ended that one early
    streaming_ = false;
    if (may) session_.body_done();
    else session_.body_failed();
  };
  link().request(parts_->dispatch, end_wait_max, end_message{work_.work.number}).then([asked](bool may) { asked(may); }, [asked](const caf::error&) { asked(false); });
}

/// A worker reads and converts the next piece.
void delivery_host::produce_converted() {
  auto piece = std::make_shared<base::result<std::string>>(std::string());
  reading_ = parts_->of->readers->run(
      link(), [piece, from = converted_] { *piece = from->next(); }, [this, piece, number = work_.work.number] { have_piece(number, *piece); });
  if (reading_) return;
  streaming_ = false;
  session_.body_failed();
}

void delivery_host::handle(const smtp::client_session::transaction_ended& t) {
  streaming_ = false;
  if (t.why == smtp::obstacle::eight_bit && !converted_) return convert();
  pass_on(t);
}

/// The peer takes 7 bits only (RFC 6152 §3): a worker looks what has to change, and changes it while it is sent.
void delivery_host::convert() {
  auto stream = std::make_shared<seven_bit_stream>(parts_->of->bodies, work_.message, work_.octets);
  auto verdict = std::make_shared<base::result<mime::seven_bit_verdict>>(mime::seven_bit_verdict::clean);
  asking_ = true; // `ready` comes first
  const bool taken = parts_->of->readers->run(
      link(), [stream, verdict] { *verdict = stream->survey(); },
      [this, stream, verdict] {
        asking_ = false;
        session_.tick(link().now());
        using enum mime::seven_bit_verdict;
        if (*verdict && (**verdict == clean || **verdict == convertible)) {
          converted_ = stream;
          if (!session_.closed()) begin(smtp::body_type::seven_bit);
          return;
        }
        if (*verdict) {
          answer_all(delivery::of_trouble(delivery::trouble::eight_bit, "the receiving server takes 7 bits only, and the message cannot be converted"));
        } else {
          base::log_event(base::severity::error, "delivery.unreadable")
              .text("message", message_name(work_.work.id)).text("error", verdict->error().log.value);
          answer_all(delivery::of_trouble(delivery::trouble::local, "the message cannot be read now"));
        }
        if (!session_.closed()) ask_for_work();
      });
  if (!taken) {
    asking_ = false;
    session_.abort();
  }
}

void delivery_host::pass_on(const smtp::client_session::transaction_ended& t) {
  auto r = std::make_shared<attempt_result>();
  bool answered = false;
  for (std::size_t i = 0; i < t.outcomes.size() && i < work_.work.recipients.size(); ++i) {
    auto as = delivery::of_outcome(t.outcomes[i]);
    if (as.what == delivery::fate::at_once) continue; // it waits on, as it did
    // A refusal of something else says nothing about a recipient who is only asked for.
    if (work_.verify_only && t.outcomes[i].where != smtp::stage::recipient && as.what == delivery::fate::failed) as.what = delivery::fate::deferred;
    answered = answered || t.outcomes[i].answer.code != 0 || t.why;
    r->recipients.push_back({work_.work.recipients[i], std::move(as)});
  }
  r->how = answered ? queueing::end_reason::answered : queueing::end_reason::broken;
  r->peer_does_dsn = t.dsn_passed_on;
  pass_on(std::move(r));
}

void delivery_host::answer_all(const delivery::verdict& as) {
  auto r = std::make_shared<attempt_result>();
  for (const auto n : work_.work.recipients) r->recipients.push_back({n, as});
  pass_on(std::move(r));
}

void delivery_host::pass_on(attempt_result_ptr r) {
  r->transaction = passed_ = work_.work.number;
  r->answered = link().now();
  r->message = std::move(work_.message);
  r->remote_host = parts_->host;
  r->session = session_.facts().session_id;
  r->tls = tls_words(session_.facts());
  r->dns = parts_->dns;
  work_ = {};
  converted_.reset();
  link().send(parts_->record, std::move(r));
}

void delivery_host::handle(const smtp::client_session::session_failed& f) {
  if (failed_) return;
  if (f.where == smtp::stage::tls) {
    auto why = parts_->tls_broken(session_.capabilities().starttls && !f.said, f.text);
    if (!f.said) return unfit(std::move(why));
  }
  unfit({delivery::of_session(f.where, f.said, f.text), {}, delivery::try_next_host(f.where, f.said)});
}

void delivery_host::handle(const smtp::client_session::gone&) {}

void delivery_host::ending(std::string_view why) {
  session_.lost(link().now(), why);
  step();
}

void delivery_host::gone() {
  if (parts_->admitted) { // that it went says nothing about the destination
    tell_over(connection_);
    passed_ = 0;
    while (further_ < parts_->further.size()) tell_over(parts_->further[further_++]);
    return;
  }
  if (!ready_) {
    if (!failed_) unfit({delivery::of_trouble(delivery::trouble::lost, "the connection was lost before the server took mail"), {}, true});
    caf::anon_send(parts_->destination, connection_unfit{connection_, std::move(*failed_)});
    return;
  }
  connection_over over;
  over.connection = connection_;
  over.passed = passed_;
  if (failed_ && passed_ == 0) {
    over.how = queueing::close_reason::refused;
    over.why = std::move(*failed_);
  }
  caf::anon_send(parts_->dispatch, std::move(over));
}

} // namespace rookery::actors
