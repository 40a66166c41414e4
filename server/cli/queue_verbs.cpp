#include "actors/admin/request.hpp"
#include "server/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace rookery::cli {

void add_queue_verbs(CLI::App& app, command_line& c) {
  struct options {
    std::string queue, sender, recipient, domain, because;
    std::vector<std::string> ids;
    bool held = false;
  };
  auto* family = app.add_subcommand("queue", "Mail that waits for other servers")->require_subcommand(1);
  const auto o = std::make_shared<options>();
  const auto each = [&c, o](const char* method, const char* end, const json::value& body, const char* done) {
    for (const auto& id : o->ids) c.tell(method, "/v1/queue/" + admin::percent_encoded(id) + end, body, id + ' ' + done);
  };
  const auto add_ids = [o](CLI::App& verb) { verb.add_option("id", o->ids, "Message ids as `queue list` shows them")->required(); };

  auto* list = family->add_subcommand("list", "List the messages");
  list->add_option("--queue", o->queue, "Only those in this queue");
  list->add_option("--sender", o->sender, "Only from this address; <> is the null sender");
  list->add_option("--recipient", o->recipient, "Only to this address");
  list->add_option("--domain", o->domain, "Only with a recipient of this domain that waits");
  list->add_flag("--held", o->held, "Only those on hold");
  add_json_option(*list, c);
  list->callback([&c, o] {
    std::string target = "/v1/queue?queue=" + admin::percent_encoded(o->queue) + "&sender=" + admin::percent_encoded(o->sender) +
                         "&recipient=" + admin::percent_encoded(o->recipient) + "&domain=" + admin::percent_encoded(o->domain);
    if (o->held) target += "&held=true";
    c.list(target, {{"id", "ID"}, {"queue", "QUEUE"}, {"received", "RECEIVED"}, {"octets", "OCTETS"}, {"held", "HELD"}, {"attempts", "ATTEMPTS"}, {"sender", "SENDER"}, {"recipients", "RECIPIENTS"}});
  });

  auto* counts = family->add_subcommand("counts", "Count the messages of each queue");
  add_json_option(*counts, c);
  counts->callback([&c] { c.list("/v1/queue/counts", {{"queue", "QUEUE"}, {"messages", "MESSAGES"}, {"held", "HELD"}, {"recipients", "RECIPIENTS"}, {"octets", "OCTETS"}}); });

  auto* show = family->add_subcommand("show", "Show one message's envelope");
  add_ids(*show);
  add_json_option(*show, c);
  show->callback([&c, o] {
    for (const auto& id : o->ids) c.show("/v1/queue/" + admin::percent_encoded(id));
  });

  auto* remove = family->add_subcommand("remove", "Remove messages without telling anybody");
  add_ids(*remove);
  remove->callback([each] { each("DELETE", "", {}, "removed"); });

  auto* hold = family->add_subcommand("hold", "Make no attempts until released");
  add_ids(*hold);
  hold->add_option("--because", o->because, "Why, for the next administrator");
  hold->callback([each, o] {
    json::value body{json::object{}};
    if (!o->because.empty()) body.set("because", o->because);
    each("POST", "/hold", body, "held");
  });

  auto* release = family->add_subcommand("release", "Go on with messages on hold");
  add_ids(*release);
  release->callback([each] { each("POST", "/release", json::object{}, "released"); });
}

} // namespace rookery::cli
