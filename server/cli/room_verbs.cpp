#include "actors/admin/request.hpp"
#include "server/cli/unreached.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace rookery::cli {
namespace {

struct room_options {
  std::string room, domain, owner, reason, alternate, address, affiliation;
  std::vector<std::string> settings;
};

std::string path(const room_options& o, const std::string& more = {}) { return "/v1/chat/rooms/" + admin::percent_encoded(o.room) + more; }

/// "name=value" each; true and false are flags.
bool add_settings(const std::vector<std::string>& pairs, json::value& body, command_line& c) {
  json::value settings{json::object{}};
  for (const auto& pair : pairs) {
    const auto is = pair.find('=');
    if (is == std::string::npos || is == 0) {
      c.fail(exit_usage, "a setting is given as name=value, not " + pair);
      return false;
    }
    const auto value = pair.substr(is + 1);
    if (value == "true" || value == "false") settings.set(pair.substr(0, is), value == "true");
    else settings.set(pair.substr(0, is), value);
  }
  body.set("settings", std::move(settings));
  return true;
}

/// A message a line: time, who, what. With --json each as the archive has it.
void export_history(command_line& c, const room_options& o) {
  const auto all = c.all_of(path(o, "/history"));
  if (!all) return;
  for (const auto& m : *all) {
    std::string line;
    if (c.as_json) {
      line = json::to_text(m, false);
    } else {
      line = shown("time", m.find("/time")) + "  " + shown("from", m.find("/from")) + ": " + std::string(m.get_string("/body").value_or(""));
      for (auto& octet : line)
        if (octet == '\n' || octet == '\r') octet = ' ';
    }
    if (!line.ends_with('\n')) line += '\n';
    std::fputs(line.c_str(), stdout);
  }
}

} // namespace

void add_room_verbs(CLI::App& app, command_line& c) {
  const auto known = app.get_subcommands([](const CLI::App* a) { return a->get_name() == "chat"; });
  auto* chat = known.empty() ? app.add_subcommand("chat", "Instant messaging")->require_subcommand(1) : known.front();
  auto* family = chat->add_subcommand("rooms", "Chat rooms")->require_subcommand(1);
  const auto o = std::make_shared<room_options>();
  const auto verb = [&](const char* name, const char* what) {
    auto* v = family->add_subcommand(name, what);
    add_json_option(*v, c);
    return v;
  };
  const auto of_room = [&](const char* name, const char* what) {
    auto* v = verb(name, what);
    v->add_option("room", o->room, "Its address, as den@conference.example.org")->required();
    return v;
  };

  auto* list = verb("list", "List the rooms");
  list->add_option("--domain", o->domain, "Only those of this domain");
  list->callback([&c, o] {
    c.list("/v1/chat/rooms" + (o->domain.empty() ? std::string() : "?domain=" + admin::percent_encoded(o->domain)),
           {{"room", "ROOM"}, node_column, {"name", "NAME"}, {"persistent", "PERSISTENT"}, {"listed", "LISTED"}});
  });

  of_room("show", "Show a room with its settings")->callback([&c, o] { c.show(path(*o)); });

  auto* create = of_room("create", "Make a persistent room");
  create->add_option("--owner", o->owner, "Whose it is");
  create->add_option("settings", o->settings, "As name=value: name, description, members_only, moderated, password, listed, archived, ...");
  create->callback([&c, o] {
    json::value body{json::object{}};
    body.set("room", o->room);
    if (!o->owner.empty()) body.set("owner", o->owner);
    if (add_settings(o->settings, body, c)) c.tell("POST", "/v1/chat/rooms", body, o->room + " is made");
  });

  auto* configure = of_room("configure", "Change settings of a room");
  configure->add_option("settings", o->settings, "As name=value; `rooms show` has the names")->required();
  configure->callback([&c, o] {
    json::value body{json::object{}};
    if (add_settings(o->settings, body, c)) c.tell("PATCH", path(*o), body, o->room + " is set up");
  });

  auto* destroy = of_room("destroy", "Destroy a room with its archive");
  destroy->add_option("--reason", o->reason, "Told to its occupants");
  destroy->add_option("--alternate", o->alternate, "The room to go to instead");
  destroy->callback([&c, o] {
    c.tell("DELETE", path(*o, "?reason=" + admin::percent_encoded(o->reason) + "&alternate=" + admin::percent_encoded(o->alternate)), {}, o->room + " is destroyed");
  });

  auto* members = of_room("members", "List who is owner, admin, member or banned, or change it");
  auto* whose = members->add_option("--set", o->address, "An address to list otherwise");
  members->add_option("--as", o->affiliation, "owner, admin, member, none or outcast")->needs(whose);
  members->add_option("--reason", o->reason, "Why")->needs(whose);
  members->callback([&c, o] {
    if (o->address.empty())
      return c.list(path(*o, "/members"), {{"address", "ADDRESS"}, {"affiliation", "AFFILIATION"}, {"nick", "NICK"}, {"reason", "REASON"}});
    json::value body{json::object{}};
    body.set("address", o->address);
    body.set("affiliation", o->affiliation);
    body.set("reason", o->reason);
    c.tell("POST", path(*o, "/members"), body, o->address + " is " + o->affiliation + " of " + o->room);
  });

  of_room("export", "Print the archive of a room, a message a line")->callback([&c, o] { export_history(c, *o); });
}

} // namespace rookery::cli
