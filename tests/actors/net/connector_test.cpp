#include "actors/net/connector.hpp"

#include "actors/net/acceptor.hpp"
#include "actors/net/tls_link.hpp"
#include "protocols/tls/certificate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rookery::net {
namespace {

/// What happened, in order, as seen from the test's thread.
class diary {
public:
  void write(std::string line) {
    const std::lock_guard hold(lock_);
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }
  bool has(const std::string& wanted) {
    std::unique_lock hold(lock_);
    return changed_.wait_for(hold, std::chrono::seconds(30),
                             [&] { return std::find(lines_.begin(), lines_.end(), wanted) != lines_.end(); });
  }

private:
  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

/// Says one line at the start, writes down what the other side says, and closes when it has heard a line.
class one_line final : public protocol {
public:
  one_line(diary& d, std::string who, std::string says, const connection_facts& facts)
      : diary_(d), who_(std::move(who)), output_(std::move(says)) {
    diary_.write(who_ + (facts.tls ? " began with TLS" : " began"));
  }
  void feed(base::const_bytes in, base::instant) override {
    heard_.append(in);
    if (heard_.ends_with("\n")) diary_.write(who_ + " heard " + heard_.substr(0, heard_.size() - 1));
  }
  void tick(base::instant) override {}
  void step() override {}
  base::const_bytes output() const override { return output_; }
  void sent(std::size_t n) override { output_.erase(0, n); }
  std::optional<base::instant> deadline() const override { return std::nullopt; }
  bool wants_input() const override { return true; }
  bool closed() const override { return heard_.ends_with("\n") && output_.empty(); }
  void shut_down(base::instant) override {}
  void tls_started(const connection_facts&, base::instant) override {}
  void ending(std::string_view why) override { diary_.write(who_ + " ends: " + std::string(why)); }

private:
  diary& diary_;
  std::string who_, output_, heard_;
};

/// Asks somebody who answers and somebody who does not, and has a task done later.
class asker final : public protocol {
public:
  asker(diary& d, caf::actor quick, caf::actor silent) : diary_(d), quick_(std::move(quick)), silent_(std::move(silent)) {}
  void begin(connection& c) override {
    protocol::begin(c);
    c.ask<int>(
        quick_, std::chrono::hours(1), 20, [this](int n) { diary_.write("answer " + std::to_string(n)); },
        [this] { diary_.write("no answer from the quick one"); });
    c.ask<int>(
        silent_, std::chrono::milliseconds(1), 21, [this](int) { diary_.write("answer of the silent one"); },
        [this] {
          diary_.write("no answer");
          link().after(std::chrono::milliseconds(1), [this] {
            diary_.write("task done");
            done_ = true;
          });
        });
    c.after(std::chrono::milliseconds(0), [this] { diary_.write("next turn"); });
  }
  void feed(base::const_bytes, base::instant) override {}
  void tick(base::instant) override {}
  void step() override {}
  base::const_bytes output() const override { return {}; }
  void sent(std::size_t) override {}
  std::optional<base::instant> deadline() const override { return std::nullopt; }
  bool wants_input() const override { return true; }
  bool closed() const override { return done_; }
  void shut_down(base::instant) override {}
  void tls_started(const connection_facts&, base::instant) override {}

private:
  diary& diary_;
  caf::actor quick_, silent_;
  bool done_ = false;
};

/// Lets another protocol have the connection when it has heard a line; asks something before, whose answer comes later.
class turner final : public protocol {
public:
  turner(diary& d, caf::actor slow, const connection_facts& facts) : diary_(d), slow_(std::move(slow)), facts_(facts) {}
  void begin(connection& c) override {
    protocol::begin(c);
    c.ask<int>(slow_, std::chrono::hours(1), 1, [this](int) { diary_.write("turner has its answer"); }, [] {});
  }
  void feed(base::const_bytes in, base::instant) override {
    heard_.append(in);
    const auto end = heard_.find('\n');
    if (turned_ || end == std::string::npos) return;
    turned_ = true;
    heard_.erase(0, end + 1);
    output_ = "turned\n";
    link().turn_over(std::make_unique<one_line>(diary_, "second", "I am second\n", facts_));
  }
  void tick(base::instant) override {}
  void step() override {}
  base::const_bytes output() const override { return output_; }
  void sent(std::size_t n) override {
    output_.erase(0, n);
    if (output_.empty()) diary_.write("turner has said all");
  }
  std::optional<base::instant> deadline() const override { return std::nullopt; }
  bool wants_input() const override { return !turned_; }
  bool closed() const override { return false; }
  void shut_down(base::instant) override {}
  void tls_started(const connection_facts&, base::instant) override {}
  base::const_bytes rest() const override { return heard_; }
  void gone() override {
    diary_.write("turner gone");
    caf::anon_send(slow_, std::string("now"));
  }

private:
  diary& diary_;
  caf::actor slow_;
  connection_facts facts_;
  std::string heard_, output_;
  bool turned_ = false;
};

struct world {
  caf::actor_system_config config;
  caf::actor_system system{config};
  std::vector<std::unique_ptr<reactor>> reactors;
  std::vector<std::unique_ptr<acceptor>> doors;
  diary events;

