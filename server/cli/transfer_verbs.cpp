#include "actors/admin/request.hpp"
#include "base/text.hpp"
#include "server/cli/command_line.hpp"
#include "server/cli/migration_list.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

namespace rookery::cli {
namespace {

/// Between two questions how far it is, and between two lines about it.
constexpr std::chrono::milliseconds look_time{200};
constexpr std::chrono::seconds tell_time{2};
constexpr std::uintmax_t list_octets_max = 64u << 20;

struct transfer_options {
  std::string account, path, mailbox, dialect, layout, owner, prefix, host, tls, login, password_file, list;
  std::vector<std::string> only, except, rename;
  std::uint32_t port = 0, parallel = 4;
  std::uint64_t id = 0;
  bool dry_run = false, again = false, crlf = false, expunge = false, unchecked = false, plaintext = false, quiet = false, detached = false;
};
using options_ptr = std::shared_ptr<transfer_options>;

std::uint64_t number(const json::value& s, const char* member) { return s.get_unsigned(member).value_or(0); }

std::string counts(const json::value& s) {
  std::string out = std::to_string(number(s, "messages")) + " messages, " + std::to_string(number(s, "octets")) + " octets";
  const auto more = [&](const char* member, const char* text) {
    if (number(s, member) != 0) out += ", " + std::to_string(number(s, member)) + text;
  };
  more("known", " there already");
  more("flags_changed", " with other flags");
  more("expunged", " removed");
  more("left_out", " left out");
  return out;
}

void tell_progress(const json::value& s) {
  const auto folder = s.get_string("folder").value_or("");
  std::fprintf(stderr, "%s: %s%s\n", std::string(s.get_string("account").value_or("")).c_str(), counts(s).c_str(),
               folder.empty() ? "" : (", in " + std::string(folder)).c_str());
}

/// What a transfer that has ended means for the exit code.
void judge(command_line& c, const json::value& s) {
  const auto status = s.get_string("status").value_or("");
  const auto reason = std::string(s.get_string("reason").value_or(""));
  const auto account = std::string(s.get_string("account").value_or(""));
  if (status == "failed") c.fail(exit_refused, account + ": " + reason);
  else if (status == "stopped") c.fail(exit_try_later, account + ": stopped; the same command goes on");
  else if (number(s, "left_out") != 0) c.fail(exit_refused, account + ": " + std::to_string(number(s, "left_out")) + " left out; the first: " + reason);
}

/// One or many transfers, so many at a time; tells how far they are until all have ended.
class runner {
public:
  runner(command_line& c, const transfer_options& o) : c_(c), o_(o) {}

  void run(std::vector<json::value> orders) {
    std::reverse(orders.begin(), orders.end());
    json::array ended;
    auto told = std::chrono::steady_clock::now();
    while ((!orders.empty() || !running_.empty()) && !lost_) {
      while (!orders.empty() && running_.size() < std::max(1u, o_.parallel) && !lost_) {
        start(orders.back());
        orders.pop_back();
      }
      std::this_thread::sleep_for(look_time);
      const bool tell = !o_.quiet && !c_.as_json && std::chrono::steady_clock::now() - told >= tell_time;
      if (tell) told = std::chrono::steady_clock::now();
      look(tell, ended);
    }
    if (c_.as_json) {
      const auto text = json::to_text(o_.list.empty() && ended.size() == 1 ? ended.front() : json::value(std::move(ended)), true);
      std::fwrite(text.data(), 1, text.size(), stdout);
    }
  }

private:
  void start(const json::value& order) {
    const auto answer = c_.ask("POST", "/v1/transfers", order);
    if (answer) {
      running_.push_back(number(*answer, "id"));
      return;
    }
    std::fprintf(stderr, "%s: not begun\n", std::string(order.get_string("account").value_or("")).c_str());
    lost_ = c_.code == exit_unreachable;
  }
  void look(bool tell, json::array& ended) {
    for (auto at = running_.begin(); at != running_.end() && !lost_;) {
      const auto s = c_.ask("GET", "/v1/transfers/" + std::to_string(*at));
      if (!s) {
        lost_ = true; // the server has ended
        return;
      }
      if (s->get_string("status") == "running") {
        if (tell) tell_progress(*s);
        ++at;
        continue;
      }
      if (!c_.as_json) {
        const auto dry = s->get_bool("dry_run").value_or(false);
        std::printf("%s: %s%s\n", std::string(s->get_string("account").value_or("")).c_str(), dry ? "would copy " : "", counts(*s).c_str());
        std::fflush(stdout);
      }
      judge(c_, *s);
      ended.push_back(*s);
      at = running_.erase(at);
    }
  }

