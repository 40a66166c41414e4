#include "actors/admin/request.hpp"
#include "server/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

namespace rookery::cli {
namespace {

struct certificate_options {
  std::string name, chain, key, description;
  bool is_default = false;
};

/// False: said, and the verb has failed.
bool add_file(command_line& c, json::value& body, const char* member, const std::string& path) {
  if (path.empty()) return true;
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    c.fail(exit_refused, "cannot read " + path);
    return false;
  }
  body.set(member, std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()));
  return true;
}

bool add_members(command_line& c, const CLI::App& verb, const certificate_options& o, json::value& body) {
  if (verb.count("--default") != 0) body.set("default", o.is_default);
  if (verb.count("--description") != 0) body.set("description", o.description);
  return add_file(c, body, "chain", o.chain) && add_file(c, body, "key", o.key);
}

} // namespace

void add_tls_certificate_verbs(CLI::App& app, command_line& c) {
  const auto o = std::make_shared<certificate_options>();
  const auto path = [o] { return "/v1/certificates/" + admin::percent_encoded(o->name); };
  auto* family = app.add_subcommand("certificates", "Certificates that clients are shown")->alias("certificate")->require_subcommand(1);

  auto* list = family->add_subcommand("list", "List them: those of the node file, and those of the configuration");
  add_json_option(*list, c);
  list->callback([&c] {
    c.list("/v1/certificates", {{"name", "NAME"}, {"names", "FOR"}, {"not_after", "VALID UNTIL"}, {"issuer", "ISSUER"}, {"default", "DEFAULT"}, {"file", "FILE"}});
  });

  auto* reload = family->add_subcommand("reload", "Read the node file's anew; running connections keep the old ones");
  add_json_option(*reload, c);
  reload->callback([&c] { c.tell("POST", "/v1/certificates/reload", json::object{}, "certificates reloaded"); });

  auto* add = family->add_subcommand("add", "Put one into the configuration: every node of a cluster serves it");
  add->add_option("name", o->name, "What it is called")->required();
  add->add_option("chain", o->chain, "PEM file of the certificate and those behind it")->required();
  add->add_option("key", o->key, "PEM file of its private key, without a password; it is sealed before it is stored")->required();
  add->add_flag("--default,!--no-default", o->is_default, "For clients that name no host, or one that no certificate has");
  add->add_option("--description", o->description, "For people");
  add_json_option(*add, c);
  add->callback([&c, o, add] {
    json::value body{json::object{}};
    body.set("name", o->name);
    if (add_members(c, *add, *o, body)) c.tell("POST", "/v1/certificates", body, "certificate " + o->name + " added");
  });

  auto* show = family->add_subcommand("show", "Show one of the configuration");
  show->add_option("name", o->name)->required();
  add_json_option(*show, c);
  show->callback([&c, path] { c.show(path()); });

  auto* replace = family->add_subcommand("replace", "Replace one of the configuration, or change what is said of it");
  replace->add_option("name", o->name)->required();
  auto* chain = replace->add_option("chain", o->chain, "As for add");
  replace->add_option("key", o->key, "As for add")->needs(chain);
  replace->add_flag("--default,!--no-default", o->is_default, "As for add");
  replace->add_option("--description", o->description, "For people");
  add_json_option(*replace, c);
  replace->callback([&c, o, replace, path] {
    json::value body{json::object{}};
    if (add_members(c, *replace, *o, body)) c.tell("PATCH", path(), body, "certificate " + o->name + " changed");
  });

  auto* remove = family->add_subcommand("remove", "Take one out of the configuration");
  remove->add_option("name", o->name)->required();
  add_json_option(*remove, c);
  remove->callback([&c, o, path] { c.tell("DELETE", path(), {}, "certificate " + o->name + " removed"); });
}

} // namespace rookery::cli
