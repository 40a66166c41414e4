#include "tests/actors/support/line_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace rookery::tests {

line_client::line_client(std::uint16_t port) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<::sockaddr*>(&to), sizeof to) != 0) throw std::runtime_error("no connection");
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const ::timeval limit{20, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

line_client::~line_client() { ::close(fd_); }

void line_client::send(std::string_view octets) {
  while (!octets.empty()) {
    const auto n = ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (n <= 0) throw std::runtime_error("connection lost while sending");
    octets.remove_prefix(static_cast<std::size_t>(n));
  }
}

bool line_client::more() {
  char area[65536];
  const auto n = ::recv(fd_, area, sizeof area, 0);
  if (n < 0) throw std::runtime_error("no answer; left: " + in_);
  in_.append(area, static_cast<std::size_t>(n));
  return n > 0;
}

std::string line_client::line() {
  std::size_t end;
  while ((end = in_.find("\r\n")) == std::string::npos)
    if (!more()) throw std::runtime_error("connection closed; left: " + in_);
  auto out = in_.substr(0, end);
  in_.erase(0, end + 2);
  return out;
}

std::string line_client::rest(bool close_ours) {
  if (close_ours) ::shutdown(fd_, SHUT_WR);
  while (more()) {}
  return std::move(in_);
}

imap_client::imap_client(std::uint16_t port) : line_client(port) { row(); }

std::string imap_client::row() {
  std::string out;
  for (;;) {
    out += line() + "\r\n";
    const auto open = out.rfind('{');
    if (open == std::string::npos || !out.ends_with("}\r\n")) return out;
    const auto octets = static_cast<std::size_t>(std::atol(out.c_str() + open + 1));
    while (in_.size() < octets)
      if (!more()) throw std::runtime_error("connection closed in a literal");
    out += in_.substr(0, octets);
    in_.erase(0, octets);
  }
}

std::string imap_client::command(std::string_view text) {
  const auto tag = "t" + std::to_string(++tag_);
  send(tag + " " + std::string(text) + "\r\n");
  std::string all;
  for (;;) {
    const auto l = row();
    all += l;
    if (l.starts_with(tag + " ")) return all;
  }
}

void imap_client::append(std::string_view mailbox, std::string_view message, std::string_view flags) {
  const auto answer = command("APPEND " + std::string(mailbox) + " " + std::string(flags) + (flags.empty() ? "" : " ") +
                              "{" + std::to_string(message.size()) + "+}\r\n" + std::string(message));
  if (answer.find(" OK ") == std::string::npos) throw std::runtime_error("APPEND: " + answer);
}

std::string imap_client::until(std::string_view what) {
  std::string all;
  for (;;) {
    const auto l = row();
    all += l;
    if (l.find(what) != std::string::npos) return all;
  }
}

smtp_client::smtp_client(std::uint16_t port, std::string_view greeting) : line_client(port) {
  reply();
  command(greeting);
}

std::string smtp_client::reply() {
  std::string all;
  for (;;) {
    const auto one = line();
    all += one;
    if (one.size() < 4 || one[3] != '-') return all;
    all += "\r\n";
  }
}

std::string smtp_client::command(std::string_view line) {
  send(std::string(line) + "\r\n");
  return reply();
}

std::string smtp_client::deliver(std::string_view from, const std::vector<std::string>& to, std::string_view message) {
  if (auto r = command("MAIL FROM:<" + std::string(from) + ">"); r[0] != '2') return r;
  for (const auto& one : to)
    if (auto r = command("RCPT TO:<" + one + ">"); r[0] != '2') {
      command("RSET");
      return r;
    }
  if (auto r = command("DATA"); r[0] != '3') return r;
  send(std::string(message) + ".\r\n");
  return reply();
}

} // namespace rookery::tests
