#include "actors/admin/request.hpp"
#include "base/text.hpp"
#include "server/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rookery::cli {
namespace {

struct domain_options {
  std::string name, catch_all, postmaster, public_account, description, send_quota, mailbox_template, home, sts, sts_max_age, quiet_hours;
  std::vector<std::string> sts_hosts, quiet_services, quiet_exempt;
  bool on = false, off = false, quiet_administrators = false, rooms_persistent = false, rooms_by_users = true;
  bool chat = true, mail_notices = true;
  std::string chat_search;
  std::map<std::string, std::string> chat_numbers;
};

std::string path(const domain_options& o) { return "/v1/domains/" + admin::percent_encoded(o.name); }

/// Members of a document that are numbers, and what they bound.
constexpr std::pair<std::string_view, std::string_view> chat_numbers[] = {
    {"chat_archive_days", "Messages between people are kept so many days; 0: for ever"},
    {"chat_room_archive_days", "The same for messages of rooms"},
    {"chat_clients_max", "Clients of one account at a time"},
    {"chat_contacts_max", "Contacts in one roster, those of groups not counted"},
    {"chat_offline_messages_max", "Messages that wait for an account without a client"},
    {"chat_resume_seconds", "A client whose connection is lost may come back so long"},
    {"chat_token_days", "Clients may log in so long with a token instead of the password; 0: not at all"},
    {"chat_upload_octets_max", "Octets of a file that people send each other; 0: none are taken"},
    {"chat_upload_quota_octets", "Octets of one account's files; 0: no limit"},
    {"chat_upload_days", "Files are kept so many days; 0: for ever"},
    {"chat_upload_files_an_hour", "Files of one account in an hour"},
    {"chat_rooms_max", "Rooms of the domain"},
    {"chat_room_occupants_max", "Occupants of one room"},
    {"chat_room_history_max", "Messages that a room has in memory for who enters"},
    {"chat_room_stanzas_a_second", "Stanzas of one occupant a second, after ten times that; 0: no limit"}};

/// An option that was not given is left alone; one given as "" is taken away.
void add_members(const CLI::App& verb, const domain_options& o, json::value& body) {
  const auto text = [&](const char* option, const char* member, const std::string& given) {
    if (verb.count(option) == 0) return;
    if (given.empty()) body.set(member, nullptr);
    else body.set(member, given);
  };
  text("--catch-all", "catch_all", o.catch_all);
  text("--postmaster", "postmaster", o.postmaster);
  text("--public-account", "public_account", o.public_account);
  text("--send-quota", "send_quota", o.send_quota);
  text("--template", "template", o.mailbox_template);
  text("--home", "home", o.home);
  text("--description", "description", o.description);
  text("--mta-sts", "mta_sts", o.sts);
  if (verb.count("--mta-sts-host") > 0) {
    const bool none = o.sts_hosts.size() == 1 && o.sts_hosts.front().empty();
    if (none) body.set("mta_sts_hosts", nullptr);
    else body.set("mta_sts_hosts", json::array(o.sts_hosts.begin(), o.sts_hosts.end()));
  }
  if (verb.count("--mta-sts-max-age") > 0) {
    if (o.sts_max_age.empty()) body.set("mta_sts_max_age", nullptr);
    else if (const auto age = base::parse_u64(o.sts_max_age)) body.set("mta_sts_max_age", *age);
    else body.set("mta_sts_max_age", o.sts_max_age);
  }
  const auto list = [&](const char* option, const char* member, const std::vector<std::string>& given) {
    if (verb.count(option) == 0) return;
    json::array all;
    for (const auto& one : given)
      if (!one.empty()) all.emplace_back(one);
    if (all.empty()) body.set(member, nullptr);
    else body.set(member, std::move(all));
  };
  text("--quiet-hours", "quiet_hours", o.quiet_hours);
  list("--quiet-services", "quiet_services", o.quiet_services);
  list("--quiet-exempt", "quiet_exempt", o.quiet_exempt);
  if (verb.count("--quiet-administrators") != 0) body.set("quiet_administrators", o.quiet_administrators);
  if (verb.count("--chat") != 0) body.set("chat", o.chat);
  if (verb.count("--chat-mail-notices") != 0) body.set("chat_mail_notices", o.mail_notices);
  text("--chat-search", "chat_search", o.chat_search);
  for (const auto& [member, given] : o.chat_numbers) {
    if (given.empty()) body.set(member, nullptr);
    else if (const auto n = base::parse_u32(given)) body.set(member, *n);
    else body.set(member, given); // the server says what is wrong with it
  }
  if (verb.count("--chat-rooms-persistent") != 0) body.set("chat_rooms_persistent", o.rooms_persistent);
  if (verb.count("--chat-rooms-by-users") != 0) body.set("chat_rooms_by_users", o.rooms_by_users);
  if (o.on) body.set("enabled", true);
  if (o.off) body.set("enabled", false);
}

void add_member_options(CLI::App& verb, domain_options& o) {
  verb.add_option("--catch-all", o.catch_all, "Address that gets mail for unknown local parts (\"\" for none)");
  verb.add_option("--postmaster", o.postmaster, "Address that answers for postmaster@ and abuse@");
  verb.add_option("--quiet-hours", o.quiet_hours, "When its users are not served, as \"mon-fri 20:00-07:00; zone CET-1CEST,M3.5.0,M10.5.0/3\"; \"\" is never");
  verb.add_option("--quiet-services", o.quiet_services, "What refuses then: imap, pop3, submission, chat; \"\" is all")->delimiter(',');
  verb.add_option("--quiet-exempt", o.quiet_exempt, "Accounts that are served all the same; \"\" for none")->delimiter(',');
  verb.add_flag("--quiet-administrators,!--no-quiet-administrators", o.quiet_administrators, "Whether administrators are refused too");
  verb.add_flag("--chat,!--no-chat", o.chat, "Whether its accounts may chat, unless they or their groups say otherwise");
  verb.add_flag("--chat-mail-notices,!--no-chat-mail-notices", o.mail_notices, "Whether people who chat are told of new mail, unless their account says otherwise");
  verb.add_option("--chat-search", o.chat_search, "Whom its people find: domain, all, nobody");
  for (const auto& [member, help] : chat_numbers) {
    auto option = "--" + std::string(member);
    std::replace(option.begin(), option.end(), '_', '-');
    verb.add_option_function<std::string>(option, [&o, name = std::string(member)](const std::string& given) { o.chat_numbers[name] = given; }, std::string(help));
  }
  verb.add_flag("--chat-rooms-persistent,!--no-chat-rooms-persistent", o.rooms_persistent, "Whether new chat rooms outlive their occupants, unless their owner says otherwise");
  verb.add_flag("--chat-rooms-by-users,!--no-chat-rooms-by-users", o.rooms_by_users, "Whether users may make chat rooms, or operators alone");
  verb.add_option("--public-account", o.public_account, "Account whose mailboxes are the domain's public folders (\"\" for none)");
  verb.add_option("--send-quota", o.send_quota, "How many messages each of its accounts may send a day; 0 is no limit, \"\" the server's default");
  verb.add_option("--template", o.mailbox_template, "The template of its new accounts' mailboxes; \"\" is the server's (rookery template)");
  verb.add_option("--home", o.home, "Node of the cluster whose volume has its accounts' mail: number, name, address or uuid; \"\" is the first node (moves no mail)");
  verb.add_option("--description", o.description, "A note for administrators");
  verb.add_option("--mta-sts", o.sts, "Policy to publish for others' TLS: none, testing or enforce (\"\" publishes nothing)");
  verb.add_option("--mta-sts-host", o.sts_hosts, "Mail host that the policy names, may be repeated (\"\" takes the setting's)")->allow_extra_args(false);
  verb.add_option("--mta-sts-max-age", o.sts_max_age, "Seconds that the policy is believed (\"\" takes the setting's)");
}

} // namespace

