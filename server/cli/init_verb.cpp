#include "base/crypto/crypto.hpp"
#include "policy/routing/address_form.hpp"
#include "protocols/tls/certificate.hpp"
#include "server/cli/command_line.hpp"
#include "server/cli/offline_node.hpp"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rookery::cli {
namespace {

/// Demo accounts put into one command.
constexpr std::size_t accounts_a_command = 5000;

struct init_options {
  std::string data = "/var/lib/rookery", host, domain, listen = "0.0.0.0", run_as;
  std::vector<std::string> accounts;
  std::uint32_t port_base = 0, demo_accounts = 0, mail_shards = 2;
  bool keep = false, weak = false, no_password = false;
};

base::failure<base::error> disk(const std::string& what, const std::string& path) {
  return base::fail(base::error_kind::io, what + ' ' + path + ": " + std::strerror(errno));
}

/// Writes a new file; one that is there stays as it is.
base::result<void> write_new(const std::string& path, std::string_view text, ::mode_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return disk("cannot make", path);
  bool written = true;
  while (written && !text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
    else if (n < 0 && errno != EINTR) written = false;
  }
  written = ::fsync(fd) == 0 && written;
  written = ::close(fd) == 0 && written;
  if (!written) return disk("cannot write", path);
  return {};
}

base::result<void> make_directory(const std::string& path, ::mode_t mode) {
  std::error_code fault;
  std::filesystem::create_directories(path, fault);
  if (fault) return base::fail(base::error_kind::io, "cannot make " + path + ": " + fault.message());
  if (::chmod(path.c_str(), mode) != 0) return disk("cannot protect", path);
  return {};
}

/// A certificate of our own where the node file wants one and none is there.
base::result<void> make_certificate(const server::node_file& n, const std::string& domain) {
  if (n.certificates.empty()) return {};
  const auto& wanted = n.certificates.front();
  if (std::filesystem::exists(wanted.chain_file) || std::filesystem::exists(wanted.key_file)) return {};
  std::vector<std::string> names{n.host_name, "localhost", "127.0.0.1", "::1"};
  if (!domain.empty()) names.push_back(domain);
  const auto pair = tls::make_self_signed(names, base::system_clock().wall());
  if (!pair) return base::fail(pair.error());
  const auto folder = std::filesystem::path(wanted.chain_file).parent_path().string();
  if (auto made = make_directory(folder, 0700); !made) return made;
  if (auto written = write_new(wanted.key_file, pair->key, 0600); !written) return written;
  return write_new(wanted.chain_file, pair->certificates, 0644);
}

base::result<server::node_file> make_node_file(const std::string& node_path, const init_options& o) {
  server::node_file n;
  n.data_directory = std::filesystem::absolute(o.data).lexically_normal().string();
  n.host_name = !o.host.empty() ? o.host : !o.domain.empty() ? "mail." + o.domain : "";
  n.run_as = o.run_as;
  n.port_base = static_cast<std::uint16_t>(o.port_base);
  n.mail_shards = o.mail_shards;
  n.listeners = server::standard_listeners(o.listen);
  if (n.host_name.empty()) {
    char name[256] = {};
    n.host_name = ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "localhost";
  }
  const auto tls = n.data_directory + "/tls";
  n.certificates.push_back({"", tls + "/self-signed.crt", tls + "/self-signed.key"});
  const auto parent = std::filesystem::absolute(node_path).parent_path();
  std::error_code fault;
  std::filesystem::create_directories(parent, fault);
  if (auto written = write_new(node_path, server::print_node_file(n), 0644); !written) return base::fail(written.error());
  return server::read_node_file(node_path);
}

base::result<void> add_accounts(const std::shared_ptr<offline_node>& node, const init_options& o, const std::string& password) {
  std::vector<std::string> wanted = o.accounts;
  for (std::uint32_t i = 1; i <= o.demo_accounts; ++i) wanted.push_back('u' + std::to_string(i) + '@' + o.domain);
  for (std::size_t begin = 0; begin < wanted.size(); begin += accounts_a_command) {
    json::array rows;
    for (std::size_t i = begin; i < std::min(begin + accounts_a_command, wanted.size()); ++i) {
      json::value row{json::object{}};
      row.set("address", wanted[i]);
      if (!password.empty()) row.set("password", password);
      if (i == 0) row.set("admin", true);
      rows.push_back(std::move(row));
    }
    json::value body{json::object{}};
    body.set("accounts", std::move(rows));
    body.set("existing", o.keep ? "change" : "refuse");
    body.set("weak_passwords", o.weak);
    if (auto done = ask_offline(node, "POST", "/v1/accounts/import", std::move(body)); !done) return base::fail(done.error());
  }
  return {};
}

base::result<void> fill_store(const server::node_file& file, const init_options& o, const std::string& password) {
  storage::node_store_settings settings;
  settings.mail_shards = file.mail_shards;
  auto store = storage::node_store::open(file.data_directory, true, settings);
  if (!store) return base::fail(store.error());
  const auto node = std::make_shared<offline_node>(std::move(*store));
  if (!o.domain.empty()) {
    json::value body{json::object{}};
    body.set("name", o.domain);
    auto done = ask_offline(node, "POST", "/v1/domains", std::move(body));
    const bool there = !done && o.keep && (done.error().kind == base::error_kind::conflict || done.error().kind == base::error_kind::exists);
    if (!done && !there) return base::fail(done.error());
  }
  if (auto added = add_accounts(node, o, password); !added) return added;
  return node->store().checkpoint();
}

/// Everything below `path` belongs to the user that will serve.
base::result<void> give_to(const std::string& user, const std::string& path) {
  if (user.empty() || ::geteuid() != 0) return {};
  const auto* who = ::getpwnam(user.c_str());
  if (who == nullptr) return base::fail(base::error_kind::not_found, "there is no user " + user);
  const auto uid = who->pw_uid;
  const auto gid = who->pw_gid;
  if (::lchown(path.c_str(), uid, gid) != 0) return disk("cannot give away", path);
  std::error_code fault;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path, fault))
    if (::lchown(entry.path().c_str(), uid, gid) != 0) return disk("cannot give away", entry.path().string());
  return {};
}

