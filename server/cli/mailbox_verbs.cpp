// Mailbox templates, expiry rules, mailboxes of an account.
#include "actors/admin/request.hpp"
#include "server/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace rookery::cli {
namespace {

struct template_options {
  std::string name, quota_octets, quota_messages, description;
  std::vector<std::string> mailboxes;
};

void add_member_options(CLI::App& verb, template_options& o) {
  verb.add_option("--mailbox", o.mailboxes, "A mailbox, as Projects or 'Sent=\\Sent'; with ! before it when it is not subscribed to. May be repeated");
  verb.add_option("--quota", o.quota_octets, "What its accounts may keep, as 2G; 0 is no limit, \"\" the server's default");
  verb.add_option("--quota-messages", o.quota_messages, "How many messages they may keep");
  verb.add_option("--description", o.description, "A note for administrators");
}

json::value members(const CLI::App& verb, const template_options& o) {
  json::value body{json::object{}};
  const auto text = [&](const char* option, const char* member, const std::string& given) {
    if (verb.count(option) == 0) return;
    if (given.empty()) body.set(member, nullptr);
    else body.set(member, given);
  };
  if (verb.count("--mailbox") != 0) {
    json::array all;
    for (const auto& one : o.mailboxes)
      if (!one.empty()) all.emplace_back(one);
    body.set("mailboxes", std::move(all));
  }
  text("--quota", "quota_octets", o.quota_octets);
  text("--quota-messages", "quota_messages", o.quota_messages);
  text("--description", "description", o.description);
  return body;
}

struct expiry_options {
  std::string name, of, mailbox, age, description;
  std::uint64_t days = 0;
  bool children = false, flagged = false, unseen = true, enabled = true;
};

void add_member_options(CLI::App& verb, expiry_options& o) {
  verb.add_option("--of", o.of, "Whose mail: an account's address, a domain, or \"*\" for everybody here");
  verb.add_option("--mailbox", o.mailbox, "Out of which mailbox, as Trash; \"*\" for all");
  verb.add_flag("--children,!--no-children", o.children, "Whether mailboxes below it are meant too");
  verb.add_option("--days", o.days, "After so many days");
  verb.add_option("--age", o.age, "saved: since a message was put there (the default); arrived: since it came");
  verb.add_flag("--flagged,!--no-flagged", o.flagged, "Whether flagged messages go too; they stay otherwise");
  verb.add_flag("--unseen,!--no-unseen", o.unseen, "Whether messages that nobody has read go too; they do otherwise");
  verb.add_flag("--enable,!--disable", o.enabled, "Whether it is in use");
  verb.add_option("--description", o.description, "A note for administrators");
}

json::value members(const CLI::App& verb, const expiry_options& o) {
  json::value body{json::object{}};
  const auto given = [&](const char* option) { return verb.count(option) != 0; };
  if (given("--of")) body.set("of", o.of);
  if (given("--mailbox")) body.set("mailbox", o.mailbox);
  if (given("--days")) body.set("days", o.days);
  if (given("--age")) body.set("age", o.age);
  if (given("--description")) body.set("description", o.description);
  if (given("--children")) body.set("children", o.children);
  if (given("--flagged")) body.set("flagged", o.flagged);
  if (given("--unseen")) body.set("unseen", o.unseen);
  if (given("--enable")) body.set("enabled", o.enabled);
  return body;
}

/// The five verbs that both families have.
template <class Options>
CLI::App* add_family(CLI::App& app, command_line& c, const char* word, const char* what, const std::string& resource, const std::shared_ptr<Options>& o,
                     std::initializer_list<const char*> required, std::initializer_list<column> columns) {
  auto* family = app.add_subcommand(word, what)->require_subcommand(1);
  const auto path = [resource, o] { return resource + '/' + admin::percent_encoded(o->name); };
  const std::string thing = word;

  auto* add = family->add_subcommand("add", "Add one");
  add->add_option("name", o->name, "A name for it")->required();
  add_member_options(*add, *o);
  for (const auto* option : required) add->get_option(option)->required();
  add_json_option(*add, c);
  add->callback([&c, o, add, resource, thing] {
    auto body = members(*add, *o);
    body.set("name", o->name);
    c.tell("POST", resource, body, thing + ' ' + o->name + " added");
  });

  auto* list = family->add_subcommand("list", "List them");
  add_json_option(*list, c);
  list->callback([&c, resource, all = std::vector<column>(columns)] { c.list(resource, all); });

  auto* show = family->add_subcommand("show", "Show one");
  show->add_option("name", o->name)->required();
  add_json_option(*show, c);
  show->callback([&c, path] { c.show(path()); });

  auto* change = family->add_subcommand("change", "Change one");
  change->add_option("name", o->name)->required();
  add_member_options(*change, *o);
  add_json_option(*change, c);
  change->callback([&c, o, change, path, thing] { c.tell("PATCH", path(), members(*change, *o), thing + ' ' + o->name + " changed"); });

  auto* remove = family->add_subcommand("remove", "Remove one");
  remove->add_option("name", o->name)->required();
  remove->callback([&c, o, path, thing] { c.tell("DELETE", path(), {}, thing + ' ' + o->name + " removed"); });
  return family;
}

void add_expiry_run(CLI::App& family, command_line& c) {
  const auto rule = std::make_shared<std::string>();
  const auto pretend = std::make_shared<bool>(false);
  auto* run = family.add_subcommand("run", "Do now what is done at night: remove what is old enough");
  run->add_option("rule", *rule, "Only this rule; without it also what was removed long ago goes for good");
  run->add_flag("--pretend", *pretend, "Only count");
  add_json_option(*run, c);
  run->callback([&c, rule, pretend] {
    json::value body{json::object{}};
    body.set("rule", *rule);
    body.set("pretend", *pretend);
    const auto done = c.ask("POST", "/v1/expiry/run", body);
    if (!done) return;
    if (c.as_json) {
      std::puts(json::to_text(*done, true).c_str());
      return;
    }
    const auto number = [&](const char* member) { return std::to_string(done->get_unsigned(member).value_or(0)); };
    std::puts((std::string(*pretend ? "would remove " : "removed ") + number("messages") + " messages from " + number("mailboxes") + " mailboxes, and forget " +
               number("forgotten") + " removed ones; " + number("accounts") + " accounts looked at, " + number("failed") + " failures").c_str());
    if (done->get_unsigned("failed").value_or(0) > 0) c.code = exit_io;
  });
}

void add_account_verbs_of_mailboxes(CLI::App& app, command_line& c) {
  struct options {
    std::string account, mailbox, as_of;
    bool pretend = false;
  };
  const auto o = std::make_shared<options>();
  const auto path = [o](const char* tail) { return "/v1/mailboxes/" + admin::percent_encoded(o->account) + tail; };
  auto* family = app.add_subcommand("mailbox", "Mailboxes of an account, and what was removed from them")->require_subcommand(1);

  auto* list = family->add_subcommand("list", "List its mailboxes");
  list->add_option("account", o->account, "Its address")->required();
  add_json_option(*list, c);
  list->callback([&c, path] {
    c.list(path(""), {{"mailbox", "MAILBOX"}, {"messages", "MESSAGES"}, {"unseen", "UNSEEN"}, {"octets", "OCTETS"}, {"special_use", "USE"}, {"subscribed", "SUBSCRIBED"}});
  });

  auto* removed = family->add_subcommand("removed", "List what was removed and can be restored (setting mailboxes.keep_removed_days)");
  removed->add_option("account", o->account, "Its address")->required();
  add_json_option(*removed, c);
  removed->callback([&c, path] {
    c.list(path("/removed"), {{"mailbox", "MAILBOX"}, {"messages", "MESSAGES"}, {"octets", "OCTETS"}, {"first_removed", "FIRST"}, {"last_removed", "LAST"}});
  });

  auto* restore = family->add_subcommand("restore", "Bring back what was removed since a moment");
  restore->add_option("account", o->account, "Its address")->required();
  restore->add_option("--as-of", o->as_of, "The moment: 2026-11-21T08:30:00Z (UTC), or how long ago, as 3h or 2d")->required();
  restore->add_option("--mailbox", o->mailbox, "Only this mailbox; it is made again when it is gone");
  restore->add_flag("--pretend", o->pretend, "Only count");
  add_json_option(*restore, c);
  restore->callback([&c, o, path] {
    json::value body{json::object{}};
    body.set("as_of", o->as_of);
    body.set("mailbox", o->mailbox);
    body.set("pretend", o->pretend);
    const auto done = c.ask("POST", path("/restore"), body);
    if (!done) return;
    if (c.as_json) {
      std::puts(json::to_text(*done, true).c_str());
      return;
    }
    const auto* rows = done->get_array("items");
    std::uint64_t all = 0;
    if (rows != nullptr)
      for (const auto& row : *rows) {
        all += row.get_unsigned("messages").value_or(0);
        std::printf("%s: %llu\n", std::string(row.get_string("mailbox").value_or("")).c_str(), static_cast<unsigned long long>(row.get_unsigned("messages").value_or(0)));
      }
    std::printf("%llu messages %s\n", static_cast<unsigned long long>(all), o->pretend ? "can be restored" : "restored");
    if (done->get_unsigned("failed").value_or(0) > 0) c.fail(exit_io, "some mailboxes could not be read or changed; the log says why");
  });
}

} // namespace

void add_mailbox_verbs(CLI::App& app, command_line& c) {
  add_family(app, c, "template", "Mailbox templates: what new accounts begin with", "/v1/templates", std::make_shared<template_options>(), {},
             {{"name", "NAME"}, {"mailboxes", "MAILBOXES"}, {"quota_octets", "QUOTA"}, {"description", "DESCRIPTION"}});
  auto* expiry = add_family(app, c, "expiry", "Expiry rules: old messages that go by themselves", "/v1/expiry", std::make_shared<expiry_options>(),
             {"--of", "--mailbox", "--days"},
             {{"name", "NAME"}, {"enabled", "ENABLED"}, {"of", "OF"}, {"mailbox", "MAILBOX"}, {"days", "DAYS"}, {"age", "AGE"}});
  add_expiry_run(*expiry, c);
  add_account_verbs_of_mailboxes(app, c);
}

} // namespace rookery::cli
