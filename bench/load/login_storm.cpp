/// Thousands of clients that come at once over TLS: how many log in a second, and what do those notice who are there already?
///
///   login_storm --port 10993 --probe-port 10143 --connections 10000 --at-once 1000 --accounts 100
///               --domain example.test --password … [--probes 20] [--quiet 3] [--pid N | --cgroup FOLDER]
///
/// Storm client i is u(i mod accounts + 1); it logs in and stays. `at-once` of them are on their way at a time. The probes are
/// clients in plain, each of which says NOOP every 50 ms: first `quiet` seconds alone, then while the storm lasts. Ends with 1
/// when a login fails or a connection is lost.
#include "bench/load/peer.hpp"
#include "bench/load/server_cost.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

using namespace rookery::load;

namespace {

constexpr double pause_seconds = 0.05;

[[noreturn]] void end(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

/// Clients that ask NOOP in turns, and how long each answer took.
class probes {
public:
  probes(const options& o, const std::string& host, long count) {
    for (long i = 0; i < count; ++i) {
      peers_.push_back(std::make_unique<peer>(host, static_cast<std::uint16_t>(o.number("probe-port", 10143)), false));
      auto& p = *peers_.back();
      p.say_and_wait("", "* OK");
      p.say_and_wait("a LOGIN \"u1@" + o.text("domain", "example.test") + "\" \"" + o.text("password", "") + "\"\r\n", "a OK");
      p.say_and_wait("b SELECT INBOX\r\n", "b OK");
      sent_.push_back(stopwatch::now());
      waits_.push_back(false);
      all_.add(p, peers_.size() - 1);
    }
  }
  /// Asks who has been quiet long enough, and takes the answers that have come.
  void step(int milliseconds, latencies& times) {
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      if (waits_[i] || seconds_since(sent_[i]) < pause_seconds) continue;
      waits_[i] = true;
      sent_[i] = stopwatch::now();
      peers_[i]->send("n NOOP\r\n");
    }
    all_.wait(milliseconds, peers_, [&](std::size_t i) {
      for (std::string line; peers_[i]->line(line);) {
        if (line.compare(0, 4, "n OK") != 0) continue;
        waits_[i] = false;
        times.add(seconds_since(sent_[i]) * 1000);
      }
      if (peers_[i]->closed()) end("the server closed a connection that was there before");
    });
  }

private:
  std::vector<std::unique_ptr<peer>> peers_;
  std::vector<stopwatch::time_point> sent_;
  std::vector<bool> waits_;
  crowd all_;
};

} // namespace

int main(int argc, char** argv) {
  const options o(argc, argv);
  const auto host = o.text("host", "127.0.0.1");
  const auto connections = static_cast<std::size_t>(o.number("connections", 10000));
  const auto at_once = static_cast<std::size_t>(o.number("at-once", 1000));
  const auto accounts = static_cast<std::size_t>(o.number("accounts", 100));
  const measured_server server(o);
  raise_file_limit();

  probes there(o, host, o.number("probes", 20));
  latencies before;
  for (const auto begin = stopwatch::now(); seconds_since(begin) < static_cast<double>(o.number("quiet", 3));) there.step(1, before);

  std::vector<std::unique_ptr<peer>> peers;
  std::vector<stopwatch::time_point> begun;
  crowd storm;
  latencies logins;
  latencies during;
  std::size_t done = 0;
  const auto used = server.use();
  const auto begin = stopwatch::now();
  while (done < connections) {
    for (int some = 0; some < 20 && peers.size() < connections && peers.size() - done < at_once; ++some) {
      begun.push_back(stopwatch::now());
      peers.push_back(std::make_unique<peer>(host, static_cast<std::uint16_t>(o.number("port", 10993)), true,
                                             "127.0." + std::to_string(1 + peers.size() / 20000) + ".1"));
      peers.back()->send("a LOGIN \"u" + std::to_string((peers.size() - 1) % accounts + 1) + "@" + o.text("domain", "example.test") + "\" \"" +
                         o.text("password", "") + "\"\r\n");
      storm.add(*peers.back(), peers.size() - 1);
    }
    storm.wait(1, peers, [&](std::size_t i) {
      for (std::string line; peers[i]->line(line);) {
        if (line.compare(0, 2, "* ") == 0) continue;
        if (line.compare(0, 4, "a OK") != 0) end("a login failed: " + line);
        ++done;
        logins.add(seconds_since(begun[i]) * 1000);
      }
      if (peers[i]->closed()) end("the server closed a connection of the storm");
    });
    there.step(0, during);
  }
  const auto took = seconds_since(begin);
  std::printf("%zu logins over TLS, %zu at once: %.0f/s, %s", connections, at_once, static_cast<double>(connections) / took, logins.text().c_str());
  if (server.known()) std::printf(", server CPU %.3f ms each", (server.use().cpu_seconds - used.cpu_seconds) * 1000 / static_cast<double>(connections));
  std::printf("\nNOOP of those that were there: alone %s, longest %.1f ms\n", before.text().c_str(), before.at(1));
  std::printf("                       in the storm %s, longest %.1f ms\n", during.text().c_str(), during.at(1));
  return 0;
}
