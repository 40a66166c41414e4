#include "actors/admin/call.hpp"
#include "base/text.hpp"
#include "policy/routing/address_form.hpp"

#include <algorithm>

namespace rookery::admin {
namespace {

namespace dir = storage::directory;
using actors::transfer_kind;

constexpr std::size_t path_octets_max = 4000;

json::value shown(const actors::transfer_run& run) {
  const auto& order = run.order();
  const auto s = run.state();
  json::value out{json::object{}};
  out.set("id", run.id());
  out.set("what", std::string(name(order.kind)));
  out.set("account", order.address);
  if (order.kind == transfer_kind::migrate) {
    out.set("host", order.host);
    out.set("login", order.login);
  } else {
    out.set("path", order.path);
  }
  out.set("dry_run", order.dry_run);
  out.set("status", std::string(name(s.status)));
  out.set("folder", s.folder);
  out.set("folders", s.folders);
  out.set("messages", s.messages);
  out.set("expected", s.expected);
  out.set("octets", s.octets);
  out.set("known", s.known);
  out.set("flags_changed", s.flags_changed);
  out.set("expunged", s.expunged);
  out.set("left_out", s.left_out);
  out.set("reason", s.reason);
  out.set("began", base::to_milliseconds(s.began));
  if (s.ended) out.set("ended", base::to_milliseconds(*s.ended));
  else out.set("ended", nullptr);
  return out;
}

/// Why the body is wrong; "" when it is right.
std::string read_strings(const json::value& body, const char* member, std::vector<std::string>& into) {
  const auto* all = body.get_array(member);
  if (all == nullptr) return body.find(member) == nullptr ? "" : std::string(member) + " is a list of texts";
  if (all->size() > transfer::rules_max) return std::string(member) + " is too long";
  for (const auto& one : *all) {
    if (one.as_string() == nullptr || one.as_string()->size() > transfer::pattern_octets_max) return std::string(member) + " is a list of short texts";
    into.push_back(*one.as_string());
  }
  return {};
}

std::string read_renames(const json::value& body, std::vector<std::pair<std::string, std::string>>& into) {
  const auto* given = body.find("rename");
  if (given == nullptr) return {};
  const auto* members = given->as_object();
  if (members == nullptr || members->size() > transfer::rules_max) return "rename is an object: names there, and names here";
  for (const auto& [from, to] : *members) {
    if (to.as_string() == nullptr || to.as_string()->size() > transfer::pattern_octets_max || from.size() > transfer::pattern_octets_max)
      return "rename is an object: names there, and names here";
    into.emplace_back(from, *to.as_string());
  }
  return {};
}

std::string read_source(const json::value& body, actors::transfer_order& order) {
  const auto text = [&](const char* member) { return std::string(body.get_string(member).value_or("")); };
  order.host = base::to_lower(text("host"));
  order.login = text("login");
  order.password = text("password");
  if (order.host.empty() || order.host.size() > 255) return "host is missing";
  if (order.login.empty() || order.login.size() > 1000) return "login is missing";
  if (order.password.empty() || order.password.size() > 4000) return "password is missing";
  const auto tls = body.get_string("tls").value_or("implicit");
  if (tls == "implicit") order.tls = tls_use::implicit;
  else if (tls == "required") order.tls = tls_use::required;
  else if (tls == "when_offered") order.tls = tls_use::when_offered;
  else if (tls == "none") order.tls = tls_use::none;
  else return "tls is implicit, required, when_offered or none";
  const auto port = body.get_unsigned("port").value_or(order.tls == tls_use::implicit ? 993 : 143);
  if (port == 0 || port > 65535) return "port is no port";
  order.port = static_cast<std::uint16_t>(port);
  order.certificate_checked = body.get_bool("certificate_checked").value_or(true);
  order.plaintext_allowed = body.get_bool("plaintext_allowed").value_or(false);
  order.expunge = body.get_bool("expunge").value_or(false);
  return {};
}

std::string read_files(const json::value& body, actors::transfer_order& order) {
  order.path = body.get_string("path").value_or("");
  while (order.path.size() > 1 && order.path.back() == '/') order.path.pop_back();
  if (order.path.empty() || order.path.front() != '/' || order.path.size() > path_octets_max || order.path.find('\0') != std::string::npos)
    return "path is an absolute path on the server's machine";
  order.mailbox = body.get_string("mailbox").value_or("");
  if (!order.mailbox.empty()) {
    const auto mailbox = transfer::mailbox_for({}, order.mailbox);
    if (!mailbox) return "mailbox is no name of a mailbox";
    order.mailbox = *mailbox;
  }
  const auto dialect = mbox::dialect_named(body.get_string("dialect").value_or("mboxrd"));
  if (!dialect || (*dialect == mbox::dialect::mboxo && order.kind == transfer_kind::export_mbox))
    return order.kind == transfer_kind::export_mbox ? "dialect is mboxrd or mboxcl2" : "dialect is mboxrd, mboxo or mboxcl2";
  order.dialect = *dialect;
  const auto layout = maildir::layout_named(body.get_string("layout").value_or("maildir++"));
  if (!layout) return "layout is maildir++ or fs";
  order.layout = *layout;
  order.owner = body.get_string("owner").value_or("");
  if (order.owner.size() > transfer::pattern_octets_max) return "owner is too long";
  order.crlf = body.get_bool("crlf").value_or(false);
  return {};
}

std::string read_order(const json::value& body, actors::transfer_order& order) {
  const auto what = body.get_string("what").value_or("");
  constexpr transfer_kind kinds[] = {transfer_kind::import_mbox, transfer_kind::import_maildir, transfer_kind::import_cyrus, transfer_kind::export_mbox,
                                     transfer_kind::export_maildir, transfer_kind::migrate};
  const auto* kind = std::find_if(std::begin(kinds), std::end(kinds), [&](transfer_kind k) { return name(k) == what; });
  if (kind == std::end(kinds)) return "what is import-mbox, import-maildir, import-cyrus, export-mbox, export-maildir or migrate";
  order.kind = *kind;
  order.dry_run = body.get_bool("dry_run").value_or(false);
  order.again = body.get_bool("again").value_or(false);
  order.rules.prefix = body.get_string("prefix").value_or("");
  if (order.rules.prefix.size() > transfer::pattern_octets_max) return "prefix is too long";
  for (auto why : {read_strings(body, "only", order.rules.only), read_strings(body, "except", order.rules.except),
                   read_renames(body, order.rules.renamed),
                   order.kind == transfer_kind::migrate ? read_source(body, order) : read_files(body, order)})
    if (!why.empty()) return why;
  return {};
}

actors::transfer_run_ptr named(const call_ptr& c) {
  const auto id = base::parse_u64(c->name());
  for (const auto& run : c->node->transfers())
    if (id && run->id() == *id) return run;
  c->refuse(base::error_kind::not_found, "there is no transfer " + c->name() + "; they are forgotten when the server ends");
  return nullptr;
}

} // namespace

void list_transfers(const call_ptr& c) {
  const auto after = base::parse_u64(c->query("after")).value_or(0);
  const auto all = c->node->transfers();
  const auto limit = c->limit();
  json::array items;
  std::string next;
  for (const auto& run : all) {
    if (run->id() <= after) continue;
    items.push_back(shown(*run));
    if (items.size() < limit) continue;
    next = std::to_string(run->id());
    break;
  }
  c->reply(page_body(std::move(items), next, all.size()));
}

void start_transfer(const call_ptr& c) {
  actors::transfer_order order;
  if (const auto why = read_order(c->what.body, order); !why.empty()) return c->refuse(base::error_kind::invalid, why);
  const auto given = c->what.body.get_string("account").value_or("");
  const auto address = routing::canonical_address(given);
  const auto table = c->node->table();
  const auto* account = address ? table->find(dir::document_kind::account, *address) : nullptr;
  if (account == nullptr) return c->refuse(base::error_kind::not_found, "there is no account " + base::printable(given));
  order.account = base::account_id{account->id};
  order.address = *address;
  const auto run = c->node->start_transfer(std::move(order));
  if (!run) return c->refuse(run.error());
  c->reply(shown(**run), 202);
}

void show_transfer(const call_ptr& c) {
  if (const auto run = named(c)) c->reply(shown(*run));
}

void stop_transfer(const call_ptr& c) {
  const auto run = named(c);
  if (!run) return;
  run->stop();
  c->reply(shown(*run), 202);
}

} // namespace rookery::admin
