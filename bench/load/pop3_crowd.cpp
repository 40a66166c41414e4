/// Many POP3 clients that fetch, one RETR outstanding each.
///
///   pop3_crowd --port 10110 --clients 10 --operations 5000 --domain example.test --password …
///              [--pid N | --cgroup FOLDER]
///
/// Client i is u(i + 1) and goes round its maildrop, which must not be empty.
#include "bench/load/crowd_run.hpp"

using namespace rookery::load;

int main(int argc, char** argv) {
  const options o(argc, argv);
  const auto clients = static_cast<std::size_t>(o.number("clients", 10));
  const measured_server server(o);
  struct drop {
    long messages = 0;
    long at = 0;
  };
  std::vector<drop> drops(clients);
  std::vector<std::unique_ptr<peer>> peers;
  for (std::size_t i = 0; i < clients; ++i) {
    peers.push_back(std::make_unique<peer>(o.text("host", "127.0.0.1"), static_cast<std::uint16_t>(o.number("port", 10110)), false));
    auto& p = *peers.back();
    p.say_and_wait("", "+OK");
    p.say_and_wait("USER u" + std::to_string(i + 1) + "@" + o.text("domain", "example.test") + "\r\n", "+OK");
    p.say_and_wait("PASS " + o.text("password", "") + "\r\n", "+OK");
    p.send("STAT\r\n");
    std::string line;
    while (!p.line(line)) p.wait();
    must_begin(line, "+OK ");
    drops[i].messages = std::strtol(line.c_str() + 4, nullptr, 10);
    if (drops[i].messages == 0) must_begin("the maildrop of u" + std::to_string(i + 1) + " is empty", "+OK");
  }
  run_crowd(
      peers, o.number("operations", 5000), "RETR", server,
      [&](std::size_t i) {
        auto& d = drops[i];
        d.at = d.at % d.messages + 1;
        return "RETR " + std::to_string(d.at) + "\r\n";
      },
      [](std::size_t, const std::string& line) {
        if (line.compare(0, 4, "-ERR") == 0) must_begin(line, "+OK");
        return line == ".";
      });
  return 0;
}
