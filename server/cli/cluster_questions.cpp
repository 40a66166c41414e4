// rookery cluster diagnose, bundle and paths: what is asked of all nodes at once.
#include "protocols/encoding/base64.hpp"
#include "server/cli/cluster_verbs.hpp"
#include "server/cli/tar_text.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <ctime>
#include <fstream>
#include <memory>

#include <sys/stat.h>

namespace rookery::cli {
namespace {

std::string text(const json::value& v, const char* member) { return std::string(v.get_string(member).value_or("")); }
const json::array& rows_of(const json::value& v, const char* member) {
  static const json::array none;
  const auto* all = v.get_array(member);
  return all != nullptr ? *all : none;
}
std::string id_of(const json::value& v) { return std::to_string(v.get_unsigned("id").value_or(0)); }
std::string milliseconds(const json::value& v, const char* member) {
  char out[32];
  std::snprintf(out, sizeof out, "%.1f ms", static_cast<double>(v.get_integer(member).value_or(0)) / 1000);
  return out;
}

/// One port as seen from another node.
std::string shown_port(const json::value& row, const char* port, std::string& fault) {
  const auto* p = row.find(port);
  if (p == nullptr) return "-";
  if (const auto why = p->get_string("fault")) {
    fault += (fault.empty() ? "" : "; ") + std::string(port) + ": " + std::string(*why);
    return "FAILED";
  }
  return milliseconds(*p, "microseconds");
}

void diagnose(command_line& c) {
  const auto said = c.ask("POST", "/v1/cluster/diagnose", json::object{});
  if (!said) return;
  if (c.as_json) {
    std::printf("%s", json::to_text(*said, true).c_str());
    return;
  }
  std::printf("%-6s %-6s %-10s %-10s %-10s %s\n", "FROM", "TO", "CONTROL", "JOIN", "STREAMS", "FAULT");
  for (const auto& from : rows_of(*said, "items")) {
    if (const auto fault = from.get_string("fault")) {
      std::printf("%-6s %-6s %-10s %-10s %-10s it cannot be asked: %s\n", id_of(from).c_str(), "*", "-", "-", "-", std::string(*fault).c_str());
      c.code = exit_refused;
    }
    for (const auto& to : rows_of(from, "to")) {
      std::string fault;
      const auto control = shown_port(to, "control", fault), join = shown_port(to, "join", fault), streams = shown_port(to, "streams", fault);
      if (!fault.empty()) c.code = exit_refused;
      std::printf("%-6s %-6s %-10s %-10s %-10s %s\n", id_of(from).c_str(), id_of(to).c_str(), control.c_str(), join.c_str(), streams.c_str(), fault.c_str());
    }
  }
  for (const auto& a : rows_of(*said, "alarms")) std::printf("ALARM: %s\n", a.as_string() != nullptr ? a.as_string()->c_str() : "");
}

void bundle(command_line& c, const std::string& path) {
  const auto said = c.ask("POST", "/v1/cluster/bundle", json::object{});
  if (!said) return;
  std::string tar, faults;
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  for (const auto& node : rows_of(*said, "items")) {
    const auto folder = "rookery-bundle/" + id_of(node) + "-" + tar_name_part(text(node, "name")) + "/";
    if (const auto fault = node.get_string("fault")) faults += id_of(node) + ": " + std::string(*fault) + '\n';
    for (const auto& file : rows_of(node, "files")) {
      const auto content = encoding::base64_decode(text(file, "octets"));
      if (!content || !append_tar_file(tar, folder + tar_name_part(text(file, "name")), *content, now)) faults += id_of(node) + ": a file cannot be read\n";
    }
  }
  if (!faults.empty()) append_tar_file(tar, "rookery-bundle/faults.txt", faults, now);
  end_tar(tar);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  (void)::chmod(path.c_str(), 0600); // addresses of people are in the logs
  out << tar;
  out.close();
  if (!out) return c.fail(exit_io, "cannot write " + path);
  if (!faults.empty()) {
    std::fprintf(stderr, "%s", faults.c_str());
    c.code = exit_refused;
  }
  std::printf("%s: %zu octets, of %zu nodes\n", path.c_str(), tar.size(), rows_of(*said, "items").size());
}

void check_path(command_line& c, const std::string& path) {
  json::value body{json::object{}};
  body.set("path", path);
  const auto said = c.ask("POST", "/v1/cluster/paths", body);
  if (!said) return;
  if (!said->get_bool("shared").value_or(false)) c.code = exit_refused;
  if (c.as_json) {
    std::printf("%s", json::to_text(*said, true).c_str());
    return;
  }
  std::printf("%-4s %-24s %-9s %-8s %-14s %-10s %-10s %-10s %s\n", "ID", "NAME", "STORAGE", "SEES", "LOCKS", "WRITE", "SYNC", "READ", "FREE");
  const auto& items = rows_of(*said, "items");
  for (const auto& n : items) {
    if (!text(n, "fault").empty()) {
      std::printf("%-4s %-24s -\n", id_of(n).c_str(), text(n, "name").c_str());
      continue;
    }
    const auto sees = std::to_string(rows_of(n, "sees").size()) + " of " + std::to_string(items.size());
    std::printf("%-4s %-24s %-9s %-8s %-14s %-10s %-10s %-10s %llu MiB\n", id_of(n).c_str(), text(n, "name").c_str(), text(n, "type").c_str(), sees.c_str(), text(n, "lock").c_str(),
                milliseconds(n, "write_microseconds").c_str(), milliseconds(n, "sync_microseconds").c_str(), milliseconds(n, "read_microseconds").c_str(),
                static_cast<unsigned long long>(n.get_unsigned("free").value_or(0) >> 20));
  }
  for (const auto& warning : rows_of(*said, "warnings")) std::printf("WARNING: %s\n", warning.as_string() != nullptr ? warning.as_string()->c_str() : "");
  if (c.code == exit_ok) std::printf("all nodes share %s\n", path.c_str());
}

} // namespace

void add_cluster_questions(CLI::App& family, command_line& c) {
  const auto path = std::make_shared<std::string>();
  auto* diagnosis = family.add_subcommand("diagnose", "Which node reaches which other, at each port, and how fast");
  add_json_option(*diagnosis, c);
  diagnosis->callback([&c] { diagnose(c); });

  auto* collected = family.add_subcommand("bundle", "Collect logs, status, figures and the configuration without secrets of all nodes in a tar file");
  collected->add_option("file", *path, "Where to")->required();
  collected->callback([&c, path] { bundle(c, *path); });

  auto* paths = family.add_subcommand("paths", "Is a directory the same storage on all nodes, with locks that work between them?");
  paths->add_option("directory", *path, "From / on, as all nodes have it")->required();
  add_json_option(*paths, c);
  paths->callback([&c, path] { check_path(c, *path); });
}

} // namespace rookery::cli
