#include "server/cli/cluster_verbs.hpp"

#include "actors/cluster/cluster_service.hpp"
#include "actors/cluster/join_client.hpp"
#include "server/version.hpp"
#include "storage/node/node_store.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace rookery::cli {
namespace {

struct options {
  std::string address, member, token, node, role = "voter", option, value;
  std::uint32_t port = 0, hours = 24, copies = 0;
  bool undo = false, force = false, accept_loss = false, witness = false;
};

std::string text(const json::value& v, const char* member) { return std::string(v.get_string(member).value_or("")); }

std::string numbers(const json::value& v, const char* member) {
  std::string out;
  const auto* all = v.get_array(member);
  for (const auto& n : all != nullptr ? *all : json::array{}) out += (out.empty() ? "" : ",") + std::to_string(n.as_integer() != nullptr ? *n.as_integer() : 0);
  return out.empty() ? "-" : out;
}

/// How the nodes are: clocks, ways, disks, work; and what is wrong.
void show_conditions(const json::value& status) {
  std::printf("\n%-4s %-10s %-10s %-10s %-22s %-9s %-8s %s\n", "ID", "VERSION", "WAY", "CLOCK", "DISK FREE", "SESSIONS", "QUEUED", "HELD");
  const auto number = [](const json::value& v, const char* member, std::uint64_t unit, const char* name) {
    const auto* n = v.find(member);
    const auto* whole = n != nullptr ? n->as_integer() : nullptr;
    if (whole == nullptr) return std::string("-");
    return std::to_string(*whole / static_cast<std::int64_t>(unit)) + name;
  };
  const auto* items = status.get_array("items");
  for (const auto& n : items != nullptr ? *items : json::array{}) {
    const auto disk = n.find("disk_free") == nullptr ? "-" : number(n, "disk_free", 1u << 20, "") + " of " + number(n, "disk_total", 1u << 20, " MiB");
    std::printf("%-4llu %-10s %-10s %-10s %-22s %-9s %-8s %s\n", static_cast<unsigned long long>(n.get_unsigned("id").value_or(0)), text(n, "version").c_str(),
                number(n, "round_trip_microseconds", 1, " us").c_str(), number(n, "clock_offset_microseconds", 1000, " ms").c_str(), disk.c_str(), number(n, "sessions", 1, "").c_str(),
                number(n, "queued", 1, "").c_str(), number(n, "queue_held", 1, "").c_str());
  }
  const auto* alarms = status.get_array("alarms");
  for (const auto& a : alarms != nullptr ? *alarms : json::array{}) std::printf("ALARM: %s\n", a.as_string() != nullptr ? a.as_string()->c_str() : "");
}

/// When they end; the authority's, and whom a new one waits for.
void show_certificates(const json::value& status) {
  const auto day = [](const json::value& v, const char* member) {
    auto text = cli::shown("not_after", v.find(member));
    return text.size() > 10 ? text.substr(0, 10) : text;
  };
  std::string line;
  const auto* items = status.get_array("items");
  for (const auto& n : items != nullptr ? *items : json::array{}) line += (line.empty() ? "" : ", ") + std::to_string(n.get_unsigned("id").value_or(0)) + " on " + day(n, "certificate_ends");
  std::printf("\ncertificates end: %s; the authority's on %s\n", line.c_str(), day(status, "authority_ends").c_str());
  if (const auto settled = status.get_bool("keys_settled"); settled && !*settled) std::printf("a new key for secrets is being given to the nodes, or secrets are sealed anew with it\n");
  if (const auto waits = status.get_string("authority_waits_for")) std::printf("the new authority waits for: %s\n", std::string(*waits).c_str());
}

/// Of each replica: how much of the log it does not have, and since when.
std::string lag(const json::value& volume) {
  std::string out;
  const auto* all = volume.get_array("replicas");
  for (const auto& r : all != nullptr ? *all : json::array{}) {
    out += (out.empty() ? "" : ", ") + std::to_string(r.get_unsigned("node").value_or(0)) + ": ";
    const auto octets = r.get_unsigned("behind_octets").value_or(0), records = r.get_unsigned("behind_records").value_or(0), ms = r.get_unsigned("behind_milliseconds").value_or(0);
    char text[120];
    std::snprintf(text, sizeof text, "%s%llu records, %llu octets, %llu.%llu s", r.get_bool("at_least").value_or(false) ? "more than " : "", static_cast<unsigned long long>(records),
                  static_cast<unsigned long long>(octets), static_cast<unsigned long long>(ms / 1000), static_cast<unsigned long long>(ms % 1000 / 100));
    if (r.get_bool("copying").value_or(false)) out += "copying";
    else if (!r.get_bool("connected").value_or(false)) out += "away" + (octets == 0 && ms == 0 ? std::string() : std::string(", ") + text);
    else out += octets == 0 && ms == 0 ? "0" : text;
  }
  return out;
}

/// By the node that brought it: who serves it, and who has it.
void show_volumes(const json::value& status) {
  const auto* items = status.get_array("volumes");
  if (items == nullptr || items->empty()) return;
  std::printf("\n%-10s %-8s %-7s %-12s %-10s %-12s %s\n", "MAIL OF", "SERVED", "EPOCH", "HAVE ALL", "COPYING", "HERE", "BEHIND");
  for (const auto& v : *items)
    std::printf("%-10llu %-8llu %-7llu %-12s %-10s %-12s %s\n", static_cast<unsigned long long>(v.get_unsigned("id").value_or(0)), static_cast<unsigned long long>(v.get_unsigned("leader").value_or(0)),
                static_cast<unsigned long long>(v.get_unsigned("epoch").value_or(0)), numbers(v, "in_sync").c_str(), numbers(v, "learners").c_str(), text(v, "state").c_str(), (lag(v) + (v.get_bool("frozen").value_or(false) ? "; its queue is frozen until it is copied" : "")).c_str());
}

void show_status(command_line& c) {
  const auto s = c.ask("GET", "/v1/cluster");
  if (!s) return;
  if (c.as_json) {
    std::printf("%s", json::to_text(*s, true).c_str());
    return;
  }
  if (!s->get_bool("member").value_or(false)) {
    std::printf("this node belongs to no cluster\n");
    return;
  }
  std::printf("cluster %s: this node is %s, %llu of %llu voters can be reached, configuration %lld, level %llu\n", text(*s, "cluster").c_str(), text(*s, "standing").c_str(),
              static_cast<unsigned long long>(s->get_unsigned("voters_linked").value_or(0)), static_cast<unsigned long long>(s->get_unsigned("voters").value_or(0)),
              static_cast<long long>(s->get_integer("configuration").value_or(0)), static_cast<unsigned long long>(s->get_unsigned("level").value_or(1)));
  std::printf("sessions taken from other nodes: %llu\n", static_cast<unsigned long long>(s->get_unsigned("taken_sessions").value_or(0)));
  std::printf("connections to other servers: %llu that other nodes have for this one, %llu for other nodes%s\n", static_cast<unsigned long long>(s->get_unsigned("lent_connections").value_or(0)),
              static_cast<unsigned long long>(s->get_unsigned("borrowed_connections").value_or(0)), s->get_bool("lends").value_or(true) ? "" : " (this node takes no part)");
  std::printf("%-4s %-24s %-28s %-9s %-7s %-6s %-7s %-8s %-6s %s\n", "ID", "NAME", "ADDRESS", "ROLE", "LEADS", "LINK", "CONFIG", "DOMAINS", "GIVEN", "FAULT");
  const auto* items = s->get_array("items");
  for (const auto& n : items != nullptr ? *items : json::array{}) {
    const bool self = n.get_bool("self").value_or(false);
    auto role = text(n, "role");
    if (n.get_bool("witness").value_or(false)) role = role == "voter" ? "witness" : "w. " + role;
    const auto place = text(n, "host") + ":" + std::to_string(n.get_unsigned("port").value_or(0));
    std::printf("%-4llu %-24s %-28s %-9s %-7s %-6s %-7llu %-8llu %-6llu %s\n", static_cast<unsigned long long>(n.get_unsigned("id").value_or(0)), text(n, "name").c_str(), place.c_str(),
                role.c_str(), n.get_bool("leader").value_or(false) ? "yes" : "", self ? "here" : n.get_bool("linked").value_or(false) ? "up" : "DOWN",
                static_cast<unsigned long long>(n.get_unsigned("configuration").value_or(0)), static_cast<unsigned long long>(n.get_unsigned("domains").value_or(0)),
                static_cast<unsigned long long>(n.get_unsigned("given_sessions").value_or(0)), text(n, "fault").c_str());
  }
  show_conditions(*s);
  show_certificates(*s);
  show_volumes(*s);
}

/// The store must be there, unused and empty: what it has would be replaced.
void join(command_line& c, const options& o) {
  const auto file = c.node();
  if (!file) return;
  actors::join_order order;
  order.data_directory = file->data_directory;
  order.host_name = file->host_name;
  order.version = server::version;
  order.member = o.member;
  order.token = o.token;
  order.address = o.address;
  order.witness = o.witness;
  order.level_newest = file->cluster_level;
  order.port = o.port != 0 ? static_cast<std::uint16_t>(o.port) : static_cast<std::uint16_t>(actors::cluster_port_standard + file->port_base);
  auto store = storage::node_store::open(file->data_directory, false);
  if (!store) {
    if (store.error().kind == base::error_kind::conflict)
      return c.fail(exit_conflict, "the server of this node runs: stop it, join, and start it again");
    return c.fail(store.error());
  }
  using kind = storage::directory::document_kind;
  const auto table = (*store)->config->cell()->table();
  if (const auto accounts = table->count(kind::account) + table->count(kind::alias); accounts != 0)
    return c.fail(exit_conflict, "this node has " + std::to_string(accounts) + " accounts and aliases of its own, which the cluster's configuration would replace: a node joins empty (rookery init without --account)");
  order.uuid = (*store)->identity.uuid;
  const auto done = actors::join_cluster(order);
  if (!done) return c.fail(done.error());
  if (c.as_json) {
    json::value out{json::object{}};
    out.set("cluster", done->cluster);
    out.set("member", done->member);
    out.set("address", done->address);
    std::printf("%s", json::to_text(out, true).c_str());
    return;
  }
  std::printf("joined cluster %s as node %llu, reached by the others at %s:%u; start the server now\n", done->cluster.c_str(),
              static_cast<unsigned long long>(done->member), done->address.c_str(), order.port);
}

} // namespace

