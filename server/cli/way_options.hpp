/// The options of `rookery` that say how a host is reached: of queues, routes, host logins and
/// single messages. Private to server/cli.
#pragma once

#include "protocols/json/value.hpp"
#include "server/cli/command_line.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace rookery::cli {

enum class way_kind : std::uint8_t { queue, route, login, message, gateway };

struct way_options {
  std::string host, protocol, tls, login, return_path, schedule, queue, dane, helo_name, description;
  std::string port, connections, connection_messages, rate;
  std::vector<std::string> source_addresses;
  bool mx = false, no_mx = false, at_once = false, not_at_once = false, no_mta_sts = false, mta_sts = false, dnssec = false, no_dnssec = false;
  bool without_tls = false, no_login = false;
};

/// Adds those that this kind of document has.
void add_way_options(CLI::App& verb, way_options&, way_kind);
/// Puts what was given into a patch; "" takes a member away. With --login the password is read from
/// standard input. False: there was none, and it was said.
bool add_way(command_line&, const CLI::App& verb, const way_options&, json::value& body);

} // namespace rookery::cli
