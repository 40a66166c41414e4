/// From a spool record to what the dispatcher knows of it: which recipients go which way, and when.
#pragma once

#include "actors/node.hpp"
#include "actors/queue/messages.hpp"
#include "policy/delivery/retry_plan.hpp"
#include "policy/routing/home_view.hpp"
#include "storage/queue/envelope_record.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::actors {

/// The pictures that decide about ways, all of one moment.
struct routing_pictures {
  std::shared_ptr<const routing::directory_view> directory;
  std::shared_ptr<const delivery::delivery_view> view;
  std::shared_ptr<const config::settings> settings;
  delivery::retry_settings retry;    ///< of the settings, read once
  delivery::relay smart_host;        ///< the same; no host: none
  std::shared_ptr<const routing::home_view> homes;
  std::uint64_t volume = 0; ///< whose queue it is
};
routing_pictures pictures_of(const node&);
/// Whether mail could go another way by the second than by the first.
bool other_ways(const routing_pictures&, const routing_pictures&);

/// Orders to the server itself wait here (system_mail_actor.hpp).
inline constexpr std::string_view system_queue = "system";

/// Not held, and in no queue that only an operator or the server itself empties.
bool may_leave(const storage::queue::envelope&);
/// The message for the dispatcher; views in it point into `e`. `ways` gets each destination once.
/// `directory` says whose a domain is: the newest, since a message may have come for a domain that is new itself.
queueing::waiting_message waiting_of(const storage::queue::envelope& e, const routing_pictures&, const routing::directory_view& directory,
                                     std::vector<std::pair<std::string, way_ptr>>& ways);
/// Why its sender's mail is not to leave (the account was frozen); nothing: it may.
std::optional<std::string> sender_stopped(const storage::queue::envelope&, const routing::directory_view&);

} // namespace rookery::actors
