#include "server/cli/command_line.hpp"

#include "actors/admin/request.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace rookery::cli {
namespace {

struct chat_options {
  std::string address, text, domain;
};

/// Says how many it concerned.
void count(command_line& c, const std::string& target, const json::value& body, const char* member, const char* words) {
  const auto answer = c.ask("POST", target, body);
  if (!answer) return;
  if (c.as_json) std::printf("%s", json::to_text(*answer, true).c_str());
  else std::printf("%llu %s\n", static_cast<unsigned long long>(answer->get_unsigned(member).value_or(0)), words);
}

} // namespace

void add_chat_verbs(CLI::App& app, command_line& c) {
  auto* family = app.add_subcommand("chat", "People who chat: their sessions, an announcement")->require_subcommand(1);
  const auto o = std::make_shared<chat_options>();

  auto* sessions = family->add_subcommand("sessions", "The clients that are there now, or may come back to their stream");
  sessions->add_option("address", o->address, "Only of this account");
  add_json_option(*sessions, c);
  sessions->callback([&c, o] {
    c.list("/v1/chat/sessions" + (o->address.empty() ? std::string() : "?address=" + admin::percent_encoded(o->address)),
           {{"address", "ADDRESS"}, {"state", "STATE"}, {"priority", "PRIORITY"}, {"peer", "PEER"}, {"session", "SESSION"}});
  });

  auto* kick = family->add_subcommand("kick", "End the sessions of an account, or of one of its clients (address/resource)");
  kick->add_option("address", o->address, "Whose")->required();
  kick->add_option("--text", o->text, "What the client is told");
  add_json_option(*kick, c);
  kick->callback([&c, o] {
    json::value body{json::object{}};
    body.set("address", o->address);
    body.set("text", o->text);
    count(c, "/v1/chat/kick", body, "sessions", "sessions were ended");
  });

  auto* announce = family->add_subcommand("announce", "A message of the server to everybody who is there");
  announce->add_option("text", o->text, "What")->required();
  announce->add_option("--domain", o->domain, "Only to the users of this domain");
  add_json_option(*announce, c);
  announce->callback([&c, o] {
    json::value body{json::object{}};
    body.set("text", o->text);
    if (!o->domain.empty()) body.set("domain", o->domain);
    count(c, "/v1/chat/announce", body, "accounts", "accounts were told");
  });
}

} // namespace rookery::cli
