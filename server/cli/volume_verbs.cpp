#include "server/cli/volume_verbs.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

namespace rookery::cli {
namespace {

struct options {
  std::uint64_t volume = 0;
  std::string directory;
};

void show(command_line& c) {
  const auto listed = c.ask("POST", "/v1/cluster/volumes", json::value{json::object{}});
  if (!listed) return;
  if (c.as_json) {
    std::printf("%s", json::to_text(*listed, true).c_str());
    return;
  }
  std::printf("%-8s %-5s %-8s %s\n", "VOLUME", "OWN", "QUEUED", "DIRECTORY");
  const auto* items = listed->get_array("items");
  for (const auto& v : items != nullptr ? *items : json::array{})
    std::printf("%-8llu %-5s %-8llu %s\n", static_cast<unsigned long long>(v.get_unsigned("id").value_or(0)), v.get_bool("own").value_or(false) ? "yes" : "",
                static_cast<unsigned long long>(v.get_unsigned("queued").value_or(0)), std::string(v.get_string("directory").value_or("")).c_str());
}

} // namespace

void add_volume_verbs(CLI::App& app, command_line& c) {
  const auto o = std::make_shared<options>();
  auto* family = app.add_subcommand("volume", "The volumes that this node's process serves")->require_subcommand(1);

  auto* list = family->add_subcommand("list", "Those that are open");
  add_json_option(*list, c);
  list->callback([&c] { show(c); });

  auto* open = family->add_subcommand("open", "Serve a volume whose store lies here and is used by nobody else");
  open->add_option("volume", o->volume, "Its id: the member of the cluster on which it was made")->required();
  open->add_option("--directory", o->directory, "Of its store; default: volumes/ID of the data directory");
  add_json_option(*open, c);
  open->callback([&c, o] {
    json::value body{json::object{}};
    body.set("volume", o->volume);
    if (!o->directory.empty()) body.set("directory", o->directory);
    c.tell("POST", "/v1/cluster/volume-open", body, "volume " + std::to_string(o->volume) + " is open");
  });

  auto* close = family->add_subcommand("close", "End the sessions of a volume, write everything, and leave its store to others");
  close->add_option("volume", o->volume, "Its id")->required();
  add_json_option(*close, c);
  close->callback([&c, o] {
    json::value body{json::object{}};
    body.set("volume", o->volume);
    c.tell("POST", "/v1/cluster/volume-close", body, "volume " + std::to_string(o->volume) + " is closed");
  });
}

} // namespace rookery::cli
