#include "protocols/tls/tls_layer.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <new>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace rookery::tls {

namespace {

// A BIO of our own instead of a memory BIO: it reads from the octets of the call and
// writes straight into the caller's buffer, so that nothing is copied twice and
// nothing is held between calls.
tls_layer::pipe* pipe_of(BIO* bio) { return static_cast<tls_layer::pipe*>(BIO_get_data(bio)); }

int pipe_read(BIO* bio, char* out, std::size_t size, std::size_t* done) {
  auto* pipe = pipe_of(bio);
  BIO_clear_retry_flags(bio);
  if (pipe->in_size == 0) {
    BIO_set_retry_read(bio);
    *done = 0;
    return 0;
  }
  const auto n = std::min(size, pipe->in_size);
  std::memcpy(out, pipe->in, n);
  pipe->in += n;
  pipe->in_size -= n;
  *done = n;
  return 1;
}

int pipe_write(BIO* bio, const char* in, std::size_t size, std::size_t* done) {
  auto* pipe = pipe_of(bio);
  BIO_clear_retry_flags(bio);
  try {
    pipe->out->append({in, size});
  } catch (const std::bad_alloc&) {
    *done = 0;
    return -1;
  }
  *done = size;
  return 1;
}

long pipe_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int pipe_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* pipe_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "octets of a call");
    base::check(made != nullptr, "a BIO method can be made");
    BIO_meth_set_read_ex(made, pipe_read);
    BIO_meth_set_write_ex(made, pipe_write);
    BIO_meth_set_ctrl(made, pipe_control);
    BIO_meth_set_create(made, pipe_create);
    return made;
  }();
  return method;
}

bool is_address(std::string_view name) {
  return name.find(':') != std::string_view::npos || name.find_first_not_of("0123456789.") == std::string_view::npos;
}

tls_error kind_of(unsigned long code) {
  const int reason = ERR_GET_REASON(code);
  if (ERR_GET_LIB(code) != ERR_LIB_SSL) return tls_error::damaged;
  // OpenSSL numbers received alerts from 1000 on.
  if (reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) return tls_error::peer_alert;
  switch (reason) {
  case SSL_R_HTTP_REQUEST:
  case SSL_R_HTTPS_PROXY_REQUEST:
    return tls_error::not_tls;
  case SSL_R_NO_SHARED_CIPHER:
  case SSL_R_UNSUPPORTED_PROTOCOL:
  case SSL_R_VERSION_TOO_LOW:
  case SSL_R_NO_SUITABLE_KEY_SHARE:
  case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
  case SSL_R_NO_SHARED_GROUPS:
  case SSL_R_NO_APPLICATION_PROTOCOL:
  case SSL_R_INAPPROPRIATE_FALLBACK:
  case SSL_R_NO_PROTOCOLS_AVAILABLE:
    return tls_error::no_common_ground;
  case SSL_R_CERTIFICATE_VERIFY_FAILED:
    return tls_error::bad_certificate;
  case ERR_R_INTERNAL_ERROR:
  case ERR_R_MALLOC_FAILURE:
    return tls_error::internal;
  default:
    return tls_error::damaged;
  }
}

} // namespace

std::string_view name(tls_error error) noexcept {
  switch (error) {
  case tls_error::none: return "none";
  case tls_error::not_tls: return "not_tls";
  case tls_error::no_common_ground: return "no_common_ground";
  case tls_error::bad_certificate: return "bad_certificate";
  case tls_error::peer_alert: return "peer_alert";
  case tls_error::damaged: return "damaged";
  case tls_error::truncated: return "truncated";
  case tls_error::pending_limit: return "pending_limit";
  case tls_error::internal: return "internal";
  }
  return "unknown";
}

tls_layer::tls_layer(std::shared_ptr<const tls_context> context, std::string_view server_name, const peer_check& check)
    : context_(std::move(context)) {
  ERR_clear_error();
  ssl_ = SSL_new(context_->native());
  BIO* bio = ssl_ != nullptr ? BIO_new(pipe_method()) : nullptr;
  if (bio == nullptr) {
    SSL_free(ssl_);
    throw std::bad_alloc();
  }
  BIO_set_data(bio, &pipe_);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_app_data(ssl_, &pipe_);
  if (context_->server()) {
    SSL_set_accept_state(ssl_);
    return;
  }
  SSL_set_connect_state(ssl_);
  pipe_.server_name = server_name;
  // RFC 6066 §3: an address is no server name.
  if (!server_name.empty() && !is_address(server_name)) SSL_set_tlsext_host_name(ssl_, pipe_.server_name.c_str());
  expect(check);
}

