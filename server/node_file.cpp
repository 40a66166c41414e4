#include "server/node_file.hpp"

#include "base/text.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <optional>
#include <sstream>
#include <utility>

#include <unistd.h>

namespace rookery::server {
namespace {

constexpr std::array<std::pair<std::string_view, service>, 11> services{{{"smtp", service::smtp},
                                                                        {"submission", service::submission},
                                                                        {"lmtp", service::lmtp},
                                                                        {"imap", service::imap},
                                                                        {"pop3", service::pop3},
                                                                        {"metrics", service::metrics},
                                                                        {"http", service::http},
                                                                        {"admin", service::admin},
                                                                        {"odmr", service::odmr},
                                                                        {"xmpp", service::xmpp},
                                                                        {"xmpp-server", service::xmpp_server}}};
constexpr std::array<std::pair<std::string_view, tls_mode>, 3> tls_modes{
    {{"none", tls_mode::none}, {"starttls", tls_mode::starttls}, {"implicit", tls_mode::implicit}}};
constexpr std::array<std::pair<std::string_view, log_format>, 3> formats{
    {{"text", log_format::text}, {"journald", log_format::journald}, {"json", log_format::json}}};
constexpr std::array<std::pair<std::string_view, base::severity>, 5> levels{{{"debug", base::severity::debug},
                                                                             {"info", base::severity::info},
                                                                             {"notice", base::severity::notice},
                                                                             {"warning", base::severity::warning},
                                                                             {"error", base::severity::error}}};

template <class Names, class T>
std::string_view name_in(const Names& names, T value) noexcept {
  for (const auto& [word, v] : names)
    if (v == value) return word;
  return {};
}

/// Reads one table; remembers the first thing that is wrong.
class table_reader {
public:
  table_reader(const toml::table& in, std::string where) : in_(in), where_(std::move(where)) {}

