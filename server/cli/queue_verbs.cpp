#include "actors/admin/request.hpp"
#include "protocols/encoding/base64.hpp"
#include "server/cli/unreached.hpp"
#include "server/cli/way_options.hpp"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace rookery::cli {
namespace {

struct queue_options {
  std::vector<std::string> ids;
  std::string queue, sender, sender_domain, recipient, domain, reason, older, newer;
  bool held = false, all = false;
  std::uint64_t confirm = 0, volume = 0;
  std::string because, to_queue, from, to, directory;
};
using options_ptr = std::shared_ptr<queue_options>;

/// In a cluster: of one volume alone.
std::string of_volume(const queue_options& o, char before = '?') { return o.volume == 0 ? std::string() : before + ("volume=" + std::to_string(o.volume)); }

std::string path(const queue_options& o, const std::string& id, const std::string& more = {}) { return "/v1/queue/" + admin::percent_encoded(id) + more + of_volume(o); }

void add_volume_option(CLI::App& verb, queue_options& o) { verb.add_option("--volume", o.volume, "In a cluster: only of this volume, as `cluster status` numbers them"); }

void add_filter(CLI::App& verb, queue_options& o) {
  verb.add_option("--queue", o.queue, "Only those in this queue");
  verb.add_option("--sender", o.sender, "Only from this address; <> is the null sender");
  verb.add_option("--sender-domain", o.sender_domain, "Only from addresses of this domain");
  verb.add_option("--recipient", o.recipient, "Only to this address");
  verb.add_option("--domain", o.domain, "Only with a recipient of this domain that waits");
  verb.add_option("--reason", o.reason, "Only where the last answer, or why it is held, contains this");
  verb.add_option("--older", o.older, "Only those that came so long ago: 2d, 4h");
  verb.add_option("--newer", o.newer, "Only those that came since: 30m");
  verb.add_flag("--held", o.held, "Only those on hold");
  add_volume_option(verb, o);
}

/// The filter's members that were given.
std::vector<std::pair<const char*, std::string>> filter_of(const queue_options& o) {
  std::vector<std::pair<const char*, std::string>> out;
  for (const auto& [member, given] : {std::pair{"queue", &o.queue}, {"sender", &o.sender}, {"sender_domain", &o.sender_domain},
                                      {"recipient", &o.recipient}, {"domain", &o.domain}, {"reason", &o.reason},
                                      {"older", &o.older}, {"newer", &o.newer}})
    if (!given->empty()) out.emplace_back(member, *given);
  if (o.held) out.emplace_back("held", "true");
  return out;
}

std::string list_target(const queue_options& o) {
  std::string target = "/v1/queue?";
  for (const auto& [member, text] : filter_of(o)) target += std::string(member) + '=' + admin::percent_encoded(text) + '&';
  if (o.volume != 0) target += "volume=" + std::to_string(o.volume) + '&';
  target.pop_back();
  return target;
}

/// Does it to the messages that are named, or to all that match once their count is confirmed.
void act(command_line& c, const queue_options& o, const char* action, json::value body, const char* done) {
  const auto filter = filter_of(o);
  if (!o.ids.empty()) {
    if (!filter.empty() || o.all) return c.fail(exit_usage, "name messages, or say which ones match; not both");
    for (const auto& id : o.ids) c.tell("POST", path(o, id, std::string("/") + action), body, id + ' ' + done);
    return;
  }
  if (filter.empty() && !o.all) return c.fail(exit_usage, "name messages, or say which ones match; --all is every message");
  json::value members{json::object{}};
  for (const auto& [member, text] : filter) members.set(member, text);
  body.set("action", action);
  body.set("filter", std::move(members));
  if (o.confirm != 0) body.set("confirm", o.confirm);
  const auto answer = c.ask("POST", "/v1/queue/change" + of_volume(o), body);
  if (!answer) return;
  tell_unreached(c, *answer);
  const auto matched = answer->get_unsigned("matched").value_or(0), changed = answer->get_unsigned("changed").value_or(0);
  if (c.as_json) std::printf("%s", json::to_text(*answer, true).c_str());
  if (o.confirm == 0 && matched > 0) {
    std::fprintf(stderr, "rookery: %llu messages match; nothing was changed. Say --confirm %llu to go on.\n",
                 static_cast<unsigned long long>(matched), static_cast<unsigned long long>(matched));
    c.code = exit_refused;
  } else if (o.confirm != 0 && !answer->get_bool("complete").value_or(false)) {
    c.fail(exit_try_later, "the server was too busy after " + std::to_string(changed) + " of " + std::to_string(matched) + " messages");
  } else if (!c.as_json) {
    std::printf("%llu messages %s\n", static_cast<unsigned long long>(changed), done);
  }
}

/// One message as a file, in pieces. False: said, and the code is set.
bool export_one(command_line& c, const queue_options& o, const std::string& id, std::FILE* to) {
  std::uint64_t offset = 0;
  for (;;) {
    const auto piece = c.ask("GET", path({}, id, "/content?octets=1048576&offset=" + std::to_string(offset) + of_volume(o, '&')));
    if (!piece) return false;
    const auto octets = encoding::base64_decode(piece->get_string("content").value_or(""));
    const auto total = piece->get_unsigned("total").value_or(0);
    if (!octets || (octets->empty() && offset < total)) {
      c.fail(exit_io, "the server gave no content of " + id);
      return false;
    }
    if (std::fwrite(octets->data(), 1, octets->size(), to) != octets->size()) {
      c.fail(exit_io, std::string("cannot write: ") + std::strerror(errno));
      return false;
    }
    offset += octets->size();
    if (offset >= total) return true;
  }
}

void export_all(command_line& c, const queue_options& o) {
  auto ids = o.ids;
  if (ids.empty()) {
    if (filter_of(o).empty() && !o.all) return c.fail(exit_usage, "name messages, or say which ones match; --all is every message");
    const auto found = c.all_of(list_target(o));
    if (!found) return;
    for (const auto& one : *found) ids.emplace_back(one.get_string("id").value_or(""));
  }
  if (o.directory.empty()) {
    if (ids.size() != 1) return c.fail(exit_usage, std::to_string(ids.size()) + " messages: say --to DIRECTORY");
    (void)export_one(c, o, ids.front(), stdout);
    return;
  }
  for (const auto& id : ids) {
    const auto name = o.directory + '/' + id + ".eml";
    std::FILE* to = std::fopen(name.c_str(), "wbx");
    if (to == nullptr) return c.fail(exit_io, "cannot make " + name + ": " + std::strerror(errno));
    const bool good = export_one(c, o, id, to);
    if (std::fclose(to) != 0 && good) return c.fail(exit_io, "cannot write " + name + ": " + std::strerror(errno));
    if (!good) return;
  }
  if (!c.as_json) std::printf("%zu messages written to %s\n", ids.size(), o.directory.c_str());
}

void add_message_verbs(CLI::App& family, command_line& c) {
  const auto o = std::make_shared<queue_options>();
  const auto verb = [&](const char* name, const char* text, bool bulk = true) {
    auto* v = family.add_subcommand(name, text);
    v->add_option("id", o->ids, "Message ids as `queue list` shows them");
    add_filter(*v, *o);
    v->add_flag("--all", o->all, "Every message");
    if (bulk) v->add_option("--confirm", o->confirm, "How many messages match");
    add_json_option(*v, c);
    return v;
  };

  auto* list = family.add_subcommand("list", "List the messages");
  add_filter(*list, *o);
  add_json_option(*list, c);
  list->callback([&c, o] {
    c.list(list_target(*o), {{"id", "ID"}, node_column, {"queue", "QUEUE"}, {"received", "RECEIVED"}, {"octets", "OCTETS"}, {"held", "HELD"}, {"attempts", "ATTEMPTS"}, {"sender", "SENDER"}, {"recipients", "RECIPIENTS"}});
  });

  auto* counts = family.add_subcommand("counts", "Count the messages of each queue");
  add_json_option(*counts, c);
  counts->callback([&c] { c.list("/v1/queue/counts", {{"queue", "QUEUE"}, node_column, {"messages", "MESSAGES"}, {"held", "HELD"}, {"recipients", "RECIPIENTS"}, {"octets", "OCTETS"}}); });

  auto* show = family.add_subcommand("show", "Show messages: envelope, attempts, the last answers");
  show->add_option("id", o->ids, "Message ids as `queue list` shows them")->required();
  add_json_option(*show, c);
  add_volume_option(*show, *o);
  show->callback([&c, o] {
    for (const auto& id : o->ids) c.show(path(*o, id));
  });

  auto* out = verb("export", "Write messages as they are, to standard output or as files ID.eml", false);
  out->add_option("--to", o->directory, "The directory; files that are there stay");
  out->callback([&c, o] { export_all(c, *o); });

  verb("remove", "Remove messages without telling anybody")->callback([&c, o] { act(c, *o, "remove", json::object{}, "removed"); });

  auto* hold = verb("hold", "Make no attempts until released");
  hold->add_option("--because", o->because, "Why, for the next administrator");
  hold->callback([&c, o] {
    json::value body{json::object{}};
    if (!o->because.empty()) body.set("because", o->because);
    act(c, *o, "hold", std::move(body), "held");
  });

  verb("release", "Go on with messages: end their hold, and leave holding, quarantine, deferred or bad")->callback([&c, o] {
    act(c, *o, "release", json::object{}, "released");
  });
  verb("retry", "Try them now")->callback([&c, o] { act(c, *o, "retry", json::object{}, "due now"); });

  auto* move = verb("move", "Put messages into another queue");
  move->add_option("--to", o->to_queue, "The queue")->required();
  move->callback([&c, o] {
    json::value body{json::object{}};
    body.set("queue", o->to_queue);
    act(c, *o, "move", std::move(body), "moved");
  });

  auto* reroute = verb("reroute", "Send messages by a host of their own; without --host as everybody else");
  const auto way = std::make_shared<way_options>();
  add_way_options(*reroute, *way, way_kind::message);
  reroute->callback([&c, o, way, reroute] {
    json::value body{json::object{}};
    if (add_way(c, *reroute, *way, body)) act(c, *o, "reroute", std::move(body), "rerouted");
  });

  auto* redirect = verb("redirect", "Replace a recipient that waits by another address");
  redirect->add_option("--from", o->from, "The recipient")->required();
  redirect->add_option("--to", o->to, "The other address")->required();
  redirect->callback([&c, o] {
    json::value body{json::object{}};
    body.set("recipient", o->from);
    body.set("address", o->to);
    act(c, *o, "redirect", std::move(body), "redirected");
  });
}

std::string queue_path(const std::string& name) { return "/v1/queues/" + admin::percent_encoded(name); }

void add_document_verbs(CLI::App& family, command_line& c) {
  struct options {
    std::string name;
    way_options way;
  };
  const auto o = std::make_shared<options>();

  auto* queues = family.add_subcommand("queues", "List the queues: what waits, what is frozen");
  add_json_option(*queues, c);
  queues->callback([&c] {
    c.list("/v1/queues", {{"name", "QUEUE"}, {"custom", "CUSTOM"}, {"frozen", "FROZEN"}, {"messages", "MESSAGES"}, {"held", "HELD"}, {"recipients", "RECIPIENTS"}, {"host", "HOST"}, {"schedule", "SCHEDULE"}, {"description", "DESCRIPTION"}});
  });

  auto* add = family.add_subcommand("add", "Add a custom queue; a password is read from standard input");
  add->add_option("name", o->name, "Its name")->required();
  add_way_options(*add, o->way, way_kind::queue);
  add_json_option(*add, c);
  add->callback([&c, o, add] {
    json::value body{json::object{}};
    body.set("name", o->name);
    if (add_way(c, *add, o->way, body)) c.tell("POST", "/v1/queues", body, "queue " + o->name + " added");
  });

  auto* change = family.add_subcommand("change", "Change a queue; \"\" takes a member away");
  change->add_option("name", o->name)->required();
  add_way_options(*change, o->way, way_kind::queue);
  add_json_option(*change, c);
  change->callback([&c, o, change] {
    json::value body{json::object{}};
    if (add_way(c, *change, o->way, body)) c.tell("PATCH", queue_path(o->name), body, "queue " + o->name + " changed");
  });

  auto* drop = family.add_subcommand("drop", "Remove a custom queue without messages");
  drop->add_option("name", o->name)->required();
  add_json_option(*drop, c);
  drop->callback([&c, o] { c.tell("DELETE", queue_path(o->name), {}, "queue " + o->name + " removed"); });

  for (const auto& [verb, text, done] : {std::tuple{"freeze", "Let nothing leave a queue", "frozen"},
                                         std::tuple{"unfreeze", "Let mail leave a queue again", "unfrozen"}}) {
    auto* v = family.add_subcommand(verb, text);
    v->add_option("name", o->name, "The queue")->required();
    add_json_option(*v, c);
    v->callback([&c, o, end = std::string("/") + verb, word = std::string(done)] {
      c.tell("POST", queue_path(o->name) + end, json::object{}, "queue " + o->name + ' ' + word);
    });
  }
}

void add_destination_verbs(CLI::App& family, command_line& c) {
  struct options {
    std::string name, because;
  };
  const auto o = std::make_shared<options>();
  auto* list = family.add_subcommand("destinations", "List the servers that mail waits for: how they do, when the next attempt is");
  add_json_option(*list, c);
  list->callback([&c] {
    c.list("/v1/destinations", {{"destination", "DESTINATION"}, node_column, {"state", "STATE"}, {"messages", "MESSAGES"}, {"recipients", "RECIPIENTS"}, {"connections", "CONNECTIONS"}, {"share", "SHARE"}, {"next_try", "NEXT TRY"}, {"reason", "REASON"}});
  });
  for (const auto& [verb, word, text, done] : {std::tuple{"pause", "pause", "Send a destination nothing until resumed", "paused"},
                                               std::tuple{"resume", "resume", "Send to a paused destination again", "resumed"},
                                               std::tuple{"probe", "retry", "Try a destination that is down now", "is tried now"}}) {
    auto* v = family.add_subcommand(verb, text);
    v->add_option("destination", o->name, "As `queue destinations` shows it")->required();
    if (std::string_view(verb) == "pause") v->add_option("--because", o->because, "Why, for the next administrator");
    add_json_option(*v, c);
    v->callback([&c, o, end = '/' + std::string(word), said = std::string(done)] {
      json::value body{json::object{}};
      if (!o->because.empty()) body.set("because", o->because);
      c.tell("POST", "/v1/destinations/" + admin::percent_encoded(o->name) + end, body, o->name + ' ' + said);
    });
  }
}

} // namespace

void add_queue_verbs(CLI::App& app, command_line& c) {
  auto* family = app.add_subcommand("queue", "Mail that waits for other servers")->require_subcommand(1);
  add_message_verbs(*family, c);
  add_document_verbs(*family, c);
  add_destination_verbs(*family, c);
}

} // namespace rookery::cli
