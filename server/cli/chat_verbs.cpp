#include "server/cli/unreached.hpp"

#include "actors/admin/request.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

namespace rookery::cli {
namespace {

struct chat_options {
  std::string address, text, domain, to, before;
  bool xml = false;
};

/// Says how many it concerned.
void count(command_line& c, const std::string& target, const json::value& body, const char* member, const char* words) {
  const auto answer = c.ask("POST", target, body);
  if (!answer) return;
  if (c.as_json) std::printf("%s", json::to_text(*answer, true).c_str());
  else std::printf("%llu %s\n", static_cast<unsigned long long>(answer->get_unsigned(member).value_or(0)), words);
  tell_unreached(c, *answer);
}

/// A message a line, or one document as other servers read it (XEP-0227 §4.6).
void export_archive(command_line& c, const chat_options& o) {
  const auto target = "/v1/chat/archive?limit=1000&address=" + admin::percent_encoded(o.address) +
                      (o.before.empty() ? std::string() : "&before=" + admin::percent_encoded(o.before));
  const auto escaped = [](const std::string& text) {
    std::string out;
    for (const char octet : text) {
      if (octet == '&') out += "&amp;";
      else if (octet == '<') out += "&lt;";
      else if (octet == '\'') out += "&apos;";
      else out += octet;
    }
    return out;
  };
  const auto at = o.address.find('@');
  bool begun = false;
  for (std::string after;;) {
    const auto page = c.ask("GET", target + (after.empty() ? "" : "&after=" + after));
    if (!page) return;
    if (o.xml && !std::exchange(begun, true))
      std::printf("<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='urn:xmpp:pie:0'><host jid='%s'><user name='%s'><archive xmlns='urn:xmpp:pie:0#mam'>\n",
                  escaped(at == std::string::npos ? o.address : o.address.substr(at + 1)).c_str(), escaped(o.address.substr(0, at)).c_str());
    const auto* items = page->find("items");
    for (const auto& m : items != nullptr && items->as_array() != nullptr ? *items->as_array() : json::array{}) {
      std::string line;
      if (o.xml) {
        const auto id = std::string(m.get_string("id").value_or(""));
        auto stamp = shown("time", m.find("time"));
        std::replace(stamp.begin(), stamp.end(), ' ', 'T'); // XEP-0082
        line = "<result xmlns='urn:xmpp:mam:2' id='" + escaped(id) + "'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='" + stamp + "'/>" + std::string(m.get_string("stanza").value_or("")) + "</forwarded></result>";
      } else {
        line = json::to_text(m, false);
      }
      if (!line.ends_with('\n')) line += '\n';
      std::fputs(line.c_str(), stdout);
    }
    const auto next = page->get_string("next");
    if (!next || next->empty()) break;
    after = *next;
  }
  if (o.xml) std::printf("</archive></user></host></server-data>\n");
}

} // namespace

void add_chat_verbs(CLI::App& app, command_line& c) {
  auto* family = app.add_subcommand("chat", "People who chat: their sessions, an announcement")->require_subcommand(1);
  const auto o = std::make_shared<chat_options>();

  auto* sessions = family->add_subcommand("sessions", "The clients that are there now, or may come back to their stream");
  sessions->add_option("address", o->address, "Only of this account");
  add_json_option(*sessions, c);
  sessions->callback([&c, o] {
    c.list("/v1/chat/sessions" + (o->address.empty() ? std::string() : "?address=" + admin::percent_encoded(o->address)),
           {{"address", "ADDRESS"}, node_column, {"state", "STATE"}, {"priority", "PRIORITY"}, {"peer", "PEER"}, {"session", "SESSION"}});
  });

  auto* kick = family->add_subcommand("kick", "End the sessions of an account, or of one of its clients (address/resource)");
  kick->add_option("address", o->address, "Whose")->required();
  kick->add_option("--text", o->text, "What the client is told");
  add_json_option(*kick, c);
  kick->callback([&c, o] {
    json::value body{json::object{}};
    body.set("address", o->address);
    body.set("text", o->text);
    count(c, "/v1/chat/kick", body, "sessions", "sessions were ended");
  });

  auto* send = family->add_subcommand("send", "A message to somebody, of an account or of a domain");
  send->add_option("from", o->address, "Who says it")->required();
  send->add_option("to", o->to, "To whom")->required();
  send->add_option("text", o->text, "What")->required();
  send->callback([&c, o] {
    json::value body{json::object{}};
    body.set("from", o->address);
    body.set("to", o->to);
    body.set("text", o->text);
    c.tell("POST", "/v1/chat/send", body, o->to + " has it, or gets it at the next login");
  });

  auto* archive = family->add_subcommand("archive", "What people and rooms have said")->require_subcommand(1);
  auto* exported = archive->add_subcommand("export", "Print the archive of an account or a room, a message a line as JSON");
  exported->add_option("address", o->address, "Whose")->required();
  exported->add_option("--before", o->before, "Only what is older: 2026-11-21T08:30:00Z (UTC), or how long ago, as 2d");
  exported->add_flag("--xml", o->xml, "As one document that other servers can read (XEP-0227)");
  exported->callback([&c, o] { export_archive(c, *o); });
  auto* purged = archive->add_subcommand("purge", "Remove from the archive of an account or a room what is older");
  purged->add_option("address", o->address, "Whose")->required();
  purged->add_option("--before", o->before, "Than this: 2026-11-21T08:30:00Z (UTC), how long ago, as 2d, or now")->required();
  add_json_option(*purged, c);
  const auto purge = [&c, o](const char* target, const char* words) {
    json::value body{json::object{}};
    body.set("address", o->address);
    if (!o->before.empty()) body.set("before", o->before);
    count(c, target, body, "removed", words);
  };
  purged->callback([purge] { purge("/v1/chat/archive/purge", "messages were removed"); });

  auto* uploads = family->add_subcommand("uploads", "Files that people send each other");
  uploads->require_subcommand(1);
  auto* listed = uploads->add_subcommand("list", "Which there are; of one account also how much of its space they use");
  listed->add_option("address", o->address, "Only of this account");
  add_json_option(*listed, c);
  listed->callback([&c, o] {
    if (!o->address.empty() && !c.as_json) {
      const auto of_one = c.ask("GET", "/v1/chat/uploads?address=" + admin::percent_encoded(o->address));
      if (!of_one) return;
      const auto quota = of_one->get_unsigned("quota").value_or(0);
      std::printf("%llu octets of %s are used\n", static_cast<unsigned long long>(of_one->get_unsigned("octets").value_or(0)),
                  quota == 0 ? "no limit" : std::to_string(quota).c_str());
    }
    c.list("/v1/chat/uploads" + (o->address.empty() ? std::string() : "?address=" + admin::percent_encoded(o->address)),
           {{"address", "ADDRESS"}, {"name", "NAME"}, {"octets", "OCTETS"}, {"time", "TIME"}, {"id", "ID"}});
  });
  auto* removed = uploads->add_subcommand("purge", "Remove the files of an account");
  removed->add_option("address", o->address, "Whose")->required();
  removed->add_option("--before", o->before, "Only what is older: 2026-11-21T08:30:00Z (UTC), or how long ago, as 2d");
  add_json_option(*removed, c);
  removed->callback([purge] { purge("/v1/chat/uploads/purge", "files were removed"); });

  auto* streams = family->add_subcommand("streams", "The streams to and from other servers, or the end of some");
  streams->add_option("--end", o->address, "End those to this domain, or the one of this session");
  add_json_option(*streams, c);
  streams->callback([&c, o] {
    if (o->address.empty())
      return c.list("/v1/chat/streams", {{"domain", "DOMAIN"}, node_column, {"ours", "OURS"}, {"direction", "DIRECTION"}, {"proof", "PROOF"}, {"tls", "TLS"},
                                         {"peer", "PEER"}, {"in", "IN"}, {"out", "OUT"}, {"session", "SESSION"}});
    json::value body{json::object{}};
    body.set("which", o->address);
    count(c, "/v1/chat/streams/end", body, "streams", "streams were ended");
  });

  auto* announce = family->add_subcommand("announce", "A message of the server to everybody who is there");
  announce->add_option("text", o->text, "What")->required();
  announce->add_option("--domain", o->domain, "Only to the users of this domain");
  add_json_option(*announce, c);
  announce->callback([&c, o] {
    json::value body{json::object{}};
    body.set("text", o->text);
    if (!o->domain.empty()) body.set("domain", o->domain);
    count(c, "/v1/chat/announce", body, "accounts", "accounts were told");
  });
}

} // namespace rookery::cli
