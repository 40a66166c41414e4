/// The actor of one connection, for every protocol: octets in, events to the host,
/// output gathered into as few sends as possible, one deadline, TLS and compression
/// layers, orderly close.
///
/// Lives in one reactor. A host uses it as its actor: `link().request(…).then(…)`,
/// `link().send(…)`; after each message or event the connection steps the protocol
/// and sends what came of it, so a host never flushes.
#pragma once

#include "actors/net/layer.hpp"
#include "actors/net/pinned_actor.hpp"
#include "actors/net/protocol.hpp"
#include "actors/net/timer_wheel.hpp"
#include "base/bytes.hpp"
#include "protocols/connection_facts.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <string_view>
#include <vector>

namespace rookery::net {

/// Everything the connections of one listener share. Immutable after start.
struct listener {
  std::string service;            ///< "smtp", "submission", "imap" …: for logs and metrics
  bool implicit_tls = false;
  bool proxy_protocol = false;    ///< a PROXY header comes first
  /// Makes the session and its host, once the facts are known.
  std::function<std::unique_ptr<protocol>(const connection_facts&)> make;
  /// Makes the server's side of TLS; null when there is no certificate.
  std::function<std::unique_ptr<layer>()> make_tls;
  /// Reads a PROXY header at the front of `in`: its octets and the peer; 0 = more input
  /// is needed, a negative number = refuse.
  std::function<long(base::const_bytes in, connection_facts&)> read_proxy;
  /// Told when a connection ends before its protocol was made (implicit TLS that failed); may be empty.
  std::function<void(std::string_view why)> not_opened;
  /// Told once when a connection ends (the limits count).
  std::function<void(const connection_facts&)> ended;
};

class connection final : public pinned_actor, public event_source, public timer_wheel::entry {
public:
  connection(caf::actor_config&, reactor&, int fd, std::shared_ptr<const listener>, connection_facts);
  ~connection() override;

  // For hosts:
  const connection_facts& facts() const noexcept { return facts_; }
  const listener& of() const noexcept { return *listener_; }
  base::instant now() const { return const_cast<connection*>(this)->home().now(); }
  /// Puts TLS below the session once the present output is sent; then `tls_started`.
  void start_tls();
  /// The same with the name, in ASCII form, whose certificate is shown to a client that names nobody in its handshake.
  void start_tls(std::string_view name);
  /// Puts compression between session and TLS once the present output is sent.
  void start_compression(std::unique_ptr<layer>);
  /// Another protocol has this connection from the moment when the present output is sent: it is given
  /// `rest()` of the present one, which hears `gone` and stays until the end, as late answers may come for it.
  void turn_over(std::unique_ptr<protocol> next);
  /// Calls `task` in this connection's thread after a while, unless it is gone by then.
  void after(std::chrono::milliseconds wait, std::function<void()> task);
  /// Asks another actor. Like CAF's `request`, but the deadline stands in the reactor's wheel, so that
  /// no other thread is woken for it. One of the two is called, or none when the connection is gone.
  template <class Answer, class Question, class F, class G>
  void ask(const caf::actor& whom, std::chrono::milliseconds limit, Question what, F answered, G failed) {
    auto question = request(whom, caf::infinite, std::move(what));
    const auto id = question.id();
    questions_.emplace_back(now() + limit, id);
    next_due_ = std::min(next_due_, questions_.back().first);
    question.then(
        [this, id, answered = std::move(answered)](const Answer& a) mutable {
          settle(id);
          answered(a);
        },
        [this, id, failed = std::move(failed)](const caf::error&) mutable {
          settle(id);
          failed();
        });
  }
  /// Ends the connection without ceremony.
  void abort(std::string_view why);
  /// The server drains (message `drain_connection` does the same).
  void drain();

  const char* name() const override { return "connection"; }

  /// Only the acceptor and the connector: spawns in the reactor's own thread.
  static void start(caf::actor_system&, reactor&, int fd, std::shared_ptr<const listener>, connection_facts);

protected:
  caf::behavior make_behavior() override;
  void after_turn() override;
  void on_exit() override;
  void on_fault(const std::exception&) override;

private:
  enum class phase : std::uint8_t { proxy, handshake, open, lingering, ended };

  void on_events(std::uint32_t events) override;
  void on_timer(base::instant now) override;
  void on_drain() override;
  void opened();                       ///< facts are complete: make the protocol
  void read_some();
  void take(base::const_bytes octets); ///< through the layers into the protocol
  void turn();                         ///< step, send, rearm
  bool send_some();                    ///< false: the socket is full or broken
  bool fill_wire();
  bool after_flush();                  ///< what waited for an empty output; true: there may be more to say
  void begin_next();
  void begin_tls();
  void linger();
  void finish(std::string_view why);
  void settle(caf::message_id question);
  void run_due(base::instant now);
  void rearm(bool paused);
  void set_interest(std::uint32_t events);

  int fd_;
  phase phase_ = phase::open;
  bool eof_ = false;
  bool writable_ = true;
  bool in_turn_ = false;
  bool tls_pending_ = false;
  bool draining_ = false;
  std::uint32_t interest_ = 0;
  std::shared_ptr<const listener> listener_;
  connection_facts facts_;
  std::unique_ptr<protocol> protocol_, next_, former_;
  std::unique_ptr<layer> tls_;
  std::unique_ptr<layer> compression_;
  std::unique_ptr<layer> compression_pending_;
  std::string early_;                  ///< a PROXY header that comes in pieces
  base::buffer wire_;                  ///< encoded octets; with no layer the session's output is sent itself
  static constexpr auto never = base::instant::max();

  base::instant handshake_deadline_{};
  base::instant next_due_ = never;     ///< not after the first of these:
  std::vector<std::pair<base::instant, caf::message_id>> questions_; ///< not answered, each with its deadline
  std::vector<std::pair<base::instant, std::function<void()>>> tasks_;
  std::string tls_name_;               ///< as `start_tls` was told
};

} // namespace rookery::net