  command_line& c_;
  const transfer_options& o_;
  std::vector<std::uint64_t> running_;
  bool lost_ = false;
};

void add_common(CLI::App& verb, transfer_options& o, command_line& c) {
  verb.add_option("--only", o.only, "Only folders of this pattern ('*' is anything, '%' anything but '/'); may be repeated");
  verb.add_option("--except", o.except, "Not folders of this pattern; may be repeated");
  verb.add_option("--rename", o.rename, "OLD=NEW: another name for a folder and what is below it; may be repeated");
  verb.add_option("--prefix", o.prefix, "Put before the names of folders that are not renamed: \"Old/\"");
  verb.add_flag("--dry-run", o.dry_run, "Only count what would be done");
  verb.add_flag("--quiet", o.quiet, "No lines about the progress");
  verb.add_flag("--detach", o.detached, "Do not wait: `rookery transfer list` says how far it is");
  add_json_option(verb, c);
}

bool add_rules(command_line& c, const transfer_options& o, json::value& body) {
  const auto list = [&](const char* member, const std::vector<std::string>& from) {
    if (from.empty()) return;
    json::array all;
    for (const auto& f : from) all.emplace_back(f);
    body.set(member, std::move(all));
  };
  list("only", o.only);
  list("except", o.except);
  json::value renames{json::object{}};
  for (const auto& r : o.rename) {
    const auto equals = r.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == r.size()) {
      c.fail(exit_usage, "--rename takes OLD=NEW, not " + r);
      return false;
    }
    renames.set(r.substr(0, equals), r.substr(equals + 1));
  }
  if (!o.rename.empty()) body.set("rename", std::move(renames));
  if (!o.prefix.empty()) body.set("prefix", o.prefix);
  body.set("dry_run", o.dry_run);
  body.set("again", o.again);
  return true;
}

void do_it(command_line& c, const transfer_options& o, std::vector<json::value> orders) {
  if (!o.detached) return runner(c, o).run(std::move(orders));
  for (const auto& order : orders) {
    const auto answer = c.ask("POST", "/v1/transfers", order);
    if (!answer) return;
    if (c.as_json) std::printf("%s", json::to_text(*answer, true).c_str());
    else std::printf("transfer %llu begins\n", static_cast<unsigned long long>(number(*answer, "id")));
  }
}

void do_files(command_line& c, const transfer_options& o, const char* what) {
  json::value body{json::object{}};
  body.set("what", what);
  body.set("account", o.account);
  std::error_code fault;
  body.set("path", std::filesystem::absolute(o.path, fault).lexically_normal().string());
  if (!o.mailbox.empty()) body.set("mailbox", o.mailbox);
  if (!o.dialect.empty()) body.set("dialect", o.dialect);
  if (!o.layout.empty()) body.set("layout", o.layout);
  if (!o.owner.empty()) body.set("owner", o.owner);
  if (o.crlf) body.set("crlf", true);
  if (!add_rules(c, o, body)) return;
  std::vector<json::value> one;
  one.push_back(std::move(body));
  do_it(c, o, std::move(one));
}

/// A file of secrets that others may read is refused.
std::optional<std::string> read_secret_file(command_line& c, const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code fault;
  const auto status = fs::status(path, fault);
  if (fault || !fs::exists(status)) {
    c.fail(exit_not_found, path + " is not there");
    return {};
  }
  if ((status.permissions() & (fs::perms::group_read | fs::perms::others_read)) != fs::perms::none) {
    c.fail(exit_refused, path + " may be read by others: chmod 600 " + path);
    return {};
  }
  if (fs::is_regular_file(status) && fs::file_size(path, fault) > list_octets_max) {
    c.fail(exit_refused, path + " is too large");
    return {};
  }
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) {
    c.fail(exit_io, path + " cannot be read");
    return {};
  }
  return text.str();
}

json::value order_for(const transfer_options& o) {
  json::value body{json::object{}};
  body.set("what", "migrate");
  if (!o.host.empty()) body.set("host", o.host);
  if (o.port != 0) body.set("port", o.port);
  if (!o.tls.empty()) body.set("tls", o.tls);
  body.set("certificate_checked", !o.unchecked);
  body.set("plaintext_allowed", o.plaintext);
  body.set("expunge", o.expunge);
  return body;
}

void migrate(command_line& c, const transfer_options& o) {
  auto common = order_for(o);
  if (!add_rules(c, o, common)) return;
  std::vector<json::value> orders;
  if (!o.list.empty()) {
    const auto text = read_secret_file(c, o.list);
    if (!text) return;
    auto rows = read_migration_list(*text, common);
    if (!rows) return c.fail(exit_usage, o.list + ": " + rows.error().log.value);
    orders = std::move(*rows);
  } else {
    if (o.account.empty() || o.host.empty()) return c.fail(exit_usage, "an account and --host are wanted, or --list");
    common.set("account", o.account);
    common.set("login", o.login.empty() ? o.account : o.login);
    std::optional<std::string> password;
    if (o.password_file.empty()) {
      password = read_password();
    } else if (auto text = read_secret_file(c, o.password_file)) {
      password = text->substr(0, text->find_first_of("\r\n"));
    } else {
      return;
    }
    if (!password || password->empty()) return c.fail(exit_usage, "no password: it is the first line of standard input or of --password-file");
    common.set("password", *password);
    orders.push_back(std::move(common));
  }
  do_it(c, o, std::move(orders));
}

} // namespace

