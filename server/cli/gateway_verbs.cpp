#include "actors/admin/request.hpp"
#include "server/cli/command_line.hpp"
#include "server/cli/way_options.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace rookery::cli {
namespace {

struct gateway_options {
  std::string domain, check, unchecked;
  std::vector<std::string> dequeuers, recipients;
  bool at_once = false, on_request = false;
  way_options way;
};

void add_options(CLI::App& verb, gateway_options& o) {
  add_way_options(verb, o.way, way_kind::gateway);
  auto* once = verb.add_flag("--at-once", o.at_once, "Mail leaves as soon as the server can be reached");
  verb.add_flag("--on-request", o.on_request, "Mail waits for ETRN or ATRN")->excludes(once);
  verb.add_option("--dequeuer", o.dequeuers, "Accounts that may ask for the mail (ETRN, ATRN)");
  verb.add_option("--check", o.check, "What is known of recipients: none, list or call_forward");
  verb.add_option("--recipient", o.recipients, "Local parts that exist, for --check list");
  verb.add_option("--unchecked", o.unchecked, "When the server cannot be asked: accept or defer");
}

/// Those that were given; "" takes a member away.
bool add_members(command_line& c, const CLI::App& verb, const gateway_options& o, json::value& body) {
  const auto text = [&](const char* option, const char* member, const std::string& value) {
    if (verb.get_option(option)->count() == 0) return;
    if (value.empty()) body.set(member, nullptr);
    else body.set(member, value);
  };
  const auto list = [&](const char* option, const char* member, const std::vector<std::string>& values) {
    if (verb.get_option(option)->count() == 0) return;
    json::array out;
    for (const auto& v : values)
      if (!v.empty()) out.emplace_back(v);
    if (out.empty()) body.set(member, nullptr);
    else body.set(member, std::move(out));
  };
  if (o.at_once || o.on_request) body.set("delivery", o.on_request ? "on_request" : "at_once");
  text("--check", "recipient_check", o.check);
  text("--unchecked", "when_unchecked", o.unchecked);
  list("--dequeuer", "dequeuers", o.dequeuers);
  list("--recipient", "recipients", o.recipients);
  return add_way(c, verb, o.way, body);
}

} // namespace

void add_gateway_verbs(CLI::App& app, command_line& c) {
  auto* family = app.add_subcommand("gateway", "Domains whose mail is taken for another server")->require_subcommand(1);
  const auto o = std::make_shared<gateway_options>();
  const auto path = [o] { return "/v1/gateways/" + admin::percent_encoded(o->domain); };

  auto* add = family->add_subcommand("add", "Take mail for a domain; without a host it goes to the MX hosts that come before this server");
  add->add_option("domain", o->domain)->required();
  add_options(*add, *o);
  add_json_option(*add, c);
  add->callback([&c, o, add] {
    json::value body{json::object{}};
    body.set("domain", o->domain);
    if (add_members(c, *add, *o, body)) c.tell("POST", "/v1/gateways", body, "gateway " + o->domain + " added");
  });

  auto* list = family->add_subcommand("list", "List the gateways");
  add_json_option(*list, c);
  list->callback([&c] {
    c.list("/v1/gateways", {{"domain", "DOMAIN"}, {"delivery", "DELIVERY"}, {"host", "HOST"}, {"port", "PORT"}, {"tls", "TLS"}, {"recipient_check", "CHECK"}, {"queue", "QUEUE"}, {"description", "DESCRIPTION"}});
  });

  auto* show = family->add_subcommand("show", "Show one gateway, and what waits for it");
  show->add_option("domain", o->domain)->required();
  add_json_option(*show, c);
  show->callback([&c, path] { c.show(path()); });

  auto* change = family->add_subcommand("change", "Change a gateway; \"\" takes a member away");
  change->add_option("domain", o->domain)->required();
  add_options(*change, *o);
  add_json_option(*change, c);
  change->callback([&c, o, change, path] {
    json::value body{json::object{}};
    if (add_members(c, *change, *o, body)) c.tell("PATCH", path(), body, "gateway " + o->domain + " changed");
  });

  auto* remove = family->add_subcommand("remove", "Take no more mail for a domain");
  remove->add_option("domain", o->domain)->required();
  add_json_option(*remove, c);
  remove->callback([&c, o, path] { c.tell("DELETE", path(), {}, "gateway " + o->domain + " removed"); });
}

} // namespace rookery::cli