tls_layer::tls_layer(std::shared_ptr<const tls_context> context, std::shared_ptr<const client_trust> clients)
    : tls_layer(std::move(context)) {
  clients_ = std::move(clients);
  if (!clients_) return;
  base::check(context_->server(), "a server asks its clients");
  SSL_set_verify(ssl_, SSL_VERIFY_PEER, nullptr);
  SSL_set_options(ssl_, SSL_OP_NO_TICKET);
  SSL_set_num_tickets(ssl_, 0);
}

tls_layer::tls_layer(SSL* established) : ssl_(established), state_(tls_state::open), done_(true), fed_(true) {
  BIO* bio = BIO_new(pipe_method());
  if (bio == nullptr) {
    SSL_free(ssl_);
    throw std::bad_alloc();
  }
  BIO_set_data(bio, &pipe_);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_app_data(ssl_, &pipe_);
}

/// Without `required` the mode stays SSL_VERIFY_NONE: OpenSSL then verifies, keeps the first fault, and goes on.
void tls_layer::expect(const peer_check& check) {
  mode_ = check.mode;
  if (mode_ == check_mode::dane && !any_usable(check.tlsa)) {
    mode_ = check_mode::none; // RFC 7672 §2.2
    trust_failure_ = "tlsa-invalid";
    trust_text_ = "no TLSA record that can be used";
  }
  if (mode_ == check_mode::none) return;
  pipe_.checked = true;
  auto* parameters = SSL_get0_param(ssl_);
  if (mode_ == check_mode::dane) {
    base::check(!check.names.empty(), "DANE has a base domain");
    if (SSL_dane_enable(ssl_, check.names.front().c_str()) != 1) throw std::bad_alloc();
    // RFC 7672 §3.1.1: a key that the DNS names needs neither a name nor a date.
    SSL_dane_set_flags(ssl_, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    for (const auto& record : check.tlsa)
      if (usable(record))
        SSL_dane_tlsa_add(ssl_, record.usage, record.selector, record.matching,
                          reinterpret_cast<const unsigned char*>(record.data.data()), record.data.size());
  }
  for (const auto& name : check.names) {
    if (is_address(name)) X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str());
    else SSL_add1_host(ssl_, name.c_str());
  }
  // RFC 6125 §6.4.3, §6.4.4; with DANE a common name counts where there is no dNSName (RFC 7672 §3.2.3).
  SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                              (mode_ == check_mode::names ? X509_CHECK_FLAG_NEVER_CHECK_SUBJECT : 0u));
  if (check.now != base::wall_time{})
    X509_VERIFY_PARAM_set_time(parameters, static_cast<std::time_t>(base::to_seconds(check.now)));
  if (check.required) SSL_set_verify(ssl_, SSL_VERIFY_PEER, nullptr);
}

void tls_layer::note_trust() {
  if (mode_ == check_mode::none || trust_ != peer_trust::unchecked) return;
  const long result = SSL_get_verify_result(ssl_);
  if (result != X509_V_OK || SSL_get0_peer_certificate(ssl_) == nullptr) {
    trust_ = peer_trust::failed;
    trust_failure_ = result != X509_V_OK ? failure_word(result) : "validation-failure";
    trust_text_ = result != X509_V_OK ? X509_verify_cert_error_string(result) : "no certificate";
  } else {
    trust_ = mode_ == check_mode::dane ? peer_trust::dane : peer_trust::pkix;
  }
}

tls_layer::~tls_layer() {
  SSL_free(ssl_);
  // SSL_set_app_data and the BIO point into this object; both went with SSL_free.
}

void tls_layer::expect_name(std::string_view name) {
  base::check(context_->server() && !fed_, "a server expects a name before the handshake");
  pipe_.server_name = base::to_lower(name);
}

void tls_layer::start(base::buffer& cipher) {
  if (context_->server() || state_ != tls_state::handshaking) return;
  shake(cipher);
}

void tls_layer::shake(base::buffer& cipher) {
  pipe_.out = &cipher;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result != 1) {
    fail(result);
    if (error_ == tls_error::bad_certificate) note_trust();
    return;
  }
  note_trust();
  done_ = true;
  state_ = tls_state::open;
  if (!pending_.empty()) {
    std::string waited;
    waited.swap(pending_);
    write_now(waited);
  }
}

void tls_layer::feed_cipher(base::const_bytes in, base::buffer& plain, base::buffer& cipher) {
  if (state_ == tls_state::failed || state_ == tls_state::closed || in.empty()) return;
  if (!fed_) {
    fed_ = true;
    // A handshake record begins with 22. OpenSSL would answer plain text with an alert
    // that a person at a terminal cannot read; the driver may do better.
    if (context_->server() && in.front() != 22) {
      fail(tls_error::not_tls, "the first octet is not that of a handshake record");
      return;
    }
  }
  pipe_.in = in.data();
  pipe_.in_size = in.size();
  pipe_.out = &cipher;
  if (!done_) shake(cipher);
  while (state_ == tls_state::open) {
    // What OpenSSL holds of an unfinished record adds to what has come now.
    const auto room = std::clamp<std::size_t>(pipe_.in_size, 512, 16 * 1024);
    std::size_t read = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_, plain.prepare(room), room, &read);
    if (result == 1) {
      plain.commit(read);
      continue;
    }
    fail(result);
    break;
  }
  pipe_.in = nullptr;
  pipe_.in_size = 0;
  pipe_.out = nullptr;
}

