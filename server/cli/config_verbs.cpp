// The configuration as a whole: what changed, the way back, and changes by a file.
#include "server/cli/command_line.hpp"

#include "base/text.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

namespace rookery::cli {
namespace {

struct config_options {
  std::uint64_t version = 0, expected = 0;
  std::vector<std::uint64_t> versions;
  std::string file, confirm;
  std::vector<std::string> kinds;
  bool dry = false, prune = false;
};
using options_ptr = std::shared_ptr<config_options>;

/// A file as large as the administration takes.
constexpr std::size_t file_octets_max = 4u << 20;

std::string text_of(const json::value* v) {
  if (v == nullptr) return "-";
  const auto* text = v->as_string();
  return base::printable(text != nullptr ? *text : json::to_text(*v), 200);
}

void print_changes(const json::value& answer) {
  const auto* items = answer.get_array("items");
  if (items == nullptr || items->empty()) std::printf("nothing differs\n");
  else
    for (const auto& c : *items) {
      std::printf("%-8s %s %s\n", std::string(c.get_string("verb").value_or("")).c_str(), std::string(c.get_string("kind").value_or("")).c_str(),
                  base::printable(std::string(c.get_string("key").value_or("")), 400).c_str());
      const auto* members = c.get_array("members");
      if (members == nullptr) continue;
      for (const auto& m : *members)
        std::printf("           %s: %s -> %s\n", text_of(m.find("member")).c_str(), text_of(m.find("before")).c_str(), text_of(m.find("after")).c_str());
    }
  if (const auto* left = answer.get_array("left"))
    for (const auto& l : *left) std::printf("left: %s\n", text_of(&l).c_str());
}

void show(command_line& c, const json::value& answer, bool done) {
  if (c.as_json) {
    std::printf("%s", json::to_text(answer, true).c_str());
    return;
  }
  print_changes(answer);
  const auto* items = answer.get_array("items");
  if (!done || items == nullptr || items->empty()) return;
  std::printf("version %llu is in force\n", static_cast<unsigned long long>(answer.get_unsigned("version").value_or(0)));
  if (const auto* until = answer.find("confirm_until"))
    std::printf("it is taken back at %s unless somebody says: rookery config confirm\n", shown("confirm_until", until).c_str());
}

/// Nothing, and said, when it cannot be read. "-" is standard input.
std::optional<json::value> read_file(command_line& c, const std::string& path) {
  std::ostringstream text;
  if (path == "-") {
    text << std::cin.rdbuf();
  } else {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
      c.fail(exit_not_found, path + " cannot be read");
      return {};
    }
    text << in.rdbuf();
  }
  auto file = json::parse(text.view(), {file_octets_max, 16, 400'000});
  if (!file || file->as_object() == nullptr) {
    c.fail(exit_usage, path + ": " + (file ? "is no JSON object" : file.error().log.value));
    return {};
  }
  return std::move(*file);
}

void change_by_file(command_line& c, const config_options& o, bool dry) {
  auto body = read_file(c, o.file);
  if (!body) return;
  body->set("prune", o.prune);
  body->set("dry_run", dry);
  if (o.expected != 0) body->set("expected_version", o.expected);
  if (!o.confirm.empty()) body->set("confirm_within", o.confirm);
  const auto answer = c.ask("POST", "/v1/config/apply", *body);
  if (!answer) return;
  show(c, *answer, !dry);
  if (dry && !c.as_json)
    std::printf("for version %llu: rookery config apply --expected-version %llu\n", static_cast<unsigned long long>(answer->get_unsigned("version").value_or(0)),
                static_cast<unsigned long long>(answer->get_unsigned("version").value_or(0)));
}

void roll_back(command_line& c, const config_options& o) {
  json::value body{json::object{}};
  body.set("version", o.version);
  body.set("dry_run", o.dry);
  if (!o.confirm.empty()) body.set("confirm_within", o.confirm);
  if (const auto answer = c.ask("POST", "/v1/config/rollback", body)) show(c, *answer, !o.dry);
}

void show_difference(command_line& c, const config_options& o) {
  std::string target = "/v1/config/changes";
  if (!o.versions.empty()) target += "?from=" + std::to_string(o.versions.front());
  if (o.versions.size() > 1) target += "&to=" + std::to_string(o.versions.back());
  if (const auto answer = c.ask("GET", target)) show(c, *answer, false);
}

void export_all(command_line& c, const config_options& o) {
  std::string kinds;
  for (const auto& k : o.kinds) kinds += (kinds.empty() ? "?kinds=" : ",") + k;
  const auto answer = c.ask("GET", "/v1/config/export" + kinds);
  if (answer) std::printf("%s", json::to_text(*answer, true).c_str());
}

} // namespace

void add_config_verbs(CLI::App& app, command_line& c) {
  const auto o = std::make_shared<config_options>();
  auto* family = app.add_subcommand("config", "The configuration as a whole: what changed, the way back, changes by a file")->require_subcommand(1);
  const auto confirm_option = [o](CLI::App* verb) {
    verb->add_option("--confirm-within", o->confirm, "Take it back by itself unless `rookery config confirm` comes in time: 2m");
  };

  for (auto* log : {family->add_subcommand("log", "The last changes, newest first"),
                    app.add_subcommand("history", "The last changes of the configuration, newest first")}) {
    add_json_option(*log, c);
    log->callback([&c] { c.list("/v1/history", {{"version", "VERSION"}, {"time", "TIME"}, {"author", "AUTHOR"}, {"changes", "CHANGES"}, {"lines", "WHAT"}}); });
  }

  auto* diff = family->add_subcommand("diff", "What differs between two versions; the last change, or all since the one given");
  diff->add_option("versions", o->versions, "FROM, or FROM and TO")->expected(0, 2);
  add_json_option(*diff, c);
  diff->callback([&c, o] { show_difference(c, *o); });

  auto* back = family->add_subcommand("rollback", "Back to a version, as a new change; accounts are neither made nor removed");
  back->add_option("version", o->version)->required();
  back->add_flag("--dry-run", o->dry, "Only show what would change");
  confirm_option(back);
  add_json_option(*back, c);
  back->callback([&c, o] { roll_back(c, *o); });

  auto* out = family->add_subcommand("export", "Print documents as a file for plan and apply; secrets are left out as \"(kept)\"");
  out->add_option("--kinds", o->kinds, "domain, account, alias, setting, queue …; all but accounts")->delimiter(',');
  out->callback([&c, o] { export_all(c, *o); });

  const auto file_verb = [&](const char* name, const char* text) {
    auto* verb = family->add_subcommand(name, text);
    verb->add_option("file", o->file, "As `export` prints it; - is standard input")->required();
    verb->add_flag("--prune", o->prune, "Remove documents that the file does not name, of the kinds that it has");
    add_json_option(*verb, c);
    return verb;
  };
  file_verb("plan", "Show what a file would change")->callback([&c, o] { change_by_file(c, *o, true); });
  auto* apply = file_verb("apply", "Change what a file says, all together or not at all");
  apply->add_option("--expected-version", o->expected, "Only if this is the configuration's version, as `plan` has seen it");
  confirm_option(apply);
  apply->callback([&c, o] { change_by_file(c, *o, false); });

  auto* confirm = family->add_subcommand("confirm", "Keep the change that waits for its confirmation");
  add_json_option(*confirm, c);
  confirm->callback([&c] { c.tell("POST", "/v1/config/confirm", json::object{}, "confirmed"); });
}

} // namespace rookery::cli