void add_domain_verbs(CLI::App& app, command_line& c) {
  auto* family = app.add_subcommand("domain", "Domains that this server has mail for")->require_subcommand(1);
  const auto o = std::make_shared<domain_options>();

  auto* add = family->add_subcommand("add", "Add a domain");
  add->add_option("name", o->name, "example.org")->required();
  add_member_options(*add, *o);
  add_json_option(*add, c);
  add->callback([&c, o, add] {
    json::value body{json::object{}};
    body.set("name", o->name);
    add_members(*add, *o, body);
    c.tell("POST", "/v1/domains", body, "domain " + o->name + " added");
  });

  auto* list = family->add_subcommand("list", "List the domains");
  add_json_option(*list, c);
  list->callback([&c] {
    c.list("/v1/domains", {{"name", "NAME"}, {"enabled", "ENABLED"}, {"catch_all", "CATCH-ALL"}, {"postmaster", "POSTMASTER"}, {"description", "DESCRIPTION"}});
  });

  auto* show = family->add_subcommand("show", "Show one domain");
  show->add_option("name", o->name)->required();
  add_json_option(*show, c);
  show->callback([&c, o] { c.show(path(*o)); });

  auto* change = family->add_subcommand("change", "Change a domain");
  change->add_option("name", o->name)->required();
  add_member_options(*change, *o);
  auto* on = change->add_flag("--enable", o->on, "Take mail for it");
  change->add_flag("--disable", o->off, "Answer mail for it with try later")->excludes(on);
  add_json_option(*change, c);
  change->callback([&c, o, change] {
    json::value body{json::object{}};
    add_members(*change, *o, body);
    c.tell("PATCH", path(*o), body, "domain " + o->name + " changed");
  });

  auto* remove = family->add_subcommand("remove", "Remove a domain without accounts and aliases");
  remove->add_option("name", o->name)->required();
  remove->callback([&c, o] { c.tell("DELETE", path(*o), {}, "domain " + o->name + " removed"); });
}

} // namespace rookery::cli
