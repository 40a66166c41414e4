// The configuration as a whole: what changed, the way back, and changes by a file.
#include "actors/admin/call.hpp"
#include "actors/config/config_file.hpp"
#include "actors/config/config_history.hpp"
#include "base/text.hpp"
#include "policy/delivery/retry_plan.hpp"

#include <chrono>
#include <utility>

namespace rookery::admin {
namespace {

namespace dir = storage::directory;

constexpr std::chrono::seconds confirm_least{5}, confirm_most{24 * 3600};

/// Called in a worker, away from the administration's connections.
using planner = std::function<base::result<config::planned_change>(const dir::config_table&)>;

json::value shown(const std::vector<config::document_change>& changes) {
  json::array rows;
  for (const auto& c : changes) rows.push_back(config::show_change(c));
  return rows;
}

json::value shown(const config::planned_change& plan, std::uint64_t version) {
  json::value out{json::object{}};
  out.set("version", version);
  out.set("items", shown(plan.changes));
  json::array left;
  for (const auto& l : plan.left) left.emplace_back(l);
  out.set("left", std::move(left));
  return out;
}

/// Plans, and does it unless that is all that was asked for. A change that is to be confirmed brings its own end with it.
void carry_out(const call_ptr& c, planner plan) {
  const auto dry = c->what.body.get_bool("dry_run").value_or(false);
  std::optional<std::chrono::seconds> confirm;
  if (const auto text = c->what.body.get_string("confirm_within")) {
    confirm = delivery::parse_span(*text);
    if (!confirm || *confirm < confirm_least || *confirm > confirm_most)
      return c->refuse(base::error_kind::invalid, "confirm_within is a duration between 5s and 1d");
  }
  const auto table = c->node->table();
  if (const auto seen = c->what.body.get_unsigned("expected_version"); seen && *seen != table->version())
    return c->refuse(base::error_kind::conflict, "the configuration has version " + std::to_string(table->version()) + " now: look at the plan again");
  const auto planned = std::make_shared<config::planned_change>();
  c->node->in_worker(
      [table, planned, plan = std::move(plan)]() -> base::result<json::value> {
        auto made = plan(*table);
        if (!made) return base::fail(made.error());
        *planned = std::move(*made);
        return json::value();
      },
      [c, dry, confirm, table, planned](base::result<json::value> r) {
        if (!r) return c->refuse(r.error());
        if (dry || planned->commands.empty()) return c->reply(shown(*planned, table->version()));
        const auto until = confirm ? std::optional(c->node->now() + *confirm) : std::nullopt;
        if (until) planned->commands.push_back(config::wait_for_confirmation(*until, c->what.author));
        else if (config::pending_in(*table))
          return c->refuse(base::error_kind::conflict, "a change waits for its confirmation: rookery config confirm, or let it be taken back");
        change(c, planned->commands, "the configuration was changed meanwhile, or another change waits for its confirmation: look at the plan again",
               [c, planned, until](const storage::command_result& done) {
                 auto body = shown(*planned, done.number);
                 if (until) body.set("confirm_until", base::to_milliseconds(*until));
                 c->reply(std::move(body));
               });
      });
}

} // namespace

void show_config_changes(const call_ptr& c) {
  const auto table = c->node->table();
  const auto to = base::parse_u64(c->query("to")).value_or(table->version());
  const auto from = base::parse_u64(c->query("from")).value_or(to == 0 ? 0 : to - 1);
  reply_from_worker(c, [node = c->node, table, from, to]() -> base::result<json::value> {
    const auto changes = config::changes_between(*table, node->history(dir::history_entries_max), from, to);
    if (!changes) return base::fail(changes.error());
    json::value out{json::object{}};
    out.set("from", from);
    out.set("to", to);
    out.set("items", shown(*changes));
    return out;
  });
}

void roll_back_config(const call_ptr& c) {
  const auto version = c->what.body.get_unsigned("version");
  if (!version) return c->refuse(base::error_kind::invalid, "version is missing");
  carry_out(c, [node = c->node, to = *version](const dir::config_table& now) {
    return config::plan_rollback(now, node->history(dir::history_entries_max), to);
  });
}

void export_config(const call_ptr& c) {
  std::vector<dir::document_kind> kinds;
  const auto wanted = c->query("kinds");
  for (const auto name : base::split(wanted, ',')) {
    if (name.empty()) continue;
    const auto kind = config::kind_named(name);
    if (!kind) return c->refuse(base::error_kind::invalid, "there is no kind " + std::string(name));
    kinds.push_back(*kind);
  }
  reply_from_worker(c, [table = c->node->table(), kinds]() -> base::result<json::value> { return config::export_documents(*table, kinds); });
}

void apply_config(const call_ptr& c) {
  const auto prune = c->what.body.get_bool("prune").value_or(false);
  carry_out(c, [c, prune](const dir::config_table& now) { return config::plan_file(now, c->what.body, prune); });
}

void confirm_config(const call_ptr& c) {
  const auto pending = config::pending_in(*c->node->table());
  if (!pending) return c->refuse(base::error_kind::not_found, "no change waits for its confirmation");
  change(c, {dir::remove{config::pending_document, std::string(config::pending_key), pending->version}}, "it was confirmed or taken back meanwhile",
         [c, version = pending->version](const auto&) {
           json::value body{json::object{}};
           body.set("version", version);
           c->reply(std::move(body));
         });
}

} // namespace rookery::admin