  void text(const char* key, std::string& out) {
    if (const auto* node = take(key)) {
      const auto v = node->value_exact<std::string>();
      if (!v) wrong(key, "is a string");
      else if (std::any_of(v->begin(), v->end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
        wrong(key, "has a control character");
      else out = *v;
    }
  }
  void flag(const char* key, bool& out) {
    if (const auto* node = take(key)) {
      if (const auto v = node->value_exact<bool>()) out = *v;
      else wrong(key, "is true or false");
    }
  }
  template <class N>
  void number(const char* key, N& out, std::int64_t least, std::int64_t most) {
    if (const auto* node = take(key)) {
      const auto v = node->value_exact<std::int64_t>();
      if (v && *v >= least && *v <= most) out = static_cast<N>(*v);
      else wrong(key, "is a number from " + std::to_string(least) + " to " + std::to_string(most));
    }
  }
  template <class Names, class T>
  void word(const char* key, T& out, const Names& names) {
    std::string given;
    if (!in_.contains(key)) return;
    text(key, given);
    for (const auto& [w, v] : names)
      if (w == given) {
        out = v;
        return;
      }
    std::string all;
    for (const auto& [w, v] : names) all += (all.empty() ? "" : ", ") + std::string(w);
    wrong(key, "is one of " + all);
  }
  const toml::node* take(const char* key) {
    known_.push_back(key);
    return in_.get(key);
  }
  /// Nothing when all was right; else the sentence.
  std::optional<std::string> finish() {
    if (!wrong_.empty()) return wrong_;
    for (const auto& [key, value] : in_)
      if (std::find(known_.begin(), known_.end(), key.str()) == known_.end())
        return where_ + std::string(key.str()) + " is no key of the node file (line " + std::to_string(value.source().begin.line) + ")";
    return std::nullopt;
  }

private:
  void wrong(const char* key, const std::string& what) {
    if (wrong_.empty()) wrong_ = where_ + key + ' ' + what;
  }
  const toml::table& in_;
  std::string where_;
  std::vector<std::string_view> known_;
  std::string wrong_;
};

std::string absolute(const std::string& path, const std::string& directory) {
  const std::filesystem::path p(path);
  auto out = (p.is_absolute() ? p : std::filesystem::path(directory) / p).lexically_normal();
  if (!out.has_filename() && out.has_relative_path()) out = out.parent_path(); // no slash at the end
  return out.string();
}

base::failure<base::error> invalid(std::string what) {
  return base::fail(base::error_kind::invalid, "node file: " + std::move(what));
}

/// HTTP begins with TLS or has none.
bool never_starttls(service s) noexcept { return s == service::metrics || s == service::http || s == service::admin; }

std::optional<std::string> read_listeners(const toml::node* node, std::vector<listener_entry>& out) {
  if (node == nullptr) return std::nullopt;
  const auto* all = node->as_array();
  if (all == nullptr) return "listener is written as [[listener]]";
  for (const auto& one : *all) {
    const auto where = "listener " + std::to_string(out.size() + 1) + ": ";
    const auto* t = one.as_table();
    if (t == nullptr) return where + "is no table";
    table_reader in(*t, where);
    listener_entry l;
    if (!t->contains("service")) return where + "has no service";
    in.word("service", l.what, services);
    l.tls = never_starttls(l.what) || l.what == service::lmtp ? tls_mode::none : tls_mode::starttls;
    in.word("tls", l.tls, tls_modes);
    if (l.tls == tls_mode::starttls && never_starttls(l.what)) return where + "tls is none or implicit for " + std::string(name(l.what));
    in.text("address", l.address);
    l.port = standard_port(l.what, l.tls);
    in.number("port", l.port, 1, 65535);
    in.flag("proxy_protocol", l.proxy_protocol);
    if (auto fault = in.finish()) return fault;
    out.push_back(std::move(l));
  }
  return std::nullopt;
}

std::optional<std::string> read_certificates(const toml::node* node, const std::string& directory,
                                             std::vector<certificate_entry>& out) {
  if (node == nullptr) return std::nullopt;
  const auto* all = node->as_array();
  if (all == nullptr) return "certificate is written as [[certificate]]";
  for (const auto& one : *all) {
    const auto where = "certificate " + std::to_string(out.size() + 1) + ": ";
    const auto* t = one.as_table();
    if (t == nullptr) return where + "is no table";
    table_reader in(*t, where);
    certificate_entry c;
    in.text("host", c.host);
    in.text("chain", c.chain_file);
    in.text("key", c.key_file);
    if (auto fault = in.finish()) return fault;
    if (c.chain_file.empty() || c.key_file.empty()) return where + "needs chain and key";
    c.chain_file = absolute(c.chain_file, directory);
    c.key_file = absolute(c.key_file, directory);
    out.push_back(std::move(c));
  }
  return std::nullopt;
}

std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

} // namespace

std::string_view name(service s) noexcept { return name_in(services, s); }
std::string_view name(tls_mode m) noexcept { return name_in(tls_modes, m); }

bool is_web_url(std::string_view url) noexcept {
  const std::string_view rest = url.starts_with("https://") ? url.substr(8) : url.starts_with("http://") ? url.substr(7) : std::string_view();
  return !rest.empty() && rest.front() != '/' && std::all_of(rest.begin(), rest.end(), [](char c) { return c > ' ' && c < 127 && c != '"' && c != '<' && c != '>' && c != '?' && c != '#'; });
}

std::string web_url(const node_file& n) {
  auto out = n.web_url;
  while (out.ends_with('/')) out.pop_back();
  if (!out.empty()) return out;
  out = "https://" + n.host_name;
  const auto found = std::find_if(n.listeners.begin(), n.listeners.end(), [](const listener_entry& l) { return l.what == service::http && l.tls == tls_mode::implicit; });
  const auto port = found == n.listeners.end() ? std::uint16_t{443} : n.port_of(*found);
  return port == 443 ? out : out + ':' + std::to_string(port);
}

std::uint16_t standard_port(service s, tls_mode m) noexcept {
  const bool implicit = m == tls_mode::implicit;
  switch (s) {
  case service::smtp: return 25;
  case service::submission: return implicit ? 465 : 587;
  case service::lmtp: return 24;
  case service::imap: return implicit ? 993 : 143;
  case service::pop3: return implicit ? 995 : 110;
  case service::metrics: return 90;
  case service::http: return implicit ? 443 : 80;
  case service::admin: return 91;
  case service::odmr: return 366;
  case service::xmpp: return implicit ? 5223 : 5222;
  case service::xmpp_server: return implicit ? 5270 : 5269;
  }
  return 0;
}

std::vector<listener_entry> standard_listeners(const std::string& public_address) {
  const auto open = [&](service s, tls_mode m) { return listener_entry{s, public_address, standard_port(s, m), m, false}; };
  return {open(service::smtp, tls_mode::starttls),       open(service::submission, tls_mode::starttls),
          open(service::submission, tls_mode::implicit), open(service::imap, tls_mode::starttls),
          open(service::imap, tls_mode::implicit),       open(service::pop3, tls_mode::starttls),
          open(service::pop3, tls_mode::implicit),       open(service::xmpp, tls_mode::starttls),
          open(service::xmpp, tls_mode::implicit),       open(service::xmpp_server, tls_mode::starttls),
          open(service::http, tls_mode::implicit),
          {service::http, "127.0.0.1", web_port_of_loopback, tls_mode::none, false},
          {service::lmtp, "127.0.0.1", standard_port(service::lmtp, tls_mode::none), tls_mode::none, false},
          {service::metrics, "127.0.0.1", standard_port(service::metrics, tls_mode::none), tls_mode::none, false}};
}

base::result<node_file> parse_node_file(std::string_view text, const std::string& directory) {
  toml::table all;
  try {
    all = toml::parse(text);
  } catch (const toml::parse_error& e) {
    return invalid("line " + std::to_string(e.source().begin.line) + ": " + std::string(e.description()));
  }
  node_file out;
  table_reader in(all, "");
  in.number("id", out.id, 1, 65535);
  in.text("name", out.node_name);
  in.text("host_name", out.host_name);
  in.text("data", out.data_directory);
  in.text("admin_socket", out.admin_socket);
  in.text("run_as", out.run_as);
  in.text("web_url", out.web_url);
  in.number("port_base", out.port_base, 0, 60000);
  in.number("mail_shards", out.mail_shards, 1, 1024);
  in.number("reactors", out.reactors, 0, 256);
  if (auto fault = read_listeners(in.take("listener"), out.listeners)) return invalid(*fault);
  if (auto fault = read_certificates(in.take("certificate"), directory, out.certificates)) return invalid(*fault);
  if (const auto* node = in.take("log")) {
    const auto* t = node->as_table();
    if (t == nullptr) return invalid("log is written as [log]");
    table_reader log(*t, "log.");
    log.word("level", out.log_least, levels);
    log.word("format", out.format, formats);
    log.flag("files", out.log_files);
    log.text("directory", out.log_directory);
    if (auto fault = log.finish()) return invalid(*fault);
  }
  if (const auto* node = in.take("storage")) {
    const auto* t = node->as_table();
    if (t == nullptr) return invalid("storage is written as [storage]");
    table_reader storage(*t, "storage.");
    storage.number("segment_octets", out.segment_octets, 64 << 10, 1 << 30);
    storage.number("maintenance_milliseconds", out.maintenance_milliseconds, 10, 3'600'000);
    if (auto fault = storage.finish()) return invalid(*fault);
  }
  if (const auto* node = in.take("cluster")) {
    const auto* t = node->as_table();
    if (t == nullptr) return invalid("cluster is written as [cluster]");
    table_reader cluster(*t, "cluster.");
    cluster.number("level", out.cluster_level, 1, 1'000'000);
    if (auto fault = cluster.finish()) return invalid(*fault);
  }
  if (auto fault = in.finish()) return invalid(*fault);
  if (!out.web_url.empty() && !is_web_url(out.web_url)) return invalid("web_url is like https://chat.example.org");
  if (out.data_directory.empty()) return invalid("data is missing: the directory where mail is kept");
  out.data_directory = absolute(out.data_directory, directory);
  out.admin_socket = out.admin_socket.empty() ? absolute("admin.sock", out.data_directory) : absolute(out.admin_socket, directory);
  out.log_directory = out.log_directory.empty() ? absolute("logs", out.data_directory) : absolute(out.log_directory, directory);
  if (out.host_name.empty()) {
    char host[256] = {};
    if (::gethostname(host, sizeof host - 1) == 0) out.host_name = host;
    if (out.host_name.empty()) out.host_name = "localhost";
  }
  // The local socket is always there: without it nobody could administer.
  if (std::none_of(out.listeners.begin(), out.listeners.end(), [](const listener_entry& l) { return l.what == service::admin; }))
    out.listeners.push_back({service::admin, "", standard_port(service::admin, tls_mode::none), tls_mode::none, false});
  for (const auto& l : out.listeners)
    if (l.port + out.port_base > 65535) return invalid("port_base moves port " + std::to_string(l.port) + " above 65535");
  return out;
}

base::result<node_file> read_node_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail(base::error_kind::not_found, "the node file " + path + " cannot be read; `rookery init` makes one");
  std::ostringstream text;
  text << file.rdbuf();
  const auto directory = std::filesystem::absolute(path).parent_path().string();
  return parse_node_file(text.str(), directory);
}

std::string print_node_file(const node_file& n) {
  std::string out = "# The node file: who this node is, where its data is, where it listens.\n"
                    "# Everything else is in the store: `rookery settings list`.\n\n";
  out += "id = " + std::to_string(n.id) + "\n";
  out += "name = " + toml_text(n.node_name) + "\n";
  out += "host_name = " + toml_text(n.host_name) + "          # in greetings and Received fields\n";
  out += "data = " + toml_text(n.data_directory) + "\n";
  if (!n.admin_socket.empty()) out += "admin_socket = " + toml_text(n.admin_socket) + "\n";
  if (!n.web_url.empty()) out += "web_url = " + toml_text(n.web_url) + "\n";
  if (!n.run_as.empty()) out += "run_as = " + toml_text(n.run_as) + "            # the user to become once the ports are open\n";
  out += "port_base = " + std::to_string(n.port_base) + "             # added to every port below\n";
  out += "mail_shards = " + std::to_string(n.mail_shards) + "           # fixed once the store is made\n";
  out += "reactors = " + std::to_string(n.reactors) + "              # network threads; 0: one a core\n\n";
  out += "[log]\nlevel = " + toml_text(name_in(levels, n.log_least)) + "\nformat = " + toml_text(name_in(formats, n.format)) +
         "          # text, journald, json\nfiles = " + (n.log_files ? "true" : "false") + "\n";
  if (!n.log_directory.empty()) out += "directory = " + toml_text(n.log_directory) + "\n";
  const node_file usual;
  if (n.segment_octets != usual.segment_octets || n.maintenance_milliseconds != usual.maintenance_milliseconds)
    out += "\n[storage]\nsegment_octets = " + std::to_string(n.segment_octets) +
           "\nmaintenance_milliseconds = " + std::to_string(n.maintenance_milliseconds) + "\n";
  if (n.cluster_level != 0) out += "\n[cluster]\nlevel = " + std::to_string(n.cluster_level) + "\n";
  for (const auto& c : n.certificates)
    out += "\n[[certificate]]\nhost = " + toml_text(c.host) + "\nchain = " + toml_text(c.chain_file) + "\nkey = " + toml_text(c.key_file) + "\n";
  for (const auto& l : n.listeners) {
    out += "\n[[listener]]\nservice = " + toml_text(name(l.what)) + "\naddress = " + toml_text(l.address) +
           "\nport = " + std::to_string(l.port) + "\ntls = " + toml_text(name(l.tls)) + "\n";
    if (l.proxy_protocol) out += "proxy_protocol = true\n";
  }
  return out;
}

} // namespace rookery::server
