#include "actors/root/running_node.hpp"

#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "actors/xmpp/rooms/room_service.hpp"
#include "base/log.hpp"

#include <thread>

namespace rookery::actors {
namespace {

/// How long the machines may take to write what they have when the node stops.
constexpr std::chrono::seconds flush_time{20};

} // namespace

base::result<std::unique_ptr<running_node>> running_node::start(node_options options, bool own_volume) {
  auto process = process_parts::start(std::move(options));
  if (!process) return base::fail(process.error());
  std::unique_ptr<running_node> self(new running_node);
  self->process_ = std::move(*process);
  auto& p = *self->process_;
  set_relays(*p.face, std::make_shared<session_relays>(session_relays::parts{
                        p.system.get(), &p.reactors, p.counts, [face = p.face] { return homes_of(*face); },
                        [face = p.face] { return face->draining.load(); }}));
  if (own_volume)
    if (const auto opened = self->open_volume(self->volumes()->own()); !opened) {
      // Actors run, and are not unwound: whoever called ends the process.
      static auto& kept = *new std::vector<std::unique_ptr<running_node>>();
      const auto why = opened.error();
      kept.push_back(std::move(self));
      return base::fail(why);
    }
  for (auto& r : self->process_->reactors) r->start();
  return self;
}

running_node::~running_node() {
  set_relays(*process_->face, nullptr);
  set_homes(*process_->face, std::make_shared<const routing::home_view>());
}

std::string running_node::volume_directory(volume_id id) const {
  const auto& data = process_->options.data_directory;
  return id == volumes()->own() ? data : data + "/volumes/" + std::to_string(id);
}

base::result<void> running_node::open_volume(volume_id id) { return open_volume(id, volume_directory(id)); }

base::result<void> running_node::open_volume(volume_id id, const std::string& directory) {
  const std::lock_guard one(changing_);
  if (find(id)) return base::fail(base::error_kind::exists, "volume " + std::to_string(id) + " is open here");
  auto opened = open({id, directory, id == volumes()->own(), {}});
  return opened ? base::result<void>() : base::result<void>(base::fail(opened.error()));
}

base::result<storage::log_position> running_node::lead_volume(volume_id id, const begin_lead& how) {
  const std::lock_guard one(changing_);
  if (const auto there = find(id)) return there->lead(how);
  auto opened = open({id, volume_directory(id), id == volumes()->own(), how});
  if (!opened) return base::fail(opened.error());
  return (*opened)->log_end();
}

/// With `changing_`.
base::result<std::shared_ptr<running_volume>> running_node::open(volume_options o) {
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(closed_, [&](const auto& c) { return now - c.first > process_parts::afterlife; });
  auto started = running_volume::start(*process_, o);
  if (!started) return started;
  {
    const std::lock_guard hold(lock_);
    open_[o.id] = *started;
    if (o.own) main_ = *started;
  }
  look_at_front();
  return started;
}

base::result<void> running_node::close_volume(volume_id id) {
  auto closed = close_volume(id, volume_end::alone);
  return closed ? base::result<void>() : base::result<void>(base::fail(closed.error()));
}

base::result<storage::log_position> running_node::close_volume(volume_id id, volume_end how) {
  const std::lock_guard one(changing_);
  const auto volume = find(id);
  if (!volume) return base::fail(base::error_kind::not_found, "volume " + std::to_string(id) + " is not open here");
  {
    const std::lock_guard hold(lock_);
    if (volume == main_) main_ = nullptr;
  }
  look_at_front();
  if (auto closed = volume->close(std::chrono::seconds(20), how); !closed) return base::fail(closed.error());
  {
    const std::lock_guard hold(lock_);
    open_.erase(id);
  }
  closed_.emplace_back(std::chrono::steady_clock::now(), volume);
  return volume->log_end();
}

void running_node::look_at_front() {
  const std::lock_guard one(fronting_);
  std::vector<front_change> told;
  front now;
  {
    const std::lock_guard hold(lock_);
    now = {main_, takes_ == clients::all};
    if (now != front_) told = followers_;
    front_ = now;
  }
  for (const auto& f : told) f(now);
  look_at_ports();
}

void running_node::follow_front(front_change f) {
  const std::lock_guard one(fronting_);
  front now;
  {
    const std::lock_guard hold(lock_);
    followers_.push_back(f);
    now = front_ = {main_, takes_ == clients::all};
  }
  f(now);
}

void running_node::take(clients whose) {
  {
    const std::lock_guard hold(lock_);
    if (std::exchange(takes_, whose) == whose) return;
  }
  look_at_front();
}

actors::node& running_node::node() const noexcept {
  const auto v = own_volume();
  return v ? v->node() : *process_->face;
}

std::shared_ptr<running_volume> running_node::own_volume() const {
  const std::lock_guard hold(lock_);
  return main_;
}

std::shared_ptr<running_volume> running_node::find(volume_id id) const {
  const std::lock_guard hold(lock_);
  const auto at = open_.find(id);
  return at == open_.end() ? nullptr : at->second;
}

std::vector<running_node::opened_volume> running_node::opened() const {
  const std::lock_guard hold(lock_);
  std::vector<opened_volume> out;
  for (const auto& [id, v] : open_) out.push_back({id, v->directory(), v == main_});
  return out;
}

void running_node::name_own_volume(volume_id id) {
  const std::lock_guard one(changing_);
  const auto before = volumes()->own();
  if (id == before) return;
  volumes()->set_own(id);
  const std::lock_guard hold(lock_);
  if (auto found = open_.extract(before)) {
    found.key() = id;
    open_.insert(std::move(found));
  }
}

base::result<std::uint16_t> running_node::listen(std::shared_ptr<net::listener> l, const std::string& address, std::uint16_t port,
                                                 std::string refusal, listening whom) {
  l->ended = [counts = counts(), ended = l->ended](const connection_facts& f) {
    counts->leave(f);
    if (ended) ended(f);
  };
  auto a = std::make_unique<net::acceptor>(*process_->system, process_->reactors, std::move(l), counts(), std::move(refusal));
  if (const auto opened = a->open(address, port); !opened) return base::fail(opened.error());
  const auto got = a->port();
  const std::lock_guard hold(lock_);
  ports_.push_back({std::move(a), whom});
  return got;
}

bool running_node::passes_on() const {
  const std::lock_guard hold(lock_);
  return front_.passes_on;
}

void running_node::look_at_ports() {
  const std::lock_guard hold(lock_);
  if (!accepts_) return;
  for (auto& p : ports_) {
    const bool served = front_.volume != nullptr || (p.whom == listening::clients && front_.passes_on);
    const bool open = p.whom == listening::always || (served && takes_ != clients::none);
    if (open) p.socket->begin();
    else p.socket->pause();
  }
}

void running_node::accept() {
  {
    const std::lock_guard hold(lock_);
    accepts_ = true;
  }
  look_at_ports();
}

std::uint32_t running_node::drain(std::chrono::milliseconds limit) {
  {
    const std::lock_guard hold(lock_);
    accepts_ = false;
    face().draining = true;
    for (auto& [id, v] : open_) v->drain();
    for (auto& p : ports_) p.socket->end();
  }
  for (auto& r : process_->reactors) r->drain_sources();
  const auto until = std::chrono::steady_clock::now() + limit;
  while (counts()->total() > 0 && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return counts()->total();
}

void running_node::stop() {
  const std::lock_guard one(changing_);
  for (auto& [id, v] : open_) (void)v->flush(flush_time);
  process_->stop(flush_time);
}

} // namespace rookery::actors
