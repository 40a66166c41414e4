/// TLS as a pure layer: cipher octets in, plain octets out, and back. No socket.
///
/// One layer a connection, server or client side as its context says. The driver
/// gives it what arrived and two buffers to append to; the layer itself holds no
/// octets beyond an unfinished record, so that an idle connection is small.
///
///   arrived → feed_cipher(in, plain, cipher)   plain goes to the session,
///                                              cipher goes to the socket
///   session's output → write_plain(out, cipher)
///   end of the stream → end_of_stream()        tells truncation from a close
///   good-bye → close(cipher)
///
/// `cipher` may grow in any call, also in one that fails (an alert is sent then):
/// send it whatever the result. Plain octets appended never outnumber the cipher
/// octets fed. The layer is not movable, not thread-safe; nothing throws but
/// bad_alloc.
#pragma once

#include "base/bytes.hpp"
#include "protocols/connection_facts.hpp"
#include "protocols/tls/client_trust.hpp"
#include "protocols/tls/peer_check.hpp"
#include "protocols/tls/tls_context.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

typedef struct ssl_st SSL;
typedef struct bio_st BIO;

namespace rookery::tls {

enum class tls_error : std::uint8_t {
  none,
  not_tls,          ///< The first octets are no TLS record: plain text to a TLS port.
  no_common_ground, ///< No version, cipher suite or application protocol in common.
  bad_certificate,  ///< The peer's certificate is not trusted or not for this name.
  peer_alert,       ///< The peer sent a fatal alert.
  damaged,          ///< A record or message that breaks the protocol.
  truncated,        ///< The stream ended without close_notify (RFC 8446 §6.1).
  pending_limit,    ///< More than `pending_octets_max` written before the handshake was over.
  internal          ///< OpenSSL failed for a reason of ours.
};
/// "not_tls" and so on, for logs.
std::string_view name(tls_error) noexcept;

enum class tls_state : std::uint8_t {
  handshaking,
  open,
  peer_closed, ///< close_notify has come: no more plain octets; we may still write.
  closed,      ///< We have sent close_notify (and read no more).
  failed
};

class tls_layer {
public:
  /// What may wait for the end of the handshake.
  static constexpr std::size_t pending_octets_max = 64 * 1024;

  /// The rest is for a client: `server_name` is sent as SNI unless it is an address, `check` says what
  /// the server's certificate must be.
  explicit tls_layer(std::shared_ptr<const tls_context> context, std::string_view server_name = {},
                     const peer_check& check = {});
  /// For a server that asks its clients for a certificate; each shakes hands anew, without tickets, for the
  /// chain is in no ticket.
  tls_layer(std::shared_ptr<const tls_context> context, std::shared_ptr<const client_trust> clients);
  /// Takes over what has shaken hands already, with a socket: `start` and `describe` are not for it. Freed with the layer.
  explicit tls_layer(SSL* established);
  ~tls_layer();
  tls_layer(const tls_layer&) = delete;
  tls_layer& operator=(const tls_layer&) = delete;

  /// For a server, before the handshake: whose certificate a client is shown that names nobody itself (RFC 6066 §3 is its own
  /// choice), as another protocol has said it before. In ASCII form.
  void expect_name(std::string_view name);
  /// Client: writes the first message. Server: does nothing.
  void start(base::buffer& cipher);
  /// Takes all of `in`. What comes after the peer's close_notify is dropped.
  void feed_cipher(base::const_bytes in, base::buffer& plain, base::buffer& cipher);
  /// Takes all of `out`; before the handshake is over it waits inside.
  void write_plain(base::const_bytes out, base::buffer& cipher);
  /// Sends close_notify once; nothing may be written after it.
  void close(base::buffer& cipher);
  /// The peer's stream has ended: `truncated` unless its close_notify came first.
  void end_of_stream();

  tls_state state() const noexcept { return state_; }
  bool handshake_done() const noexcept { return done_; }
  tls_error error() const noexcept { return error_; }
  /// OpenSSL's own words for `error`; for logs, no data of users.
  const std::string& error_text() const noexcept { return error_text_; }

  /// Fills the tls fields of `facts`; call once `handshake_done`.
  void describe(connection_facts& facts) const;
  /// The application protocol agreed on; empty without ALPN.
  std::string_view alpn() const;
  /// Was the session resumed from a ticket?
  bool resumed() const;

  /// What the check of the server's certificate gave; also after a handshake that failed for it.
  peer_trust trust() const noexcept { return trust_; }
  /// A word of RFC 8460 §4.3, or empty.
  std::string_view trust_failure() const noexcept { return trust_failure_; }

  /// What the BIO works on during a call; for tls_layer.cpp alone.
  struct pipe {
    const char* in = nullptr;
    std::size_t in_size = 0;
    base::buffer* out = nullptr;
    std::shared_ptr<const tls_context> chosen; ///< By server name.
    std::string server_name;        ///< Of a server before the handshake: whom it expects to be asked for.
    bool checked = false;           ///< A certificate that the client looks at.
  };

private:
  void expect(const peer_check&);
  void note_trust();
  void shake(base::buffer& cipher);
  void write_now(base::const_bytes out);
  void fail(int result);
  void fail(tls_error error, std::string_view text);

  std::shared_ptr<const tls_context> context_;
  std::shared_ptr<const client_trust> clients_;
  SSL* ssl_ = nullptr;
  pipe pipe_;
  std::string pending_;
  std::string error_text_;
  std::string trust_failure_, trust_text_;
  check_mode mode_ = check_mode::none;
  peer_trust trust_ = peer_trust::unchecked;
  tls_state state_ = tls_state::handshaking;
  tls_error error_ = tls_error::none;
  bool done_ = false;
  bool fed_ = false;
  bool close_sent_ = false;
};

} // namespace rookery::tls
