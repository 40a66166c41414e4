#include "cluster/stream/node_stream.hpp"

#include "base/text.hpp"
#include "cluster/stream/stream_inside.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rookery::cluster {
namespace {

constexpr std::size_t piece_octets = 16 * 1024; ///< a TLS record's

/// A socket's BIO that raises no SIGPIPE and counts what strangers send.
int socket_write(BIO* b, const char* octets, int size) {
  auto* s = static_cast<node_stream::inside*>(BIO_get_data(b));
  BIO_clear_retry_flags(b);
  const auto n = ::send(s->fd, octets, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(b);
  return static_cast<int>(n);
}

int socket_read(BIO* b, char* to, int size) {
  auto* s = static_cast<node_stream::inside*>(BIO_get_data(b));
  BIO_clear_retry_flags(b);
  if (!s->proven && s->unproven > handshake_octets_max) return -1;
  const auto n = ::recv(s->fd, to, static_cast<std::size_t>(size), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(b);
  if (n > 0 && !s->proven) s->unproven += static_cast<std::size_t>(n);
  return static_cast<int>(n);
}

long socket_control(BIO*, int what, long, void*) { return what == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* socket_method() {
  static BIO_METHOD* const made = [] {
    auto* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "node stream");
    BIO_meth_set_write(m, socket_write);
    BIO_meth_set_read(m, socket_read);
    BIO_meth_set_ctrl(m, socket_control);
    return m;
  }();
  return made;
}

std::string numeric(const ::sockaddr* address, ::socklen_t size) {
  char host[NI_MAXHOST] = {};
  if (::getnameinfo(address, size, host, sizeof host, nullptr, 0, NI_NUMERICHOST) != 0) return {};
  std::string out(host);
  return out.starts_with("::ffff:") ? out.substr(7) : out;
}

int left(steady::time_point until) {
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - steady::now()).count();
  return static_cast<int>(std::clamp<long>(wait, 0, 3'600'000));
}

base::failure<base::error> gone(std::string why) { return base::fail(base::error_kind::try_later, std::move(why)); }

} // namespace

connected connect_to(const std::string& host, std::uint16_t port, steady::time_point until) {
  connected out;
  ::addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  ::addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); code != 0) {
    out.fault = ::gai_strerror(code);
    return out;
  }
  const std::unique_ptr<::addrinfo, void (*)(::addrinfo*)> all(found, ::freeaddrinfo);
  int count = 0;
  for (const auto* a = found; a != nullptr; a = a->ai_next) ++count;
  for (const auto* a = found; a != nullptr; a = a->ai_next, --count) {
    const int fd = ::socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    int fault = ::connect(fd, a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
    if (fault == EINPROGRESS) {
      ::pollfd one{fd, POLLOUT, 0};
      ::socklen_t size = sizeof fault;
      if (::poll(&one, 1, left(until) / count) != 1) fault = ETIMEDOUT;
      else if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &size) != 0) fault = errno;
    }
    if (fault == 0) {
      out.fd = fd;
      out.address = numeric(a->ai_addr, a->ai_addrlen);
      return out;
    }
    out.fault = std::strerror(fault);
    ::close(fd);
  }
  if (out.fault.empty()) out.fault = "no address";
  return out;
}

node_stream::inside::inside(const stream_identity& identity, int socket, std::string from)
    : fd(socket), ssl(identity.in().begin()), address(std::move(from)) {
  const int one = 1;
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  (void)::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  auto* b = BIO_new(socket_method());
  BIO_set_data(b, this);
  BIO_set_init(b, 1);
  SSL_set_bio(ssl, b, b);
}

node_stream::inside::~inside() {
  if (ssl != nullptr) SSL_free(ssl);
  if (fd >= 0) ::close(fd);
}

void node_stream::inside::close() noexcept {
  if (closed.exchange(true)) return;
  if (fd >= 0) (void)::shutdown(fd, SHUT_RDWR);
}