void tls_layer::write_plain(base::const_bytes out, base::buffer& cipher) {
  if (out.empty() || close_sent_ || state_ == tls_state::failed) return;
  if (!done_) {
    if (pending_.size() + out.size() > pending_octets_max) {
      fail(tls_error::pending_limit, "too much was written before the handshake was over");
      return;
    }
    pending_.append(out);
    return;
  }
  pipe_.out = &cipher;
  write_now(out);
  pipe_.out = nullptr;
}

void tls_layer::write_now(base::const_bytes out) {
  while (!out.empty()) {
    std::size_t written = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_, out.data(), out.size(), &written);
    if (result != 1) {
      fail(result);
      // The pipe takes everything and renegotiation is off: a write never has to wait.
      if (state_ != tls_state::failed) fail(tls_error::internal, "a write wanted to wait");
      return;
    }
    out.remove_prefix(written);
  }
}

void tls_layer::close(base::buffer& cipher) {
  if (close_sent_ || state_ == tls_state::failed) return;
  close_sent_ = true;
  if (done_) {
    pipe_.out = &cipher;
    ERR_clear_error();
    SSL_shutdown(ssl_);
    ERR_clear_error();
    pipe_.out = nullptr;
  }
  state_ = tls_state::closed;
}

void tls_layer::end_of_stream() {
  if (state_ == tls_state::handshaking || state_ == tls_state::open)
    fail(tls_error::truncated, done_ ? "the stream ended without close_notify" : "the stream ended in the handshake");
}

void tls_layer::fail(int result) {
  switch (SSL_get_error(ssl_, result)) {
  case SSL_ERROR_WANT_READ:
  case SSL_ERROR_WANT_WRITE:
    return;
  case SSL_ERROR_ZERO_RETURN:
    state_ = tls_state::peer_closed;
    return;
  default:
    break;
  }
  const auto code = ERR_peek_last_error();
  char text[256] = "no reason given";
  if (code != 0) ERR_error_string_n(code, text, sizeof text);
  auto kind = code != 0 ? kind_of(code) : tls_error::internal;
  if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    fail(kind, X509_verify_cert_error_string(SSL_get_verify_result(ssl_)));
  } else {
    fail(kind, text);
  }
  ERR_clear_error();
}

void tls_layer::fail(tls_error error, std::string_view text) {
  state_ = tls_state::failed;
  error_ = error;
  error_text_ = text;
  pending_.clear();
}

void tls_layer::describe(connection_facts& facts) const {
  facts.tls = done_;
  if (!done_) return;
  facts.tls_version = SSL_get_version(ssl_);
  facts.tls_cipher = SSL_get_cipher_name(ssl_);
  facts.tls_server_name = pipe_.server_name;
  facts.tls_peer = trust_;
  facts.tls_peer_failure = trust_failure_;
  facts.tls_peer_text = trust_text_;
  facts.tls_client = clients_ ? clients_->judge(ssl_) : nullptr;
  facts.tls_server = nullptr;
  if (mode_ == check_mode::chain)
    if (auto shown = read_peer_certificate(ssl_)) {
      shown->trusted = trust_ == peer_trust::pkix;
      shown->fault = trust_text_;
      facts.tls_server = std::move(shown);
    }
  facts.tls_exporter.clear();
  facts.tls_server_end_point = (pipe_.chosen ? *pipe_.chosen : *context_).server_end_point();
  if (SSL_version(ssl_) < TLS1_3_VERSION) return;
  // RFC 9266 §2: 32 octets, an empty context.
  static constexpr std::string_view label = "EXPORTER-Channel-Binding";
  unsigned char octets[32];
  ERR_clear_error();
  if (SSL_export_keying_material(ssl_, octets, sizeof octets, label.data(), label.size(),
                                 reinterpret_cast<const unsigned char*>(""), 0, 1) == 1)
    facts.tls_exporter.assign(reinterpret_cast<const char*>(octets), sizeof octets);
  ERR_clear_error();
}

std::string_view tls_layer::alpn() const {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &chosen, &size);
  return {reinterpret_cast<const char*>(chosen), size};
}

bool tls_layer::resumed() const { return SSL_session_reused(ssl_) == 1; }

} // namespace rookery::tls
