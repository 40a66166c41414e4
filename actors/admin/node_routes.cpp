#include "actors/admin/call.hpp"
#include "actors/config/config_history.hpp"

namespace rookery::admin {
namespace {

namespace dir = storage::directory;

void worker_reply(const call_ptr& c, node_access::task task) {
  c->node->in_worker(std::move(task), [c](base::result<json::value> r) {
    if (!r) return c->refuse(r.error());
    c->reply(std::move(*r));
  });
}

std::string_view name(dir::history_verb v) {
  switch (v) {
  case dir::history_verb::made: return "made";
  case dir::history_verb::changed: return "changed";
  case dir::history_verb::removed: return "removed";
  case dir::history_verb::renamed: return "renamed";
  }
  return "";
}

} // namespace

void show_status(const call_ptr& c) {
  const auto facts = c->node->facts();
  const auto table = c->node->table();
  json::value body{json::object{}};
  body.set("host", facts.host_name);
  body.set("version", facts.version);
  body.set("node", facts.node);
  body.set("state", facts.draining ? "draining" : "serving");
  body.set("started", base::to_milliseconds(facts.started));
  body.set("uptime_seconds", base::to_seconds(c->node->now()) - base::to_seconds(facts.started));
  body.set("connections", facts.connections);
  body.set("configuration", table->version());
  if (const auto pending = config::pending_in(*table)) {
    body.set("unconfirmed_change", pending->version);
    body.set("confirm_until", base::to_milliseconds(pending->until));
  }
  body.set("domains", table->count(dir::document_kind::domain));
  body.set("accounts", table->count(dir::document_kind::account));
  body.set("aliases", table->count(dir::document_kind::alias));
  body.set("sent", facts.sent);
  // How long a message could reach another server twice if this one were killed, on average.
  body.set("duplicate_window_microseconds", facts.sent == 0 ? 0 : static_cast<std::uint64_t>(facts.sent_unrecorded.count()) / 1000 / facts.sent);
  const auto spool = c->node->spool();
  worker_reply(c, [spool, body]() mutable -> base::result<json::value> {
    std::uint64_t messages = 0, held = 0;
    if (spool != nullptr)
      for (const auto& q : spool->counts()) {
        messages += q.messages;
        held += q.held;
      }
    body.set("queued", messages);
    body.set("held", held);
    return body;
  });
}

void show_history(const call_ptr& c) {
  json::array items;
  for (const auto& e : c->node->history(c->limit())) {
    json::value row{json::object{}};
    row.set("version", e.version);
    row.set("time", base::to_milliseconds(e.time));
    row.set("author", e.author);
    row.set("changes", e.changes);
    json::array lines;
    for (const auto& l : e.lines) {
      json::value line{json::object{}};
      line.set("verb", name(l.verb));
      line.set("kind", config::name_of(l.kind));
      line.set("key", l.key);
      lines.push_back(std::move(line));
    }
    row.set("lines", std::move(lines));
    items.push_back(std::move(row));
  }
  const auto total = items.size();
  c->reply(page_body(std::move(items), {}, total));
}

void check_store(const call_ptr& c) {
  worker_reply(c, [node = c->node] { return node->check(); });
}

void back_up(const call_ptr& c) {
  const auto directory = c->what.body.get_string("directory");
  if (!directory || directory->empty() || directory->front() != '/')
    return c->refuse(base::error_kind::invalid, "directory is missing: an absolute path on the server");
  worker_reply(c, [node = c->node, to = std::string(*directory)] { return node->backup(to); });
}

void trace_id(const call_ptr& c) {
  worker_reply(c, [node = c->node, id = c->name()] { return node->trace(id); });
}

} // namespace rookery::admin
