#include "tests/actors/http/https_server.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rookery::actors {
namespace {

std::string exchange(std::uint16_t port, const std::string& octets) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const ::sockaddr*>(&to), sizeof to), 0);
  EXPECT_EQ(::send(fd, octets.data(), octets.size(), 0), static_cast<ssize_t>(octets.size()));
  ::shutdown(fd, SHUT_WR);
  std::string out;
  char part[4096];
  for (ssize_t n; (n = ::recv(fd, part, sizeof part, 0)) > 0;) out.append(part, static_cast<std::size_t>(n));
  ::close(fd);
  return out;
}

TEST(HttpHost, GivesWholeRequestsOneByOne) {
  caf::actor_system_config config;
  caf::actor_system system{config};
  tests::https_server server{system};
  const auto port = server.listen([](const http_call& c) {
    return tests::https_server::answer{200, {}, "<" + c.method + "|" + c.host + "|" + c.path + "|" + c.query + "|" + c.body + ">"};
  });
  const auto got = exchange(port, "POST /a?b=c HTTP/1.1\r\nHost: Web.Example:8080\r\nContent-Length: 4\r\n\r\nbody"
                                  "GET /d HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n");
  const auto first = got.find("<POST|web.example|/a|b=c|body>"), second = got.find("<GET|[::1]|/d||>");
  EXPECT_NE(first, std::string::npos) << got;
  EXPECT_NE(second, std::string::npos) << got;
  EXPECT_LT(first, second);
  EXPECT_NE(got.find("\r\nDate: "), std::string::npos);
}

} // namespace
} // namespace rookery::actors
