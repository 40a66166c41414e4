/// Short words for the dispatcher's tests.
#pragma once

#include "policy/queueing/dispatcher.hpp"

namespace rookery::queueing {

using namespace std::chrono_literals;

/// A moment of the tests: seconds after their beginning.
inline wall_time after(std::chrono::milliseconds t) { return base::from_milliseconds(1'700'000'000'000) + t; }

inline waiting_message mail(std::uint64_t id, std::string destination, std::string_view sender = "ann@a.example",
                            std::vector<std::uint32_t> recipients = {0}, wall_time due = {}) {
  waiting_message m;
  m.id = base::message_id{id};
  m.queue = "remote";
  m.sender = sender;
  m.parts.push_back({std::move(destination), std::move(recipients), due, wall_time::max(), false});
  return m;
}

/// Opens a connection, which must be granted.
inline connection_number open_one(dispatcher& d, wall_time now) {
  const auto s = d.next_open(now);
  return s ? s->connection : 0;
}

/// Ids that a connection gets until nothing is left; each is done with at once.
inline std::vector<std::uint64_t> drain(dispatcher& d, connection_number c, wall_time now) {
  std::vector<std::uint64_t> ids;
  for (auto t = d.take(c, now); t.what == take_result::work; t = d.take(c, now)) {
    ids.push_back(t.work.id.value);
    d.ended(t.work.number, end_reason::answered, {}, now);
  }
  return ids;
}

} // namespace rookery::queueing
