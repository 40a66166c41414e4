#include "actors/admin/admin_host.hpp"

#include "actors/admin/admin_api.hpp"
#include "actors/http/http_host.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace rookery::admin {
namespace {

http::limits admin_limits() {
  http::limits l;
  l.body_octets = body_octets_max;
  return l;
}
constexpr json::limits json_limits{body_octets_max, 16, 400'000};

/// Owns: the request that is read or answered. Understands: commit_done_ptr. Ends with its connection.
class admin_host final : public actors::http_host {
public:
  admin_host(actors::node& n, std::shared_ptr<const node_services> services, const connection_facts& facts)
      : http_host(*n.clock, facts, admin_limits()), node_(n), services_(std::move(services)) {}

  void begin(net::connection& c) override {
    http_host::begin(c);
    live_ = std::make_shared<live_node>(node_, services_, link_of(c));
  }
  caf::message_handler messages() override {
    return {[this](const actors::commit_done_ptr& d) { live_->done(*d); }};
  }
  void gone() override {
    *here_ = false;
    if (live_ != nullptr) live_->gone();
  }

private:
  void asked(actors::http_call& call) override {
    method_ = call.method;
    path_ = call.path;
    request what;
    what.method = call.method;
    if (!parse_target(call.target, what))
      return answer(refusal(base::make_error(base::error_kind::invalid, "the path cannot be read")));
    if (!call.body.empty()) {
      auto parsed = json::parse(call.body, json_limits);
      // It may hold a password.
      std::string().swap(call.body);
      if (!parsed) return answer(refusal(parsed.error()));
      what.body = std::move(*parsed);
    }
    if (about_cluster(what) || about_volumes(what)) return;
    handle_here(std::move(what));
  }
  void handle_here(request what) {
    admin::handle(live_, std::move(what), [this, here = here_](response r) {
      if (*here) answer(r);
    });
  }
  /// What concerns all volumes of a cluster is asked of who leads each.
  bool about_volumes(request& what) {
    if (!is_for_volumes(what)) return false;
    if (!services_->volumes || !services_->in_cluster()) {
      const auto no = refusal_without_cluster(what);
      if (no) answer(*no);
      return no.has_value();
    }
    struct asked_all {
      request what;
      std::optional<response> said = refusal(base::make_error(base::error_kind::io, "the task failed; the log says why"));
    };
    auto all = std::make_shared<asked_all>();
    all->what = std::move(what);
    const bool taken = services_->order_workers->run(
        link(), [all, services = services_] { all->said = ask_volumes(all->what, services->volumes); },
        [this, here = here_, all] {
          if (!*here) return;
          if (all->said) answer(*all->said);
          else handle_here(std::move(all->what));
        });
    if (!taken) answer(refusal(base::make_error(base::error_kind::try_later, "too much is asked of the cluster")));
    return true;
  }
  /// GET /v1/cluster, POST /v1/cluster/VERB: the cluster waits for other nodes, in a worker of its own.
  bool about_cluster(const request& what) {
    if (!services_->cluster || what.path.size() < 2 || what.path.size() > 3 || what.path[0] != "v1" || what.path[1] != "cluster") return false;
    const bool shows = what.method == "GET" && what.path.size() == 2;
    if (!shows && (what.method != "POST" || what.path.size() != 3)) return false;
    auto result = std::make_shared<base::result<json::value>>(base::fail(base::error_kind::io, "the task failed; the log says why"));
    const bool taken = services_->cluster_workers->run(
        link(), [result, services = services_, verb = shows ? "status" : what.path[2], body = what.body] { *result = services->cluster(verb, body); },
        [this, here = here_, result] {
          if (*here) answer(*result ? response{200, std::move(**result)} : refusal(result->error()));
        });
    if (!taken) answer(refusal(base::make_error(base::error_kind::try_later, "too much is asked of the cluster")));
    return true;
  }
  void answer(const response& r) {
    if (method_ != "GET")
      base::log_event(base::severity::info, "admin.request")
          .text("session", facts().session_id).text("method", method_).text("path", path_).number("status", r.status);
    reply(static_cast<std::uint16_t>(r.status), {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
          json::to_text(r.body) + '\n');
  }

  actors::node& node_;
  std::shared_ptr<const node_services> services_;
  std::shared_ptr<live_node> live_;
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);
  std::string method_, path_;
};

} // namespace

std::unique_ptr<net::protocol> make_admin_host(actors::node& n, std::shared_ptr<const node_services> services,
                                               const connection_facts& facts) {
  return std::make_unique<admin_host>(n, std::move(services), facts);
}

} // namespace rookery::admin
