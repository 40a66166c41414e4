#include "actors/net/connection.hpp"

#include "actors/net/messages.hpp"
#include "base/check.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"

#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rookery::net {
namespace {

/// Protocols that a connection had before the last one: they are kept, and asked nothing.
class past_protocols final : public protocol {
public:
  past_protocols(std::unique_ptr<protocol> earlier, std::unique_ptr<protocol> later) : earlier_(std::move(earlier)), later_(std::move(later)) {}
  void feed(base::const_bytes, base::instant) override {}
  void tick(base::instant) override {}
  void step() override {}
  base::const_bytes output() const override { return {}; }
  void sent(std::size_t) override {}
  std::optional<base::instant> deadline() const override { return {}; }
  bool wants_input() const override { return false; }
  bool closed() const override { return true; }
  void shut_down(base::instant) override {}
  void tls_started(const connection_facts&, base::instant) override {}

private:
  std::unique_ptr<protocol> earlier_, later_;
};

/// A handshake, and a PROXY header, must be there within this time.
constexpr std::chrono::seconds handshake_time{30};
/// After our last octet a peer has so long to close its side.
constexpr std::chrono::seconds linger_time{2};
/// What one connection may send in a turn before others have theirs.
constexpr std::size_t send_octets_a_turn = 1024 * 1024;
/// Encoded octets that wait at most; more is encoded when these are sent.
constexpr std::size_t wire_octets_max = 128 * 1024;
/// A PROXY header is never longer (version 2 with TLVs that we care for).
constexpr std::size_t proxy_octets_max = 4096;

base::gauge& open_connections(const std::string& service) {
  return base::gauge_named("rookery_connections", "service=\"" + service + "\"", "Open connections");
}

} // namespace

connection::connection(caf::actor_config& cfg, reactor& home, int fd, std::shared_ptr<const listener> of,
                       connection_facts facts)
    : pinned_actor(cfg, home), fd_(fd), listener_(std::move(of)), facts_(std::move(facts)) {}

connection::~connection() {
  if (fd_ >= 0) ::close(fd_);
}

// Without a socket (fd -1) nothing is read or sent: the protocol gets and gives what it carries in messages (BOSH).
void connection::start(caf::actor_system& system, reactor& home, int fd, std::shared_ptr<const listener> of,
                       connection_facts facts) {
  caf::actor_config cfg{&home};
  auto handle = system.spawn_class<connection, caf::no_spawn_options>(cfg, home, fd, std::move(of), std::move(facts));
  auto* self = static_cast<connection*>(caf::actor_cast<caf::abstract_actor*>(handle));
  // One reference for the epoll registration; let go a turn after the end.
  caf::intrusive_ptr_add_ref(self->ctrl());
  open_connections(self->listener_->service).add(1);
  self->enter([self] {
    self->handshake_deadline_ = self->now() + handshake_time;
    self->home().add(self->fd_, EPOLLIN, self);
    self->interest_ = EPOLLIN;
    self->draining_ = self->home().draining(); // accepted at the last moment
    if (self->listener_->proxy_protocol) self->phase_ = phase::proxy;
    else if (self->listener_->implicit_tls) self->begin_tls();
    else self->opened();
    if (self->draining_ && !self->protocol_) return self->finish("drained before it began");
    self->turn();
  });
}

caf::behavior connection::make_behavior() {
  set_default_handler(caf::drop);
  set_error_handler([this](caf::error& e) {
    base::log_event(base::severity::warning, "connection.message_failed")
        .text("session", facts_.session_id)
        .text("error", system().render(e));
  });
  set_exception_handler([this](std::exception_ptr& p) -> caf::error {
    try {
      std::rethrow_exception(p);
    } catch (const std::exception& fault) {
      on_fault(fault);
    } catch (...) {
    }
    return caf::sec::runtime_error;
  });
  caf::message_handler own{[this](const drain_connection&) { drain(); },
                           [](const connection_task& t) { (*t.run)(); }};
  return protocol_ ? caf::behavior{protocol_->messages().or_else(own)} : caf::behavior{own};
}

