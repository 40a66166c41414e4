/// What the verbs of `rookery` share: where the server is, how answers are shown, the exit code.
#pragma once

#include "protocols/json/value.hpp"
#include "server/cli/admin_client.hpp"
#include "server/cli/exit_code.hpp"
#include "server/node_file.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace rookery::cli {

/// A column of a listing for people: a JSON Pointer or member, and its heading.
struct column {
  const char* member;
  const char* heading;
};

class command_line {
public:
  std::string node_path;  ///< --node
  std::string socket;     ///< --socket
  bool as_json = false;   ///< --json
  int code = exit_ok;     ///< what the process ends with

  /// The node file, or nothing: said on stderr, and `code` set.
  std::optional<server::node_file> node();
  /// The socket of the server.
  std::optional<admin_client> client();

  /// Asks; an answer that is no success is said on stderr, `code` is set, and nothing is given.
  std::optional<json::value> ask(std::string_view method, const std::string& target, const json::value& body = {});
  /// Asks and prints the answer: the JSON, or with `done` a sentence for people.
  void tell(std::string_view method, const std::string& target, const json::value& body, const std::string& done);
  /// Shows one object, member by member.
  void show(const std::string& target);
  /// The items of all pages of `target`.
  std::optional<json::array> all_of(const std::string& target);
  /// Lists them.
  void list(const std::string& target, const std::vector<column>& columns);

  void fail(const base::error&);
  void fail(int exit, const std::string& text);
};

/// Adds --json to a verb.
void add_json_option(CLI::App&, command_line&);
/// The first line of standard input, without its end; nothing when there is none. On a terminal it
/// asks, and what is typed is not shown.
std::optional<std::string> read_password();
/// A member for people: text without quotes, times in UTC, "-" for nothing.
std::string shown(std::string_view member, const json::value*);

// The verbs, a family a file.
void add_serve_verb(CLI::App&, command_line&);
void add_init_verb(CLI::App&, command_line&);
void add_domain_verbs(CLI::App&, command_line&);
void add_account_verbs(CLI::App&, command_line&);
void add_certificate_verbs(CLI::App& account, command_line&);
void add_alias_verbs(CLI::App&, command_line&);
void add_archive_verbs(CLI::App&, command_line&);
void add_chat_verbs(CLI::App&, command_line&);
void add_collection_verbs(CLI::App&, command_line&);
void add_config_verbs(CLI::App&, command_line&);
void add_public_verbs(CLI::App&, command_line&);
void add_search_verbs(CLI::App&, command_line&);
void add_gateway_verbs(CLI::App&, command_line&);
void add_mailbox_verbs(CLI::App&, command_line&);
void add_settings_verbs(CLI::App&, command_line&);
void add_queue_verbs(CLI::App&, command_line&);
void add_recall_verbs(CLI::App&, command_line&);
void add_room_verbs(CLI::App&, command_line&);
void add_route_verbs(CLI::App&, command_line&);
void add_status_verbs(CLI::App&, command_line&);
void add_store_verbs(CLI::App&, command_line&);
void add_tls_certificate_verbs(CLI::App&, command_line&);
void add_tlsrpt_verbs(CLI::App&, command_line&);
void add_transfer_verbs(CLI::App&, command_line&);

} // namespace rookery::cli