node_stream::inside::wanted node_stream::inside::look(int result) {
  const int what = SSL_get_error(ssl, result);
  if (what == SSL_ERROR_WANT_READ) return wanted::read;
  if (what == SSL_ERROR_WANT_WRITE) return wanted::write;
  if (fault_.empty()) {
    const auto code = ERR_peek_last_error();
    const auto verified = SSL_get_verify_result(ssl);
    if (!proven && verified != X509_V_OK) fault_ = std::string("its certificate is not of this cluster (") + X509_verify_cert_error_string(verified) + ')';
    else if (!proven && unproven > handshake_octets_max) fault_ = "it sent too much before it showed a certificate";
    else if (code != 0) fault_ = ERR_reason_error_string(code) != nullptr ? ERR_reason_error_string(code) : "TLS failed";
    else fault_ = "the connection was closed";
  }
  ERR_clear_error();
  return wanted::failed;
}

bool node_stream::inside::wait(wanted what, steady::time_point until) {
  while (!closed) {
    ::pollfd one{fd, static_cast<short>(what == wanted::read ? POLLIN : POLLOUT), 0};
    const int n = ::poll(&one, 1, left(until));
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
  return false;
}

base::failure<base::error> node_stream::inside::broken() {
  const std::lock_guard hold(tls_);
  const bool ours = closed.exchange(true);
  if (!ours && fd >= 0) (void)::shutdown(fd, SHUT_RDWR);
  return gone(!fault_.empty() ? fault_ : ours ? "the stream was closed" : "the connection was closed");
}

base::result<void> node_stream::inside::shake(side which, steady::time_point until) {
  for (;;) {
    wanted what = wanted::nothing;
    {
      const std::lock_guard hold(tls_);
      ERR_clear_error();
      const int n = which == side::server ? SSL_accept(ssl) : SSL_connect(ssl);
      if (n == 1) {
        proven = true;
        return {};
      }
      what = look(n);
    }
    if (what == wanted::failed || closed) return broken();
    if (!wait(what, until)) {
      if (!closed) fault_ = "the handshake took too long";
      return broken();
    }
  }
}

base::result<void> node_stream::inside::send(std::uint8_t type, std::string_view body, steady::time_point until) {
  const std::lock_guard one(sending_);
  base::buffer out;
  append_frame(out, type, body);
  while (!out.empty()) {
    wanted what = wanted::nothing;
    {
      const std::lock_guard hold(tls_);
      if (closed || ssl == nullptr) what = wanted::failed;
      else {
        ERR_clear_error();
        const auto piece = out.view().substr(0, piece_octets);
        const int n = SSL_write(ssl, piece.data(), static_cast<int>(piece.size()));
        if (n > 0) out.consume(static_cast<std::size_t>(n));
        else what = look(n);
      }
    }
    if (what == wanted::failed) return broken();
    if (what != wanted::nothing && !wait(what, until)) {
      if (!closed) {
        const std::lock_guard hold(tls_);
        fault_ = "the other node takes nothing";
      }
      return broken();
    }
  }
  return {};
}

base::result<std::optional<stream_frame>> node_stream::inside::receive(steady::time_point until) {
  char octets[piece_octets];
  for (;;) {
    if (auto f = reader_.next()) return std::optional(std::move(*f));
    if (reader_.fault()) {
      const std::lock_guard hold(tls_);
      fault_ = "it sent a frame that is too long";
    }
    wanted what = wanted::nothing;
    std::size_t got = 0;
    {
      const std::lock_guard hold(tls_);
      if (closed || ssl == nullptr || reader_.fault()) what = wanted::failed;
      else {
        ERR_clear_error();
        const int n = SSL_read(ssl, octets, sizeof octets);
        if (n > 0) got = static_cast<std::size_t>(n);
        else what = look(n);
      }
    }
    if (got > 0) {
      reader_.feed({octets, got});
      continue;
    }
    if (what == wanted::failed) return broken();
    if (!wait(what, until)) {
      if (closed) return broken();
      return std::optional<stream_frame>();
    }
  }
}

std::string node_stream::inside::fingerprint() const {
  const std::unique_ptr<X509, void (*)(X509*)> shown(SSL_get1_peer_certificate(ssl), X509_free);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!shown || X509_digest(shown.get(), EVP_sha256(), digest, &size) != 1) return {};
  return base::to_hex({reinterpret_cast<const char*>(digest), size});
}

