#include "tests/actors/support/test_node.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <vector>

namespace rookery::tests {

test_node::test_node(int accounts, const std::function<void(test_node&)>& listen_more) {
  char name[] = "/tmp/test_node_XXXXXX";
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

  auto settings = std::make_shared<imap::server_settings>();
  settings->host_name = options.host_name;
  settings->limits.append_octets = 8 << 20;
  imap_ = listen("imap", [this, settings](const connection_facts& f) { return actors::make_imap_host(node(), settings, f); },
                 "* BYE Too many connections\r\n");
  if (listen_more) listen_more(*this);
  running_->accept();
}

test_node::~test_node() {
  running_->drain(std::chrono::milliseconds(200));
  running_->stop();
  // The end of the process ends it (see running_node): kept where a leak checker sees it.
  static auto& kept = *new std::vector<std::unique_ptr<actors::running_node>>();
  kept.push_back(std::move(running_));
  std::filesystem::remove_all(directory_);
}

std::uint16_t test_node::listen(std::string service,
                                std::function<std::unique_ptr<net::protocol>(const connection_facts&)> make,
                                std::string refusal) {
  auto l = std::make_shared<net::listener>();
  l->service = std::move(service);
  l->make = std::move(make);
  const auto port = running_->listen(std::move(l), "127.0.0.1", 0, std::move(refusal));
  if (!port) throw std::runtime_error(port.error().log.value);
  return *port;
}

routing::account_record test_node::account(int number) const {
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

void test_node::change(int number, const std::function<void(routing::account_record&)>& how) {
  auto a = account(number);
  how(a);
  const auto now = node().directory->get();
  routing::directory_builder builder{*now};
  builder.put_account(a);
  node().directory->put(builder.finish(now->version() + 1));
}

void test_node::close(int number) {
  change(number, [](auto& a) { a.state = routing::account_state::frozen; });
  const base::account_id id{static_cast<std::uint64_t>(number)};
  caf::anon_send(node().shard_actor(id), actors::end_sessions{id});
}

} // namespace rookery::tests
