/// Single IMAP operations on one connection, timed: what does each cost over a mailbox of
/// so many messages?
///
///   imap_ops --port 10143 --user u1@example.test --password … --messages 10000 --octets 4096
///            [--rounds 15] [--pid N | --cgroup FOLDER] [--tls] [--mailbox Bench] [--only WORD]
///            [--expunge]
///
/// Fills the mailbox first when it holds fewer messages. Prints the median time and the
/// server's CPU for each operation. `expunge`: removes the first tenth of the messages at the end, once.
#include "bench/load/peer.hpp"
#include "bench/load/server_cost.hpp"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

using namespace rookery::load;

namespace {

/// A connection that waits for tagged answers.
class imap_client {
public:
  imap_client(const std::string& host, std::uint16_t port, bool tls) : peer_(host, port, tls) { peer_.say_and_wait("", "* OK"); }

  /// Sends the command and waits for its tagged answer; anything but OK ends the program
  /// unless `any`.
  void command(const std::string& what, bool any = false) {
    const auto tag = "t" + std::to_string(++tag_);
    peer_.send(tag + " " + what + "\r\n");
    for (;; peer_.wait()) {
      // The tagged line is the last one: look only at the end of what has come.
      auto& in = peer_.in;
      if (in.size() > kept_octets) in.erase(0, in.size() - longest_line);
      if (in.size() < 2 || in.compare(in.size() - 2, 2, "\r\n") != 0) continue;
      const auto before = in.size() >= 4 ? in.rfind("\r\n", in.size() - 3) : std::string::npos;
      const auto line = in.substr(before == std::string::npos ? 0 : before + 2);
      if (line.compare(0, tag.size() + 1, tag + " ") != 0) continue;
      if (!any && line.compare(tag.size() + 1, 2, "OK") != 0) {
        std::fprintf(stderr, "%.60s: %s", what.c_str(), line.c_str());
        std::exit(1);
      }
      last_.swap(peer_.in);
      peer_.in.clear();
      return;
    }
  }
  const std::string& last() const { return last_; }

private:
  /// A client that shows mail does not keep it all either: what is measured is the server, not this program's memory.
  static constexpr std::size_t kept_octets = 1u << 20, longest_line = 64 * 1024;

  peer peer_;
  std::string last_;
  int tag_ = 0;
};

std::string message(std::size_t octets, long number) {
  auto m = "From: Writer " + std::to_string(number % 97) + " <w" + std::to_string(number % 97) +
           "@outside.test>\r\nTo: Reader <u1@example.test>\r\nCc: other@outside.test\r\nSubject: number " +
           std::to_string(number) + " of many\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <n" +
           std::to_string(number) + "@outside.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
  while (m.size() < octets) m += "The quick brown fox jumps over the lazy dog, again and again and again.\r\n";
  m.resize(octets - 2);
  return m + "\r\n";
}

std::string literal(const std::string& m) { return " {" + std::to_string(m.size()) + "+}\r\n" + m; }

} // namespace