void add_cluster_verbs(CLI::App& app, command_line& c) {
  const auto o = std::make_shared<options>();
  auto* family = app.add_subcommand("cluster", "Several nodes with one configuration")->require_subcommand(1);

  auto* init = family->add_subcommand("init", "Found a cluster with this node, which runs, as its first");
  init->add_option("--address", o->address, "Where other nodes reach this one: a name or an address; default: the host's name");
  init->add_option("--port", o->port, "For the nodes among each other; the next two are for those that join and for streams; default: 7442 and port_base")->check(CLI::Range(1, 65533));
  add_json_option(*init, c);
  init->callback([&c, o] {
    json::value body{json::object{}};
    if (!o->address.empty()) body.set("host", o->address);
    if (o->port != 0) body.set("port", o->port);
    c.tell("POST", "/v1/cluster/init", body, "the cluster is founded; rookery cluster token admits another node");
  });

  auto* token = family->add_subcommand("token", "Make a token with which one node may join");
  token->add_option("--hours", o->hours, "How long it is valid")->check(CLI::Range(1, 720))->capture_default_str();
  add_json_option(*token, c);
  token->callback([&c, o] {
    json::value body{json::object{}};
    body.set("hours", o->hours);
    const auto made = c.ask("POST", "/v1/cluster/token", body);
    if (!made) return;
    if (c.as_json) std::printf("%s", json::to_text(*made, true).c_str());
    else std::printf("%s\n", text(*made, "token").c_str());
  });

  auto* enter = family->add_subcommand("join", "Enter a cluster with this node, which is empty and does not run");
  enter->add_option("member", o->member, "A member: its name or address, with :PORT if it is not the token's")->required();
  enter->add_option("token", o->token, "What rookery cluster token has printed there")->required();
  enter->add_option("--address", o->address, "Where other nodes reach this one; default: the address that the member sees");
  enter->add_flag("--witness", o->witness, "It votes and keeps no mail: the third of two mail servers");
  enter->add_option("--port", o->port, "As for init")->check(CLI::Range(1, 65533));
  add_json_option(*enter, c);
  enter->callback([&c, o] { join(c, *o); });

  auto* status = family->add_subcommand("status", "The nodes, their roles, and what each follows");
  add_json_option(*status, c);
  status->callback([&c] { show_status(c); });

  auto* leave = family->add_subcommand("leave", "Leave the cluster; this node keeps a copy of the configuration");
  leave->add_flag("--force", o->force, "Without asking the others: for a node that was removed, or when too few are left");
  add_json_option(*leave, c);
  leave->callback([&c, o] {
    json::value body{json::object{}};
    body.set("force", o->force);
    c.tell("POST", "/v1/cluster/leave", body, "this node belongs to no cluster any more");
  });

  auto* remove = family->add_subcommand("remove", "Take a node that is gone out of the cluster");
  remove->add_option("node", o->node, "Its id, name, address or uuid")->required();
  remove->add_flag("--accept-loss", o->accept_loss, "Even when nobody else has its mailboxes and its queue");
  add_json_option(*remove, c);
  remove->callback([&c, o] {
    json::value body{json::object{}};
    body.set("node", o->node);
    body.set("accept_loss", o->accept_loss);
    c.tell("POST", "/v1/cluster/remove", body, o->node + " is removed");
  });

  auto* what_if = family->add_subcommand("what-if", "What would happen if a node's plug were pulled now");
  what_if->add_option("node", o->node, "Its id, name, address or uuid")->required();
  add_json_option(*what_if, c);
  what_if->callback([&c, o] {
    json::value body{json::object{}};
    body.set("node", o->node);
    const auto said = c.ask("POST", "/v1/cluster/what-if", body);
    if (!said) return;
    if (c.as_json) {
      std::printf("%s", json::to_text(*said, true).c_str());
      return;
    }
    const auto* items = said->get_array("items");
    for (const auto& one : items != nullptr ? *items : json::array{}) std::printf("%s\n", text(one, "text").c_str());
  });

  auto* renew = family->add_subcommand("renew", "Give this node a new certificate of the cluster now; by itself that happens four months before it ends");
  add_json_option(*renew, c);
  renew->callback([&c] { c.tell("POST", "/v1/cluster/renew", json::object{}, "a new certificate is made, agreed on and used; rookery cluster status shows when it ends"); });

  auto* renew_ca = family->add_subcommand("renew-ca", "Give the cluster a new authority, and all nodes new certificates");
  add_json_option(*renew_ca, c);
  renew_ca->callback([&c] { c.tell("POST", "/v1/cluster/renew-ca", json::object{}, "all nodes change to a new authority; rookery cluster status shows whom it waits for"); });

  auto* rebalance = family->add_subcommand("rebalance", "Let volumes go back to the nodes that have brought them, now; their clients log in anew");
  add_json_option(*rebalance, c);
  rebalance->callback([&c] {
    const auto said = c.ask("POST", "/v1/cluster/rebalance", json::value(json::object{}));
    if (!said) return;
    if (c.as_json) {
      std::printf("%s", json::to_text(*said, true).c_str());
      return;
    }
    std::printf("%llu volumes go home\n", static_cast<unsigned long long>(said->get_unsigned("volumes").value_or(0)));
    const auto* unreached = said->get_array("unreached");
    for (const auto& u : unreached != nullptr ? *unreached : json::array{}) std::printf("not asked: %s\n", u.as_string() != nullptr ? u.as_string()->c_str() : "");
  });

  auto* rekey = family->add_subcommand("rekey", "Give the cluster a new key for the secrets of its configuration; by itself that happens when a node is removed or leaves");
  add_json_option(*rekey, c);
  rekey->callback([&c] { c.tell("POST", "/v1/cluster/rekey", json::object{}, "a new key is given to all nodes, and what is sealed is sealed anew; rookery cluster status shows when that is done"); });

  add_cluster_questions(*family, c);

  auto* set = family->add_subcommand("set", "Set an option of the cluster; without a value: its default");
  set->add_option("name", o->option, "As `cluster options` shows it")->required();
  set->add_option("value", o->value, "A number, true or false");
  add_json_option(*set, c);
  set->callback([&c, o] {
    json::value body{json::object{}};
    body.set("name", o->option);
    body.set("value", o->value.empty() ? json::value() : json::value(o->value));
    c.tell("POST", "/v1/cluster/options", body, o->option + " is set");
  });
  auto* options_verb = family->add_subcommand("options", "What is set for the cluster as a whole");
  add_json_option(*options_verb, c);
  options_verb->callback([&c] {
    const auto said = c.ask("POST", "/v1/cluster/options", json::value(json::object{}));
    if (!said) return;
    if (c.as_json) {
      std::printf("%s", json::to_text(*said, true).c_str());
      return;
    }
    const auto* items = said->get_array("items");
    std::printf("%-24s %-12s %-12s %s\n", "OPTION", "VALUE", "DEFAULT", "");
    for (const auto& i : items != nullptr ? *items : json::array{})
      std::printf("%-24s %-12s %-12s %s\n", text(i, "name").c_str(), cli::shown("value", i.find("value")).c_str(), cli::shown("default", i.find("default")).c_str(), text(i, "text").c_str());
  });

  auto* copies = family->add_subcommand("copies", "On how many nodes each node's mail is kept, its own included; without a number: show it");
  copies->add_option("number", o->copies, "1 to 5")->check(CLI::Range(1, 5));
  add_json_option(*copies, c);
  copies->callback([&c, o] {
    json::value body{json::object{}};
    if (o->copies != 0) body.set("copies", o->copies);
    const auto said = c.ask("POST", "/v1/cluster/copies", body);
    if (!said) return;
    if (c.as_json) std::printf("%s", json::to_text(*said, true).c_str());
    else std::printf("%llu copies of each node's mail\n", static_cast<unsigned long long>(said->get_unsigned("copies").value_or(0)));
  });

  auto* drain = family->add_subcommand("drain", "Let other nodes serve what a node serves, and give it no new homes");
  drain->add_option("node", o->node, "Its id, name, address or uuid")->required();
  drain->add_flag("--undo", o->undo, "It serves again what it has brought");
  add_json_option(*drain, c);
  drain->callback([&c, o] {
    json::value body{json::object{}};
    body.set("node", o->node);
    body.set("undo", o->undo);
    const auto said = c.ask("POST", "/v1/cluster/drain", body);
    if (!said) return;
    if (c.as_json) return void(std::printf("%s", json::to_text(*said, true).c_str()));
    if (o->undo) return void(std::printf("%s serves again\n", o->node.c_str()));
    std::printf("%s is drained: rookery cluster status shows when it serves nothing any more\n", o->node.c_str());
    if (const auto alone = numbers(*said, "alone"); alone != "-") std::printf("nobody else has all of the mail of node %s: that goes on there until there is another copy\n", alone.c_str());
  });

  auto* promote = family->add_subcommand("promote", "Choose a node's role");
  promote->add_option("node", o->node, "Its id, name, address or uuid")->required();
  promote->add_option("--role", o->role, "voter, standby, or automatic: an odd number of voters")->capture_default_str();
  add_json_option(*promote, c);
  promote->callback([&c, o] {
    json::value body{json::object{}};
    body.set("node", o->node);
    body.set("role", o->role);
    c.tell("POST", "/v1/cluster/promote", body, o->node + " is to be " + o->role);
  });
}

} // namespace rookery::cli
