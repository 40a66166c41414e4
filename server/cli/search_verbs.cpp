#include "server/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace rookery::cli {

void add_search_verbs(CLI::App& app, command_line& c) {
  auto* family = app.add_subcommand("search", "The search index: words of mail, so that searches read few messages")->require_subcommand(1);
  const auto account = std::make_shared<std::string>();

  auto* status = family->add_subcommand("status", "How far the index is, a row a shard");
  add_json_option(*status, c);
  status->callback([&c] {
    c.list("/v1/search", {{"shard", "SHARD"}, {"state", "STATE"}, {"position", "POSITION"}, {"accounts", "ACCOUNTS"}, {"messages", "MESSAGES"},
                          {"messages_left", "LEFT"}, {"accounts_waiting", "WAITING"}, {"octets", "OCTETS"}, {"indexed", "INDEXED"},
                          {"faults", "FAULTS"}, {"last_fault", "LAST FAULT"}});
  });

  const auto add = [&](const char* name, const char* what, const char* done) {
    auto* verb = family->add_subcommand(name, what);
    verb->add_option("account", *account, "Only this account");
    verb->callback([&c, account, name = std::string(name), done = std::string(done)] {
      json::value body{json::object{}};
      if (!account->empty()) body.set("account", *account);
      c.tell("POST", "/v1/search/" + name, body, done);
    });
  };
  add("rebuild", "Forget the index and make it anew; searches go on meanwhile", "the index is being made anew");
  add("remove", "Forget the index; it is made again as mail comes, or never with search.index = false", "the index is being removed");
  add("tidy", "Do now what is done at night: merge, forget what is gone, index what is left", "the index is being tidied");
}

} // namespace rookery::cli