void add_transfer_verbs(CLI::App& app, command_line& c) {
  const auto o = std::make_shared<transfer_options>();
  const auto file_verb = [&](CLI::App& family, const char* name, const char* text, const char* path_text, const char* what) {
    auto* verb = family.add_subcommand(name, text);
    verb->add_option("account", o->account, "The account")->required();
    verb->add_option("path", o->path, path_text)->required();
    add_common(*verb, *o, c);
    verb->callback([&c, o, what] { do_files(c, *o, what); });
    return verb;
  };
  auto* in = app.add_subcommand("import", "Copy mailbox files of the server's machine into an account; the same command again goes on, and takes what is new")->require_subcommand(1);
  auto* mbox_in = file_verb(*in, "mbox", "From an mbox file, or from all NAME.mbox files below a directory", "The file or directory", "import-mbox");
  mbox_in->add_option("--mailbox", o->mailbox, "Where one file goes; INBOX");
  mbox_in->add_option("--dialect", o->dialect, "mboxrd (the default), mboxo or mboxcl2 (with Content-Length)");
  mbox_in->add_flag("--again", o->again, "Forget what was copied before: all comes again");
  auto* maildir_in = file_verb(*in, "maildir", "From a Maildir with its folders", "The Maildir", "import-maildir");
  maildir_in->add_option("--layout", o->layout, "Folders: maildir++ (.Sent.2026, the default) or fs (Sent/2026)");
  maildir_in->add_flag("--again", o->again, "Forget what was copied before: all comes again");

  auto* cyrus_in = file_verb(*in, "cyrus", "From the spool of Cyrus IMAP, which does not run meanwhile: one person's mailboxes with flags and keywords", "The spool, or a directory in it", "import-cyrus");
  cyrus_in->add_option("--owner", o->owner, "Whose mailboxes: the user's name there, if it is not the account's address or what stands in front of its @");
  cyrus_in->add_flag("--again", o->again, "Forget what was copied before: all comes again");

  auto* out = app.add_subcommand("export", "Copy an account's mailboxes into files of the server's machine")->require_subcommand(1);
  auto* mbox_out = file_verb(*out, "mbox", "Into a file NAME.mbox for each mailbox", "The directory", "export-mbox");
  mbox_out->add_option("--dialect", o->dialect, "mboxrd (the default) or mboxcl2 (with Content-Length)");
  auto* maildir_out = file_verb(*out, "maildir", "Into a Maildir; what it has already is left as it is", "The directory", "export-maildir");
  maildir_out->add_option("--layout", o->layout, "Folders: maildir++ (.Sent.2026, the default) or fs (Sent/2026)");
  maildir_out->add_flag("--crlf", o->crlf, "Octets as they are, with CRLF; else lines end with LF");

  auto* move = app.add_subcommand("migrate", "Copy an account's mail from another IMAP server; the same command again goes on, takes what is new and follows flags");
  move->add_option("account", o->account, "The account here");
  move->add_option("--host", o->host, "The server there");
  move->add_option("--port", o->port, "Its port, if it is not the usual one");
  move->add_option("--tls", o->tls, "implicit (the default), required (STARTTLS), when_offered or none");
  move->add_flag("--certificate-unchecked", o->unchecked, "Trust any certificate");
  move->add_flag("--plaintext-allowed", o->plaintext, "The password may travel without TLS");
  move->add_option("--login", o->login, "The name there; that of the account");
  move->add_option("--password-file", o->password_file, "The password there is its first line; else that of standard input");
  move->add_option("--list", o->list, "A CSV file of many accounts: account, login, password, and host, port, tls where they differ");
  move->add_option("--parallel", o->parallel, "Accounts at a time with --list; 4")->check(CLI::Range(1, 32));
  move->add_flag("--expunge", o->expunge, "Remove here what was copied and is not there any more");
  move->add_flag("--again", o->again, "Forget what was copied before: all comes again");
  add_common(*move, *o, c);
  move->callback([&c, o] { migrate(c, *o); });

  auto* family = app.add_subcommand("transfer", "Imports, exports and migrations since the server began")->require_subcommand(1);
  auto* list = family->add_subcommand("list", "List them");
  add_json_option(*list, c);
  list->callback([&c] {
    c.list("/v1/transfers", {{"id", "ID"}, {"what", "WHAT"}, {"account", "ACCOUNT"}, {"status", "STATUS"}, {"folder", "FOLDER"}, {"messages", "MESSAGES"},
                             {"known", "KNOWN"}, {"left_out", "LEFT OUT"}, {"began", "BEGAN"}, {"ended", "ENDED"}, {"reason", "REASON"}});
  });
  auto* show = family->add_subcommand("show", "Show one");
  show->add_option("id", o->id, "Its number")->required();
  add_json_option(*show, c);
  show->callback([&c, o] { c.show("/v1/transfers/" + std::to_string(o->id)); });
  auto* stop = family->add_subcommand("stop", "Stop one at the next batch; the same command later goes on");
  stop->add_option("id", o->id, "Its number")->required();
  stop->callback([&c, o] { c.tell("DELETE", "/v1/transfers/" + std::to_string(o->id), {}, "transfer " + std::to_string(o->id) + " is being stopped"); });
}

} // namespace rookery::cli
