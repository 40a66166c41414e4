#include "actors/pop3/pop3_host.hpp"

#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "policy/quiet/quiet_hours.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/mime/surrogate.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rookery::actors {
namespace {

constexpr std::chrono::seconds shard_time{30};
/// One piece of a message: large enough to be cheap, small against a reactor's turn.
constexpr std::size_t piece_octets = 64 * 1024;

std::string_view words_of(pop3::end_reason why) {
  switch (why) {
  case pop3::end_reason::quit: return "quit";
  case pop3::end_reason::timeout: return "timeout";
  case pop3::end_reason::too_many_errors: return "too many errors";
  case pop3::end_reason::too_many_failed_logins: return "too many failed logins";
  case pop3::end_reason::shut_down: return "shut down";
  case pop3::end_reason::closed: return "account closed";
  case pop3::end_reason::message_failed: return "message could not be read";
  }
  return "ended";
}

} // namespace

pop3_host::pop3_host(node& n, std::shared_ptr<const pop3::server_settings> settings, const connection_facts& facts)
    : session_host(std::move(settings), facts, n.clock->now()), node_(n), entry_(n, "pop3") {}

std::unique_ptr<net::protocol> make_pop3_host(node& n, std::shared_ptr<const pop3::server_settings> settings,
                                              const connection_facts& facts) {
  return std::make_unique<pop3_host>(n, std::move(settings), facts);
}

pop3_host::pop3_host(node& n, std::shared_ptr<const pop3::server_settings> settings, const session_handover& h)
    : session_host(std::move(settings), h.facts, n.clock->now(), pop3::resumed_login{h.address, h.utf8}), node_(n), entry_(n, "pop3"), handed_over_(h.account) {}

std::unique_ptr<net::protocol> make_pop3_host(node& n, std::shared_ptr<const pop3::server_settings> settings, const session_handover& h) {
  return std::make_unique<pop3_host>(n, std::move(settings), h);
}

caf::message_handler pop3_host::messages() {
  return {[this](const commit_done_ptr& done) {
            if (done->token != token_) return;
            const bool removed = !done->error && !done->results.empty() &&
                                 done->results.front().what == storage::outcome::done;
            session_.committed(removed);
          },
          [this](const account_closed& c) {
            session_.close_with(c.quiet ? "-ERR [SYS/TEMP] " + std::string(quiet::quiet_text) : "-ERR [SYS/PERM] The account was closed, or its password changed");
          },
          [](const account_changed&) {}}; // RFC 1939 §8: the maildrop stays as it was at login
}

void pop3_host::on(pop3::server_session::event& e) {
  std::visit([this](const auto& what) { handle(what); }, e);
}

void pop3_host::handle(const pop3::check_password& c) {
  entry_.check(link(), c.question.authzid, c.question.user, c.question.password, [this](login_verdict v) {
    if (v == login_verdict::busy) return session_.authentication_unavailable();
    // A right password of an account that may not come in is told when the maildrop is asked for.
    session_.password_verified(v != login_verdict::wrong);
  });
}

void pop3_host::handle(const pop3::check_proof& c) {
  entry_.check(link(), c.question, [this](login_verdict v) {
    if (v == login_verdict::busy) return session_.authentication_unavailable();
    session_.proof_judged(v != login_verdict::wrong, entry_.account_checked());
  });
}

void pop3_host::handle(const pop3::find_credentials& f) {
  const auto found = entry_.find(f.question.user, f.question.digest);
  session_.credentials_found(found.credentials, found.known);
}

void pop3_host::handle(const pop3::authentication_failed& f) {
  // A wrong password was counted, and told late, when it was checked; a proof fails in the session itself.
  if (f.held) entry_.failed(link(), f.user, f.why, [this] { session_.say_failure(); });
}

void pop3_host::handle(const pop3::open_maildrop& o) {
  const auto taken = std::exchange(handed_over_, {});
  const auto verdict = taken.value != 0 ? entry_.admit_handed_over(link(), taken, o.user) : entry_.admit(link(), o.method, o.authzid, o.user);
  if (verdict != login_verdict::ok)
    return session_.refused(verdict == login_verdict::busy    ? pop3::refusal::try_later
                            : verdict == login_verdict::quiet ? pop3::refusal::quiet_hours
                                                              : pop3::refusal::not_allowed);
  if (taken.value == 0 && !at_home(node_, *entry_.account())) return hand_over();
  entry_.open(link(), [this](bool opened) { return opened ? lock() : refuse(pop3::refusal::try_later); });
}

/// The account is at home on another node: the session goes on there.
void pop3_host::hand_over() {
  session_handover h;
  h.protocol = "pop3";
  h.volume = homes_of(node_)->volume_of(*entry_.account());
  h.account = entry_.id();
  h.address = entry_.account()->address;
  h.utf8 = session_.utf8();
  h.facts = link().facts();
  entry_.forget();
  const auto failed = [this](const std::string&) { session_.refused(pop3::refusal::try_later); };
  const auto relays = relays_of(node_);
  if (!relays) return failed({});
  relays->give(link(), std::move(h), "-ERR [SYS/TEMP] The server with your mail was lost, connect again\r\n", failed);
}

