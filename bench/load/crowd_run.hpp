/// Runs a load of many clients, one request outstanding each, and prints what it was.
#pragma once

#include "bench/load/peer.hpp"
#include "bench/load/server_cost.hpp"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::load {

/// `request(i)` gives client i's next request. `ended(i, line)` is given each line of the answer and says whether it is the
/// last; it ends the program when the answer is no success. Prints "`count` `what`: rate, percentiles, CPU".
inline void run_crowd(const std::vector<std::unique_ptr<peer>>& peers, long count, const std::string& what, const measured_server& server,
                      const std::function<std::string(std::size_t)>& request,
                      const std::function<bool(std::size_t, const std::string&)>& ended) {
  crowd all;
  for (std::size_t i = 0; i < peers.size(); ++i) all.add(*peers[i], i);
  std::vector<stopwatch::time_point> begun(peers.size());
  latencies times;
  long sent = 0;
  long done = 0;
  const auto next = [&](std::size_t i) {
    if (sent >= count) return;
    ++sent;
    begun[i] = stopwatch::now();
    peers[i]->send(request(i));
  };
  const auto before = server.use();
  const auto begin = stopwatch::now();
  for (std::size_t i = 0; i < peers.size(); ++i) next(i);
  while (done < count)
    all.wait(1000, peers, [&](std::size_t i) {
      std::string line;
      while (peers[i]->line(line)) {
        if (!ended(i, line)) continue;
        times.add(seconds_since(begun[i]) * 1000);
        ++done;
        next(i);
      }
      if (!peers[i]->closed()) return;
      std::fprintf(stderr, "the server closed a connection\n");
      std::exit(1);
    });
  const auto seconds = seconds_since(begin);
  std::printf("%ld %s by %zu clients: %.0f/s, %s", count, what.c_str(), peers.size(), static_cast<double>(count) / seconds,
              times.text().c_str());
  if (server.known())
    std::printf(", server CPU %.4f ms each", (server.use().cpu_seconds - before.cpu_seconds) * 1000 / static_cast<double>(count));
  std::printf("\n");
}

/// Ends the program with the server's words unless `line` begins with `good`.
inline void must_begin(const std::string& line, std::string_view good) {
  if (line.compare(0, good.size(), good) == 0) return;
  std::fprintf(stderr, "the server says: %s\n", line.c_str());
  std::exit(1);
}

} // namespace rookery::load
