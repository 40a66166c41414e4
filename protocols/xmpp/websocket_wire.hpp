/// A stream whose elements are messages of a WebSocket.
///
/// Source: RFC 7395. Each message is one element with its own namespaces; <open/> and <close/> stand for the tags of the
/// stream. A socket that ends without <close/> leaves a stream that can be resumed (§3.6.1).
#pragma once

#include "protocols/websocket/server_session.hpp"
#include "protocols/xmpp/stream_wire.hpp"

namespace rookery::xmpp {

inline constexpr std::string_view websocket_protocol = "xmpp"; ///< RFC 7395 §3.1

class websocket_wire final : public stream_wire {
public:
  explicit websocket_wire(base::instant now) : socket_(now) {}

  void feed(base::const_bytes in, base::instant now) override { socket_.feed(in, now); }
  void tick(base::instant now) override { socket_.tick(now); }
  std::optional<base::instant> deadline() const override { return socket_.deadline(); }
  void restart(const xml::limits&) override;
  void widen(const xml::limits&) override;
  xml::reader::piece read() override;
  std::size_t waiting() const override { return socket_.waiting(); }
  void drop_input() override { socket_.drop_input(); }
  bool over() const override { return over_; }
  void open(std::string_view id, std::string_view from) override;
  void put(std::string_view octets) override { socket_.send_text(standing_alone(octets)); }
  void close() override;
  void nudge() override { socket_.ping(); }
  base::const_bytes output() const override { return socket_.output(); }
  void sent(std::size_t octets) override { socket_.sent(octets); }
  void drop_output() override { socket_.drop_output(); }
  std::string_view kind() const override { return "xmpp-websocket"; }
  base::const_bytes rest() const override { return socket_.rest(); }
  void adopt(std::string_view) override { opened_ = true; }

private:
  xml::reading judge(std::string_view message);

  websocket::server_session socket_;
  xml::limits bounds_;
  bool opened_ = false, over_ = false;
};

} // namespace rookery::xmpp
