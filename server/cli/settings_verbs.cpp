#include "actors/admin/request.hpp"
#include "server/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace rookery::cli {

void add_settings_verbs(CLI::App& app, command_line& c) {
  struct options {
    std::string key, value;
  };
  auto* family = app.add_subcommand("settings", "Limits, times and choices of the server")->require_subcommand(1);
  const auto o = std::make_shared<options>();
  const auto path = [o] { return "/v1/settings/" + admin::percent_encoded(o->key); };

  auto* list = family->add_subcommand("list", "List all settings with their values");
  add_json_option(*list, c);
  list->callback([&c] { c.list("/v1/settings", {{"key", "SETTING"}, {"value", "VALUE"}, {"unit", "UNIT"}, {"set", "SET"}, {"sentence", "MEANING"}}); });

  auto* show = family->add_subcommand("show", "Show one setting with its range");
  show->add_option("key", o->key)->required();
  add_json_option(*show, c);
  show->callback([&c, path] { c.show(path()); });

  auto* set = family->add_subcommand("set", "Change a setting; takes effect for new connections");
  set->add_option("key", o->key)->required();
  set->add_option("value", o->value, "As 50M for octets, 30m for times")->required();
  add_json_option(*set, c);
  set->callback([&c, o, path] {
    json::value body{json::object{}};
    body.set("value", o->value);
    c.tell("PUT", path(), body, o->key + " is set");
  });

  auto* unset = family->add_subcommand("unset", "Back to the default");
  unset->add_option("key", o->key)->required();
  add_json_option(*unset, c);
  unset->callback([&c, o, path] { c.tell("DELETE", path(), {}, o->key + " has its default again"); });
}

} // namespace rookery::cli
