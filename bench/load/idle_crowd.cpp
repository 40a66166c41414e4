/// Many clients in IDLE: what does each cost, and how soon do they hear of new mail?
///
///   idle_crowd --port 10143 --smtp-port 10025 --connections 10000 --accounts 100
///              --domain example.test --password … [--notices 200] [--settle 0] [--patience 10]
///              [--within 300] [--tls] (--pid N | --cgroup FOLDER)
///
/// Client i is in the INBOX of account u(i mod accounts + 1). Each notice is one mail to one
/// account; the time runs from its final dot, and from its 250, to the first EXISTS. `settle`: seconds to wait before memory
/// is read, for a server that puts idle clients away. `patience`: seconds until a client that did not hear is a failure.
/// `within`: seconds after which no further notice is sent; a server that takes long for each has fewer then.
#include "bench/load/peer.hpp"
#include "bench/load/server_cost.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

using namespace rookery::load;

int main(int argc, char** argv) {
  const options o(argc, argv);
  const auto host = o.text("host", "127.0.0.1");
  const auto connections = static_cast<std::size_t>(o.number("connections", 1000));
  const auto accounts = static_cast<std::size_t>(o.number("accounts", 100));
  const auto domain = o.text("domain", "example.test");
  const auto password = o.text("password", "");
  const auto notices = o.number("notices", 200);
  const measured_server server(o);
  const auto settle = static_cast<::useconds_t>(o.number("settle", 0) * 1'000'000);
  const auto patience = static_cast<double>(o.number("patience", 10));
  const auto within = static_cast<double>(o.number("within", 300));
  raise_file_limit();

  std::vector<std::unique_ptr<peer>> peers;
  crowd all;
  process_use warm; // after one client of each account: what an account in use costs is not counted
  const auto begin = stopwatch::now();
  for (std::size_t i = 0; i < connections; ++i) {
    if (i == accounts) {
      ::usleep(settle);
      warm = server.use();
    }
    peers.push_back(std::make_unique<peer>(host, static_cast<std::uint16_t>(o.number("port", 10143)), o.flag("tls"),
                                           "127.0." + std::to_string(1 + i / 20000) + ".1"));
    auto& p = *peers.back();
    p.say_and_wait("", "* OK");
    p.say_and_wait("a LOGIN \"u" + std::to_string(i % accounts + 1) + "@" + domain + "\" \"" + password + "\"\r\n", "a OK");
    p.say_and_wait("b SELECT INBOX\r\n", "b OK");
    p.say_and_wait("c IDLE\r\n", "+");
    all.add(p, i);
  }
  ::usleep(300'000 + settle);
  const auto full = server.use();
  std::printf("%zu connections in IDLE after %.1f s; server %.1f MB", connections, seconds_since(begin), full.resident_kb / 1024);
  if (connections > accounts)
    std::printf(", %.2f kB a connection", (full.resident_kb - warm.resident_kb) / static_cast<double>(connections - accounts));
  ::usleep(2'000'000);
  std::printf("; idle %.2f %% of a core\n", (server.use().cpu_seconds - full.cpu_seconds) / 2 * 100);

  // The sender waits in the same place as the clients: a loop that asked each in turn would take one of few cores from the server.
  peers.push_back(std::make_unique<peer>(host, static_cast<std::uint16_t>(o.number("smtp-port", 10025)), false));
  auto& smtp = *peers.back();
  smtp.say_and_wait("", "220");
  smtp.say_and_wait("HELO load.outside.test\r\n", "250");
  all.add(smtp, connections);
  latencies after_answer;
  latencies after_dot;
  std::size_t heard = 0;
  long n = 0;
  for (const auto start = stopwatch::now(); n < notices && (n == 0 || seconds_since(start) < within); ++n) {
    const auto account = static_cast<std::size_t>(n) % std::min(accounts, connections);
    smtp.say_and_wait("MAIL FROM:<load@outside.test>\r\n", "250");
    smtp.say_and_wait("RCPT TO:<u" + std::to_string(account + 1) + "@" + domain + ">\r\n", "250");
    smtp.say_and_wait("DATA\r\n", "354");
    auto due = (connections + accounts - 1 - account) / accounts;
    const auto dot = stopwatch::now();
    auto answered = dot;
    bool accepted = false;
    bool first = true;
    smtp.send("Subject: notice\r\n\r\nhello\r\n.\r\n");
    while ((!accepted || due > 0) && seconds_since(dot) < patience) {
      smtp.move(); // what did not fit into the socket
      all.wait(100, peers, [&](std::size_t i) {
        std::string line;
        while (peers[i]->line(line)) {
          if (i == connections) {
            accepted = true;
            answered = stopwatch::now();
          }
          if (line.find(" EXISTS") == std::string::npos) continue;
          --due;
          ++heard;
          if (!std::exchange(first, false)) continue;
          after_dot.add(seconds_since(dot) * 1000);
          after_answer.add(accepted ? seconds_since(answered) * 1000 : 0);
        }
      });
    }
    if (due == 0) continue;
    std::fprintf(stderr, "%zu clients did not hear of message %ld\n", due, n);
    return 1;
  }
  std::printf("%ld notices to %zu clients: from the final dot %s; after the 250 %s\n", n, heard, after_dot.text().c_str(),
              after_answer.text().c_str());
  return 0;
}
