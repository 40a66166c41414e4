#include "actors/xmpp/links/stanza_links.hpp"

#include "actors/net/connection.hpp"
#include "actors/relay/homes.hpp"
#include "actors/relay/relay_ends.hpp"
#include "actors/relay/session_relays.hpp"
#include "actors/relay/stream_layer.hpp"
#include "actors/system/held_session.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace rookery::actors {
namespace {

using look_atom = caf::atom_constant<caf::atom("linklook")>;

/// Between two tries to reach a home.
constexpr std::chrono::milliseconds look_pause{250};
/// Octets of frames that wait in a connection.
constexpr std::size_t frames_octets = 256 * 1024;

base::counter& passed(const char* direction) {
  return base::counter_named("rookery_chat_passed_total", std::string("direction=\"") + direction + "\"", "Stanzas for others' homes, by what became of them");
}

std::uint64_t random_number() {
  const auto octets = base::random_octets(8);
  std::uint64_t out = 0;
  for (const char c : octets) out = out << 8 | static_cast<unsigned char>(c);
  return out | 1;
}

} // namespace

/// What one other volume has sent in its present channel. Outlives its connections.
struct stanza_links::arrivals {
  explicit arrivals(std::uint64_t c) : channel(c) {}
  const std::uint64_t channel;
  const std::shared_ptr<handled_counter> counter = std::make_shared<handled_counter>();
  std::mutex lock;                   ///< of what follows
  const void* owner = nullptr;       ///< the connection that is read
  std::uint64_t next = 0;            ///< the number that comes next; 0: any
  std::uint64_t base = 0, handled = 0;
  std::uint32_t seen = 0;            ///< what the counter said last

  /// All in front of this number has been dealt with.
  std::uint64_t dealt_with() {
    const auto now = counter->handled();
    handled += now - seen;
    seen = now;
    return base + handled;
  }
};

struct stanza_links::dialled {
  std::uint64_t volume = 0, leader = 0, epoch = 0;
  std::unique_ptr<cluster::node_stream> stream; ///< null: it was not reached
};

namespace {

using dialled_ptr = std::shared_ptr<stanza_links::dialled>;

/// The sending end. Owns: frames on their way. Ends when its volume is led by another, or when the other side goes.
class link_end final : public net::protocol {
public:
  link_end(std::shared_ptr<stanza_links> of, std::uint64_t volume, std::shared_ptr<stanza_link> items, std::shared_ptr<std::atomic<bool>> over, std::string unread)
      : of_(std::move(of)), volume_(volume), items_(std::move(items)), over_(std::move(over)), unread_(std::move(unread)) {}
  ~link_end() override { gone(); }

  void begin(net::connection& c) override {
    net::protocol::begin(c);
    self_ = caf::actor_cast<caf::actor>(&c);
    items_->attach(self_);
    if (!unread_.empty()) feed(std::exchange(unread_, {}), c.now());
  }
  void feed(base::const_bytes in, base::instant) override {
    reader_.feed(in);
    while (auto f = reader_.next()) {
      const auto next = f->type == link_ack_type ? read_link_ack(f->body) : std::nullopt;
      if (!next || !items_->acknowledged(*next)) return link().abort("the other node acknowledged what it was not sent");
    }
    if (reader_.fault()) link().abort("the other node sent what is no frame");
  }
  void step() override {
    if (!*over_ && !of_->ended()) items_->fill(out_, frames_octets);
  }
  bool produce() override {
    const auto had = out_.size();
    step();
    return out_.size() > had;
  }
  base::const_bytes output() const override { return out_.view(); }
  void sent(std::size_t octets) override {
    out_.consume(octets);
    if (out_.empty()) out_.release();
  }
  std::optional<base::instant> deadline() const override { return {}; }
  void tick(base::instant) override {}
  bool wants_input() const override { return true; }
  bool closed() const override { return *over_ || of_->ended(); }
  void shut_down(base::instant) override { *over_ = true; }
  void tls_started(const connection_facts&, base::instant) override {}
  void gone() override {
    if (!self_) return;
    const auto self = std::exchange(self_, nullptr);
    if (items_->detach(self, base::system_clock().now())) of_->connection_lost(volume_);
  }

private:
  const std::shared_ptr<stanza_links> of_;
  const std::uint64_t volume_;
  const std::shared_ptr<stanza_link> items_;
  const std::shared_ptr<std::atomic<bool>> over_;
  std::string unread_;
  caf::actor self_;
  base::buffer out_;
  cluster::frame_reader reader_{64};
};

/// The taking end. Owns: acknowledgements on their way. Understands stanzas_handled.
class link_door final : public net::protocol {
public:
  link_door(std::shared_ptr<stanza_links> of, std::uint64_t from, std::shared_ptr<stanza_links::arrivals> a, std::string unread)
      : of_(std::move(of)), from_(from), arrivals_(std::move(a)), unread_(std::move(unread)) {}

