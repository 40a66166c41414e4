#include "actors/admin/request.hpp"
#include "server/cli/command_line.hpp"
#include "server/cli/way_options.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace rookery::cli {
namespace {

struct route_options {
  std::string name;
  way_options way;
};

void add_routes(CLI::App& app, command_line& c) {
  auto* family = app.add_subcommand("route", "How domains elsewhere are reached")->require_subcommand(1);
  const auto o = std::make_shared<route_options>();
  const auto path = [o] { return "/v1/routes/" + admin::percent_encoded(o->name); };

  auto* add = family->add_subcommand("add", "Add a route; without a host the domain's own MX records are followed");
  add->add_option("domain", o->name, "example.org, *.example.org for all below it, or *")->required();
  add_way_options(*add, o->way, way_kind::route);
  add_json_option(*add, c);
  add->callback([&c, o, add] {
    json::value body{json::object{}};
    body.set("domain", o->name);
    if (add_way(c, *add, o->way, body)) c.tell("POST", "/v1/routes", body, "route " + o->name + " added");
  });

  auto* list = family->add_subcommand("list", "List the routes");
  add_json_option(*list, c);
  list->callback([&c] {
    c.list("/v1/routes", {{"domain", "DOMAIN"}, {"host", "HOST"}, {"port", "PORT"}, {"queue", "QUEUE"}, {"tls", "TLS"}, {"dane", "DANE"}, {"login", "LOGIN"}, {"description", "DESCRIPTION"}});
  });

  auto* show = family->add_subcommand("show", "Show one route");
  show->add_option("domain", o->name)->required();
  add_json_option(*show, c);
  show->callback([&c, path] { c.show(path()); });

  auto* change = family->add_subcommand("change", "Change a route; \"\" takes a member away");
  change->add_option("domain", o->name)->required();
  add_way_options(*change, o->way, way_kind::route);
  add_json_option(*change, c);
  change->callback([&c, o, change, path] {
    json::value body{json::object{}};
    if (add_way(c, *change, o->way, body)) c.tell("PATCH", path(), body, "route " + o->name + " changed");
  });

  auto* remove = family->add_subcommand("remove", "Remove a route");
  remove->add_option("domain", o->name)->required();
  add_json_option(*remove, c);
  remove->callback([&c, o, path] { c.tell("DELETE", path(), {}, "route " + o->name + " removed"); });
}

void add_logins(CLI::App& app, command_line& c) {
  auto* family = app.add_subcommand("host-login", "What to log in with at other servers")->require_subcommand(1);
  const auto o = std::make_shared<route_options>();
  const auto path = [o] { return "/v1/host-logins/" + admin::percent_encoded(o->name); };

  auto* add = family->add_subcommand("add", "Add a login; the password is read from standard input");
  add->add_option("host", o->name, "relay.example.net, *.example.net or an address")->required();
  add_way_options(*add, o->way, way_kind::login);
  add->get_option("--login")->required();
  add_json_option(*add, c);
  add->callback([&c, o, add] {
    json::value body{json::object{}};
    body.set("host", o->name);
    if (add_way(c, *add, o->way, body)) c.tell("POST", "/v1/host-logins", body, "login at " + o->name + " added");
  });

  auto* list = family->add_subcommand("list", "List the hosts and logins");
  add_json_option(*list, c);
  list->callback([&c] { c.list("/v1/host-logins", {{"host", "HOST"}, {"login", "LOGIN"}, {"without_tls", "WITHOUT TLS"}, {"changed", "CHANGED"}, {"description", "DESCRIPTION"}}); });

  auto* change = family->add_subcommand("change", "Change a login; the password is read from standard input");
  change->add_option("host", o->name)->required();
  add_way_options(*change, o->way, way_kind::login);
  add_json_option(*change, c);
  change->callback([&c, o, change, path] {
    json::value body{json::object{}};
    if (add_way(c, *change, o->way, body)) c.tell("PATCH", path(), body, "login at " + o->name + " changed");
  });

  auto* remove = family->add_subcommand("remove", "Remove a login");
  remove->add_option("host", o->name)->required();
  add_json_option(*remove, c);
  remove->callback([&c, o, path] { c.tell("DELETE", path(), {}, "login at " + o->name + " removed"); });
}

} // namespace

void add_route_verbs(CLI::App& app, command_line& c) {
  add_routes(app, c);
  add_logins(app, c);
}

} // namespace rookery::cli
