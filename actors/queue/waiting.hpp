/// From a spool record to what the dispatcher knows of it: which recipients go which way, and when.
#pragma once

#include "actors/node.hpp"
#include "actors/queue/messages.hpp"
#include "storage/queue/envelope_record.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rookery::actors {

/// The pictures that decide about ways, all of one moment.
struct routing_pictures {
  std::shared_ptr<const routing::directory_view> directory;
  std::shared_ptr<const delivery::delivery_view> view;
  std::shared_ptr<const config::settings> settings;
};
routing_pictures pictures_of(const node&);
/// Whether mail could go another way by the second than by the first.
bool other_ways(const routing_pictures&, const routing_pictures&);

/// Not held, and in no queue that only an operator empties.
bool may_leave(const storage::queue::envelope&);
/// The message for the dispatcher; views in it point into `e`. `ways` gets each destination once.
queueing::waiting_message waiting_of(const storage::queue::envelope& e, const routing_pictures&,
                                     std::vector<std::pair<std::string, way_ptr>>& ways);
/// Why its sender's mail is not to leave (the account was frozen); nothing: it may.
std::optional<std::string> sender_stopped(const storage::queue::envelope&, const routing::directory_view&);

} // namespace rookery::actors