  void begin(net::connection& c) override {
    net::protocol::begin(c);
    {
      const std::lock_guard hold(arrivals_->lock);
      arrivals_->owner = this;
    }
    arrivals_->counter->tell(caf::actor_cast<caf::actor>(&c));
    acknowledge();
    if (!unread_.empty()) feed(std::exchange(unread_, {}), c.now());
  }
  caf::message_handler messages() override {
    return {[this](const stanzas_handled&) { acknowledge(); }};
  }
  void feed(base::const_bytes in, base::instant) override {
    reader_.feed(in);
    while (auto f = reader_.next()) {
      const auto item = f->type == link_item_type ? read_link_item(f->body) : std::nullopt;
      if (!item) return link().abort("the other node sent what is no stanza");
      const std::lock_guard hold(arrivals_->lock);
      if (arrivals_->owner != this) return link().abort("the other node has another connection");
      if (item->number < arrivals_->next) continue; // it has come before
      // What it gave up in between is in front of all that waits here.
      arrivals_->base += item->number - arrivals_->next;
      arrivals_->next = item->number + 1;
      of_->arrive(*item, from_, arrivals_);
    }
    if (reader_.fault()) return link().abort("the other node sent what is no frame");
    acknowledge();
  }
  void step() override {}
  base::const_bytes output() const override { return out_.view(); }
  void sent(std::size_t octets) override {
    out_.consume(octets);
    if (out_.empty()) out_.release();
  }
  std::optional<base::instant> deadline() const override { return {}; }
  void tick(base::instant) override {}
  bool wants_input() const override { return open_ < link_unhandled_max; }
  bool closed() const override { return over_ || of_->ended(); }
  void shut_down(base::instant) override { over_ = true; }
  void tls_started(const connection_facts&, base::instant) override {}

private:
  void acknowledge() {
    std::uint64_t next = 0;
    {
      const std::lock_guard hold(arrivals_->lock);
      if (arrivals_->next == 0) return;
      next = arrivals_->dealt_with();
      open_ = arrivals_->next - next;
    }
    if (std::exchange(told_, next) != next) cluster::append_frame(out_, link_ack_type, encode_link_ack(next));
  }

  const std::shared_ptr<stanza_links> of_;
  const std::uint64_t from_;
  const std::shared_ptr<stanza_links::arrivals> arrivals_;
  std::string unread_;
  base::buffer out_;
  cluster::frame_reader reader_;
  std::uint64_t told_ = 0, open_ = 0;
  bool over_ = false;
};

/// A stream between nodes goes on as a connection of a reactor.
void start_connection(const node& n, net::reactor& home, cluster::node_stream& stream, std::function<std::unique_ptr<net::protocol>(std::string unread)> make) {
  connection_facts facts;
  facts.session_id = base::to_hex(base::random_octets(8));
  facts.peer_address = stream.peer_address();
  facts.tls = true;
  auto raw = stream.release();
  watch_stream(raw.fd);
  const auto tls = std::make_shared<held_tls>(raw.ssl);
  auto l = std::make_shared<net::listener>();
  l->service = "chat";
  l->implicit_tls = true;
  l->make = [make = std::move(make), unread = std::move(raw.unread)](const connection_facts&) { return make(unread); };
  l->make_tls = [tls]() -> std::unique_ptr<net::layer> { return std::make_unique<stream_layer>(tls->take()); };
  l->ended = [](const connection_facts&) {};
  home.post([system = n.system, &home, fd = raw.fd, l, facts] { net::connection::start(*system, home, fd, l, facts); });
}

} // namespace
} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::dialled_ptr)

