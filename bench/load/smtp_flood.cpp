/// Sends mail over many connections at once and says how many a second the server took,
/// how long each took, and what it cost the server.
///
///   smtp_flood --port 10025 --connections 50 --messages 20000 --octets 4096 --recipients 1
///              --accounts 100 --domain example.test [--one-by-one] [--tls] [--lmtp] [--pid N | --cgroup FOLDER]
///              [--sender ADDRESS] [--login USER --password P]
///
/// Each transaction is pipelined (RFC 2920) unless --one-by-one. A message counts when its
/// 250 has come.
#include "bench/load/peer.hpp"
#include "bench/load/server_cost.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <openssl/evp.h>

using namespace rookery::load;

namespace {

struct sender {
  enum class phase { greeting, hello, login, envelope, body } now = phase::greeting;
  int answers_due = 0;
  std::vector<std::string> commands; ///< one by one: what is still to be said, last first
  stopwatch::time_point begun;
};

std::string base64(const std::string& octets) {
  std::string out(octets.size() * 4 / 3 + 4, '\0');
  out.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                                      reinterpret_cast<const unsigned char*>(octets.data()), static_cast<int>(octets.size()))));
  return out;
}

std::string make_body(std::size_t octets, const std::string& domain, const std::string& from) {
  auto body = "From: Load Maker <" + from + ">\r\nTo: <u1@" + domain +
              ">\r\nSubject: a message of the flood\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
              "Message-ID: <flood@outside.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n";
  while (body.size() < octets) body += "The quick brown fox jumps over the lazy dog, again and again and again.\r\n";
  body.resize(octets > 2 ? octets - 2 : 0);
  return body + "\r\n.\r\n";
}

} // namespace

int main(int argc, char** argv) {
  const options o(argc, argv);
  const auto connections = static_cast<std::size_t>(o.number("connections", 10));
  const auto messages = o.number("messages", 1000);
  const auto octets = static_cast<std::size_t>(o.number("octets", 4096));
  const auto recipients = o.number("recipients", 1);
  const auto accounts = o.number("accounts", 2);
  const auto domain = o.text("domain", "example.test");
  const bool one_by_one = o.flag("one-by-one");
  const bool lmtp = o.flag("lmtp");
  const measured_server server(o);
  const auto from = o.text("sender", "load@outside.test");
  const auto login = o.text("login", "");
  const auto plain = base64(std::string(1, '\0') + login + std::string(1, '\0') + o.text("password", ""));
  const auto body = make_body(octets, domain, from);

  std::vector<std::unique_ptr<peer>> peers;
  std::vector<sender> state(connections);
  crowd all;
  for (std::size_t i = 0; i < connections; ++i) {
    peers.push_back(std::make_unique<peer>(o.text("host", "127.0.0.1"), static_cast<std::uint16_t>(o.number("port", 10025)), o.flag("tls")));
    all.add(*peers.back(), i);
  }
  long begun = 0;
  long done = 0;
  long refused = 0;
  std::size_t ready = 0;
  latencies waits;
  long next_account = 0;
  stopwatch::time_point begin;
  process_use before;

  const auto envelope = [&](std::size_t i) {
    if (begun >= messages) return;
    ++begun;
    auto& s = state[i];
    s.begun = stopwatch::now();
    s.now = sender::phase::envelope;
    std::vector<std::string> commands{"MAIL FROM:<" + from + ">\r\n"};
    for (long r = 0; r < recipients; ++r)
      commands.push_back("RCPT TO:<u" + std::to_string(next_account++ % accounts + 1) + "@" + domain + ">\r\n");
    commands.push_back("DATA\r\n");
    s.answers_due = static_cast<int>(commands.size());
    if (one_by_one) {
      s.commands.assign(commands.rbegin(), commands.rend());
      peers[i]->send(s.commands.back());
      s.commands.pop_back();
      return;
    }
    std::string together;
    for (const auto& c : commands) together += c;
    peers[i]->send(together);
  };
  const auto answer = [&](std::size_t i, const std::string& line) {
    auto& s = state[i];
    if (line.size() > 3 && line[3] == '-') return;
    const bool good = !line.empty() && (line[0] == '2' || line[0] == '3');
    switch (s.now) {
    case sender::phase::greeting:
      peers[i]->send(lmtp ? "LHLO load.outside.test\r\n" : "EHLO load.outside.test\r\n");
      s.now = sender::phase::hello;
      break;
    case sender::phase::hello:
      if (!login.empty()) {
        peers[i]->send("AUTH PLAIN " + plain + "\r\n");
        s.now = sender::phase::login;
        break;
      }
      [[fallthrough]];
    case sender::phase::login:
      if (!good) {
        std::fprintf(stderr, "refused: %s\n", line.c_str());
        std::exit(1);
      }
      if (++ready < connections) break;
      before = server.use();
      begin = stopwatch::now();
      for (std::size_t k = 0; k < connections; ++k) envelope(k);
      break;
    case sender::phase::envelope:
      if (!good) {
        std::fprintf(stderr, "refused: %s\n", line.c_str());
        std::exit(1);
      }
      if (--s.answers_due == 0) {
        s.now = sender::phase::body;
        s.answers_due = lmtp ? static_cast<int>(recipients) : 1;
        peers[i]->send(body);
      } else if (one_by_one) {
        peers[i]->send(s.commands.back());
        s.commands.pop_back();
      }
      break;
    case sender::phase::body:
      if (!good && ++refused <= 3) std::fprintf(stderr, "refused: %s\n", line.c_str());
      if (--s.answers_due > 0) break;
      waits.add(seconds_since(s.begun) * 1000);
      ++done;
      envelope(i);
      break;
    }
  };
  while (done < messages)
    all.wait(1000, peers, [&](std::size_t i) {
      std::string line;
      while (peers[i]->line(line)) answer(i, line);
      if (!peers[i]->closed()) return;
      std::fprintf(stderr, "the server closed a connection\n");
      std::exit(1);
    });
  const auto seconds = seconds_since(begin);
  const auto cpu = server.use().cpu_seconds - before.cpu_seconds;
  std::printf("%ld messages of %zu octets, %zu connections, %ld recipients each: %.0f/s, %s", messages, octets, connections,
              recipients, static_cast<double>(messages) / seconds, waits.text().c_str());
  if (server.known()) std::printf(", server CPU %.4f ms a message", cpu * 1000 / static_cast<double>(messages));
  std::printf("%s\n", refused > 0 ? " REFUSALS" : "");
  return refused > 0 ? 1 : 0;
}
