#include "server/cli/command_line.hpp"

#include "actors/admin/request.hpp"
#include "base/clock.hpp"
#include "protocols/charset/utf8.hpp"
#include "server/cli/unreached.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include <termios.h>
#include <unistd.h>

namespace rookery::cli {
namespace {

int exit_of(base::error_kind kind) {
  switch (kind) {
  case base::error_kind::not_found: return exit_not_found;
  case base::error_kind::exists:
  case base::error_kind::conflict: return exit_conflict;
  case base::error_kind::try_later:
  case base::error_kind::no_space: return exit_try_later;
  case base::error_kind::io: return exit_io;
  case base::error_kind::damaged: return exit_damage;
  default: return exit_refused;
  }
}

int exit_of_status(unsigned status) {
  return status == 404 ? exit_not_found : status == 409 ? exit_conflict : status == 503 || status == 507 ? exit_try_later : exit_refused;
}

/// Characters, not octets: good enough for names in a table.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.empty() ? 0 : rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width(row[i]) + 2, ' ');
    }
    print(line + '\n');
  }
}

bool is_time(std::string_view member) {
  for (const auto* name : {"changed", "received", "started", "time", "next_attempt", "last_attempt", "next_try", "hold_until", "deliver_by", "not_after", "not_before", "last_began", "last_ended", "next", "made", "forward_last_used", "first_removed", "last_removed", "confirm_until"})
    if (member == name) return true;
  return false;
}

} // namespace

std::string shown(std::string_view member, const json::value* v) {
  if (v == nullptr || v->is_null()) return "-";
  if (const auto* text = v->as_string()) return text->empty() ? "-" : *text;
  if (const auto* number = v->as_integer()) {
    if (!is_time(member)) return std::to_string(*number);
    const auto seconds = static_cast<std::time_t>(*number / 1000);
    std::tm utc{};
    char buffer[32];
    if (::gmtime_r(&seconds, &utc) == nullptr || std::strftime(buffer, sizeof buffer, "%Y-%m-%d %H:%M:%SZ", &utc) == 0) return "-";
    return buffer;
  }
  if (const auto* flag = v->as_bool()) return *flag ? "yes" : "no";
  if (const auto* all = v->as_array()) {
    std::string out;
    for (const auto& one : *all) {
      if (!out.empty()) out += ", ";
      if (const auto address = one.get_string("address")) out += *address;
      else if (const auto* text = one.as_string()) out += *text;
      else if (const auto verb = one.get_string("verb")) // of the history
        out += std::string(*verb) + ' ' + std::string(one.get_string("kind").value_or("")) + ' ' + std::string(one.get_string("key").value_or(""));
      else out += json::to_text(one);
    }
    return out.empty() ? "-" : out;
  }
  return json::to_text(*v);
}

void tell_unreached(command_line& c, const json::value& answer) {
  const auto* rows = answer.get_array("unreached");
  for (const auto& row : rows != nullptr ? *rows : json::array{}) {
    const auto node = row.get_string("node").value_or("");
    c.fail(exit_try_later, "not asked: volume " + std::to_string(row.get_unsigned("volume").value_or(0)) + (node.empty() ? "" : " on " + std::string(node)) + ": " + std::string(row.get_string("text").value_or("")));
  }
}

void command_line::fail(int exit, const std::string& text) {
  std::fprintf(stderr, "rookery: %s\n", text.c_str());
  code = exit;
}

void command_line::fail(const base::error& e) { fail(exit_of(e.kind), e.log.value); }

std::optional<server::node_file> command_line::node() {
  auto file = server::read_node_file(node_path);
  if (file) return std::move(*file);
  fail(file.error().kind == base::error_kind::not_found ? exit_unreachable : exit_usage, file.error().log.value);
  return std::nullopt;
}

std::optional<admin_client> command_line::client() {
  if (!socket.empty()) return admin_client(socket);
  const auto file = node();
  if (!file) return std::nullopt;
  return admin_client(file->admin_socket);
}

std::optional<json::value> command_line::ask(std::string_view method, const std::string& target, const json::value& body) {
  const auto to = client();
  if (!to) return std::nullopt;
  auto got = to->ask(method, target, body);
  if (!got) {
    fail(got.error().kind == base::error_kind::try_later ? exit_unreachable : exit_io, got.error().log.value);
    return std::nullopt;
  }
  if (got->ok()) return std::move(got->body);
  const auto text = got->body.get_string("/error/text");
  fail(exit_of_status(got->status), text ? std::string(*text) : "the server answered with status " + std::to_string(got->status));
  return std::nullopt;
}

void command_line::tell(std::string_view method, const std::string& target, const json::value& body, const std::string& done) {
  const auto answer = ask(method, target, body);
  if (!answer) return;
  print(as_json ? json::to_text(*answer, true) : done + '\n');
  tell_unreached(*this, *answer);
}

void command_line::show(const std::string& target) {
  const auto answer = ask("GET", target);
  if (!answer) return;
  if (as_json) return print(json::to_text(*answer, true));
  std::vector<std::vector<std::string>> rows;
  if (const auto* members = answer->as_object())
    for (const auto& [name, v] : *members) rows.push_back({name, shown(name, &v)});
  print_table(rows);
}

std::optional<json::array> command_line::all_of(const std::string& target) {
  json::array all;
  std::string after;
  for (;;) {
    auto page = ask("GET", target + (target.find('?') == std::string::npos ? '?' : '&') + "limit=1000" +
                               (after.empty() ? "" : "&after=" + admin::percent_encoded(after)));
    if (!page) return std::nullopt;
    if (auto* items = page->find("items"); items != nullptr && items->as_array() != nullptr)
      all.insert(all.end(), items->as_array()->begin(), items->as_array()->end());
    const auto next = page->get_string("next");
    if (!next || next->empty()) {
      tell_unreached(*this, *page);
      return all;
    }
    after = *next;
  }
}

void command_line::list(const std::string& target, const std::vector<column>& columns) {
  auto found = all_of(target);
  if (!found) return;
  auto& all = *found;
  if (as_json) return print(json::to_text(json::value(std::move(all)), true));
  std::vector<column> wanted;
  for (const auto& c : columns)
    if (c.member != std::string_view("node") || std::any_of(all.begin(), all.end(), [&](const json::value& item) { return item.find(c.member) != nullptr; })) wanted.push_back(c);
  std::vector<std::vector<std::string>> rows(1);
  for (const auto& c : wanted) rows.front().emplace_back(c.heading);
  for (const auto& item : all) {
    auto& row = rows.emplace_back();
    for (const auto& c : wanted) row.push_back(shown(c.member, item.find(c.member)));
  }
  print_table(rows);
}

void add_json_option(CLI::App& verb, command_line& c) { verb.add_flag("--json", c.as_json, "Print JSON instead of a table"); }

std::optional<std::string> read_password() {
  ::termios before{};
  const bool terminal = ::isatty(STDIN_FILENO) != 0 && ::tcgetattr(STDIN_FILENO, &before) == 0;
  if (terminal) {
    auto silent = before;
    silent.c_lflag &= static_cast<::tcflag_t>(~ECHO);
    (void)::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    std::fprintf(stderr, "Password: ");
  }
  std::string line;
  int octet = 0;
  bool any = false;
  while ((octet = std::getchar()) != EOF) {
    any = true;
    if (octet == '\n') break;
    line += static_cast<char>(octet);
  }
  if (terminal) {
    (void)::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    std::fputc('\n', stderr);
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (!any) return std::nullopt;
  return line;
}

} // namespace rookery::cli
