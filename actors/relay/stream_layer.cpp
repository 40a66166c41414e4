#include "actors/relay/stream_layer.hpp"

#include <openssl/ssl.h>

#include <algorithm>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace rookery::actors {

void watch_stream(int fd) {
  const int on = 1, idle = 10, between = 5, count = 3, unanswered = 20'000;
  (void)::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between, sizeof between);
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered, sizeof unanswered);
}

held_tls::~held_tls() { SSL_free(ssl_); }

bool session_layer::decode(base::const_bytes octets, base::buffer& plain, base::buffer& wire) {
  base::buffer framed;
  const bool good = stream_layer::decode(octets, framed, wire);
  reader_.feed(framed.view());
  while (auto f = reader_.next()) {
    if (f->type == session_octets) plain.append(f->body);
    else if (f->type == session_shut) shut_ = true;
    else if (f->type == session_drain) drain_();
    else strange_ = true;
  }
  strange_ = strange_ || reader_.fault();
  return good && !strange_;
}

bool session_layer::encode(base::const_bytes plain, base::buffer& wire) {
  base::buffer framed;
  for (; !plain.empty(); plain.remove_prefix(std::min(plain.size(), session_piece_octets)))
    cluster::append_frame(framed, session_octets, plain.substr(0, session_piece_octets));
  return stream_layer::encode(framed.view(), wire);
}

void session_layer::finish(base::buffer& wire) {
  base::buffer framed;
  cluster::append_frame(framed, session_over, {});
  (void)stream_layer::encode(framed.view(), wire);
  stream_layer::finish(wire);
}

} // namespace rookery::actors