void connection::opened() {
  phase_ = phase::open;
  protocol_ = listener_->make(facts_);
  protocol_->begin(*this);
  become(make_behavior());
  if (draining_) protocol_->shut_down(now());
}

void connection::start_tls() { start_tls({}); }

void connection::start_tls(std::string_view name) {
  tls_pending_ = true;
  tls_name_ = name;
}

void connection::start_compression(std::unique_ptr<layer> l) { compression_pending_ = std::move(l); }

void connection::turn_over(std::unique_ptr<protocol> next) { next_ = std::move(next); }

void connection::after(std::chrono::milliseconds wait, std::function<void()> task) {
  if (wait.count() <= 0) return send(this, connection_task{std::make_shared<std::function<void()>>(std::move(task))});
  tasks_.emplace_back(now() + wait, std::move(task)); // in the wheel: no other thread is woken for it
  next_due_ = std::min(next_due_, tasks_.back().first);
}

void connection::drain() {
  draining_ = true;
  if (protocol_) protocol_->shut_down(now());
  else finish("drained before it began");
}

void connection::abort(std::string_view why) { finish(why); }

void connection::on_events(std::uint32_t events) {
  enter([&] {
    if (phase_ == phase::ended) return;
    if (events & EPOLLOUT) writable_ = true;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_some();
    if (phase_ != phase::ended) turn();
  });
}

void connection::on_timer(base::instant t) {
  enter([&] {
    if (phase_ == phase::ended) return;
    if (phase_ != phase::open) {
      if (t >= handshake_deadline_) return finish(phase_ == phase::lingering ? "" : "handshake timed out");
    } else {
      if (t >= next_due_) run_due(t);
      if (phase_ == phase::open) protocol_->tick(t);
    }
    turn();
  });
}

void connection::on_drain() {
  enter([this] {
    if (phase_ == phase::ended) return;
    drain();
    if (phase_ != phase::ended) turn();
  });
}

void connection::after_turn() {
  if (phase_ != phase::ended) turn();
}

void connection::read_some() {
  auto* area = home().read_area();
  const auto n = ::recv(fd_, area, reactor::read_octets, 0);
  if (n > 0) {
    if (phase_ != phase::lingering) take({area, static_cast<std::size_t>(n)});
    return;
  }
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n < 0 || phase_ != phase::open) return finish(n < 0 ? "connection lost" : "closed by the peer");
  eof_ = true;
}

void connection::take(base::const_bytes octets) {
  if (phase_ == phase::proxy) {
    early_.append(octets);
    const auto used = listener_->read_proxy(early_, facts_);
    if (used < 0 || (used == 0 && early_.size() > proxy_octets_max)) return finish("bad PROXY header");
    if (used == 0) return;
    const auto rest = early_.substr(static_cast<std::size_t>(used));
    std::string().swap(early_);
    if (listener_->implicit_tls) begin_tls();
    else opened();
    if (!rest.empty() && phase_ != phase::ended) take(rest);
    return;
  }
  base::buffer plain;
  if (tls_) {
    if (!tls_->decode(octets, plain, wire_)) {
      base::log_event(base::severity::info, "tls.failed")
          .text("session", facts_.session_id).text("service", listener_->service)
          .text("peer", facts_.peer_address).text("error", tls_->fault());
      send_some(); // the alert
      return finish("TLS failed: " + tls_->fault());
    }
    if (phase_ == phase::handshake && tls_->ready()) {
      tls_->describe(facts_);
      if (protocol_) {
        phase_ = phase::open;
        protocol_->tls_started(facts_, now());
      } else opened();
    }
    if (tls_->peer_finished()) eof_ = true;
    octets = plain.view();
  }
  if (octets.empty() || phase_ != phase::open) return;
  if (compression_) {
    base::buffer inflated;
    if (!compression_->decode(octets, inflated, wire_)) return finish("compressed data is broken");
    protocol_->feed(inflated.view(), now());
  } else {
    protocol_->feed(octets, now());
  }
}

