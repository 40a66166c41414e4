#include "actors/admin/request.hpp"
#include "base/text.hpp"
#include "server/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace rookery::cli {
namespace {

struct collection_options {
  std::string account, name, protocol, host, tls, login, from, folder, keep, schedule, description;
  std::uint32_t port = 0, every = 0;
  std::uint64_t size = 0;
  bool certificate_checked = true, plaintext = false, enabled = true, password = false;
};

std::string path(const collection_options& o) {
  return "/v1/collections/" + admin::percent_encoded(o.account) + '/' + admin::percent_encoded(o.name);
}

void add_members(const CLI::App& verb, const collection_options& o, json::value& body) {
  const auto text = [&](const char* option, const char* member, const std::string& given) {
    if (verb.count(option) == 0) return;
    if (given.empty()) body.set(member, nullptr);
    else body.set(member, given);
  };
  text("--protocol", "protocol", o.protocol);
  text("--host", "host", o.host);
  text("--tls", "tls", o.tls);
  text("--login", "login", o.login);
  text("--from", "source_folder", o.from);
  text("--folder", "folder", o.folder);
  text("--schedule", "schedule", o.schedule);
  text("--description", "description", o.description);
  if (verb.count("--port") != 0) body.set("port", o.port);
  if (verb.count("--every") != 0) body.set("every_minutes", o.every);
  if (verb.count("--max-size") != 0) body.set("message_octets_max", o.size);
  if (verb.count("--certificate-checked") != 0) body.set("certificate_checked", o.certificate_checked);
  if (verb.count("--plaintext-allowed") != 0) body.set("plaintext_allowed", o.plaintext);
  if (verb.count("--enable") != 0) body.set("enabled", o.enabled);
  if (verb.count("--keep") != 0) {
    if (const auto days = base::parse_u32(o.keep)) body.set("keep", *days);
    else body.set("keep", o.keep); // "forever", or what the server refuses
  }
}

void add_member_options(CLI::App& verb, collection_options& o) {
  verb.add_option("--protocol", o.protocol, "pop3 or imap");
  verb.add_option("--host", o.host, "The server there");
  verb.add_option("--port", o.port, "Its port, if it is not the usual one");
  verb.add_option("--tls", o.tls, "implicit (the default), required (STARTTLS, STLS), when_offered or none");
  verb.add_flag("--certificate-checked,!--certificate-unchecked", o.certificate_checked, "Whether its certificate must be trusted and for its name");
  verb.add_flag("--plaintext-allowed,!--plaintext-refused", o.plaintext, "Whether the password may travel without TLS");
  verb.add_option("--login", o.login, "The name there");
  verb.add_option("--from", o.from, "IMAP: the folder that is read there; INBOX");
  verb.add_option("--folder", o.folder, "Where mail goes here; INBOX");
  verb.add_option("--keep", o.keep, "Days that collected mail stays there: 0 (the default) or more, or forever");
  verb.add_option("--max-size", o.size, "Larger messages, in octets, stay there")->transform(CLI::AsSizeValue(false));
  verb.add_option("--every", o.every, "Minutes between two runs; 15");
  verb.add_option("--schedule", o.schedule, "When it may begin, as \"mon-fri 08:00-17:00\"; \"\" is always");
  verb.add_flag("--enable,!--disable", o.enabled, "Whether it runs at all");
  verb.add_option("--description", o.description, "A note for administrators");
}

void add_place(CLI::App& verb, collection_options& o) {
  verb.add_option("account", o.account, "Whose it is")->required();
  verb.add_option("name", o.name, "A name for it")->required();
}

bool add_password(command_line& c, json::value& body) {
  const auto password = read_password();
  if (!password || password->empty()) {
    c.fail(exit_usage, "no password on standard input");
    return false;
  }
  body.set("password", *password);
  return true;
}

} // namespace

void add_collection_verbs(CLI::App& app, command_line& c) {
  auto* family = app.add_subcommand("collection", "Collections: mail that accounts have on other servers")->require_subcommand(1);
  const auto o = std::make_shared<collection_options>();

  auto* add = family->add_subcommand("add", "Add a collection; the password there is the first line of standard input");
  add_place(*add, *o);
  add_member_options(*add, *o);
  add_json_option(*add, c);
  add->callback([&c, o, add] {
    json::value body{json::object{}};
    body.set("account", o->account);
    body.set("name", o->name);
    add_members(*add, *o, body);
    if (add_password(c, body)) c.tell("POST", "/v1/collections", body, "collection " + o->name + " of " + o->account + " added");
  });

  auto* list = family->add_subcommand("list", "List the collections");
  list->add_option("account", o->account, "Only those of this account");
  add_json_option(*list, c);
  list->callback([&c, o] {
    c.list("/v1/collections" + (o->account.empty() ? "" : "?account=" + admin::percent_encoded(o->account)),
           {{"account", "ACCOUNT"}, {"name", "NAME"}, {"protocol", "PROTOCOL"}, {"host", "HOST"}, {"last_ended", "LAST RUN"},
            {"last_collected", "COLLECTED"}, {"next", "NEXT"}, {"last_reason", "FAILED"}});
  });

  auto* show = family->add_subcommand("show", "Show one collection, and how its last run went");
  add_place(*show, *o);
  add_json_option(*show, c);
  show->callback([&c, o] { c.show(path(*o)); });

  auto* change = family->add_subcommand("change", "Change a collection");
  add_place(*change, *o);
  change->add_flag("--password", o->password, "Set the password there: the first line of standard input");
  add_member_options(*change, *o);
  add_json_option(*change, c);
  change->callback([&c, o, change] {
    json::value body{json::object{}};
    add_members(*change, *o, body);
    if (o->password && !add_password(c, body)) return;
    c.tell("PATCH", path(*o), body, "collection " + o->name + " of " + o->account + " changed");
  });

  auto* remove = family->add_subcommand("remove", "Remove a collection; collected mail stays");
  add_place(*remove, *o);
  remove->callback([&c, o] { c.tell("DELETE", path(*o), {}, "collection " + o->name + " of " + o->account + " removed"); });

  auto* run = family->add_subcommand("run", "Run a collection now, whatever its schedule says");
  add_place(*run, *o);
  run->callback([&c, o] { c.tell("POST", path(*o) + "/run", json::object{}, "collection " + o->name + " of " + o->account + " begins"); });
}

} // namespace rookery::cli
