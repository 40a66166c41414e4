#include "actors/http/web_host.hpp"

#include "base/metrics.hpp"

#include <utility>

namespace rookery::actors {
namespace {

http::limits limits_for_strangers() {
  http::limits out;
  out.body_octets = web_body_octets_max;
  out.requests = 1000;
  return out;
}

/// Owns: the session. Understands: nothing beyond the connection's own. Ends with its connection.
class web_host final : public http_host {
public:
  web_host(const base::clock& clock, std::shared_ptr<const web_parts> parts, const connection_facts& facts)
      : http_host(clock, facts, limits_for_strangers()), parts_(std::move(parts)) {}

private:
  void asked(http_call& call) override {
    static auto& answered = base::counter_named("rookery_web_requests_total", "answer=\"found\"", "Requests to the public web service");
    static auto& unknown = base::counter_named("rookery_web_requests_total", "answer=\"not_found\"", "Requests to the public web service");
    for (const auto& part : *parts_)
      if (auto answer = part(call)) {
        answered.add();
        return reply(answer->status, std::move(answer->fields), answer->body);
      }
    unknown.add();
    say(404, "there is nothing here\n");
  }

  std::shared_ptr<const web_parts> parts_;
};

} // namespace

std::unique_ptr<net::protocol> make_web_host(const base::clock& clock, std::shared_ptr<const web_parts> parts, const connection_facts& facts) {
  return std::make_unique<web_host>(clock, std::move(parts), facts);
}

} // namespace rookery::actors