void connection::turn() {
  if (in_turn_) return;
  in_turn_ = true;
  std::size_t octets = 0;
  bool paused = false;
  while (phase_ != phase::ended) {
    if (phase_ == phase::open) {
      protocol_->step();
      while (protocol_->output().size() < output_octets_low && protocol_->produce()) {}
    }
    const bool something = fill_wire();
    if (phase_ == phase::ended) break;
    if (!something) {
      const bool more = after_flush();
      if (phase_ == phase::ended) break;
      if (more || !wire_.empty()) continue; // another protocol, or a client's handshake begins
      if (phase_ == phase::open && protocol_->closed()) {
        linger();
        continue;
      }
      if (eof_ && phase_ == phase::open && !protocol_->busy()) finish("closed by the peer");
      break;
    }
    if (!writable_) break;
    const auto before = octets;
    const auto waiting = wire_.empty() && protocol_ ? protocol_->output().size() : wire_.size();
    if (!send_some()) break;
    octets = before + waiting;
    if (octets > send_octets_a_turn) {
      // The next EPOLLOUT comes at once; others have their turn first. There may be more to
      // produce even when all of the output is sent.
      writable_ = false;
      paused = true;
      break;
    }
  }
  in_turn_ = false;
  if (phase_ != phase::ended) rearm(paused);
}

/// Moves output through the layers. True when there is something to send.
bool connection::fill_wire() {
  if (phase_ != phase::open || (!tls_ && !compression_)) {
    if (!wire_.empty()) return true;
    return phase_ == phase::open && !protocol_->output().empty();
  }
  while (wire_.size() < wire_octets_max) {
    const auto out = protocol_->output().substr(0, 16 * 1024);
    if (out.empty()) break;
    bool good;
    if (compression_) {
      base::buffer packed;
      good = compression_->encode(out, packed);
      if (good && tls_) good = tls_->encode(packed.view(), wire_);
      else if (good) wire_.append(packed.view());
    } else {
      good = tls_->encode(out, wire_);
    }
    if (!good) {
      finish("encoding failed");
      return false;
    }
    protocol_->sent(out.size());
  }
  return !wire_.empty();
}

bool connection::send_some() {
  const bool direct = wire_.empty() && phase_ == phase::open && !tls_ && !compression_;
  const auto out = direct ? protocol_->output() : wire_.view();
  if (out.empty()) return true;
  const auto n = ::send(fd_, out.data(), out.size(), MSG_NOSIGNAL);
  if (n < 0) {
    if (errno == EAGAIN || errno == EINTR) {
      writable_ = false;
      return false;
    }
    finish("connection lost");
    return false;
  }
  const auto octets = static_cast<std::size_t>(n);
  if (direct) protocol_->sent(octets);
  else {
    wire_.consume(octets);
    wire_.release();
  }
  if (octets < out.size()) {
    writable_ = false;
    return false;
  }
  return true;
}

bool connection::after_flush() {
  if (compression_pending_) compression_ = std::move(compression_pending_);
  if (next_) {
    begin_next();
    return true;
  }
  if (!tls_pending_) return false;
  tls_pending_ = false;
  begin_tls();
  return false;
}

void connection::begin_next() {
  base::check(phase_ == phase::open, "a connection turns over when it is open");
  const std::string rest(protocol_->rest());
  auto& past = *protocol_;
  if (former_) former_ = std::make_unique<past_protocols>(std::move(former_), std::move(protocol_));
  else former_ = std::move(protocol_);
  protocol_ = std::move(next_);
  past.gone();
  protocol_->begin(*this);
  become(make_behavior());
  if (!rest.empty()) protocol_->feed(rest, now());
  if (draining_) protocol_->shut_down(now());
}