node_stream::node_stream(std::shared_ptr<inside> in) : in_(std::move(in)) {}

node_stream::~node_stream() {
  if (in_) in_->close();
}

base::result<std::unique_ptr<node_stream>> node_stream::dial(const stream_identity& identity, std::uint64_t to, std::string kind,
                                                             std::map<std::string, std::string> fields, milliseconds limit) {
  const auto until = steady::now() + limit;
  const auto whom = identity.member(to);
  if (!whom) return base::fail(base::error_kind::denied, "node " + std::to_string(to) + " does not belong to this cluster");
  const auto place = whom->host + ':' + std::to_string(whom->port);
  auto c = connect_to(whom->host, whom->port, until);
  if (c.fd < 0) return gone(place + ": " + c.fault);
  auto in = std::make_shared<inside>(identity, c.fd, std::move(c.address));
  if (auto done = in->shake(inside::side::client, until); !done) return gone(place + ": " + done.error().client.value);
  if (!whom->shows(in->fingerprint()))
    return base::fail(base::error_kind::denied, place + " shows another certificate than node " + std::to_string(to) + " has");
  in->peer = to;
  stream_opening first;
  first.cluster = identity.cluster();
  first.from = identity.self();
  first.to = to;
  first.kind = std::move(kind);
  first.fields = std::move(fields);
  const auto printed = print(first);
  if (printed.size() > stream_first_octets_max) return base::fail(base::error_kind::over_limit, "the opening of a stream is too long");
  if (auto sent = in->send(opening_type, printed, until); !sent) return gone(place + ": " + sent.error().client.value);
  auto answer = in->receive(until);
  if (!answer) return gone(place + ": " + answer.error().client.value);
  if (!*answer) return gone(place + ": no answer");
  if ((*answer)->type == refused_type) return base::fail(base::error_kind::denied, (*answer)->body);
  auto said = (*answer)->type == accepted_type ? read_fields((*answer)->body) : std::nullopt;
  if (!said) return gone(place + ": the answer cannot be read");
  in->answer = std::move(*said);
  in->reader_.allow(stream_body_octets_max);
  return std::make_unique<node_stream>(std::move(in));
}

std::uint64_t node_stream::peer() const noexcept { return in_->peer; }
const std::string& node_stream::peer_address() const noexcept { return in_->address; }
const std::map<std::string, std::string>& node_stream::answer() const noexcept { return in_->answer; }
base::result<void> node_stream::send(std::uint8_t type, std::string_view body, milliseconds limit) { return in_->send(type, body, steady::now() + limit); }
base::result<std::optional<stream_frame>> node_stream::receive(milliseconds limit) { return in_->receive(steady::now() + limit); }
void node_stream::close() noexcept { in_->close(); }
bool node_stream::closed() const noexcept { return in_->closed; }

base::result<void> node_stream::accept(const std::map<std::string, std::string>& fields) {
  in_->reader_.allow(stream_body_octets_max);
  return in_->send(accepted_type, print_fields(fields), steady::now() + std::chrono::seconds(5));
}

void node_stream::refuse(std::string_view sentence) {
  (void)in_->send(refused_type, sentence.substr(0, stream_first_octets_max), steady::now() + std::chrono::seconds(1));
  in_->close();
}

node_stream::raw node_stream::release() {
  const std::lock_guard hold(in_->tls_);
  raw out;
  out.unread = in_->reader_.rest();
  char octets[piece_octets];
  for (int n; SSL_pending(in_->ssl) > 0 && (n = SSL_read(in_->ssl, octets, sizeof octets)) > 0;) out.unread.append(octets, static_cast<std::size_t>(n));
  out.fd = std::exchange(in_->fd, -1);
  out.ssl = std::exchange(in_->ssl, nullptr);
  SSL_set_bio(out.ssl, nullptr, nullptr); // ours looks into the stream, which ends
  in_->closed = true;
  return out;
}

} // namespace rookery::cluster
