#include "actors/admin/request.hpp"
#include "server/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace rookery::cli {
namespace {

struct folder_options {
  std::string domain, folder, who, rights;
  std::vector<std::string> grants;
  bool own_seen = true;
};

std::string all(const folder_options& o) { return "/v1/domains/" + admin::percent_encoded(o.domain) + "/folders"; }
std::string path(const folder_options& o) { return all(o) + "/" + admin::percent_encoded(o.folder); }

} // namespace

void add_public_verbs(CLI::App& app, command_line& c) {
  auto* family = app.add_subcommand("public", "Public folders of a domain, and who may do what with them")->require_subcommand(1);
  const auto o = std::make_shared<folder_options>();
  const auto verb = [&](const char* name, const char* what, bool one) {
    auto* v = family->add_subcommand(name, what);
    v->add_option("domain", o->domain, "example.org")->required();
    if (one) v->add_option("folder", o->folder, "Projects/Minutes")->required();
    return v;
  };
  constexpr const char* own_seen = "Whether each reader has a mark of his own for what he has read";

  auto* list = verb("list", "List the folders", false);
  add_json_option(*list, c);
  list->callback([&c, o] {
    c.list(all(*o), {{"folder", "FOLDER"}, {"messages", "MESSAGES"}, {"octets", "OCTETS"}, {"own_seen", "OWN SEEN"},
                     {"rights", "RIGHTS"}, {"addresses", "ADDRESSES"}});
  });

  auto* show = verb("show", "Show one folder", true);
  add_json_option(*show, c);
  show->callback([&c, o] { c.show(path(*o)); });

  auto* add = verb("add", "Make a folder", true);
  add->add_option("--grant", o->grants, "WHO=RIGHTS, as anyone=lrs; may be repeated")->allow_extra_args(false);
  add->add_flag("--own-seen,!--common-seen", o->own_seen, own_seen);
  add_json_option(*add, c);
  add->callback([&c, o] {
    json::value body{json::object{}}, rights{json::object{}};
    for (const auto& g : o->grants) {
      const auto at = g.rfind('=');
      if (at == std::string::npos) return c.fail(exit_usage, "--grant wants WHO=RIGHTS");
      rights.set(g.substr(0, at), g.substr(at + 1));
    }
    body.set("folder", o->folder);
    body.set("own_seen", o->own_seen);
    body.set("rights", std::move(rights));
    c.tell("POST", all(*o), body, "folder " + o->folder + " added");
  });

  auto* change = verb("change", "Change a folder", true);
  change->add_flag("--own-seen,!--common-seen", o->own_seen, own_seen)->required();
  add_json_option(*change, c);
  change->callback([&c, o] {
    json::value body{json::object{}};
    body.set("own_seen", o->own_seen);
    c.tell("PATCH", path(*o), body, "folder " + o->folder + " changed");
  });

  const auto tell_rights = [&c, o](const std::string& done) {
    json::value body{json::object{}}, rights{json::object{}};
    rights.set(o->who, o->rights);
    body.set("rights", std::move(rights));
    c.tell("PATCH", path(*o), body, done);
  };
  constexpr const char* who = "bob@example.org, $group@example.org, anyone, authenticated; with - before it (after --) what is denied";

  auto* grant = verb("grant", "Give rights on a folder", true);
  grant->add_option("who", o->who, who)->required();
  grant->add_option("rights", o->rights, "lrs in place of what was given; +p more; -w less")->required();
  add_json_option(*grant, c);
  grant->callback([tell_rights, o] { tell_rights("rights of " + o->who + " changed"); });

  auto* revoke = verb("revoke", "Take all that was given to somebody, or denied", true);
  revoke->add_option("who", o->who, who)->required();
  add_json_option(*revoke, c);
  revoke->callback([tell_rights, o] {
    o->rights.clear();
    tell_rights("rights of " + o->who + " taken");
  });

  auto* remove = verb("remove", "Remove a folder and its mail; those below it stay", true);
  remove->callback([&c, o] { c.tell("DELETE", path(*o), {}, "folder " + o->folder + " removed"); });
}

} // namespace rookery::cli