  world() {
    reactors.push_back(std::make_unique<reactor>(system, 0));
    reactors.front()->start();
  }
  ~world() { reactors.front()->stop(); }

  std::shared_ptr<listener> service(const std::string& who, const std::string& says) {
    auto out = std::make_shared<listener>();
    out->service = who;
    out->ended = [this, who](const connection_facts&) { events.write(who + " gone"); };
    out->make = [this, who, says](const connection_facts& f) { return std::make_unique<one_line>(events, who, says, f); };
    out->not_opened = [this, who](std::string_view why) { events.write(who + " not opened: " + std::string(why)); };
    return out;
  }
  std::uint16_t listen(std::shared_ptr<const listener> what) {
    auto& a = doors.emplace_back(std::make_unique<acceptor>(system, reactors, std::move(what), std::make_shared<connection_counts>(connection_limits{}), "no\r\n"));
    EXPECT_TRUE(a->open("127.0.0.1", 0).ok());
    a->begin();
    return a->port();
  }
  void dial_to(std::uint16_t port, std::shared_ptr<const listener> what, std::string source = {}) {
    dial d;
    d.address = "127.0.0.1";
    d.port = port;
    d.source = std::move(source);
    connect(system, *reactors.front(), std::move(d), std::move(what),
            [this](std::string_view why) { events.write("failed: " + std::string(why)); });
  }
};

TEST(Connection, AsksWithADeadlineAndDoesTasksLater) {
  world w;
  const auto quick = w.system.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int n) { return n + 1; }}; });
  const auto silent = w.system.spawn([](caf::event_based_actor* self) -> caf::behavior {
    return {[self](int) -> caf::result<int> { return self->make_response_promise(); }};
  });
  auto door = w.service("server", "");
  door->make = [&](const connection_facts&) { return std::make_unique<asker>(w.events, quick, silent); };
  w.dial_to(w.listen(door), w.service("client", "hello\n"));
  EXPECT_TRUE(w.events.has("next turn"));
  EXPECT_TRUE(w.events.has("answer 21"));
  EXPECT_TRUE(w.events.has("no answer"));
  EXPECT_TRUE(w.events.has("task done"));
  EXPECT_TRUE(w.events.has("server gone"));
  caf::anon_send_exit(silent, caf::exit_reason::kill);
  caf::anon_send_exit(quick, caf::exit_reason::kill);
}

