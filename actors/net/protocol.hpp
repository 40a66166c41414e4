/// What a connection drives: a session of some protocol together with its host.
///
/// A *host* is a protocol's meeting place: for each event of the session it asks the
/// right actors and gives the session its answer. Hosts hold no syntax and no policy.
/// Everything here runs in the connection's reactor thread.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "protocols/connection_facts.hpp"
#include "protocols/session.hpp"

#include <caf/fwd.hpp>
#include <caf/message_handler.hpp>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace rookery::net {

class connection;

class protocol {
public:
  virtual ~protocol() = default;
  /// The first call, once; `c` outlives the protocol.
  virtual void begin(connection& c) { connection_ = &c; }
  /// Messages the host understands, besides those of the connection itself.
  virtual caf::message_handler messages() { return {}; }
  virtual void feed(base::const_bytes, base::instant) = 0;
  virtual void tick(base::instant) = 0;
  /// Takes events until there are none or the output passes `output_octets_high`.
  virtual void step() = 0;
  /// The output has room: more of what is being streamed (a FETCH). True when more was put.
  virtual bool produce() { return false; }
  virtual base::const_bytes output() const = 0;
  virtual void sent(std::size_t) = 0;
  virtual std::optional<base::instant> deadline() const = 0;
  virtual bool wants_input() const = 0;
  virtual bool closed() const = 0;
  /// An answer of another actor is awaited: a peer that has shut its side is still served.
  virtual bool busy() const { return false; }
  /// The server drains: say goodbye at the next boundary and close.
  virtual void shut_down(base::instant) = 0;
  virtual void tls_started(const connection_facts&, base::instant) = 0;
  /// The connection ends before the session closed it: TLS failed, the peer closed or is lost.
  virtual void ending(std::string_view) {}
  /// The last call: the connection is gone, whoever ended it, or belongs to another protocol.
  virtual void gone() {}
  /// What was read and is for the protocol that follows this one (`connection::turn_over`).
  virtual base::const_bytes rest() const { return {}; }

protected:
  connection& link() const noexcept { return *connection_; }

private:
  connection* connection_ = nullptr;
};

/// Above this the driver stops taking events and reading until the peer has read.
inline constexpr std::size_t output_octets_high = 256 * 1024;
/// Below this a host is asked to `produce` more.
inline constexpr std::size_t output_octets_low = 128 * 1024;

/// The part of a protocol that is the same for every session type: a host derives from
/// it and writes `on(event)`.
template <session S>
class session_host : public protocol {
public:
  void feed(base::const_bytes in, base::instant now) override { session_.feed(in, now); }
  void tick(base::instant now) override { session_.tick(now); }
  void step() override {
    while (session_.output().size() < output_octets_high) {
      auto event = session_.next_event();
      if (!event) return;
      on(*event);
    }
  }
  base::const_bytes output() const override { return session_.output(); }
  void sent(std::size_t n) override { session_.sent(n); }
  std::optional<base::instant> deadline() const override { return session_.deadline(); }
  bool wants_input() const override { return session_.wants_input(); }
  bool closed() const override { return session_.closed(); }
  void shut_down(base::instant now) override {
    if constexpr (requires { session_.shut_down(now); }) session_.shut_down(now);
    else session_.shut_down();
  }
  void tls_started(const connection_facts& facts, base::instant now) override { session_.tls_started(facts, now); }

protected:
  template <class... Args>
  explicit session_host(Args&&... args) : session_(std::forward<Args>(args)...) {}
  virtual void on(typename S::event&) = 0;
  S session_;
};

} // namespace rookery::net