int main(int argc, char** argv) {
  const options o(argc, argv);
  const auto host = o.text("host", "127.0.0.1");
  const auto port = static_cast<std::uint16_t>(o.number("port", 10143));
  const auto login = "LOGIN \"" + o.text("user", "u1@example.test") + "\" \"" + o.text("password", "") + "\"";
  const auto messages = o.number("messages", 10000);
  const auto octets = static_cast<std::size_t>(o.number("octets", 4096));
  const auto rounds = o.number("rounds", 15);
  const auto mailbox = o.text("mailbox", "Bench");
  const measured_server server(o);

  imap_client c(host, port, o.flag("tls"));
  c.command(login);
  c.command("CREATE " + mailbox, true);
  c.command("CREATE " + mailbox + "-append", true);
  c.command("STATUS " + mailbox + " (MESSAGES)");
  const auto at = c.last().find("MESSAGES ");
  const auto have = at == std::string::npos ? 0 : std::strtol(c.last().c_str() + at + 9, nullptr, 10);
  if (have < messages) {
    const auto before = server.use();
    const auto begin = stopwatch::now();
    for (long i = have; i < messages;) {
      auto all = "APPEND " + mailbox; // fifty messages a command (RFC 3502)
      for (int k = 0; k < 50 && i < messages; ++k, ++i) all += literal(message(octets, i));
      c.command(all);
    }
    std::printf("filled with %ld messages in %.1f s, server CPU %.4f ms a message\n", messages - have, seconds_since(begin),
                (server.use().cpu_seconds - before.cpu_seconds) * 1000 / static_cast<double>(messages - have));
  }
  const auto only = o.text("only", "");
  const auto measure = [&](const std::string& name, long repeat, const std::function<void()>& run) {
    if (name.find(only) == std::string::npos) return;
    latencies times;
    const auto before = server.use();
    for (long r = 0; r < rounds; ++r) {
      const auto begin = stopwatch::now();
      for (long k = 0; k < repeat; ++k) run();
      times.add(seconds_since(begin) * 1000 / static_cast<double>(repeat));
    }
    const auto cpu = (server.use().cpu_seconds - before.cpu_seconds) * 1000 / static_cast<double>(rounds * repeat);
    std::printf("%-26s median %9.4f ms   server CPU %9.4f ms\n", name.c_str(), times.at(0.5), cpu);
    std::fflush(stdout);
  };
  const auto own = [&](const std::string& text) { return [&c, text] { c.command(text); }; };
  bool on = false;
  const auto toggle = [&](const std::string& set, const std::string& silent) {
    return [&, set, silent] {
      on = !on;
      c.command("STORE " + set + (on ? " +" : " -") + "FLAGS" + silent + " (\\Flagged)");
    };
  };
  c.command("SELECT " + mailbox);
  measure("SELECT", 20, own("SELECT " + mailbox));
  measure("NOOP", 500, own("NOOP"));
  measure("STATUS", 100, own("STATUS " + mailbox + " (MESSAGES UIDNEXT UNSEEN SIZE)"));
  measure("FETCH 1:* FLAGS", 1, own("FETCH 1:* FLAGS"));
  measure("FETCH 1:* ENVELOPE", 1, own("FETCH 1:* ENVELOPE"));
  measure("FETCH 1:* BODYSTRUCTURE", 1, own("FETCH 1:* BODYSTRUCTURE"));
  measure("FETCH 1:* HEADER.FIELDS", 1, own("FETCH 1:* BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)]"));
  measure("FETCH 1:* BODY.PEEK[]", 1, own("FETCH 1:* BODY.PEEK[]"));
  measure("FETCH one BODY.PEEK[]", 200, own("FETCH 5 BODY.PEEK[]"));
  measure("STORE 1:* FLAGS.SILENT", 1, toggle("1:*", ".SILENT"));
  measure("STORE one FLAGS", 100, toggle("7", ""));
  measure("SEARCH UNSEEN", 10, own("SEARCH UNSEEN"));
  measure("SEARCH LARGER", 10, own("SEARCH LARGER 4000"));
  measure("SEARCH SUBJECT", 1, own("SEARCH SUBJECT \"number 77\""));
  measure("SORT SUBJECT", 1, own("SORT (SUBJECT) UTF-8 ALL"));
  measure("THREAD REFERENCES", 1, own("THREAD REFERENCES UTF-8 ALL"));
  measure("APPEND", 100, own("APPEND " + mailbox + "-append" + literal(message(octets, 1))));
  if (o.flag("expunge")) { // last: the mailbox is another one then
    c.command("STORE 1:" + std::to_string(messages / 10) + " +FLAGS.SILENT (\\Deleted)");
    const auto begin = stopwatch::now();
    const auto before = server.use();
    c.command("EXPUNGE");
    std::printf("%-26s median %9.4f ms   server CPU %9.4f ms\n", "EXPUNGE of a tenth", seconds_since(begin) * 1000,
                (server.use().cpu_seconds - before.cpu_seconds) * 1000);
  }
  measure("login, SELECT, logout", 50, [&] {
    imap_client again(host, port, o.flag("tls"));
    again.command(login);
    again.command("SELECT " + mailbox);
    again.command("LOGOUT");
  });
  return 0;
}
