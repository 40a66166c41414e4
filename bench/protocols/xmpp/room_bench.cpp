/// A chat room as a machine: what an occupant says, to all; who enters, and who changes his presence.
#include "protocols/xmpp/muc/room.hpp"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

namespace rookery::xmpp::muc {
namespace {

/// A room with so many in it; its clock goes on by itself, so that nobody is too fast.
class company {
public:
  explicit company(std::int64_t occupants) : occupants_(occupants) {
    room_config c;
    c.persistent = true;
    room_limits l;
    l.occupants = static_cast<std::size_t>(occupants) + 10;
    room_ = std::make_unique<room>(*read_jid("den@conference.example.test"), c, "salt", l);
    room_->create(c, {*read_jid("u0@example.test")});
    for (std::int64_t i = 0; i < occupants; ++i) enter(i);
  }
  jid client(std::int64_t i) const { return *read_jid("u" + std::to_string(i) + "@example.test/r"); }
  void enter(std::int64_t i) {
    auto p = make_presence();
    p.add("x", space::muc).add("history").set("maxstanzas", "0");
    tell(std::move(p), i, "n" + std::to_string(i));
  }
  void leave(std::int64_t i) { tell(make_presence("unavailable"), i, "n" + std::to_string(i)); }
  void away(std::int64_t i) {
    auto p = make_presence();
    p.add(element("show", space::client, "away"));
    tell(std::move(p), i, "n" + std::to_string(i));
  }
  void say(std::int64_t i) {
    auto m = make_message("groupchat");
    m.set("id", "5f2c7a90").add(element("body", space::client, text_));
    tell(std::move(m), i, {});
  }
  std::int64_t size() const { return occupants_; }
  std::int64_t told() const { return told_; }

private:
  void tell(element e, std::int64_t i, std::string_view nick) {
    now_ += std::chrono::milliseconds(100);
    const auto to = nick.empty() ? room_->address() : room_->address().with_resource(nick);
    const auto from = client(i);
    e.set("from", from.text()).set("to", to.text());
    room_->handle(e, to, {from, false}, now_);
    for (auto& one : room_->take_effects())
      if (const auto* s = std::get_if<send>(&one)) told_ += static_cast<std::int64_t>(s->to->size());
  }

  const std::int64_t occupants_;
  const std::string text_ = std::string(100, 'x');
  std::unique_ptr<room> room_;
  base::wall_time now_ = base::from_milliseconds(1'700'000'000'000);
  std::int64_t told_ = 0;
};

void reflection(benchmark::State& state) {
  company c(state.range(0));
  const auto before = c.told();
  std::int64_t i = 0;
  for (auto _ : state) c.say(i++ % c.size());
  if (c.told() - before != static_cast<std::int64_t>(state.iterations()) * c.size()) state.SkipWithError("somebody did not hear it");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * c.size());
}
BENCHMARK(reflection)->Arg(10)->Arg(100)->Arg(1000);

void presence_of_one(benchmark::State& state) {
  company c(state.range(0));
  std::int64_t i = 0;
  for (auto _ : state) c.away(i++ % c.size());
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * c.size());
}
BENCHMARK(presence_of_one)->Arg(10)->Arg(100)->Arg(1000);

void entering_and_leaving(benchmark::State& state) {
  company c(state.range(0));
  for (auto _ : state) {
    c.enter(c.size());
    c.leave(c.size());
  }
}
BENCHMARK(entering_and_leaving)->Arg(10)->Arg(100)->Arg(1000);

} // namespace
} // namespace rookery::xmpp::muc
