#include "actors/admin/request.hpp"
#include "server/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace rookery::cli {
namespace {

void print_trace(command_line& c, const std::string& id) {
  const auto answer = c.ask("GET", "/v1/trace/" + admin::percent_encoded(id));
  if (!answer) return;
  if (c.as_json) {
    std::printf("%s", json::to_text(*answer, true).c_str());
    return;
  }
  const auto* lines = answer->get_array("lines");
  if (lines == nullptr) return;
  for (const auto& line : *lines) {
    std::string text(line.get_string("time").value_or(""));
    text += "  " + std::string(line.get_string("event").value_or(""));
    if (const auto* members = line.as_object())
      for (const auto& [name, v] : *members)
        if (name != "time" && name != "event" && name != "level") text += "  " + name + '=' + shown(name, &v);
    std::printf("%s\n", text.c_str());
  }
}

} // namespace

void add_status_verbs(CLI::App& app, command_line& c) {
  struct options {
    std::string id;
  };
  const auto o = std::make_shared<options>();

  auto* status = app.add_subcommand("status", "What the running server does");
  add_json_option(*status, c);
  status->callback([&c] { c.show("/v1/status"); });

  auto* trace = app.add_subcommand("trace", "Follow a session or a message through the log");
  trace->add_option("id", o->id, "The id of a session or a message")->required();
  add_json_option(*trace, c);
  trace->callback([&c, o] { print_trace(c, o->id); });
}

} // namespace rookery::cli