namespace rookery::actors {

struct links_state {
  static inline const char* name = "stanza_links";
  static caf::behavior run(caf::stateful_actor<links_state>* self, std::shared_ptr<stanza_links> of) {
    self->set_default_handler(caf::drop);
    return {[self, of](look_atom) {
              if (of->look()) self->delayed_send(self, look_pause, look_atom::value);
            },
            [of](const dialled_ptr& d) { of->joined(*d); }};
  }
};

stanza_links::stanza_links(node& n, chat_router& router, std::vector<net::reactor*> reactors, std::function<void(std::uint64_t)> lost)
    : node_(n), router_(router), reactors_(std::move(reactors)), lost_(std::move(lost)), channel_(random_number()) {}

void stanza_links::begin() {
  actor_ = node_.system->spawn<caf::hidden>(links_state::run, shared_from_this());
  followed(*homes_of(node_));
}

void stanza_links::end() {
  std::vector<stanza_link::give_up> dropped;
  const std::lock_guard hold(lock_);
  ended_ = true;
  for (auto& [volume, t] : targets_)
    for (auto& g : t.link->expired({}, true)) dropped.push_back(std::move(g));
  actor_ = nullptr;
}

bool stanza_links::ended() const {
  const std::lock_guard hold(lock_);
  return ended_;
}

std::shared_ptr<stanza_link> stanza_links::link_to(std::uint64_t volume) {
  const std::lock_guard hold(lock_);
  return ended_ ? nullptr : targets_[volume].link;
}

void stanza_links::push(std::uint64_t volume, link_item item, stanza_link::give_up refused) {
  static auto& sent = passed("sent");
  static auto& given_up = passed("refused");
  const auto link = link_to(volume);
  const auto keep = refused;
  if (!link || !link->push([&item](std::uint64_t number) { item.number = number; return encode(item); }, std::move(refused), node_.clock->now())) {
    given_up.add();
    return keep();
  }
  sent.add();
  if (link->connected()) return;
  const std::lock_guard hold(lock_);
  if (actor_ && !std::exchange(looking_, true)) caf::anon_send(actor_, look_atom::value);
}

void stanza_links::send(std::uint64_t volume, routed_stanza s) {
  link_item item{link_item::how::stanza, 0, s.from, {s.to}, s.news_of, {}, s.what};
  if (s.wishes) item.wishes = *s.wishes;
  const auto kept = std::make_shared<const routed_stanza>(std::move(s));
  const auto refused = [this, kept] {
    if (kept->what) router_.refuse(*kept, xmpp::condition::remote_server_timeout, "The server of that address cannot be reached");
  };
  // What goes along belongs to a commit here, and there is none.
  if (kept->along) return refused();
  push(volume, std::move(item), refused);
}

void stanza_links::send_news(std::uint64_t volume, routed_stanza s) {
  link_item item{link_item::how::news, 0, s.from, {s.to}, s.news_of, {}, s.what};
  if (s.wishes) item.wishes = *s.wishes;
  push(volume, std::move(item), [receipt = s.receipt] {});
}

void stanza_links::send_shared(std::uint64_t volume, const shared_stanza_ptr& s, std::vector<xmpp::jid> to) {
  const auto what = std::make_shared<const xmpp::element>(s->what());
  for (std::size_t at = 0; at < to.size(); at += link_addresses_max) {
    const auto some = std::make_shared<const std::vector<xmpp::jid>>(to.begin() + static_cast<std::ptrdiff_t>(at),
                                                                     to.begin() + static_cast<std::ptrdiff_t>(std::min(at + link_addresses_max, to.size())));
    push(volume, {link_item::how::shared, 0, s->from(), *some, {}, {}, what}, [this, s, some] {
      for (const auto& one : *some) {
        routed_stanza back;
        back.what = s->element_for(one);
        back.from = s->from();
        back.to = one;
        router_.refuse(back, xmpp::condition::remote_server_timeout);
      }
    });
  }
}

void stanza_links::connection_lost(std::uint64_t volume) {
  base::log_event(base::severity::debug, "chat.link_lost").number("volume", static_cast<std::int64_t>(volume));
  const std::lock_guard hold(lock_);
  if (actor_ && !std::exchange(looking_, true)) caf::anon_send(actor_, look_atom::value);
}

void stanza_links::followed(const routing::home_view& homes) {
  std::vector<std::uint64_t> lost;
  const auto own = volume_of_node(node_);
  {
    const std::lock_guard hold(lock_);
    for (const auto& p : homes.places()) {
      if (p.volume == own || p.leader == 0) continue;
      const auto now = std::pair(p.leader, p.epoch);
      const auto [at, fresh] = seen_.try_emplace(p.volume, now);
      if (!fresh && at->second != now) {
        at->second = now;
        lost.push_back(p.volume);
      }
      const auto t = targets_.find(p.volume);
      if (t != targets_.end() && t->second.over && std::pair(t->second.leader, t->second.epoch) != now) *t->second.over = true, relay_pipe::wake(t->second.link->connection());
    }
  }
  for (const auto volume : lost) lost_(volume);
}

/// Connections that are wanted, and stanzas that have waited too long. True: it looks again soon.
bool stanza_links::look() {
  static auto& given_up = passed("refused");
  std::vector<stanza_link::give_up> refused;
  {
    const std::lock_guard hold(lock_);
    looking_ = false;
    for (auto& [volume, t] : targets_) {
      if (ended_ || t.link->empty() || t.link->connected()) continue;
      for (auto& g : t.link->expired(node_.clock->now())) refused.push_back(std::move(g));
      if (!t.dialling) dial(volume, t);
      looking_ = true;
    }
  }
  for (auto& g : refused) {
    given_up.add();
    g();
  }
  const std::lock_guard hold(lock_);
  return looking_;
}

void stanza_links::dial(std::uint64_t volume, target& t) {
  const auto homes = homes_of(node_);
  const auto* place = homes->place(volume);
  const auto volumes = volumes_of(node_);
  const auto relays = relays_of(node_);
  if (place == nullptr || place->leader == 0 || !volumes || !relays) return;
  const auto made = std::make_shared<dialled>();
  made->volume = volume;
  made->leader = place->leader;
  made->epoch = place->epoch;
  t.dialling = relays->open(place->leader, chat_stream,
                            {{"volume", std::to_string(volume)}, {"from", std::to_string(volumes->id_of(node_))}, {"epoch", std::to_string(std::max<std::uint64_t>(1, volumes->epoch_of(node_)))},
                             {"channel", std::to_string(channel_)}},
                            [made, to = actor_](base::result<std::unique_ptr<cluster::node_stream>> stream) {
                              if (stream) made->stream = std::move(*stream);
                              else base::log_event(base::severity::debug, "chat.link_failed").number("volume", static_cast<std::int64_t>(made->volume)).text("why", stream.error().client.value);
                              caf::anon_send(to, made);
                            });
}

void stanza_links::joined(dialled& d) {
  const std::lock_guard hold(lock_);
  auto& t = targets_[d.volume];
  t.dialling = false;
  if (!d.stream || ended_) return;
  t.leader = d.leader;
  t.epoch = d.epoch;
  t.over = std::make_shared<std::atomic<bool>>(false);
  auto& home = *reactors_[turn_++ % reactors_.size()];
  start_connection(node_, home, *d.stream, [self = shared_from_this(), volume = d.volume, link = t.link, over = t.over](std::string unread) {
    return actors::hold(std::make_unique<link_end>(self, volume, link, over, std::move(unread)), self->node_);
  });
}

void stanza_links::take(std::unique_ptr<cluster::node_stream> stream, const cluster::stream_opening& opening) {
  const auto volume = base::parse_u64(opening.field("volume")), from = base::parse_u64(opening.field("from")), epoch = base::parse_u64(opening.field("epoch")),
             channel = base::parse_u64(opening.field("channel"));
  if (!volume || !from || !epoch || !channel) return stream->refuse("the stream's opening cannot be read");
  const auto homes = homes_of(node_);
  const auto* here = homes->place(*volume);
  if (here == nullptr || !here->local || *volume != volume_of_node(node_) || node_.draining || ended()) return stream->refuse("this node does not serve volume " + std::to_string(*volume) + " now");
  const auto* sender = homes->place(*from);
  // Who has lost his volume without knowing is not heard.
  if (sender == nullptr || sender->leader != stream->peer() || sender->epoch > *epoch) return stream->refuse("volume " + std::to_string(*from) + " is led by another node, as this one knows");
  if (!stream->accept()) return;
  std::shared_ptr<arrivals> a;
  net::reactor* home = nullptr;
  {
    const std::lock_guard hold(lock_);
    auto& known = arrivals_[*from];
    if (known && known->channel != *channel) {
      // It is of a lead that is over.
      const std::lock_guard forget(known->lock);
      known->owner = nullptr;
    }
    if (!known || known->channel != *channel) known = std::make_shared<arrivals>(*channel);
    a = known;
    home = reactors_[turn_++ % reactors_.size()];
  }
  start_connection(node_, *home, *stream, [self = shared_from_this(), from = *from, a](std::string unread) {
    return actors::hold(std::make_unique<link_door>(self, from, a, std::move(unread)), self->node_);
  });
}

void stanza_links::arrive(const link_item& item, std::uint64_t from, const std::shared_ptr<arrivals>& a) {
  static auto& received = passed("received");
  received.add();
  auto receipt = std::make_shared<stanza_receipt>(a->counter);
  if (item.kind == link_item::how::shared) return router_.arrive_shared(std::make_shared<const shared_stanza>(item.what, item.from), item.to);
  routed_stanza s;
  s.what = item.what;
  s.from = item.from;
  s.to = item.to.front();
  s.receipt = std::move(receipt);
  s.news_of = item.news_of;
  if (item.wishes) s.wishes = std::make_shared<const std::set<std::string>>(*item.wishes);
  s.origin = {from, a->channel, item.number};
  router_.arrive(std::move(s), item.kind == link_item::how::news);
}

} // namespace rookery::actors
