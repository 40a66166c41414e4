#include "server/cli/way_options.hpp"

#include "base/text.hpp"

#include <CLI/CLI.hpp>

namespace rookery::cli {

void add_way_options(CLI::App& verb, way_options& o, way_kind kind) {
  if (kind != way_kind::login) {
    verb.add_option("--host", o.host, "The server that takes the mail: a name or an address");
    verb.add_option("--port", o.port, "Its port");
    verb.add_option("--tls", o.tls, "when_offered, never, required or verified");
    auto* on = verb.add_flag("--tls-at-once", o.at_once, "TLS from the first octet");
    verb.add_flag("--no-tls-at-once", o.not_at_once, "STARTTLS")->excludes(on);
  }
  verb.add_option("--login", o.login, "What to log in as; the password is read from standard input");
  if (kind == way_kind::login) {
    verb.add_flag("--without-tls", o.without_tls, "The password may be sent over a connection without TLS");
    verb.add_option("--description", o.description, "A note for administrators");
    return;
  }
  if (kind == way_kind::message) return;
  verb.add_flag("--no-login", o.no_login, "Log in no more");
  auto* mx = verb.add_flag("--mx", o.mx, "The host is a domain: follow its MX records");
  verb.add_flag("--no-mx", o.no_mx, "It is a host")->excludes(mx);
  verb.add_option("--protocol", o.protocol, "smtp or lmtp");
  if (kind == way_kind::gateway) {
    verb.add_option("--description", o.description, "A note for administrators");
    return;
  }
  verb.add_option("--connections", o.connections, "Connections at the same time");
  verb.add_option("--connection-messages", o.connection_messages, "Messages sent over one connection");
  verb.add_option("--rate", o.rate, "Messages a minute");
  verb.add_option("--description", o.description, "A note for administrators");
  if (kind == way_kind::queue) {
    verb.add_option("--return-path", o.return_path, "The envelope sender of its mail");
    verb.add_option("--schedule", o.schedule, "When mail leaves: mon-fri 08:00-17:00");
    return;
  }
  verb.add_option("--queue", o.queue, "Let the domain's mail wait in this queue and take its way");
  verb.add_option("--dane", o.dane, "as_published, ignored or required");
  auto* sts = verb.add_flag("--mta-sts", o.mta_sts, "Follow the domain's policy for TLS");
  verb.add_flag("--no-mta-sts", o.no_mta_sts, "Do not ask for it")->excludes(sts);
  auto* dnssec = verb.add_flag("--dnssec-required", o.dnssec, "Take only name servers' answers that are validated");
  verb.add_flag("--no-dnssec-required", o.no_dnssec, "Take any")->excludes(dnssec);
  verb.add_option("--source-address", o.source_addresses, "Own addresses that connections come from");
  verb.add_option("--helo", o.helo_name, "The name given in EHLO");
}

bool add_way(command_line& c, const CLI::App& verb, const way_options& o, json::value& body) {
  const auto given = [&](const char* option) {
    const auto* found = verb.get_option_no_throw(option);
    return found != nullptr && found->count() > 0;
  };
  const auto text = [&](const char* option, const char* member, const std::string& value) {
    if (!given(option)) return;
    if (value.empty()) body.set(member, nullptr);
    else body.set(member, value);
  };
  const auto number = [&](const char* option, const char* member, const std::string& value) {
    if (!given(option)) return;
    if (value.empty()) body.set(member, nullptr);
    else if (const auto n = base::parse_u32(value)) body.set(member, *n);
    else body.set(member, value); // the server says what is wrong with it
  };
  text("--host", "host", o.host);
  text("--tls", "tls", o.tls);
  text("--protocol", "protocol", o.protocol);
  text("--return-path", "return_path", o.return_path);
  text("--schedule", "schedule", o.schedule);
  text("--queue", "queue", o.queue);
  text("--dane", "dane", o.dane);
  text("--helo", "helo_name", o.helo_name);
  text("--description", "description", o.description);
  number("--port", "port", o.port);
  number("--connections", "connections_max", o.connections);
  number("--connection-messages", "connection_messages_max", o.connection_messages);
  number("--rate", "messages_a_minute", o.rate);
  for (const auto& [member, on, off] : {std::tuple{"mx", o.mx, o.no_mx}, std::tuple{"tls_at_once", o.at_once, o.not_at_once},
                                        std::tuple{"mta_sts", o.mta_sts, o.no_mta_sts},
                                        std::tuple{"dnssec_required", o.dnssec, o.no_dnssec}})
    if (on || off) body.set(member, on);
  if (o.without_tls) body.set("without_tls", true);
  if (given("--source-address")) {
    json::array addresses;
    for (const auto& a : o.source_addresses)
      if (!a.empty()) addresses.emplace_back(a);
    if (addresses.empty()) body.set("source_addresses", nullptr);
    else body.set("source_addresses", std::move(addresses));
  }
  if (o.no_login) {
    body.set("login", nullptr);
    body.set("password", nullptr);
  } else if (given("--login")) {
    auto password = read_password();
    if (!password || password->empty()) {
      c.fail(exit_usage, "the password is read from standard input, and there was none");
      return false;
    }
    body.set("login", o.login);
    body.set("password", std::move(*password));
  }
  return true;
}

} // namespace rookery::cli
