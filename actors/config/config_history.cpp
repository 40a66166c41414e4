#include "actors/config/config_history.hpp"

#include "actors/config/plan_rules.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace rookery::config {
namespace {

namespace dir = storage::directory;
using dir::document_kind;

/// What the table has at each place that later commands touched, once those are taken back.
base::result<std::map<document_place, std::optional<std::string>>> as_it_was(const dir::config_table& now, const std::vector<dir::history_entry>& history,
                                                                    std::uint64_t version) {
  if (version > now.version()) return base::fail(base::error_kind::invalid, "there is no version " + std::to_string(version) + " yet");
  std::map<document_place, std::optional<std::string>> out;
  std::uint64_t reaches = now.version();
  for (const auto& e : history) {
    if (e.version <= version) {
      reaches = version;
      break;
    }
    if (!e.before)
      return base::fail(base::error_kind::not_found, "what version " + std::to_string(e.version) + " changed is not remembered: there is no way back past it");
    for (const auto& b : *e.before) out[{b.kind, b.key}] = b.there ? std::optional(b.content) : std::nullopt;
    reaches = e.version - 1;
  }
  if (reaches > version)
    return base::fail(base::error_kind::not_found, "the history goes back to version " + std::to_string(reaches) + " only");
  return out;
}

} // namespace

base::result<std::vector<document_change>> changes_between(const dir::config_table& now, const std::vector<dir::history_entry>& history,
                                                           std::uint64_t from, std::uint64_t to) {
  const auto before = as_it_was(now, history, from), after = as_it_was(now, history, to);
  if (!before) return base::fail(before.error());
  if (to < from) return base::fail(base::error_kind::invalid, "the first version is the earlier one");
  if (!after) return base::fail(after.error());
  std::vector<document_change> out;
  for (const auto& [where, content] : *before) {
    const auto later = after->find(where);
    auto then = later != after->end() ? later->second : content_at(now, where);
    if (content != then) out.push_back({where.first, where.second, content, std::move(then)});
  }
  return out;
}

base::result<planned_change> plan_rollback(const dir::config_table& now, const std::vector<dir::history_entry>& history, std::uint64_t to) {
  auto since = changes_between(now, history, to, now.version());
  if (!since) return base::fail(since.error());
  std::vector<document_change> changes;
  std::vector<std::string> left;
  for (auto& c : *since) {
    if (!is_ours(c.kind)) continue;
    std::swap(c.before, c.after);
    if (c.kind == document_kind::account && c.before && !c.after) left.push_back(document_label(c.kind, c.key) + " was made since and stays");
    else if (c.kind == document_kind::account && !c.before) left.push_back(document_label(c.kind, c.key) + " was removed since and does not come back: its mail is gone");
    else changes.push_back(std::move(c));
  }
  return checked_plan(now, std::move(changes), std::move(left));
}

base::result<planned_change> plan_undo(const dir::config_table& now, const std::vector<dir::history_entry>& history, std::uint64_t version) {
  const auto entry = std::find_if(history.begin(), history.end(), [version](const auto& e) { return e.version == version; });
  if (entry == history.end() || !entry->before)
    return base::fail(base::error_kind::not_found, "what version " + std::to_string(version) + " changed is not remembered");
  std::vector<document_change> changes;
  std::vector<std::string> left;
  for (const auto& b : *entry->before) {
    if (!is_ours(b.kind)) continue;
    const auto* d = now.find(b.kind, b.key);
    auto before = b.there ? std::optional(b.content) : std::nullopt;
    if (d != nullptr && d->version != version) left.push_back(document_label(b.kind, b.key) + " was changed again and stays");
    else if (b.kind == document_kind::account && (d == nullptr || !b.there)) left.push_back(document_label(b.kind, b.key) + " stays as it is: its mail would not follow");
    else if (content_at(now, {b.kind, b.key}) != before) changes.push_back({b.kind, b.key, content_at(now, {b.kind, b.key}), std::move(before)});
  }
  return checked_plan(now, std::move(changes), std::move(left));
}

std::optional<pending_change> pending_in(const dir::config_table& now) {
  const auto* d = now.find(pending_document, pending_key);
  if (d == nullptr) return {};
  const auto content = parsed_content(d->content);
  return pending_change{d->version, base::from_milliseconds(content.get_integer("until").value_or(0)),
                        std::string(content.get_string("author").value_or(""))};
}

dir::change wait_for_confirmation(base::wall_time until, std::string_view author) {
  json::value content{json::object{}};
  content.set("until", base::to_milliseconds(until));
  content.set("author", author);
  return dir::put{pending_document, std::string(pending_key), dir::expect::absent, json::to_text(content)};
}

} // namespace rookery::config
