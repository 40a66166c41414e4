#include "actors/xmpp/web/bosh_part.hpp"

#include "actors/xmpp/c2s_host.hpp"
#include "actors/xmpp/web/bosh_relay.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/xml/reader.hpp"
#include "protocols/xmpp/bosh_wire.hpp"

#include <map>
#include <utility>

namespace rookery::actors {
namespace {

constexpr xmpp::bosh_limits bounds{};
/// A session answers each request within its `wait`; beyond this it is not there any more.
constexpr std::chrono::seconds answer_time = bounds.wait_max + std::chrono::seconds(30);

/// A c2s_host whose wire is BOSH, and the requests that wait for its answers.
///
/// Owns: the host, promises of answers. Understands: bosh_request, and what the host does. Ends with its connection,
/// which has no socket.
class bosh_host final : public net::protocol {
public:
  bosh_host(node& n, chat_router& router, bosh_sessions& sessions, std::shared_ptr<const xmpp::stream_settings> settings,
            const connection_facts& facts, std::string sid, const xml::element& first)
      : node_(n), sessions_(sessions), sid_(std::move(sid)) {
    auto wire = std::make_unique<xmpp::bosh_wire>(sid_, first, n.clock->now(), bounds);
    wire_ = wire.get();
    stream_ = make_c2s_host(n, router, std::move(settings), facts, std::move(wire),
                            [this](std::unique_ptr<net::protocol> end, std::unique_ptr<xmpp::stream_wire> mine) { go_on_elsewhere(std::move(end), std::move(mine)); });
  }
  ~bosh_host() override { sessions_.remove(sid_); }

  void begin(net::connection& c) override {
    net::protocol::begin(c);
    stream_->begin(c);
    const auto& facts = c.facts();
    sessions_.add(sid_, {caf::actor_cast<caf::actor>(&c), facts.peer_is_loopback ? std::string() : facts.peer_address, facts.tls});
  }
  caf::message_handler messages() override {
    return stream_->messages().or_else(caf::message_handler{[this](const bosh_request& r) { return take(r); }});
  }
  void feed(base::const_bytes, base::instant) override {}
  void tick(base::instant now) override { stream_->tick(now); }
  void step() override {
    do stream_->step();
    while (give_answers());
  }
  base::const_bytes output() const override { return {}; }
  void sent(std::size_t) override {}
  std::optional<base::instant> deadline() const override { return stream_->deadline(); }
  bool wants_input() const override { return false; }
  bool closed() const override { return stream_->closed() && wire_->closed(); }
  bool busy() const override { return stream_->busy(); }
  void shut_down(base::instant now) override { stream_->shut_down(now); }
  void tls_started(const connection_facts&, base::instant) override {}
  void ending(std::string_view why) override { stream_->ending(why); }
  void gone() override {
    sessions_.remove(sid_);
    stream_->gone();
    for (auto& [token, promise] : waiting_) promise.deliver(bosh_answer{xmpp::bosh_termination("item-not-found")});
    waiting_.clear();
  }

private:
  /// The account is at home on another node. What was here so far stays until the end, as late answers may come for it.
  void go_on_elsewhere(std::unique_ptr<net::protocol> end, std::unique_ptr<xmpp::stream_wire> wire) {
    stream_->gone();
    former_ = std::exchange(stream_, make_bosh_relay(std::move(end), std::move(wire)));
    stream_->begin(link());
  }
  caf::response_promise take(const bosh_request& r) {
    auto promise = link().make_response_promise();
    waiting_.emplace(++last_, promise);
    const auto now = node_.clock->now();
    stream_->feed({}, now);
    wire_->request(std::move(*r.body), r.octets, last_, now);
    return promise;
  }
  /// True when there were some: the stream may have more to say.
  bool give_answers() {
    auto answers = wire_->take_answers(node_.clock->now());
    for (auto& a : answers) {
      const auto found = waiting_.find(a.token);
      if (found == waiting_.end()) continue;
      found->second.deliver(bosh_answer{std::move(a.body)});
      waiting_.erase(found);
    }
    return !answers.empty();
  }

