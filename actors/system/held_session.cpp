#include "actors/system/held_session.hpp"

#include "actors/net/connection.hpp"
#include "actors/net/messages.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace rookery::actors {
namespace {

/// Between two looks whether the lease lasts again.
constexpr std::chrono::milliseconds lease_pause{50};

class held_session final : public net::protocol {
public:
  held_session(std::unique_ptr<net::protocol> inner, volume_ptr keep, std::shared_ptr<session_list> list)
      : keep_(std::move(keep)), list_(std::move(list)), inner_(std::move(inner)) {}
  ~held_session() override { list_->remove(this); }

  void begin(net::connection& c) override {
    protocol::begin(c);
    list_->add(this, caf::actor_cast<caf::actor>(&c));
    inner_->begin(c);
  }
  caf::message_handler messages() override { return inner_->messages(); }
  void feed(base::const_bytes in, base::instant now) override { inner_->feed(in, now); }
  void tick(base::instant now) override {
    waits_ = false;
    inner_->tick(now);
  }
  void step() override { inner_->step(); }
  bool produce() override { return served() && inner_->produce(); }
  // What another node may have changed meanwhile is not shown: it waits until the lease lasts again, or the volume closes.
  base::const_bytes output() const override { return served() ? inner_->output() : base::const_bytes(); }
  void sent(std::size_t n) override { inner_->sent(n); }
  std::optional<base::instant> deadline() const override {
    const auto inner = inner_->deadline();
    if (!waits_) return inner;
    const auto again = base::system_clock().now() + lease_pause;
    return inner ? std::min(*inner, again) : again;
  }
  bool wants_input() const override { return inner_->wants_input(); }
  /// What it has said last waits like the rest: until that is gone it is not closed.
  bool closed() const override { return inner_->closed() && (inner_->output().empty() || served()); }
  bool busy() const override { return inner_->busy(); }
  void shut_down(base::instant now) override { inner_->shut_down(now); }
  void tls_started(const connection_facts& facts, base::instant now) override { inner_->tls_started(facts, now); }
  void ending(std::string_view why) override { inner_->ending(why); }
  void gone() override {
    inner_->gone();
    list_->remove(this);
  }
  base::const_bytes rest() const override { return inner_->rest(); }

private:
  bool served() const {
    if (list_->may_serve()) return true;
    waits_ = true;
    return false;
  }

  mutable bool waits_ = false; ///< something was not said
  volume_ptr keep_;
  std::shared_ptr<session_list> list_;
  std::unique_ptr<net::protocol> inner_;
};

class refusing_session final : public net::protocol {
public:
  explicit refusing_session(std::string text) : text_(std::move(text)) {}
  void feed(base::const_bytes, base::instant) override {}
  void tick(base::instant) override {}
  void step() override {}
  base::const_bytes output() const override { return std::string_view(text_).substr(sent_); }
  void sent(std::size_t n) override { sent_ += n; }
  std::optional<base::instant> deadline() const override { return {}; }
  bool wants_input() const override { return false; }
  bool closed() const override { return true; }
  void shut_down(base::instant) override {}
  void tls_started(const connection_facts&, base::instant) override {}

private:
  std::string text_;
  std::size_t sent_ = 0;
};

} // namespace

std::unique_ptr<net::protocol> farewell(std::string text) { return std::make_unique<refusing_session>(std::move(text)); }

void session_list::add(const void* session, caf::actor connection) {
  bool ends = false;
  {
    const std::lock_guard hold(lock_);
    ends = draining_;
    sessions_[session] = connection;
  }
  if (ends) caf::anon_send(connection, net::drain_connection{});
}

void session_list::remove(const void* session) {
  caf::actor gone; // let go outside the lock
  const std::lock_guard hold(lock_);
  const auto at = sessions_.find(session);
  if (at == sessions_.end()) return;
  gone = std::move(at->second);
  sessions_.erase(at);
}

void session_list::serve_while(std::function<bool()> rule) {
  const std::lock_guard hold(lock_);
  serve_while_ = std::move(rule);
  leased_ = serve_while_ != nullptr;
}

bool session_list::may_serve() const {
  if (!leased_.load(std::memory_order_relaxed)) return true;
  std::function<bool()> rule;
  {
    const std::lock_guard hold(lock_);
    rule = serve_while_;
  }
  return !rule || rule();
}

bool session_list::enter() {
  const std::lock_guard hold(lock_);
  if (draining_) return false;
  ++working_;
  return true;
}

void session_list::leave() {
  const std::lock_guard hold(lock_);
  --working_;
}

std::size_t session_list::count() const {
  const std::lock_guard hold(lock_);
  return sessions_.size() + working_;
}

void session_list::drain() {
  std::vector<caf::actor> all;
  {
    const std::lock_guard hold(lock_);
    draining_ = true;
    for (const auto& [session, connection] : sessions_) all.push_back(connection);
  }
  for (const auto& c : all) caf::anon_send(c, net::drain_connection{});
}

void session_list::abort() {
  std::vector<caf::actor> all;
  {
    const std::lock_guard hold(lock_);
    for (const auto& [session, connection] : sessions_) all.push_back(connection);
  }
  for (const auto& c : all)
    caf::anon_send(c, net::connection_task{std::make_shared<std::function<void()>>([c] {
      if (auto* link = dynamic_cast<net::connection*>(caf::actor_cast<caf::abstract_actor*>(c))) link->abort("the volume closed");
    })});
}

std::unique_ptr<net::protocol> hold(std::unique_ptr<net::protocol> inner, volume_ptr keep, std::shared_ptr<session_list> list) {
  return std::make_unique<held_session>(std::move(inner), std::move(keep), std::move(list));
}

bool may_serve(const node& n) {
  const auto volumes = volumes_of(n);
  const auto list = volumes ? volumes->sessions_of(n) : nullptr;
  return !list || list->may_serve();
}

volume_work::volume_work(const node& n) {
  const auto volumes = volumes_of(n);
  if (volumes) list_ = volumes->sessions_of(n);
  good_ = list_ ? list_->enter() : !volumes; // none: one that a test made by hand
  if (!good_) list_ = nullptr;
}
volume_work::~volume_work() {
  if (list_) list_->leave();
}

std::unique_ptr<net::protocol> hold(std::unique_ptr<net::protocol> inner, const node& n) {
  const auto volumes = volumes_of(n);
  const auto sessions = volumes ? volumes->sessions_of(n) : nullptr;
  if (!sessions) return inner;
  return std::make_unique<held_session>(std::move(inner), volumes->find(volumes->id_of(n)), sessions);
}

} // namespace rookery::actors
