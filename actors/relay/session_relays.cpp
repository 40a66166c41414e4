#include "actors/relay/session_relays.hpp"

#include "actors/net/messages.hpp"
#include "actors/relay/relay_ends.hpp"
#include "actors/relay/stream_layer.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"

#include <optional>

namespace rookery::actors {
namespace {

std::int64_t steady_now() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

base::gauge& sessions(const char* direction) {
  return base::gauge_named("rookery_relayed_sessions", std::string("direction=\"") + direction + "\"", "Sessions given to their home on another node, and taken from others");
}

} // namespace

session_relays::session_relays(parts p) : parts_(std::move(p)) {}
session_relays::~session_relays() = default;

void session_relays::serve(const std::string& protocol, make_session make) { sessions_[protocol] = std::move(make); }

void session_relays::identity(std::shared_ptr<const cluster::stream_identity> is) {
  const std::lock_guard hold(lock_);
  identity_ = std::move(is);
}

std::shared_ptr<const cluster::stream_identity> session_relays::identity() const {
  const std::lock_guard hold(lock_);
  return identity_;
}

std::shared_ptr<session_relays::peer> session_relays::peer_of(std::uint64_t member) {
  const std::lock_guard hold(lock_);
  auto& at = peers_[member];
  if (!at) {
    at = std::make_shared<peer>();
    at->workers = std::make_shared<worker_pool>(*parts_.system, give_threads, gives_waiting_max);
  }
  return at;
}

/// A login that waits for its home.
struct session_relays::giving {
  session_handover h;
  std::string good_bye;
  std::function<void(const std::string& why)> failed;
  std::chrono::steady_clock::time_point until;
  end_placed place;
};

void session_relays::give(net::connection& from, session_handover h, std::string good_bye, std::function<void(const std::string& why)> failed, end_placed place) {
  give(from, std::make_shared<giving>(giving{std::move(h), std::move(good_bye), std::move(failed), std::chrono::steady_clock::now() + give_patience, std::move(place)}));
}

void session_relays::give(net::connection& from, const std::shared_ptr<giving>& g) {
  static auto& failures = base::counter_named("rookery_relay_failures_total", "", "Sessions whose home on another node could not be reached");
  const auto no = [g](const std::string& why) {
    failures.add();
    base::log_event(base::severity::notice, "relay.failed").text("session", g->h.facts.session_id).number("volume", static_cast<std::int64_t>(g->h.volume)).text("why", why);
    g->failed(why);
  };
  const auto later = [this, g, no, &from](const std::string& why) {
    if (std::chrono::steady_clock::now() + give_again > g->until || parts_.draining()) return no(why);
    from.after(give_again, [this, g, &from] { give(from, g); });
  };
  const auto homes = parts_.homes();
  const auto* place = homes->place(g->h.volume);
  const auto is = identity();
  if (!is) return no("this node belongs to no cluster");
  if (place == nullptr || place->leader == 0) return later("nobody serves its home now");
  const auto to = peer_of(place->leader);
  if (const auto last = to->failed.load(); last != 0 && steady_now() - last < std::chrono::nanoseconds(give_pause).count()) return later("its home was not reached a moment ago");
  using dialled = std::optional<base::result<std::unique_ptr<cluster::node_stream>>>;
  auto stream = std::make_shared<dialled>();
  const bool runs = to->workers->run(
      from,
      [stream, is, to, leader = place->leader, fields = fields_of(g->h)] {
        *stream = cluster::node_stream::dial(*is, leader, session_stream, fields, give_time);
        to->failed = *stream && !(*stream)->ok() && (*stream)->error().kind == base::error_kind::try_later ? steady_now() : 0;
      },
      [this, stream, later, &from, at = *place, g] {
        if (!*stream) return later("the stream could not be opened");
        if (!(*stream)->ok()) return later((*stream)->error().client.value);
        base::log_event(base::severity::info, "relay.given").text("session", g->h.facts.session_id).text("account", g->h.address).number("volume", static_cast<std::int64_t>(at.volume))
            .number("node", static_cast<std::int64_t>(at.leader));
        joined(from, std::move(***stream), at, *g);
      });
  if (!runs) no("too many sessions wait for its home");
}

bool session_relays::open(std::uint64_t member, std::string kind, std::map<std::string, std::string> fields,
                          std::function<void(base::result<std::unique_ptr<cluster::node_stream>>)> then) {
  const auto is = identity();
  if (!is || member == 0) return false;
  return peer_of(member)->workers->run([is, member, kind = std::move(kind), fields = std::move(fields), then = std::move(then)] {
    then(cluster::node_stream::dial(*is, member, kind, fields, give_time));
  });
}

void session_relays::joined(net::connection& from, std::unique_ptr<cluster::node_stream> stream, const routing::volume_place& at, const giving& g) {
  auto pipe = std::make_shared<relay_pipe>();
  pipe->owner = caf::actor_cast<caf::actor_addr>(&from);
  pipe->good_bye = g.good_bye;
  pipe->volume = at.volume;
  pipe->leader = at.leader;
  pipe->epoch = at.epoch;
  {
    const std::lock_guard hold(lock_);
    pipes_.remove_if([](const auto& p) { return p.expired(); });
    pipes_.push_back(pipe);
  }
  sessions("given").add(1);
  connection_facts facts = from.facts();
  facts.peer_address = stream->peer_address();
  auto raw = stream->release();
  watch_stream(raw.fd);
  auto tls = std::make_shared<held_tls>(raw.ssl);
  auto l = std::make_shared<net::listener>();
  l->service = "relay";
  l->implicit_tls = true;
  l->make = [pipe, unread = std::move(raw.unread)](const connection_facts&) { return make_home_end(pipe, unread); };
  l->make_tls = [tls]() -> std::unique_ptr<net::layer> { return std::make_unique<stream_layer>(tls->take()); };
  l->ended = [](const connection_facts&) { sessions("given").add(-1); };
  if (g.place) g.place(make_client_end(pipe));
  else from.turn_over(make_client_end(pipe));
  auto& home = from.home();
  home.post([system = parts_.system, &home, fd = raw.fd, l, facts] { net::connection::start(*system, home, fd, l, facts); });
}

void session_relays::take(std::unique_ptr<cluster::node_stream> stream, const cluster::stream_opening& opening) {
  auto h = read_handover(opening.fields);
  if (!h) return stream->refuse("the session cannot be read");
  const auto make = sessions_.find(h->protocol);
  if (make == sessions_.end()) return stream->refuse("sessions of " + h->protocol + " are not taken");
  const auto homes = parts_.homes();
  const auto* place = homes->place(h->volume);
  if (place == nullptr || !place->local) return stream->refuse("this node does not serve volume " + std::to_string(h->volume) + " now");
  if (parts_.draining()) return stream->refuse("this node goes down");
  const auto made = std::make_shared<std::unique_ptr<net::protocol>>(make->second(*h));
  if (!*made) return stream->refuse("this node does not serve volume " + std::to_string(h->volume) + " now");
  if (!parts_.counts->enter(h->facts)) return stream->refuse("too many connections there");
  if (!stream->accept()) return parts_.counts->leave(h->facts);
  auto raw = stream->release();
  watch_stream(raw.fd);
  auto tls = std::make_shared<held_tls>(raw.ssl);
  ++*taken_;
  sessions("taken").add(1);
  auto l = std::make_shared<net::listener>();
  l->service = h->protocol;
  l->implicit_tls = true;
  // The first session of the connection; it stays until the end of it.
  const auto session = std::make_shared<net::protocol*>(made->get());
  l->make = [made](const connection_facts&) { return std::move(*made); };
  l->make_tls = [tls, session]() -> std::unique_ptr<net::layer> {
    return std::make_unique<session_layer>(tls->take(), [session] {
      if (*session != nullptr) (*session)->shut_down(base::system_clock().now());
    });
  };
  l->ended = [counts = parts_.counts, taken = taken_](const connection_facts& f) {
    counts->leave(f);
    --*taken;
    sessions("taken").add(-1);
  };
  auto& home = *(*parts_.reactors)[turn_++ % parts_.reactors->size()];
  home.post([system = parts_.system, &home, fd = raw.fd, l, facts = h->facts] { net::connection::start(*system, home, fd, l, facts); });
}

void session_relays::followed(const routing::home_view& homes) {
  const std::lock_guard hold(lock_);
  for (const auto& weak : pipes_) {
    const auto pipe = weak.lock();
    if (!pipe) continue;
    const auto* place = homes.place(pipe->volume);
    if (place != nullptr && place->leader == pipe->leader && place->epoch == pipe->epoch) continue;
    // The pipe belongs to its reactor's thread.
    if (const auto client = caf::actor_cast<caf::actor>(pipe->owner)) caf::anon_send(client, net::connection_task{std::make_shared<std::function<void()>>([pipe] { pipe->lose(); })});
  }
}

session_relays::counts session_relays::now() const {
  counts out;
  out.taken = *taken_;
  const std::lock_guard hold(lock_);
  for (const auto& weak : pipes_)
    if (const auto pipe = weak.lock()) ++out.given[pipe->leader];
  return out;
}

} // namespace rookery::actors
