/// Any order of calls: the dispatcher neither breaks nor gives a recipient to two transactions at once.
#include "policy/queueing/dispatcher.hpp"

#include <cstdlib>
#include <map>
#include <set>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  using namespace rookery::queueing;
  using namespace std::chrono_literals;
  std::size_t at = 0;
  const auto next = [&]() -> unsigned { return at < size ? data[at++] : 0u; };
  dispatcher_settings settings;
  settings.connections = 1 + next() % 8;
  settings.quantum = 1 + next() % 4;
  settings.limits.connections = 1 + next() % 4;
  settings.limits.recipients_a_transaction = 1 + next() % 4;
  settings.limits.messages_a_minute = next() % 4 == 0 ? 30 : 0;
  dispatcher d(settings);
  // One of the four destinations is served only when it asks.
  if (next() % 2 == 0) {
    auto own = settings.limits;
    own.on_request = true;
    d.set_limits("d3", own, base::from_milliseconds(0));
  }
  std::size_t admitted = 0;
  auto now = base::from_milliseconds(1'700'000'000'000);
  std::set<connection_number> open;
  std::map<std::uint64_t, transaction> flying;
  std::set<std::pair<std::uint64_t, std::uint32_t>> in_flight;
  const auto name = [](unsigned n) { return "d" + std::to_string(n % 4); };
  const char* queues[] = {"remote", "retry"};
  const auto fly = [&](const transaction& t) {
    for (const auto n : t.recipients)
      if (!in_flight.emplace(t.id.value, n).second) std::abort();
    flying.emplace(t.number, t);
  };
  const auto land = [&](std::map<std::uint64_t, transaction>::iterator t) {
    for (const auto n : t->second.recipients) in_flight.erase({t->second.id.value, n});
    flying.erase(t);
  };
  while (at < size) {
    switch (next() % 14) {
    case 0: case 1: case 2: {
      waiting_message m;
      m.id = base::message_id{1 + next() % 8};
      m.queue = queues[next() % 2];
      const auto sender = name(next());
      m.sender = sender;
      m.urgency = static_cast<priority>(next() % 3);
      std::uint32_t recipient = 0;
      for (auto parts = next() % 4; parts > 0; --parts) {
        waiting_part p;
        p.destination = name(next());
        for (auto n = next() % 4; n > 0; --n) p.recipients.push_back(recipient += 1 + next() % 2);
        p.due = now + std::chrono::seconds(next() % 3 * 60);
        if (next() % 3 == 0) p.deadline = now + std::chrono::seconds(next());
        m.parts.push_back(std::move(p));
      }
      d.put(m, now);
      break;
    }
    case 3: d.remove(base::message_id{1 + next() % 8}); break;
    case 4: case 5:
      if (const auto s = d.next_open(now); s && !s->open_already && !open.insert(s->connection).second) std::abort();
      if (open.size() > settings.connections + admitted) std::abort();
      break;
    case 6: case 7:
      if (!open.empty()) {
        const auto c = *std::next(open.begin(), static_cast<std::ptrdiff_t>(next() % open.size()));
        if (const auto t = d.take(c, now, next() % 3); t.what == take_result::work) fly(t.work);
      }
      break;
    case 8: case 9:
      if (!flying.empty()) {
        const auto t = std::next(flying.begin(), static_cast<std::ptrdiff_t>(next() % flying.size()));
        const auto how = next() % 2 == 0 ? end_reason::answered : end_reason::broken;
        if (next() % 2 == 0) d.ended(t->first, how, now);
        else d.ended(t->first, how, {{t->second.recipients.front(), now + 60s, now + 600s}}, now);
        land(t);
      }
      break;
    case 10:
      if (!open.empty()) {
        d.closed(*open.begin(), static_cast<close_reason>(next() % 3), "why", now);
        open.erase(open.begin());
      }
      break;
    case 11: now += std::chrono::milliseconds(next() * (1 + next()) * 20); break;
    case 12:
      if (const auto t = d.next_lapsed(now)) fly(*t);
      break;
    default:
      switch (next() % 7) {
      case 0: d.set_queue(queues[next() % 2], next() % 2 == 0, {}, now); break;
      case 1: d.pause(name(next()), "p", now); break;
      case 2: d.unpause(name(next()), now); break;
      case 3: d.retry_destination(name(next()), now); break;
      case 4: d.release(name(next()), now); break;
      case 5:
        if (const auto c = d.admit(name(next()), now)) {
          ++admitted; // for ever: a bound that is never too small
          if (!open.insert(*c).second) std::abort();
        }
        break;
      default: d.retry_message(base::message_id{1 + next() % 8}, now);
      }
    }
    if (d.counts().connections != open.size() || d.counts().transactions != flying.size()) std::abort();
  }
  // All is put away: nothing may be remembered.
  for (std::uint64_t id = 1; id <= 8; ++id) d.remove(base::message_id{id});
  while (!flying.empty()) {
    d.ended(flying.begin()->first, end_reason::answered, now);
    land(flying.begin());
  }
  for (const auto c : open) d.closed(c, close_reason::finished, "", now);
  for (unsigned n = 0; n < 4; ++n) {
    d.unpause(name(n), now);
    d.retry_destination(name(n), now);
  }
  const auto left = d.counts();
  if (left.messages + left.parts + left.recipients + left.destinations + left.connections + left.transactions != 0) std::abort();
  return 0;
}
