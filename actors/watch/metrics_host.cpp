#include "actors/watch/metrics_host.hpp"

#include "actors/http/http_host.hpp"
#include "base/metrics.hpp"

#include <cstdio>

#include <sys/resource.h>
#include <unistd.h>

namespace rookery::actors {
namespace {

std::int64_t resident_octets() {
  // procfs answers from memory; nothing here waits for a disk.
  long pages = 0;
  if (std::FILE* f = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(f, "%*s %ld", &pages) != 1) pages = 0;
    std::fclose(f);
  }
  return static_cast<std::int64_t>(pages) * ::sysconf(_SC_PAGESIZE);
}

std::int64_t processor_milliseconds() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  const auto ms = [](const timeval& t) { return std::int64_t{t.tv_sec} * 1000 + t.tv_usec / 1000; };
  return ms(use.ru_utime) + ms(use.ru_stime);
}

/// Owns: the session. Understands: nothing beyond the connection's own. Ends with its connection.
class metrics_host final : public http_host {
public:
  metrics_host(node& n, const connection_facts& facts, bool passes_on) : http_host(*n.clock, facts), node_(n), passes_on_(passes_on) {}

private:
  void asked(http_call& call) override {
    if (!only_reads(call)) return;
    if (call.path == "/healthz") return say(200, "ok\n");
    if (call.path == "/readyz") return ready();
    if (call.path != "/metrics") return say(404, "try /metrics, /healthz or /readyz\n");
    measure();
    reply(200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}, {"Cache-Control", "no-store"}}, base::metrics_text());
  }

  void ready() {
    if (node_.draining) return say(503, "draining\n");
    if (node_.gate->closed() && !passes_on_) return say(503, "storage is not available\n");
    say(200, "ready\n");
  }

  /// What is not counted as it happens.
  void measure() {
    static auto& resident = base::gauge_named("rookery_resident_octets", "", "Resident memory of the process");
    static auto& processor = base::gauge_named("rookery_processor_milliseconds", "", "Processor time of the process");
    static auto& uptime = base::gauge_named("rookery_uptime_seconds", "", "Time since the node started");
    static auto& waiting = base::gauge_named("rookery_commits_waiting", "", "Commit requests that wait for the log");
    resident.set(resident_octets());
    processor.set(processor_milliseconds());
    uptime.set(std::chrono::duration_cast<std::chrono::seconds>(node_.clock->now() - node_.started).count());
    waiting.set(static_cast<std::int64_t>(node_.gate->requests()));
  }

  node& node_;
  bool passes_on_; ///< without a volume it takes clients all the same
};

} // namespace

std::unique_ptr<net::protocol> make_metrics_host(node& n, const connection_facts& facts, bool passes_on) {
  return std::make_unique<metrics_host>(n, facts, passes_on);
}

} // namespace rookery::actors
