/// From "it is due" to a connection: notes and password, addresses, dialing. Private to actors/collection.
#pragma once

#include "actors/collection/run_order.hpp"
#include "actors/net/reactor.hpp"
#include "actors/node.hpp"
#include "protocols/tls/tls_context.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rookery::actors {

/// What a worker has made ready.
struct run_start {
  std::shared_ptr<const run_order> order;
  std::shared_ptr<const tls::tls_context> tls; ///< null: the collection uses none
};
/// To the collector.
struct run_ready { std::shared_ptr<const run_start> start; };

std::shared_ptr<const run_result> failed_run(std::string reason);
/// Reads what was collected, opens the password, reads the trusted certificates: blocks. Sends the
/// collector run_ready, or collection_ended.
void prepare_run(const node&, collection::collection_ptr, const std::string& address, const caf::actor& collector);
/// By the domain name system, unless `host` is an address; IPv6 first. None: with the reason. `then` runs
/// in the actor.
void find_addresses(caf::event_based_actor&, node&, const std::string& host,
                    std::function<void(std::vector<std::string>, const std::string& why)> then);
/// Dials the addresses one after the other; the one that answers runs the collection. Whatever comes,
/// the collector hears collection_ended once.
void dial_first(caf::actor_system&, net::reactor&, node&, std::shared_ptr<const run_start>, std::vector<std::string> addresses);
/// Off to the log; the answer goes to `from`.
void send_commit(const node&, const caf::actor& from, commit_request_ptr);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::run_ready)
