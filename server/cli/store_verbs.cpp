#include "server/cli/command_line.hpp"
#include "server/store_check.hpp"
#include "storage/node/store_repair.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>

namespace rookery::cli {
namespace {

void print_report(command_line& c, const json::value& report) {
  const auto faults = report.get_unsigned("fault_count").value_or(0);
  if (c.as_json) {
    std::printf("%s", json::to_text(report, true).c_str());
  } else {
    if (const auto* all = report.get_array("faults"))
      for (const auto& f : *all) std::printf("%s\n", f.as_string() != nullptr ? f.as_string()->c_str() : "");
    if (const auto* members = report.as_object())
      for (const auto& [name, v] : *members)
        if (name != "faults") std::printf("%s: %s\n", name.c_str(), shown(name, &v).c_str());
    std::printf(faults == 0 ? "the store is sound\n" : "THE STORE IS DAMAGED\n");
  }
  if (faults != 0) c.code = exit_damage;
}

/// Of a store that nobody uses here; of a running server through it.
void check(command_line& c, const std::string& data) {
  std::string directory = data;
  if (directory.empty()) {
    const auto client = c.client();
    if (!client) return;
    auto answer = client->ask("POST", "/v1/check", json::object{});
    if (answer) {
      if (answer->ok()) return print_report(c, answer->body);
      return c.fail(exit_refused, std::string(answer->body.get_string("/error/text").value_or("the server refused to check")));
    }
    if (answer.error().kind != base::error_kind::try_later) return c.fail(exit_io, answer.error().log.value);
    const auto file = c.node();
    if (!file) return;
    directory = file->data_directory;
  }
  const auto report = server::check_store(directory);
  if (!report) return c.fail(report.error());
  print_report(c, *report);
}

/// Says what is lost; with `yes` makes the store usable.
void mend(command_line& c, const std::string& data, bool yes) {
  std::string directory = data;
  if (directory.empty()) {
    const auto file = c.node();
    if (!file) return;
    directory = file->data_directory;
  }
  const auto report = storage::repair_store(directory, yes);
  if (!report) return c.fail(report.error());
  if (report->needed && !yes) c.code = exit_damage;
  if (c.as_json) {
    json::value body{json::object{}};
    body.set("needed", report->needed);
    body.set("repaired", report->needed && yes);
    body.set("damage", json::array(report->damage.begin(), report->damage.end()));
    body.set("lost", json::array(report->lost.begin(), report->lost.end()));
    body.set("damage_count", report->damage_count);
    body.set("lost_count", report->lost_count);
    body.set("saved", report->saved);
    std::printf("%s", json::to_text(body, true).c_str());
    return;
  }
  if (!report->needed) {
    std::printf("the log can be read; nothing was changed\n");
    return;
  }
  std::printf("damaged:\n");
  for (const auto& line : report->damage) std::printf("  %s\n", line.c_str());
  std::printf(report->lost.empty() ? "nothing is lost: the indexes have it\n" : "lost:\n");
  for (const auto& line : report->lost) std::printf("  %s\n", line.c_str());
  if (report->lost_count > report->lost.size())
    std::printf("  and %llu more\n", static_cast<unsigned long long>(report->lost_count - report->lost.size()));
  if (!yes) std::printf("nothing was changed; --yes repairs. A backup may have more: keep a copy of %s first\n", directory.c_str());
  else if (report->saved > 0)
    std::printf("the store can be used again; %llu message(s) are saved in %s\n", static_cast<unsigned long long>(report->saved), report->saved_in.c_str());
  else std::printf("the store can be used again\n");
}

/// Copies first and checks then: a backup is worth what can be read from it.
void bring_back(command_line& c, const std::string& from, const std::string& data) {
  namespace fs = std::filesystem;
  std::string to = data;
  if (to.empty()) {
    const auto file = c.node();
    if (!file) return;
    to = file->data_directory;
  }
  std::error_code fault;
  if (!fs::exists(from + "/store.json", fault)) return c.fail(exit_not_found, from + " holds no backup");
  if (fs::exists(to + "/store.json", fault)) return c.fail(exit_conflict, to + " holds a store already; move it away first");
  fs::create_directories(to, fault);
  for (const auto& entry : fs::directory_iterator(from, fault)) {
    const auto name = entry.path().filename().string();
    if (name == "node.toml" || name == "store.json" || name == "lock") continue;
    fs::copy(entry.path(), fs::path(to) / name, fs::copy_options::recursive | fs::copy_options::overwrite_existing, fault);
    if (fault) return c.fail(exit_io, "cannot copy " + entry.path().string() + ": " + fault.message());
  }
  // The identity last: a copy that broke off is no store.
  if (!fault) fs::copy(from + "/store.json", to + "/store.json", fault);
  if (fault) return c.fail(exit_io, "cannot copy to " + to + ": " + fault.message());
  const auto report = server::check_store(to);
  if (!report) return c.fail(report.error());
  print_report(c, *report);
}

} // namespace

void add_store_verbs(CLI::App& app, command_line& c) {
  struct options {
    std::string data, from, to;
    bool yes = false;
  };
  const auto o = std::make_shared<options>();

  auto* verify = app.add_subcommand("check", "Verify the whole store, read only; through the server when it runs");
  verify->add_option("--data", o->data, "The data directory of a store that no server uses");
  add_json_option(*verify, c);
  verify->callback([&c, o] { check(c, o->data); });

  auto* repair = app.add_subcommand("repair", "Say what damage in the log took, and with --yes make the store usable; no server may use it");
  repair->add_option("--data", o->data, "The data directory; default: that of the node file");
  repair->add_flag("--yes", o->yes, "Do it");
  add_json_option(*repair, c);
  repair->callback([&c, o] { mend(c, o->data, o->yes); });

  auto* restore = app.add_subcommand("restore", "Make a data directory from a backup; no server may use it");
  restore->add_option("backup", o->from, "The directory of the backup")->required();
  restore->add_option("--data", o->data, "The new data directory; default: that of the node file");
  restore->callback([&c, o] { bring_back(c, o->from, o->data); });

  auto* backup = app.add_subcommand("backup", "Copy the store of the running server");
  backup->add_option("directory", o->to, "A new directory on the server's machine, absolute")->required();
  add_json_option(*backup, c);
  backup->callback([&c, o] {
    json::value body{json::object{}};
    body.set("directory", o->to);
    c.tell("POST", "/v1/backup", body, "the backup is in " + o->to);
  });
}

} // namespace rookery::cli
