#include "cluster/stream/answering.hpp"

#include "cluster/stream/stream_inside.hpp"

namespace rookery::cluster {

std::optional<std::string> silence(const stream_identity& identity, const std::string& host, std::uint16_t port, std::chrono::milliseconds limit) {
  const auto until = steady::now() + limit;
  auto c = connect_to(host, port, until);
  if (c.fd < 0) return c.fault;
  node_stream::inside in(identity, c.fd, std::move(c.address));
  const auto shaken = in.shake(node_stream::inside::side::client, until);
  in.close();
  return shaken ? std::nullopt : std::optional(shaken.error().client.value);
}

} // namespace rookery::cluster
