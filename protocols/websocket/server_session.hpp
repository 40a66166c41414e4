/// The server's side of a WebSocket behind its handshake, as a session: whole text messages in and out.
///
/// Source: RFC 6455 §5 to §8. Pings are answered here, fragments joined, text checked to be UTF-8. Binary messages are
/// refused (1003); no extensions.
///
///   text    the views live until the next call
///   gone    the last event; `closed` is true
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "protocols/session.hpp"
#include "protocols/websocket/limits.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace rookery::websocket {

/// RFC 6455 §7.4.1, those that we send.
enum class close_code : std::uint16_t {
  normal = 1000, going_away = 1001, protocol_error = 1002, unsupported = 1003, bad_text = 1007, policy = 1008, too_large = 1009
};

struct text {
  std::string_view octets;
};
struct gone {
  std::uint16_t code = 0;      ///< the peer's, or ours when we found a fault; 1005: it said none; 1006: it said nothing
};

class server_session {
public:
  using event = std::variant<text, gone>;

  explicit server_session(base::instant now, limits = {});

  // The shape of every session (protocols/session.hpp).
  void feed(base::const_bytes, base::instant now);
  void tick(base::instant now);
  std::optional<event> next_event();
  base::const_bytes output() const noexcept { return output_.view(); }
  void sent(std::size_t octets) noexcept { output_.consume(octets); }
  std::optional<base::instant> deadline() const noexcept;
  bool wants_input() const noexcept { return !over_ && input_.size() < limits_.input_octets; }
  bool closed() const noexcept { return over_; }

  void send_text(std::string_view);
  void ping();
  /// Says that it ends. What comes until the peer says so too is dropped.
  void close(close_code);
  /// From the next message on.
  void bound_messages(std::size_t octets) noexcept { limits_.message_octets = octets; }
  std::size_t waiting() const noexcept { return input_.size(); }
  void drop_input() { input_.clear(); }
  /// What came behind the last message, for another session that goes on here.
  base::const_bytes rest() const noexcept { return input_.view(); }
  void drop_output() { output_.clear(), output_.release(); }

private:
  enum class at : std::uint8_t { head, payload };
  bool read_head();
  bool read_payload();
  bool control_over();
  void fault(close_code);
  void end(std::uint16_t code);
  void put(unsigned char opcode, std::string_view payload);

  limits limits_;
  base::instant now_;
  std::optional<base::instant> close_by_;
  base::buffer input_, output_;
  std::string message_, control_;
  std::optional<event> event_;
  std::uint64_t left_ = 0;          ///< octets of this frame's payload that are still to come
  std::size_t fragments_ = 0, masked_ = 0;
  std::uint16_t code_ = 0;
  unsigned char mask_[4] = {};
  unsigned char opcode_ = 0;        ///< of the frame
  at at_ = at::head;
  bool final_ = false, in_message_ = false, shown_ = false;
  bool closing_ = false;            ///< we said close
  bool over_ = false, gone_told_ = false;
};

static_assert(session<server_session>);

} // namespace rookery::websocket