void run(command_line& c, init_options& o) {
  if (!o.domain.empty()) {
    const auto canonical = routing::canonical_domain(o.domain);
    if (!canonical) return c.fail(exit_usage, o.domain + " is no domain name");
    o.domain = *canonical;
  }
  if (o.demo_accounts != 0 && o.domain.empty()) return c.fail(exit_usage, "--demo-accounts needs --domain");
  std::string password;
  if ((!o.accounts.empty() || o.demo_accounts != 0) && !o.no_password) {
    const auto given = read_password();
    if (!given || given->empty()) return c.fail(exit_usage, "no password for the accounts on standard input; --no-password makes them without");
    password = *given;
  }
  const bool there = std::filesystem::exists(c.node_path);
  if (there && !o.keep) return c.fail(exit_conflict, "the node file " + c.node_path + " exists already; --keep adds to what is there");
  auto file = there ? server::read_node_file(c.node_path) : make_node_file(c.node_path, o);
  if (!file) return c.fail(file.error());
  if (const auto made = make_directory(file->data_directory, 0700); !made) return c.fail(made.error());
  if (const auto made = make_certificate(*file, o.domain); !made) return c.fail(made.error());
  const auto filled = fill_store(*file, o, password);
  base::wipe(password);
  if (!filled) return c.fail(filled.error());
  if (const auto given = give_to(o.run_as.empty() ? file->run_as : o.run_as, file->data_directory); !given) return c.fail(given.error());
  std::fprintf(stderr, "the node %s is ready; its data is in %s\n", c.node_path.c_str(), file->data_directory.c_str());
}

} // namespace

void add_init_verb(CLI::App& app, command_line& c) {
  const auto o = std::make_shared<init_options>();
  auto* init = app.add_subcommand("init", "Make a node: its data directory, node file and certificate, a first domain and accounts");
  init->add_option("--data", o->data, "Where mail is kept")->capture_default_str();
  init->add_option("--host", o->host, "The host's name in greetings; default: mail.DOMAIN");
  init->add_option("--domain", o->domain, "The first domain");
  init->add_option("--account", o->accounts, "An account; all of them get the password on standard input");
  init->add_option("--demo-accounts", o->demo_accounts, "Makes u1@DOMAIN to uN@DOMAIN")->check(CLI::Range(0, 1000000));
  init->add_option("--listen", o->listen, "The address for mail clients and servers; LMTP and metrics stay on loopback")->capture_default_str();
  init->add_option("--port-base", o->port_base, "Added to every port")->check(CLI::Range(0, 60000));
  init->add_option("--mail-shards", o->mail_shards, "Parts of the mail store; fixed afterwards")->check(CLI::Range(1, 1024))->capture_default_str();
  init->add_option("--run-as", o->run_as, "The user that serves; the data is given to it");
  init->add_flag("--keep", o->keep, "Add to a node that exists; accounts that exist get the password");
  init->add_flag("--weak-passwords", o->weak, "Take any password (for demos)");
  init->add_flag("--no-password", o->no_password, "Accounts without a password");
  init->callback([&c, o] { run(c, *o); });
}

} // namespace rookery::cli
