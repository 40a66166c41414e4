/// Many IMAP clients at work, each in a mailbox of its own account, one command outstanding each.
///
///   imap_crowd --port 10143 --clients 20 --operations 20000 --work mix|append|fetch|store
///              --domain example.test --password … [--messages 200] [--octets 4096] [--tls] [--pid N | --cgroup FOLDER]
///
/// Client i is u(i + 1) and works in its folder Crowd, which is filled to `messages` first. `mix`, of 100 commands: 30 FETCH
/// of a whole message, 15 of flags of twenty, 15 STORE of one, 15 NOOP, 10 STATUS, 10 APPEND, 5 SEARCH UNSEEN.
#include "bench/load/crowd_run.hpp"

#include <algorithm>
#include <functional>
#include <random>

using namespace rookery::load;

namespace {

std::string message(std::size_t octets) {
  std::string m = "From: Writer <w@outside.test>\r\nTo: Reader <u1@example.test>\r\nSubject: one of a crowd\r\n"
                  "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <crowd@outside.test>\r\nMIME-Version: 1.0\r\n"
                  "Content-Type: text/plain\r\n\r\n";
  while (m.size() < octets) m += "The quick brown fox jumps over the lazy dog, again and again and again.\r\n";
  m.resize(octets - 2);
  return m + "\r\n";
}

} // namespace

int main(int argc, char** argv) {
  const options o(argc, argv);
  const auto clients = static_cast<std::size_t>(o.number("clients", 20));
  const auto messages = o.number("messages", 200);
  const auto work = o.text("work", "mix");
  const measured_server server(o);
  const auto literal = " {" + std::to_string(o.number("octets", 4096)) + "+}\r\n" + message(static_cast<std::size_t>(o.number("octets", 4096)));

  std::vector<std::unique_ptr<peer>> peers;
  for (std::size_t i = 0; i < clients; ++i) {
    peers.push_back(std::make_unique<peer>(o.text("host", "127.0.0.1"), static_cast<std::uint16_t>(o.number("port", 10143)), o.flag("tls")));
    auto& p = *peers.back();
    p.say_and_wait("", "* OK");
    p.say_and_wait("x LOGIN \"u" + std::to_string(i + 1) + "@" + o.text("domain", "example.test") + "\" \"" + o.text("password", "") + "\"\r\n", "x OK");
    p.say_and_wait("x DELETE Crowd\r\n", "x ");
    p.say_and_wait("x CREATE Crowd\r\n", "x OK");
    for (long m = 0; m < messages; ++m) p.say_and_wait("x APPEND Crowd" + literal + "\r\n", "x OK");
    p.say_and_wait("x SELECT Crowd\r\n", "x OK");
    p.in.clear();
  }

  std::mt19937 random(1);
  const auto one = [&] { return std::to_string(1 + random() % static_cast<unsigned long>(messages)); };
  const auto fetch = [&] { return "FETCH " + one() + " BODY.PEEK[]"; };
  const auto store = [&] { return "STORE " + one() + (random() % 2 == 0 ? " +" : " -") + "FLAGS (\\Flagged)"; };
  const auto append = [&] { return "APPEND Crowd" + literal; };
  const auto mixed = [&]() -> std::string {
    const auto kind = random() % 100;
    if (kind < 30) return fetch();
    if (kind < 45) {
      const auto first = 1 + random() % static_cast<unsigned long>(std::max(1L, messages - 19));
      return "FETCH " + std::to_string(first) + ":" + std::to_string(first + 19) + " FLAGS";
    }
    if (kind < 60) return store();
    if (kind < 75) return "NOOP";
    if (kind < 85) return "STATUS INBOX (MESSAGES UNSEEN UIDNEXT)";
    if (kind < 95) return append();
    return "SEARCH UNSEEN";
  };
  const std::function<std::string()> works[] = {mixed, append, fetch, store};
  static const char* const names[] = {"mix", "append", "fetch", "store"};
  std::size_t chosen = 0;
  while (chosen < 4 && work != names[chosen]) ++chosen;
  if (chosen == 4) {
    std::fprintf(stderr, "--work is mix, append, fetch or store\n");
    return 2;
  }
  run_crowd(
      peers, o.number("operations", 20000), work, server, [&](std::size_t) { return "x " + works[chosen]() + "\r\n"; },
      [](std::size_t, const std::string& line) {
        if (line.compare(0, 2, "x ") != 0) return false;
        must_begin(line, "x OK");
        return true;
      });
  return 0;
}