void pop3_host::lock() {
  link().ask<bool>(
      entry_.handles().account, shard_time, lock_maildrop{entry_.watch()},
      [this](bool locked) { return locked ? open_inbox() : refuse(pop3::refusal::in_use); },
      [this] { refuse(pop3::refusal::try_later); });
}

void pop3_host::open_inbox() {
  const auto all = entry_.handles().cell->view();
  const auto* inbox = all->find("INBOX");
  if (inbox == nullptr) return list();
  link().ask<opened_mailbox>(
      node_.shard_actor(entry_.id()), shard_time, actors::open_mailbox{entry_.id(), inbox->id},
      [this](const opened_mailbox& o) {
        drop_.cell = o.cell;
        if (drop_.cell) drop_.view = drop_.cell->view();
        list();
      },
      [this] { refuse(pop3::refusal::try_later); });
}

void pop3_host::list() {
  if (drop_.loaded()) return listed(drop_.list());
  const auto found = std::make_shared<std::optional<pop3::maildrop>>();
  const bool runs = node_.readers->run(
      link(), [found, drop = drop_] { *found = drop.list(); },
      [this, found] {
        if (*found)
          listed(std::move(**found));
        else
          refuse(pop3::refusal::try_later);
      });
  if (!runs) refuse(pop3::refusal::try_later);
}

void pop3_host::listed(pop3::maildrop drop) { session_.opened(std::move(drop)); }

void pop3_host::refuse(pop3::refusal why) {
  leave();
  session_.refused(why);
}

void pop3_host::leave() {
  entry_.leave();
  drop_ = {};
  reading_ = false;
}

void pop3_host::handle(const pop3::retrieve& r) {
  static auto& retrieved = base::counter_named("rookery_pop3_retrieved_total", "", "Messages fetched with RETR or TOP");
  retrieved.add();
  message_ = drop_.message(r.index);
  offset_ = 0;
  const std::size_t header = drop_.header_octets(r.index);
  // A header that fills more than a piece is no letter's.
  header_octets_ = session_.utf8() || header > piece_octets ? 0 : header;
  reading_ = true;
  some_of_message();
}

bool pop3_host::some_of_message() {
  static thread_local std::array<char, piece_octets> piece;
  const auto left = message_.size() - offset_;
  if (left == 0 || !session_.wants_message()) {
    end_message();
    return true;
  }
  const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size()));
  const auto got = try_read(*node_.bodies, message_, offset_, piece.data(), want);
  const bool whole_header = offset_ > 0 || got.count >= header_octets_;
  if (got.what != storage::quick_read::state::octets || got.count == 0 || !whole_header) {
    read_waiting();
    return false;
  }
  write_piece({piece.data(), got.count});
  if (offset_ == message_.size() || !session_.wants_message()) end_message();
  return true;
}

void pop3_host::write_piece(base::const_bytes octets) {
  const auto header = octets.substr(0, offset_ == 0 ? header_octets_ : 0);
  offset_ += octets.size();
  if (!charset::is_ascii(header)) {
    session_.write_message(mime::surrogate_header(header));
    octets.remove_prefix(header.size());
  }
  session_.write_message(octets);
}

void pop3_host::read_waiting() {
  struct work {
    message_octets message;
    std::string octets;
    bool good = false;
  };
  auto w = std::make_shared<work>();
  w->message = message_;
  w->octets.resize(static_cast<std::size_t>(std::min<std::uint64_t>(message_.size() - offset_, piece_octets)));
  waiting_ = true;
  const bool runs = node_.readers->run(
      link(),
      [w, bodies = node_.bodies, drop = drop_, offset = offset_] {
        w->good = read(*bodies, *drop.cell, w->message, offset, w->octets.data(), w->octets.size()).ok();
      },
      [this, w] {
        waiting_ = false;
        if (!reading_) return; // the session ended meanwhile
        if (!w->good) {
          reading_ = false;
          return session_.message_unavailable();
        }
        message_ = w->message;
        write_piece(w->octets);
        if (offset_ == message_.size() || !session_.wants_message()) end_message();
      });
  if (runs) return;
  waiting_ = reading_ = false;
  session_.message_unavailable();
}

void pop3_host::end_message() {
  reading_ = false;
  session_.end_message();
}

void pop3_host::handle(const pop3::quit_with_deletions& q) {
  storage::commit_group group;
  auto& command = group.commands.emplace_back();
  command.shard = node_.shard_of(entry_.id());
  command.payload = encode(storage::mail::command{
      entry_.id(), node_.clock->wall(),
      storage::mail::expunge{drop_.view->status.id, drop_.uids(q.indexes), /*even_undeleted*/ true, false, keeps_removed(node_)}});
  if (!node_.commit(link(), std::move(group), ack::applied, ++token_)) session_.committed(false);
}

void pop3_host::handle(const pop3::gone& g) {
  base::log_event(base::severity::debug, "pop3.ended")
      .text("session", link().facts().session_id)
      .text("why", words_of(g.why));
  // Before the last answer leaves: who reconnects at once finds the maildrop free.
  leave();
}

} // namespace rookery::actors
