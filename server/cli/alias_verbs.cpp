#include "actors/admin/request.hpp"
#include "server/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace rookery::cli {
namespace {

struct alias_options {
  std::string address, domain, folder, description, roster;
  std::vector<std::string> targets;
  bool members_may_send = false, chat = true;
};

std::string path(const alias_options& o) { return "/v1/aliases/" + admin::percent_encoded(o.address); }

void add_members(const CLI::App& verb, const alias_options& o, json::value& body) {
  if (!o.targets.empty()) body.set("targets", json::array(o.targets.begin(), o.targets.end()));
  if (verb.count("--folder") != 0) body.set("folder", o.folder);
  if (verb.count("--members-may-send") != 0) body.set("members_may_send", o.members_may_send);
  if (verb.count("--description") != 0) body.set("description", o.description);
  if (verb.count("--chat") != 0) body.set("chat", o.chat);
  if (verb.count("--chat-roster") != 0) o.roster.empty() ? body.set("chat_roster", nullptr) : body.set("chat_roster", o.roster);
}

void add_member_options(CLI::App& verb, alias_options& o) {
  verb.add_option("--folder", o.folder, "Public folder of its domain that its mail goes into, instead of targets");
  verb.add_flag("--members-may-send,!--members-may-not-send", o.members_may_send, "Whether those who get a group's mail may send as it");
  verb.add_option("--description", o.description, "A note for administrators");
  verb.add_flag("--chat,!--no-chat", o.chat, "Whether the accounts of a group may chat, whatever their domain says");
  verb.add_option("--chat-roster", o.roster, "The accounts of a group have each other in their rosters, in a group of this name; \"\" ends that");
}

} // namespace

void add_alias_verbs(CLI::App& app, command_line& c) {
  auto* family = app.add_subcommand("alias", "Aliases and groups: addresses that lead to others")->require_subcommand(1);
  const auto o = std::make_shared<alias_options>();

  auto* add = family->add_subcommand("add", "Add an alias");
  add->add_option("address", o->address, "The alias")->required();
  add->add_option("targets", o->targets, "Where its mail goes");
  add_member_options(*add, *o);
  add_json_option(*add, c);
  add->callback([&c, o, add] {
    json::value body{json::object{}};
    body.set("address", o->address);
    add_members(*add, *o, body);
    c.tell("POST", "/v1/aliases", body, "alias " + o->address + " added");
  });

  auto* list = family->add_subcommand("list", "List the aliases");
  list->add_option("--domain", o->domain, "Only those of this domain");
  add_json_option(*list, c);
  list->callback([&c, o] {
    c.list("/v1/aliases" + (o->domain.empty() ? "" : "?domain=" + admin::percent_encoded(o->domain)),
           {{"address", "ADDRESS"}, {"targets", "TARGETS"}, {"folder", "FOLDER"}, {"description", "DESCRIPTION"}});
  });

  auto* show = family->add_subcommand("show", "Show one alias");
  show->add_option("address", o->address)->required();
  add_json_option(*show, c);
  show->callback([&c, o] { c.show(path(*o)); });

  auto* change = family->add_subcommand("change", "Change an alias");
  change->add_option("address", o->address)->required();
  change->add_option("targets", o->targets, "Where its mail goes from now on");
  add_member_options(*change, *o);
  add_json_option(*change, c);
  change->callback([&c, o, change] {
    json::value body{json::object{}};
    add_members(*change, *o, body);
    c.tell("PATCH", path(*o), body, "alias " + o->address + " changed");
  });

  auto* remove = family->add_subcommand("remove", "Remove an alias");
  remove->add_option("address", o->address)->required();
  remove->callback([&c, o] { c.tell("DELETE", path(*o), {}, "alias " + o->address + " removed"); });
}

} // namespace rookery::cli
