#include "tests/actors/smtp/mail_node.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace rookery::tests {

mail_node::mail_node(int accounts) {
  char name[] = "/tmp/mail_node_XXXXXX";
  if (::mkdtemp(name) == nullptr) throw std::runtime_error("no temporary directory");
  directory_ = name;
  actors::node_options options;
  options.data_directory = directory_ + "/data";
  options.host_name = "mx.example.test";
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
  routing::alias_record team;
  team.what = routing::address_entry::kind::alias;
  team.address = "team@example.test";
  team.targets = {"u1@example.test", "u2@example.test"};
  builder.put_alias(team);
  routing::alias_record away = team;
  away.address = "away@example.test";
  away.targets = {"somebody@elsewhere.test"};
  builder.put_alias(away);
  node().directory->put(builder.finish(1));

  mx_ = listen(smtp::profile::mx);
  submission_ = listen(smtp::profile::submission);
  lmtp_ = listen(smtp::profile::lmtp);
  auto imap_settings = std::make_shared<imap::server_settings>();
  imap_settings->host_name = options.host_name;
  auto l = std::make_shared<net::listener>();
  l->service = "imap";
  l->make = [this, imap_settings](const connection_facts& facts) { return actors::make_imap_host(node(), imap_settings, facts); };
  imap_ = running_->listen(l, "127.0.0.1", 0, "* BYE\r\n").value();
  running_->accept();
}

std::uint16_t mail_node::listen(smtp::profile profile) {
  auto session = std::make_shared<smtp::server_settings>();
  session->profile = profile;
  session->host_name = "mx.example.test";
  session->limits.message_octets = 4u << 20;
  auto settings = std::make_shared<actors::reception_settings>();
  settings->session = session;
  settings->limits.message_octets = session->limits.message_octets;
  auto l = std::make_shared<net::listener>();
  l->service = profile == smtp::profile::mx ? "smtp" : profile == smtp::profile::lmtp ? "lmtp" : "submission";
  l->make = [this, settings](const connection_facts& facts) { return actors::make_reception_host(node(), settings, facts); };
  return running_->listen(l, "127.0.0.1", 0, "421 4.7.0 Too many connections\r\n").value();
}

mail_node::~mail_node() {
  running_->drain(std::chrono::milliseconds(200));
  running_->stop();
  // The end of the process ends it (see running_node): kept where a leak checker sees it.
  static auto& kept = *new std::vector<std::unique_ptr<actors::running_node>>();
  kept.push_back(std::move(running_));
  std::filesystem::remove_all(directory_);
}

routing::account_record mail_node::account(int number) const {
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

void mail_node::change(int number, const std::function<void(routing::account_record&)>& how) {
  auto a = account(number);
  how(a);
  const auto now = node().directory->get();
  routing::directory_builder builder{*now};
  builder.put_account(a);
  node().directory->put(builder.finish(now->version() + 1));
}

smtp_client::smtp_client(std::uint16_t port, std::string_view greeting) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<::sockaddr*>(&to), sizeof to) != 0) throw std::runtime_error("no connection");
  const ::timeval limit{20, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  reply();
  command(greeting);
}

smtp_client::~smtp_client() { ::close(fd_); }

void smtp_client::send(std::string_view octets) {
  while (!octets.empty()) {
    const auto n = ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (n <= 0) throw std::runtime_error("connection lost while sending");
    octets.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string smtp_client::reply() {
  std::string all;
  for (;;) {
    const auto end = in_.find("\r\n");
    if (end == std::string::npos) {
      char area[4096];
      const auto n = ::recv(fd_, area, sizeof area, 0);
      if (n <= 0) throw std::runtime_error("connection closed; left: " + in_);
      in_.append(area, static_cast<std::size_t>(n));
      continue;
    }
    const auto line = in_.substr(0, end);
    in_.erase(0, end + 2);
    all += line;
    if (line.size() < 4 || line[3] != '-') return all;
    all += "\r\n";
  }
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
