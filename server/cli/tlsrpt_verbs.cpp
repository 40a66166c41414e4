#include "actors/admin/request.hpp"
#include "server/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace rookery::cli {
namespace {

struct tlsrpt_options {
  std::string id, day, domain;
  bool unfinished = false;
};

std::string path(const char* what, const tlsrpt_options& o) {
  std::string out = std::string("/v1/tlsrpt/") + what;
  if (!o.day.empty()) out += "?day=" + admin::percent_encoded(o.day);
  if (!o.domain.empty()) out += (o.day.empty() ? "?domain=" : "&domain=") + admin::percent_encoded(o.domain);
  return out;
}

} // namespace

void add_tlsrpt_verbs(CLI::App& app, command_line& c) {
  auto* family = app.add_subcommand("tlsrpt", "Reports about TLS between servers: ours and those that came")->require_subcommand(1);
  const auto o = std::make_shared<tlsrpt_options>();

  auto* list = family->add_subcommand("list", "List the reports that came, newest first");
  add_json_option(*list, c);
  list->callback([&c] {
    c.list("/v1/tlsrpt/received", {{"id", "ID"}, {"received", "RECEIVED"}, {"organization", "BY"}, {"begin", "DAY"}, {"domains", "ABOUT"},
                                   {"successes", "GOOD"}, {"failures", "FAILED"}, {"fault", "FAULT"}});
  });

  auto* show = family->add_subcommand("show", "Show one report that came");
  show->add_option("id", o->id)->required();
  add_json_option(*show, c);
  show->callback([&c, o] { c.show("/v1/tlsrpt/received/" + admin::percent_encoded(o->id)); });

  auto* counters = family->add_subcommand("counters", "List what was counted of connections to other servers");
  auto* day = counters->add_option("--day", o->day, "One day, as 2026-11-21");
  counters->add_option("--domain", o->domain, "One domain of this day")->needs(day);
  add_json_option(*counters, c);
  counters->callback([&c, o] {
    c.list(path("counters", *o), {{"day", "DAY"}, {"domain", "DOMAIN"}, {"policy", "POLICY"}, {"result", "RESULT"}, {"host", "HOST"}, {"sent_to", "TO"}, {"sessions", "SESSIONS"}});
  });

  auto* sent = family->add_subcommand("sent", "List what became of our own reports");
  sent->add_option("--day", o->day, "One day, as 2026-11-21");
  add_json_option(*sent, c);
  sent->callback([&c, o] {
    c.list(path("sent", *o), {{"day", "DAY"}, {"domain", "DOMAIN"}, {"state", "STATE"}, {"targets", "TO"}, {"report_id", "REPORT"}});
  });

  auto* send = family->add_subcommand("send", "Send the reports of a day now that are not sent yet");
  send->add_option("--day", o->day, "As 2026-11-21")->required();
  send->add_flag("--unfinished", o->unfinished, "Also of a day that is not over: its rest is never reported");
  add_json_option(*send, c);
  send->callback([&c, o] {
    json::value body{json::object{}};
    body.set("day", o->day);
    if (o->unfinished) body.set("unfinished", true);
    const auto answer = c.ask("POST", "/v1/tlsrpt/send", body);
    if (!answer) return;
    std::string text;
    if (c.as_json) text = json::to_text(*answer, true);
    else
      for (const auto& [name, v] : *answer->as_object()) text += (text.empty() ? "" : ", ") + name + " " + shown(name, &v);
    if (!text.ends_with('\n')) text += '\n';
    std::fputs(text.c_str(), stdout);
  });
}

} // namespace rookery::cli
