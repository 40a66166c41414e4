#include "actors/admin/request.hpp"
#include "server/cli/unreached.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace rookery::cli {

void add_recall_verbs(CLI::App& app, command_line& c) {
  auto* family = app.add_subcommand("recall", "Sent messages that their senders can take back")->require_subcommand(1);
  struct options {
    std::string account, id;
  };
  const auto o = std::make_shared<options>();

  auto* list = family->add_subcommand("list", "List what is remembered, newest first");
  list->add_option("--account", o->account, "Only what this account has sent");
  add_json_option(*list, c);
  list->callback([&c, o] {
    c.list("/v1/recall" + (o->account.empty() ? std::string() : "?account=" + admin::percent_encoded(o->account)),
           {{"id", "ID"}, node_column, {"time", "SENT"}, {"account", "ACCOUNT"}, {"recipients", "RECIPIENTS"}, {"message_id", "MESSAGE-ID"}, {"subject", "SUBJECT"}});
  });

  auto* show = family->add_subcommand("show", "Show where the copies of one went");
  show->add_option("id", o->id, "As `recall list` and the logs name it")->required();
  add_json_option(*show, c);
  show->callback([&c, o] { c.show("/v1/recall/" + admin::percent_encoded(o->id)); });
}

} // namespace rookery::cli
