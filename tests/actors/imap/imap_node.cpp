#include "tests/actors/imap/imap_node.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace rookery::tests {

imap_node::imap_node(int accounts, std::uint16_t port, const std::function<void(actors::running_node&)>& listen_more) {
  char name[] = "/tmp/imap_node_XXXXXX";
  if (::mkdtemp(name) == nullptr) throw std::runtime_error("no temporary directory");
  directory_ = name;
  actors::node_options options;
  options.data_directory = directory_ + "/data";
  options.host_name = "imap.example.test";
  if (const auto made = storage::node_store::open(options.data_directory, true); !made)
    throw std::runtime_error(made.error().log.value);
  auto started = actors::running_node::start(options);
  if (!started) throw std::runtime_error(started.error().log.value);
  running_ = std::move(started).value();
  credentials_ = sasl::make_credentials("secret", "0123456789abcdef", 4096);

  routing::directory_builder builder{routing::directory_view{}};
  routing::domain_record domain;
  domain.id = base::domain_id{1};
  domain.name = "example.test";
  builder.put_domain(domain);
  for (int i = 1; i <= accounts; ++i) builder.put_account(account(i));
  node().directory->put(builder.finish(1));

  auto settings = std::make_shared<imap::server_settings>();
  settings->host_name = options.host_name;
  settings->limits.append_octets = 8 << 20;
  auto listener = std::make_shared<net::listener>();
  listener->service = "imap";
  listener->make = [this, settings](const connection_facts& facts) {
    return actors::make_imap_host(node(), settings, facts);
  };
  const auto got = running_->listen(listener, "127.0.0.1", port, "* BYE Too many connections\r\n");
  if (!got) throw std::runtime_error(got.error().log.value);
  port_ = *got;
  if (listen_more) listen_more(*running_);
  running_->accept();
}

imap_node::~imap_node() {
  running_->drain(std::chrono::milliseconds(200));
  running_->stop();
  (void)running_.release(); // the process ends it: see running_node
  std::filesystem::remove_all(directory_);
}

routing::account_record imap_node::account(int number) const {
  routing::account_record a;
  a.what = routing::address_entry::kind::account;
  a.address = "u" + std::to_string(number) + "@example.test";
  a.id = base::account_id{static_cast<std::uint64_t>(number)};
  a.version = 1;
  a.salt_octets = static_cast<std::uint8_t>(credentials_.salt.size());
  a.iterations = credentials_.iterations;
  std::copy(credentials_.salt.begin(), credentials_.salt.end(), a.salt.begin());
  std::copy(credentials_.stored_key.begin(), credentials_.stored_key.end(), a.stored_key.begin());
  std::copy(credentials_.server_key.begin(), credentials_.server_key.end(), a.server_key.begin());
  return a;
}

void imap_node::set_quota(int number, std::uint64_t octets, std::uint64_t messages) {
  auto a = account(number);
  a.quota_octets = octets;
  a.quota_messages = messages;
  const auto now = node().directory->get();
  routing::directory_builder builder{*now};
  builder.put_account(a);
  node().directory->put(builder.finish(now->version() + 1));
}

imap_client::imap_client(std::uint16_t port) {
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
  line();
}

imap_client::~imap_client() { ::close(fd_); }

void imap_client::send(std::string_view octets) {
  while (!octets.empty()) {
    const auto n = ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (n <= 0) throw std::runtime_error("connection lost while sending");
    octets.remove_prefix(static_cast<std::size_t>(n));
  }
}

void imap_client::more() {
  char area[65536];
  const auto n = ::recv(fd_, area, sizeof area, 0);
  if (n <= 0) throw std::runtime_error("connection closed; left: " + in_);
  in_.append(area, static_cast<std::size_t>(n));
}

std::string imap_client::line() {
  std::string out;
  for (;;) {
    const auto end = in_.find("\r\n");
    if (end == std::string::npos) {
      more();
      continue;
    }
    out += in_.substr(0, end + 2);
    in_.erase(0, end + 2);
    const auto open = out.rfind('{');
    if (open == std::string::npos || !out.ends_with("}\r\n")) return out;
    const auto octets = static_cast<std::size_t>(std::atol(out.c_str() + open + 1));
    while (in_.size() < octets) more();
    out += in_.substr(0, octets);
    in_.erase(0, octets);
  }
}

std::string imap_client::command(std::string_view text) {
  const auto tag = "t" + std::to_string(++tag_);
  send(tag + " " + std::string(text) + "\r\n");
  std::string all;
  for (;;) {
    const auto l = line();
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
    const auto l = line();
    all += l;
    if (l.find(what) != std::string::npos) return all;
  }
}

} // namespace rookery::tests
