#include "actors/admin/admin_api.hpp"
#include "actors/admin/request.hpp"
#include "base/text.hpp"
#include "server/cli/account_csv.hpp"
#include "server/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <utility>

namespace rookery::cli {
namespace {

/// What one request may weigh: well below the server's bound on a body.
constexpr std::size_t import_octets_max = 3u << 20;

struct account_options {
  std::string address, new_address, domain, state, display_name, description, quota_octets, quota_messages, details, file, existing = "refuse";
  std::string forward_schedule, send_quota, mailbox_template, home, forward_host, forward_port, forward_tls, forward_login;
  bool forward_at_once = false, forward_no_login = false;
  std::vector<std::string> may_send_as, forward_to;
  bool forward_keep = true;
  bool admin = false, no_password = false;
  bool chat = true, mail_notices = true;
};

std::string path(const account_options& o) { return "/v1/accounts/" + admin::percent_encoded(o.address); }

void add_members(const CLI::App& verb, const account_options& o, json::value& body) {
  const auto text = [&](const char* option, const char* member, const std::string& given) {
    if (verb.count(option) == 0) return;
    if (given.empty()) body.set(member, nullptr);
    else body.set(member, given);
  };
  text("--name", "display_name", o.display_name);
  text("--description", "description", o.description);
  text("--quota", "quota_octets", o.quota_octets);
  text("--quota-messages", "quota_messages", o.quota_messages);
  text("--send-quota", "send_quota", o.send_quota);
  text("--template", "template", o.mailbox_template);
  text("--home", "home", o.home);
  text("--detail-folders", "detail_folders", o.details);
  if (verb.count("--admin") != 0) body.set("admin", o.admin);
  if (verb.count("--chat") != 0) body.set("chat", o.chat);
  if (verb.count("--chat-mail-notices") != 0) body.set("chat_mail_notices", o.mail_notices);
  const auto list = [&](const char* option, const char* member, const std::vector<std::string>& given) {
    if (verb.count(option) == 0) return;
    json::array all;
    for (const auto& s : given)
      if (!s.empty()) all.emplace_back(s);
    body.set(member, std::move(all));
  };
  list("--may-send-as", "may_send_as", o.may_send_as);
  list("--forward-to", "forward_to", o.forward_to);
  if (verb.count("--forward-keep") != 0) body.set("forward_keep", o.forward_keep);
  text("--forward-schedule", "forward_schedule", o.forward_schedule);
  text("--forward-host", "forward_host", o.forward_host);
  text("--forward-tls", "forward_tls", o.forward_tls);
  if (verb.count("--forward-port") != 0) {
    if (const auto n = base::parse_u32(o.forward_port)) body.set("forward_port", *n);
    else if (o.forward_port.empty()) body.set("forward_port", nullptr);
    else body.set("forward_port", o.forward_port); // the server says what is wrong with it
  }
  if (verb.count("--forward-tls-at-once") != 0) body.set("forward_tls_at_once", o.forward_at_once);
}

/// What forwarded mail logs in with at its own host. False: there was no password, and it was said.
bool add_forward_login(command_line& c, const CLI::App& verb, const account_options& o, json::value& body) {
  if (o.forward_no_login) {
    body.set("forward_login", nullptr);
    body.set("forward_password", nullptr);
  } else if (verb.count("--forward-login") != 0) {
    auto password = read_password();
    if (!password || password->empty()) {
      c.fail(exit_usage, "the password is read from standard input, and there was none");
      return false;
    }
    body.set("forward_login", o.forward_login);
    body.set("forward_password", std::move(*password));
  }
  return true;
}

void add_member_options(CLI::App& verb, account_options& o) {
  verb.add_option("--name", o.display_name, "The person's name");
  verb.add_option("--description", o.description, "A note for administrators");
  verb.add_option("--quota", o.quota_octets, "What it may keep, as 500M or 2G; 0 is no limit, \"\" the server's default");
  verb.add_option("--quota-messages", o.quota_messages, "How many messages it may keep; 0 is no limit, \"\" the server's default");
  verb.add_option("--template", o.mailbox_template, "The template of its first mailboxes; \"\" is its domain's (rookery template)");
  verb.add_option("--home", o.home, "Node of the cluster whose volume has its mail: number, name, address or uuid; \"\" is its domain's (moves no mail)");
  verb.add_option("--send-quota", o.send_quota, "How many messages it may send a day; 0 is no limit, \"\" its domain's or the server's default");
  verb.add_option("--detail-folders", o.details, "user+folder: ignored, existing or created; \"\" the server's default");
  verb.add_option("--may-send-as", o.may_send_as, "Further addresses, or @domain, that it may send as; replaces the list");
  verb.add_option("--forward-to", o.forward_to, "Where its mail goes on to; replaces the list, \"\" ends forwarding");
  verb.add_option("--forward-keep", o.forward_keep, "Whether a copy stays in its mailbox: yes or no");
  verb.add_option("--forward-schedule", o.forward_schedule, "When it forwards, as \"mon-fri 08:00-17:00; until 2027-01-06\"");
  verb.add_option("--forward-host", o.forward_host, "The server that takes its forwarded mail; \"\" lets it go as other mail does");
  verb.add_option("--forward-port", o.forward_port, "The port of that server");
  verb.add_option("--forward-tls", o.forward_tls, "when_offered, never, required or verified");
  verb.add_flag("--forward-tls-at-once,!--no-forward-tls-at-once", o.forward_at_once, "TLS from the first octet");
  verb.add_flag("--chat,!--no-chat", o.chat, "Whether it may chat, whatever its groups and its domain say");
  verb.add_flag("--chat-mail-notices,!--no-chat-mail-notices", o.mail_notices, "Whether it is told in chat of new mail, whatever the setting says");
  verb.add_flag("--admin,!--no-admin", o.admin, "Whether it administers: quotas and public folders over IMAP; it also answers for postmaster@ when nobody is named");
}

/// One request: its accounts are made together or not at all.
struct import_part {
  json::value body;
  std::size_t first = 0, count = 0;
};

/// Parts as large as one request may be. The error is an address that is there twice.
base::result<std::vector<import_part>> import_parts(json::array rows, const std::string& existing) {
  std::set<std::string> addresses;
  std::vector<import_part> parts;
  json::array accounts;
  std::size_t octets = 0;
  const auto close = [&] {
    import_part part{json::value(json::object{}), parts.empty() ? 0 : parts.back().first + parts.back().count, accounts.size()};
    part.body.set("accounts", std::exchange(accounts, {}));
    part.body.set("existing", existing);
    parts.push_back(std::move(part));
    octets = 0;
  };
  for (auto& row : rows) {
    const auto address = base::to_lower(row.get_string("address").value_or(""));
    if (!address.empty() && !addresses.insert(address).second) return base::fail(base::error_kind::exists, address);
    const auto weight = json::to_text(row).size() + 1;
    if (!accounts.empty() && (octets + weight > import_octets_max || accounts.size() == admin::import_accounts_max)) close();
    octets += weight;
    accounts.push_back(std::move(row));
  }
  if (!accounts.empty()) close();
  return parts;
}

void import_file(command_line& c, const account_options& o) {
  std::ifstream file(o.file, std::ios::binary);
  if (!file && o.file != "-") return c.fail(exit_usage, "the file " + o.file + " cannot be read");
  std::ostringstream text;
  if (o.file == "-") text << std::cin.rdbuf();
  else text << file.rdbuf();
  auto rows = read_account_csv(text.str());
  if (!rows) return c.fail(exit_refused, o.file + ": " + rows.error().client.value);
  const auto parts = import_parts(std::move(*rows), o.existing);
  if (!parts) return c.fail(exit_refused, o.file + ": an address is there twice: " + parts.error().client.value);
  std::int64_t made = 0, changed = 0, skipped = 0;
  // More than one request: all are checked before the first makes anything.
  if (parts->size() > 1)
    for (const auto& part : *parts) {
      auto body = part.body;
      body.set("check", true);
      if (c.ask("POST", "/v1/accounts/import", body)) continue;
      std::fprintf(stderr, "rookery: of accounts %zu to %zu of the file; nothing was imported\n", part.first + 1, part.first + part.count);
      return;
    }
  for (const auto& part : *parts) {
    const auto answer = c.ask("POST", "/v1/accounts/import", part.body);
    if (!answer) {
      if (part.first == 0) std::fprintf(stderr, "rookery: nothing was imported\n");
      else std::fprintf(stderr, "rookery: the first %zu accounts of the file were imported, those behind them were not; "
                                "again with --existing skip goes on\n", part.first);
      return;
    }
    made += answer->get_integer("made").value_or(0);
    changed += answer->get_integer("changed").value_or(0);
    skipped += answer->get_integer("skipped").value_or(0);
  }
  if (c.as_json) std::printf("{\"made\": %lld, \"changed\": %lld, \"skipped\": %lld}\n", static_cast<long long>(made), static_cast<long long>(changed), static_cast<long long>(skipped));
  else std::printf("%lld accounts made, %lld changed, %lld skipped\n", static_cast<long long>(made), static_cast<long long>(changed), static_cast<long long>(skipped));
}

/// enable, disable, freeze: a path each.
void add_state_verb(CLI::App& family, command_line& c, const std::shared_ptr<account_options>& o, const char* verb,
                    const char* done, const char* help) {
  auto* v = family.add_subcommand(verb, help);
  v->add_option("address", o->address)->required();
  add_json_option(*v, c);
  v->callback([&c, o, verb, done] { c.tell("POST", path(*o) + '/' + verb, json::object{}, "account " + o->address + ' ' + done); });
}

} // namespace

void add_account_verbs(CLI::App& app, command_line& c) {
  auto* family = app.add_subcommand("account", "Accounts: people with mailboxes")->require_subcommand(1);
  const auto o = std::make_shared<account_options>();

  auto* add = family->add_subcommand("add", "Add an account; its password is the first line of standard input");
  add->add_option("address", o->address, "ann@example.org")->required();
  add->add_flag("--no-password", o->no_password, "Without a password: it receives, but nobody can log in");
  add_member_options(*add, *o);
  add_json_option(*add, c);
  add->callback([&c, o, add] {
    json::value body{json::object{}};
    body.set("address", o->address);
    add_members(*add, *o, body);
    if (!o->no_password) {
      const auto password = read_password();
      if (!password || password->empty()) return c.fail(exit_usage, "no password on standard input; --no-password makes an account without");
      body.set("password", *password);
    }
    c.tell("POST", "/v1/accounts", body, "account " + o->address + " added");
  });

  auto* list = family->add_subcommand("list", "List the accounts");
  list->add_option("--domain", o->domain, "Only those of this domain");
  list->add_option("--state", o->state, "Only those that are enabled, disabled or frozen");
  add_json_option(*list, c);
  list->callback([&c, o] {
    c.list("/v1/accounts?domain=" + admin::percent_encoded(o->domain) + "&state=" + admin::percent_encoded(o->state),
           {{"address", "ADDRESS"}, {"id", "ID"}, {"state", "STATE"}, {"password", "PASSWORD"}, {"quota_octets", "QUOTA"}, {"display_name", "NAME"}});
  });

  auto* show = family->add_subcommand("show", "Show one account");
  show->add_option("address", o->address)->required();
  add_json_option(*show, c);
  show->callback([&c, o] { c.show(path(*o)); });

  auto* change = family->add_subcommand("change", "Change an account");
  change->add_option("address", o->address)->required();
  change->add_option("--address", o->new_address, "Give it another address; mail and password stay");
  add_member_options(*change, *o);
  change->add_option("--forward-login", o->forward_login, "What to log in as at the forwarding's server; the password is read from standard input");
  change->add_flag("--no-forward-login", o->forward_no_login, "Log in there no more");
  add_json_option(*change, c);
  change->callback([&c, o, change] {
    if (!o->new_address.empty()) {
      json::value to{json::object{}};
      to.set("address", o->new_address);
      if (!c.ask("POST", path(*o) + "/rename", to)) return;
      o->address = o->new_address;
    }
    json::value body{json::object{}};
    add_members(*change, *o, body);
    if (!add_forward_login(c, *change, *o, body)) return;
    c.tell("PATCH", path(*o), body, "account " + o->address + " changed");
  });

  auto* passwd = family->add_subcommand("passwd", "Set the password: the first line of standard input");
  passwd->add_option("address", o->address)->required();
  passwd->callback([&c, o] {
    const auto password = read_password();
    if (!password) return c.fail(exit_usage, "no password on standard input");
    json::value body{json::object{}};
    body.set("password", *password);
    c.tell("POST", path(*o) + "/password", body, "the password of " + o->address + " is set");
  });

  add_state_verb(*family, c, o, "enable", "enabled", "Let it log in, send and receive");
  add_state_verb(*family, c, o, "disable", "disabled", "No login, and mail for it is refused");
  add_state_verb(*family, c, o, "freeze", "frozen", "It receives, but cannot log in or send");

  auto* remove = family->add_subcommand("remove", "Remove an account and all of its mail");
  remove->add_option("address", o->address)->required();
  remove->callback([&c, o] { c.tell("DELETE", path(*o), {}, "account " + o->address + " removed"); });

  add_certificate_verbs(*family, c);

  auto* many = family->add_subcommand("import", "Make many accounts from a CSV file");
  many->add_option("file", o->file, "CSV with a heading line: address, password, display_name, state, quota_octets, …; \"-\" is standard input")->required();
  many->add_option("--existing", o->existing, "What to do with accounts that exist")->check(CLI::IsMember({"refuse", "skip", "change"}));
  add_json_option(*many, c);
  many->callback([&c, o] { import_file(c, *o); });
}

} // namespace rookery::cli
