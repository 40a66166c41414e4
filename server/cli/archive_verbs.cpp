#include "actors/admin/request.hpp"
#include "server/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace rookery::cli {
namespace {

struct archive_options {
  std::string name, of, to, folder, direction, description;
  bool spam = false, lists = false, automatic = false, system = false, enabled = true;
};

std::string path(const archive_options& o) { return "/v1/archives/" + admin::percent_encoded(o.name); }

void add_members(const CLI::App& verb, const archive_options& o, json::value& body) {
  const auto text = [&](const char* option, const char* member, const std::string& given) {
    if (verb.count(option) == 0) return;
    if (given.empty()) body.set(member, nullptr);
    else body.set(member, given);
  };
  const auto flag = [&](const char* option, const char* member, bool given) {
    if (verb.count(option) != 0) body.set(member, given);
  };
  text("--of", "of", o.of);
  text("--to", "to", o.to);
  text("--folder", "folder", o.folder);
  text("--direction", "direction", o.direction);
  text("--description", "description", o.description);
  flag("--lists", "lists", o.lists);
  flag("--automatic", "automatic", o.automatic);
  flag("--system", "system", o.system);
  flag("--spam", "spam", o.spam);
  flag("--enable", "enabled", o.enabled);
}

void add_member_options(CLI::App& verb, archive_options& o) {
  verb.add_option("--of", o.of, "Whose mail: an account's address, a domain, or \"*\" for everybody here");
  verb.add_option("--to", o.to, "Where copies go: the address of an account here, or one elsewhere");
  verb.add_option("--folder", o.folder, "Folder of that account, as \"{direction}/{account}/{year}-{month}\"; INBOX");
  verb.add_option("--direction", o.direction, "in, out, or both (the default)");
  verb.add_flag("--lists,!--no-lists", o.lists, "Whether mail of mailing lists and other bulk is archived");
  verb.add_flag("--automatic,!--no-automatic", o.automatic, "Whether answers of machines are: vacation notices, reports");
  verb.add_flag("--system,!--no-system", o.system, "Whether mail that this server wrote is");
  verb.add_flag("--spam,!--no-spam", o.spam, "Whether mail marked as spam is (setting archive.spam_field)");
  verb.add_flag("--enable,!--disable", o.enabled, "Whether it is in use");
  verb.add_option("--description", o.description, "A note for administrators");
}

} // namespace

void add_archive_verbs(CLI::App& app, command_line& c) {
  auto* family = app.add_subcommand("archive", "Archives: copies of mail that comes in and goes out")->require_subcommand(1);
  const auto o = std::make_shared<archive_options>();

  auto* add = family->add_subcommand("add", "Add an archive");
  add->add_option("name", o->name, "A name for it")->required();
  add_member_options(*add, *o);
  add->get_option("--of")->required();
  add->get_option("--to")->required();
  add_json_option(*add, c);
  add->callback([&c, o, add] {
    json::value body{json::object{}};
    body.set("name", o->name);
    add_members(*add, *o, body);
    c.tell("POST", "/v1/archives", body, "archive " + o->name + " added");
  });

  auto* list = family->add_subcommand("list", "List the archives");
  add_json_option(*list, c);
  list->callback([&c] {
    c.list("/v1/archives", {{"name", "NAME"}, {"enabled", "ENABLED"}, {"of", "OF"}, {"direction", "DIRECTION"}, {"to", "TO"}, {"folder", "FOLDER"}});
  });

  auto* show = family->add_subcommand("show", "Show one archive");
  show->add_option("name", o->name)->required();
  add_json_option(*show, c);
  show->callback([&c, o] { c.show(path(*o)); });

  auto* change = family->add_subcommand("change", "Change an archive");
  change->add_option("name", o->name)->required();
  add_member_options(*change, *o);
  add_json_option(*change, c);
  change->callback([&c, o, change] {
    json::value body{json::object{}};
    add_members(*change, *o, body);
    c.tell("PATCH", path(*o), body, "archive " + o->name + " changed");
  });

  auto* remove = family->add_subcommand("remove", "Remove an archive; copies that were made stay");
  remove->add_option("name", o->name)->required();
  remove->callback([&c, o] { c.tell("DELETE", path(*o), {}, "archive " + o->name + " removed"); });
}

} // namespace rookery::cli