void connection::begin_tls() {
  tls_ = listener_->make_tls ? listener_->make_tls() : nullptr;
  if (!tls_) return finish("no certificate");
  if (!tls_name_.empty()) tls_->expect_name(tls_name_);
  phase_ = phase::handshake;
  handshake_deadline_ = now() + handshake_time;
  tls_->begin(wire_);
  if (!tls_->ready()) return;
  // Hands were shaken before the connection was ours.
  tls_->describe(facts_);
  if (!protocol_) return opened();
  phase_ = phase::open;
  protocol_->tls_started(facts_, now());
}

/// Everything is said: close our side, and give the peer a moment to close its own, so
/// that unread input does not turn our last answer into a reset.
void connection::linger() {
  phase_ = phase::lingering;
  handshake_deadline_ = now() + linger_time;
  if (tls_) {
    tls_->finish(wire_);
    writable_ = true;
    send_some();
    if (phase_ == phase::ended) return;
    wire_.clear();
  }
  if (eof_ || fd_ < 0) return finish("");
  ::shutdown(fd_, SHUT_WR);
}

void connection::settle(caf::message_id question) {
  std::erase_if(questions_, [question](const auto& q) { return q.second == question; });
}

void connection::run_due(base::instant now) {
  std::vector<std::function<void()>> due;
  next_due_ = never;
  std::erase_if(tasks_, [&](auto& t) {
    if (t.first <= now) due.push_back(std::move(t.second));
    else next_due_ = std::min(next_due_, t.first);
    return t.first <= now;
  });
  std::erase_if(questions_, [&](const auto& q) {
    // As CAF's clock does it: the asker gets an error for an answer, and a late answer is dropped.
    if (q.first <= now) enqueue(caf::make_mailbox_element(nullptr, q.second, {}, caf::make_error(caf::sec::request_timeout)), nullptr);
    else next_due_ = std::min(next_due_, q.first);
    return q.first <= now;
  });
  for (const auto& task : due)
    if (phase_ != phase::ended) task();
}

void connection::rearm(bool paused) {
  std::uint32_t want = 0;
  const bool backlog = paused || !wire_.empty() || (phase_ == phase::open && !protocol_->output().empty());
  if (!writable_ && backlog) want |= EPOLLOUT;
  const bool room = phase_ != phase::open ||
                    (protocol_->wants_input() && protocol_->output().size() < output_octets_high && !tls_pending_);
  if (room && !eof_) want |= EPOLLIN;
  set_interest(want);
  if (phase_ != phase::open) home().timers().schedule(*this, handshake_deadline_, now());
  else {
    const auto when = protocol_->deadline();
    const auto first = std::min(when.value_or(never), next_due_);
    if (first != never) home().timers().schedule(*this, first, now());
  }
}

void connection::set_interest(std::uint32_t events) {
  if (events == interest_ || fd_ < 0) return;
  interest_ = events;
  home().change(fd_, events, this);
}

void connection::finish(std::string_view why) {
  if (phase_ == phase::ended) return;
  phase_ = phase::ended;
  if (!why.empty())
    base::log_event(base::severity::debug, "connection.ended")
        .text("session", facts_.session_id).text("service", listener_->service).text("why", why);
  if (protocol_ && !why.empty()) protocol_->ending(why);
  if (!protocol_ && listener_->not_opened) listener_->not_opened(why);
  quit();
}

void connection::on_fault(const std::exception& fault) {
  base::log_event(base::severity::error, "connection.broken")
      .text("session", facts_.session_id).text("service", listener_->service).text("fault", fault.what());
  phase_ = phase::ended;
  quit(caf::sec::runtime_error);
}

void connection::on_exit() {
  phase_ = phase::ended;
  home().timers().cancel(*this);
  home().remove(fd_, this);
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  open_connections(listener_->service).add(-1);
  if (protocol_) protocol_->gone();
  protocol_.reset();
  former_.reset();
  tls_.reset();
  compression_.reset();
  if (listener_->ended) listener_->ended(facts_);
  home().next_turn([c = ctrl()] { caf::intrusive_ptr_release(c); });
}

} // namespace rookery::net
