#include "actors/admin/admin_host.hpp"

#include "actors/admin/admin_api.hpp"
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
class admin_host final : public net::session_host<http::server_session> {
public:
  admin_host(actors::node& n, std::shared_ptr<const node_services> services, const connection_facts& facts)
      : session_host(facts, n.clock->now(), admin_limits()), node_(n), services_(std::move(services)) {}

  void begin(net::connection& c) override {
    session_host::begin(c);
    live_ = std::make_shared<live_node>(node_, services_, c);
  }
  caf::message_handler messages() override {
    return {[this](const actors::commit_done_ptr& d) { live_->done(*d); }};
  }
  bool busy() const override { return answering_; }
  void gone() override {
    *here_ = false;
    if (live_ != nullptr) live_->gone();
  }

protected:
  void on(http::server_session::event& e) override {
    std::visit([this](const auto& what) { handle(what); }, e);
  }

private:
  void handle(const http::request& r) {
    method_ = r.method;
    target_ = r.target;
    body_.clear();
  }
  void handle(const http::body_chunk& c) { body_.append(c.octets); }
  void handle(const http::refused&) {}
  void handle(const http::gone&) {}
  void handle(const http::request_end&) {
    request what;
    what.method = method_;
    if (!parse_target(target_, what))
      return reply(refusal(base::make_error(base::error_kind::invalid, "the path cannot be read")));
    if (!body_.empty()) {
      auto parsed = json::parse(body_, json_limits);
      // It may hold a password.
      std::string().swap(body_);
      if (!parsed) return reply(refusal(parsed.error()));
      what.body = std::move(*parsed);
    }
    answering_ = true;
    admin::handle(live_, std::move(what), [this, here = here_](response r) {
      if (*here) reply(r);
    });
  }
  void reply(const response& r) {
    answering_ = false;
    if (method_ != "GET")
      base::log_event(base::severity::info, "admin.request")
          .text("session", session_.facts().session_id).text("method", method_)
          .text("path", target_.substr(0, target_.find('?'))).number("status", r.status);
    session_.respond(static_cast<std::uint16_t>(r.status), {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
                     json::to_text(r.body) + '\n');
  }

  actors::node& node_;
  std::shared_ptr<const node_services> services_;
  std::shared_ptr<live_node> live_;
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);
  std::string method_, target_, body_;
  bool answering_ = false;
};

} // namespace

std::unique_ptr<net::protocol> make_admin_host(actors::node& n, std::shared_ptr<const node_services> services,
                                               const connection_facts& facts) {
  return std::make_unique<admin_host>(n, std::move(services), facts);
}

} // namespace rookery::admin