TEST(Connection, TurnsOverToAnotherProtocolWithWhatWasRead) {
  world w;
  // Answers its question only when the asker has given its connection away.
  const auto slow = w.system.spawn([](caf::event_based_actor* self) -> caf::behavior {
    auto waiting = std::make_shared<std::optional<caf::typed_response_promise<int>>>();
    return {[self, waiting](int) -> caf::result<int> {
              *waiting = self->make_response_promise<int>();
              return **waiting;
            },
            [waiting](const std::string&) { (*waiting)->deliver(1); }};
  });
  auto door = w.service("server", "");
  door->make = [&](const connection_facts& f) { return std::make_unique<turner>(w.events, slow, f); };
  w.dial_to(w.listen(door), w.service("client", "turn\nearly\n"));
  EXPECT_TRUE(w.events.has("turner has said all"));
  EXPECT_TRUE(w.events.has("turner gone"));
  EXPECT_TRUE(w.events.has("second began"));
  EXPECT_TRUE(w.events.has("second heard early"));
  EXPECT_TRUE(w.events.has("server gone"));
  caf::anon_send_exit(slow, caf::exit_reason::kill);
}

TEST(Connector, RunsAProtocolOnTheConnection) {
  world w;
  const auto port = w.listen(w.service("server", "welcome\n"));
  w.dial_to(port, w.service("client", "hello\n"), "127.0.0.9");
  EXPECT_TRUE(w.events.has("server heard hello"));
  EXPECT_TRUE(w.events.has("client heard welcome"));
  EXPECT_TRUE(w.events.has("client gone"));
  EXPECT_TRUE(w.events.has("server gone"));
}

TEST(Connector, SaysWhyNobodyIsThere) {
  world w;
  // Bound, but not listening.
  const int taken = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::socklen_t size = sizeof at;
  ASSERT_EQ(::bind(taken, reinterpret_cast<const ::sockaddr*>(&at), size), 0);
  ASSERT_EQ(::getsockname(taken, reinterpret_cast<::sockaddr*>(&at), &size), 0);
  const auto port = ntohs(at.sin_port);
  w.dial_to(port, w.service("client", ""));
  EXPECT_TRUE(w.events.has("failed: connection refused"));
  w.dial_to(port, w.service("client", ""), "192.0.2.1");
  EXPECT_TRUE(w.events.has("failed: the source address is not ours"));
  ::close(taken);
}

TEST(Connector, ShakesHandsFirstWhereTlsIsImplicit) {
  world w;
  auto made = tls::make_self_signed({"localhost"}, base::system_clock().wall());
  ASSERT_TRUE(made.ok());
  auto server = w.service("server", "welcome\n");
  tls::server_settings keys;
  keys.certificates_pem = made->certificates;
  keys.key_pem = made->key;
  auto server_side = tls::tls_context::make_server(keys);
  auto client_side = tls::tls_context::make_client({});
  ASSERT_TRUE(server_side.ok() && client_side.ok());
  server->implicit_tls = true;
  server->make_tls = [c = *server_side] { return std::make_unique<tls_link>(c); };
  auto client = w.service("client", "hello\n");
  client->implicit_tls = true;
  client->make_tls = [c = *client_side] { return std::make_unique<tls_link>(c, "localhost"); };
  const auto port = w.listen(server);
  w.dial_to(port, client);
  EXPECT_TRUE(w.events.has("client began with TLS"));
  EXPECT_TRUE(w.events.has("server heard hello"));
  EXPECT_TRUE(w.events.has("client heard welcome"));
  EXPECT_TRUE(w.events.has("client gone"));
  EXPECT_TRUE(w.events.has("server gone"));
}

TEST(Connector, TellsOfAHandshakeThatFailed) {
  world w;
  auto client_side = tls::tls_context::make_client({});
  ASSERT_TRUE(client_side.ok());
  auto client = w.service("client", "");
  client->implicit_tls = true;
  client->make_tls = [c = *client_side] { return std::make_unique<tls_link>(c, "localhost"); };
  const auto port = w.listen(w.service("server", "this is no TLS record\n"));
  client->not_opened = [&](std::string_view why) {
    w.events.write(why.starts_with("TLS failed: ") ? "not TLS" : std::string(why));
  };
  w.dial_to(port, client);
  EXPECT_TRUE(w.events.has("not TLS"));
  EXPECT_TRUE(w.events.has("server gone"));
}

} // namespace
} // namespace rookery::net