  node& node_;
  bosh_sessions& sessions_;
  const std::string sid_;
  std::unique_ptr<net::protocol> stream_, former_;
  xmpp::bosh_wire* wire_ = nullptr;          ///< of the stream
  std::map<std::uint64_t, caf::response_promise> waiting_;
  std::uint64_t last_ = 0;
};

class bosh_task final : public web_task, public std::enable_shared_from_this<bosh_task> {
public:
  bosh_task(node& n, chat_router& router, bosh_sessions& sessions, stream_settings_source settings)
      : node_(n), router_(router), sessions_(sessions), settings_(std::move(settings)) {}

  std::uint64_t body_octets_max() const override { return bounds.body_octets; }
  void begin(web_exchange& x) override {
    if (x.call().method == "OPTIONS") return x.reply(preflight("POST, OPTIONS"));
    if (x.call().method != "POST")
      x.reply({405, open_to_all({{"Allow", "POST, OPTIONS"}, {"Content-Type", "text/plain; charset=utf-8"}}), "BOSH (XEP-0124) is spoken here with POST\n"});
  }
  void body(web_exchange&, base::const_bytes octets) override { text_.append(octets); }
  void body_over(web_exchange& x) override {
    xml::limits limits;
    limits.stanza_octets = bounds.body_octets;
    auto parsed = xml::parse(text_, limits);
    const auto octets = text_.size();
    std::string().swap(text_);
    auto* body = std::get_if<xml::element>(&parsed);
    if (body == nullptr || !xmpp::is_bosh_body(*body) || !xmpp::bosh_request_id(*body)) return say(x, xmpp::bosh_termination("bad-request"));
    const auto& facts = x.peer();
    std::string sid(body->get("sid"));
    if (!body->has("sid")) {
      if (!sessions_.has_room(facts.peer_is_loopback ? std::string() : facts.peer_address)) return say(x, xmpp::bosh_termination("policy-violation"));
      sid = begin_session(x, *body);
    }
    const auto session = sessions_.find(sid);
    // Who began in TLS is not answered outside it: his id would be known on the way.
    if (!session.owner || (session.tls && !facts.tls)) return say(x, xmpp::bosh_termination("item-not-found"));
    x.connection().ask<bosh_answer>(
        session.owner, answer_time, bosh_request{std::make_shared<xml::element>(std::move(*body)), octets},
        [self = weak_from_this(), &x](const bosh_answer& a) {
          if (const auto here = self.lock()) here->say(x, a.body);
        },
        [self = weak_from_this(), &x] {
          if (const auto here = self.lock()) here->say(x, xmpp::bosh_termination("item-not-found"));
        });
  }

private:
  void say(web_exchange& x, std::string body) {
    x.reply({200, open_to_all({{"Content-Type", "text/xml; charset=utf-8"}, {"Cache-Control", "no-store"}}), std::move(body)});
  }
  std::string begin_session(web_exchange& x, const xml::element& first) {
    auto facts = x.peer();
    facts.session_id = base::to_hex(base::random_octets(8));
    facts.nonce = base::random_token(24);
    // A session goes over many connections: none of them binds it.
    facts.tls_exporter.clear();
    facts.tls_server_end_point.clear();
    facts.tls_client.reset();
    auto sid = base::random_token(32);
    auto l = std::make_shared<net::listener>();
    l->service = "bosh";
    l->make = [this, &sid, &first](const connection_facts& f) -> std::unique_ptr<net::protocol> {
      return std::make_unique<bosh_host>(node_, router_, sessions_, settings_(), f, sid, first);
    };
    auto& link = x.connection();
    // It is made before `start` returns.
    net::connection::start(link.system(), link.home(), -1, std::move(l), std::move(facts));
    return sid;
  }

  node& node_;
  chat_router& router_;
  bosh_sessions& sessions_;
  stream_settings_source settings_;
  std::string text_;
};

} // namespace

web_part make_bosh_part(node& n, chat_router& router, bosh_sessions& sessions, stream_settings_source settings) {
  return [&n, &router, &sessions, settings = std::move(settings)](const http_call& call) -> std::shared_ptr<web_task> {
    if (call.path != bosh_path && call.path != "/http-bind/") return nullptr;
    return std::make_shared<bosh_task>(n, router, sessions, settings);
  };
}

} // namespace rookery::actors
