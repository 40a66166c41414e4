#include "actors/cluster/join_host.hpp"

#include <utility>

namespace rookery::actors {
namespace {

http::limits limits_of_join() {
  http::limits out;
  out.body_octets = join_octets_max;
  out.requests = 10;
  return out;
}

/// Owns: the request that is answered. Understands: nothing beyond the connection's own. Ends with its connection.
class join_host final : public http_host {
public:
  join_host(std::shared_ptr<const join_parts> parts, const connection_facts& facts) : http_host(*parts->clock, facts, limits_of_join()), parts_(std::move(parts)) {}
  void gone() override { *here_ = false; }

private:
  void asked(http_call& call) override {
    if (call.path == "/ca" && call.reads()) return reply(200, {{"Content-Type", "application/x-pem-file"}}, parts_->authority());
    if (call.path != "/join" || call.method != "POST") return say(404, "there is nothing here\n");
    auto body = json::parse(call.body, {join_octets_max, 4, 100});
    std::string().swap(call.body); // it has a secret
    if (!body) return refuse(body.error());
    auto result = std::make_shared<base::result<json::value>>(base::fail(base::error_kind::io, "the node could not be admitted; the log says why"));
    const bool taken = parts_->workers->run(
        link(), [result, parts = parts_, body = std::move(*body)] { *result = parts->admit(body); },
        [this, here = here_, result] {
          if (!*here) return;
          if (*result) reply(200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, json::to_text(**result) + '\n');
          else refuse(result->error());
        });
    if (!taken) say(503, "try later\n");
  }
  void refuse(const base::error& e) {
    json::value body{json::object{}};
    body.set("error", e.client.value);
    reply(403, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, json::to_text(body) + '\n');
  }

  std::shared_ptr<const join_parts> parts_;
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);
};

} // namespace

std::unique_ptr<net::protocol> make_join_host(std::shared_ptr<const join_parts> parts, const connection_facts& facts) {
  return std::make_unique<join_host>(std::move(parts), facts);
}

} // namespace rookery::actors
