#include "server/cli/admin_client.hpp"

#include "protocols/http/client_exchange.hpp"

#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace rookery::cli {
namespace {

class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }

private:
  int fd_;
};

/// An answer of more than this is no page of ours.
constexpr std::size_t answer_octets_max = 64u << 20;

} // namespace

base::result<admin_answer> admin_client::ask(std::string_view method, std::string_view target, const json::value& body) const {
  const auto unreachable = [&](const char* why) {
    return base::fail(base::error_kind::try_later, "no server answers at " + path_ + " (" + why + "); is `rookery serve` running?");
  };
  ::sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path_.size() >= sizeof to.sun_path) return unreachable("the path is too long for a socket");
  std::memcpy(to.sun_path, path_.data(), path_.size());
  const descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0 || ::connect(fd.get(), reinterpret_cast<::sockaddr*>(&to), sizeof to) != 0)
    return unreachable(std::strerror(errno));
  const ::timeval wait{patience_.count(), 0};
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);

  const auto text = body.is_null() ? std::string() : json::to_text(body);
  http::field_list fields;
  if (!text.empty()) fields.push_back({"Content-Type", "application/json"});
  std::string out = http::request_text(method, target, "localhost", fields, text);
  for (std::size_t sent = 0; sent < out.size();) {
    const auto n = ::send(fd.get(), out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break; // an early refusal may be there to read
    sent += static_cast<std::size_t>(n);
  }
  http::client_exchange exchange(false, answer_octets_max);
  auto state = http::client_exchange::state::reading;
  std::string piece(1 << 16, '\0');
  while (state == http::client_exchange::state::reading) {
    const auto n = ::recv(fd.get(), piece.data(), piece.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::fail(base::error_kind::io, std::string("the server's answer did not come: ") + std::strerror(errno));
    state = n == 0 ? exchange.end_of_stream() : exchange.feed({piece.data(), static_cast<std::size_t>(n)});
    if (n == 0) break;
  }
  if (state != http::client_exchange::state::done)
    return base::fail(base::error_kind::io, std::string("the server's answer cannot be read: ") + exchange.error());
  admin_answer got;
  got.status = exchange.answer().status;
  if (exchange.answer().body.empty()) return got;
  auto parsed = json::parse(exchange.answer().body, {answer_octets_max, 32, 4'000'000});
  if (!parsed) {
    // The session itself refused (too large, no HTTP): its text is no JSON.
    if (!got.ok()) return got;
    return base::fail(parsed.error());
  }
  got.body = std::move(*parsed);
  return got;
}

} // namespace rookery::cli
