#include "actors/admin/cluster_orders.hpp"

#include "actors/admin/admin_api.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace rookery::admin {
namespace {

/// What becomes of the answers.
enum class spread : std::uint8_t {
  pages,     ///< rows in the order of `key`, a page at a time
  rows,      ///< all rows, in the order of `key`
  newest,    ///< rows, the greatest `key` first
  sums,      ///< one row for each `key`, its counts added up
  sum,       ///< one object, its counts added up
  holder,    ///< of the one volume that has what the path names
  home,      ///< done by the one volume where it belongs; all others say that they have not found it
  confirmed, ///< counted first, then done where something matches
  unless_used ///< the asked node does it, unless a volume has messages there
};

struct order {
  std::string_view method, pattern;
  spread how;
  const char* key = "";
};

constexpr order orders[] = {
    {"GET", "queue", spread::pages, "id"},
    {"GET", "queue/counts", spread::rows, "queue"},
    {"POST", "queue/change", spread::confirmed},
    {"GET", "queue/*", spread::holder},
    {"DELETE", "queue/*", spread::holder},
    {"GET", "queue/*/content", spread::holder},
    {"POST", "queue/*/*", spread::holder},
    {"GET", "queues", spread::sums, "name"},
    {"GET", "queues/*", spread::sum},
    {"DELETE", "queues/*", spread::unless_used},
    {"GET", "gateways/*", spread::sum},
    {"DELETE", "gateways/*", spread::unless_used},
    {"GET", "destinations", spread::pages, "destination"},
    {"POST", "destinations/*/*", spread::sum},
    {"GET", "recall", spread::newest, "id"},
    {"GET", "recall/*", spread::holder},
    {"GET", "chat/sessions", spread::rows, "address"},
    {"POST", "chat/kick", spread::sum},
    {"POST", "chat/announce", spread::sum},
    {"GET", "chat/streams", spread::rows, "domain"},
    {"POST", "chat/streams/end", spread::sum},
    {"GET", "chat/rooms", spread::pages, "room"},
    {"POST", "chat/rooms", spread::home},
    {"GET", "chat/rooms/*", spread::holder},
    {"PATCH", "chat/rooms/*", spread::holder},
    {"DELETE", "chat/rooms/*", spread::holder},
    {"GET", "chat/rooms/*/members", spread::holder},
    {"POST", "chat/rooms/*/members", spread::holder},
    {"GET", "chat/rooms/*/history", spread::holder},
};
constexpr std::string_view counts[] = {"messages", "held", "recipients", "octets", "sessions", "accounts", "streams"};

const order* order_of(const request& r) {
  if (r.path.empty() || r.path.front() != "v1") return nullptr;
  for (const auto& o : orders) {
    const auto parts = base::split(o.pattern, '/');
    if (r.method != o.method || parts.size() + 1 != r.path.size()) continue;
    bool same = true;
    for (std::size_t i = 0; i < parts.size(); ++i) same = same && (parts[i] == "*" || parts[i] == r.path[i + 1]);
    if (same) return &o;
  }
  return nullptr;
}

bool reached(const volume_answer& a) { return a.said.status != 503; }
bool good(const volume_answer& a) { return a.said.status < 300; }

response refused(base::error_kind kind, std::string text) { return refusal(base::make_error(kind, std::move(text))); }

std::string who(const volume_answer& a) {
  const auto number = "volume " + std::to_string(a.volume);
  return a.node.empty() ? number + ", which no node serves now" : number + " on " + a.node;
}

std::string said(const volume_answer& a) { return std::string(a.said.body.get_string("/error/text").value_or("it does not answer")); }

void name_unreached(json::value& body, const std::vector<volume_answer>& all) {
  json::array rows;
  for (const auto& a : all) {
    if (reached(a)) continue;
    json::value row{json::object{}};
    row.set("volume", a.volume);
    row.set("node", a.node);
    row.set("text", said(a));
    rows.push_back(std::move(row));
  }
  if (!rows.empty()) body.set("unreached", std::move(rows));
}

void mark(json::value& row, const volume_answer& a) {
  row.set("volume", a.volume);
  row.set("node", a.node);
}

/// The first refusal that is more than "not reached"; or the last word when nobody was reached.
std::optional<response> refusal_of(const std::vector<volume_answer>& all) {
  for (const auto& a : all)
    if (reached(a) && !good(a)) return a.said;
  if (all.empty()) return refused(base::error_kind::try_later, "no volume of that number is known");
  if (std::none_of(all.begin(), all.end(), reached)) return refused(base::error_kind::try_later, who(all.front()) + ": " + said(all.front()));
  return {};
}

std::string key_of(const json::value& row, const char* key) { return std::string(row.get_string(key).value_or("")); }

/// As listings are ordered: rooms by domain first.
std::string place_of(std::string_view key, std::string_view member) {
  const auto at = member == "room" ? key.find('@') : std::string_view::npos;
  if (at == std::string_view::npos) return std::string(key);
  return std::string(key.substr(at + 1)) + '\0' + std::string(key.substr(0, at));
}

struct keyed_row {
  std::string place, key;
  json::value row;
};

/// The rows of all, by key; those of equal keys by volume.
std::vector<keyed_row> rows_of(std::vector<volume_answer>& all, const char* key) {
  std::vector<keyed_row> out;
  for (auto& a : all) {
    auto* members = good(a) ? a.said.body.as_object() : nullptr;
    auto* items = members != nullptr ? members->find("items") : nullptr;
    if (items == nullptr || items->as_array() == nullptr) continue;
    for (auto& row : *items->as_array()) {
      mark(row, a);
      auto k = key_of(row, key);
      out.push_back({place_of(k, key), k, std::move(row)});
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const keyed_row& a, const keyed_row& b) { return a.place < b.place; });
  return out;
}

std::uint64_t total_of(const std::vector<volume_answer>& all) {
  std::uint64_t out = 0;
  for (const auto& a : all)
    if (good(a)) out += a.said.body.get_unsigned("total").value_or(0);
  return out;
}

std::size_t limit_of(const request& r) {
  const auto given = r.query.find("limit");
  const auto n = given == r.query.end() ? std::nullopt : base::parse_u64(given->second);
  return n ? std::clamp<std::size_t>(*n, 1, page_rows_max) : page_rows_default;
}

/// A page of each gives a page of all: up to where the first of them ends, and no more than was asked for. Rows of one key
/// stay together, as the next page begins behind it.
response page_of(const request& r, std::vector<volume_answer> all, const char* key) {
  std::string next;
  for (const auto& a : all) {
    const auto end = good(a) ? a.said.body.get_string("next") : std::nullopt;
    if (end && !end->empty() && (next.empty() || place_of(*end, key) < place_of(next, key))) next = *end;
  }
  const auto total = total_of(all);
  auto rows = rows_of(all, key);
  const auto cut_behind = [&](std::size_t from, const std::string& place) {
    const auto behind = std::find_if(rows.begin() + static_cast<std::ptrdiff_t>(from), rows.end(), [&](const keyed_row& k) { return k.place > place; });
    const bool more = behind != rows.end();
    rows.erase(behind, rows.end());
    return more;
  };
  if (!next.empty()) cut_behind(0, place_of(next, key));
  if (const auto limit = limit_of(r); rows.size() > limit) {
    const auto last = rows[limit - 1];
    if (cut_behind(limit, last.place)) next = last.key;
  }
  json::array items;
  for (auto& k : rows) items.push_back(std::move(k.row));
  json::value body{json::object{}};
  body.set("items", std::move(items));
  if (next.empty()) body.set("next", nullptr);
  else body.set("next", next);
  body.set("total", total);
  name_unreached(body, all);
  return {200, std::move(body)};
}

response list_of(const request& r, std::vector<volume_answer> all, const char* key, bool newest) {
  const auto total = total_of(all);
  auto rows = rows_of(all, key);
  if (newest) {
    std::reverse(rows.begin(), rows.end());
    if (rows.size() > limit_of(r)) rows.resize(limit_of(r));
  }
  json::array items;
  for (auto& k : rows) items.push_back(std::move(k.row));
  json::value body{json::object{}};
  body.set("next", nullptr);
  body.set("total", std::max<std::uint64_t>(total, items.size()));
  body.set("items", std::move(items));
  name_unreached(body, all);
  return {200, std::move(body)};
}

/// Adds the counts of `more`; all else is the same in each of them.
void add_counts(json::value& to, const json::value& more) {
  for (const auto name : counts)
    if (const auto n = more.get_unsigned(name)) to.set(name, to.get_unsigned(name).value_or(0) + *n);
}

response sums_of(std::vector<volume_answer> all, const char* key) {
  json::array items;
  for (const auto& a : all) {
    const auto* rows = good(a) ? a.said.body.get_array("items") : nullptr;
    for (const auto& row : rows != nullptr ? *rows : json::array{}) {
      const auto at = std::find_if(items.begin(), items.end(), [&](const json::value& i) { return key_of(i, key) == key_of(row, key); });
      if (at == items.end()) items.push_back(row);
      else add_counts(*at, row);
    }
  }
  std::sort(items.begin(), items.end(), [&](const json::value& a, const json::value& b) { return key_of(a, key) < key_of(b, key); });
  json::value body{json::object{}};
  body.set("next", nullptr);
  body.set("total", items.size());
  body.set("items", std::move(items));
  name_unreached(body, all);
  return {200, std::move(body)};
}

response sum_of(const std::vector<volume_answer>& all) {
  json::value body;
  for (const auto& a : all) {
    if (!good(a)) continue;
    if (body.is_null()) body = a.said.body;
    else add_counts(body, a.said.body);
  }
  name_unreached(body, all);
  return {200, std::move(body)};
}

/// What the path names is looked for first, so that nothing is done where it is not.
response ask_holder(const request& r, std::size_t name_at, const volume_asker& ask, std::optional<std::uint64_t> only) {
  request look;
  look.method = "GET";
  look.path.assign(r.path.begin(), r.path.begin() + static_cast<std::ptrdiff_t>(name_at + 1));
  auto found = ask(look, only);
  const bool all_reached = std::all_of(found.begin(), found.end(), reached);
  const volume_answer* has = nullptr;
  for (const auto& a : found) {
    if (!good(a)) continue;
    if (has != nullptr)
      return refused(base::error_kind::conflict, "several have something of this name: " + who(*has) + ", " + who(a) + "; say which (?volume=" + std::to_string(a.volume) + ", --volume)");
    has = &a;
  }
  if (has == nullptr) {
    for (const auto& a : found)
      if (reached(a) && a.said.status != 404) return a.said;
    if (!all_reached)
      for (const auto& a : found)
        if (!reached(a)) return refused(base::error_kind::try_later, "it is not in the volumes that could be asked; not asked was " + who(a) + ": " + said(a));
    if (found.empty()) return refused(base::error_kind::not_found, "no volume of that number is known");
    return found.front().said;
  }
  if (r.method == "GET" && r.path.size() == name_at + 1) {
    auto body = has->said.body;
    mark(body, *has);
    return {has->said.status, std::move(body)};
  }
  auto done = ask(r, has->volume);
  if (done.empty()) return refused(base::error_kind::try_later, who(*has) + " is not there any more");
  return std::move(done.front().said);
}

response of_home(std::vector<volume_answer> all) {
  for (auto& a : all) {
    if (!good(a)) continue;
    mark(a.said.body, a);
    return std::move(a.said);
  }
  for (auto& a : all)
    if (reached(a) && a.said.status != 404) return std::move(a.said);
  for (const auto& a : all)
    if (!reached(a)) return refused(base::error_kind::try_later, "it is not for the volumes that could be asked; not asked was " + who(a) + ": " + said(a));
  return std::move(all.front().said);
}

response ask_confirmed(const request& r, const volume_asker& ask, std::optional<std::uint64_t> only) {
  const auto confirmed = r.body.get_unsigned("confirm");
  auto count = r;
  if (auto* members = count.body.as_object()) members->erase("confirm");
  const auto matching = ask(count, only);
  if (auto no = refusal_of(matching)) return std::move(*no);
  std::uint64_t matched = 0, changed = 0;
  for (const auto& a : matching)
    if (good(a)) matched += a.said.body.get_unsigned("matched").value_or(0);
  json::value body{json::object{}};
  body.set("matched", matched);
  body.set("changed", 0);
  body.set("complete", false);
  name_unreached(body, matching);
  if (!confirmed) return {200, std::move(body)};
  if (*confirmed != matched)
    return refused(base::error_kind::conflict, std::to_string(matched) + " messages match, and " + std::to_string(*confirmed) + " were confirmed: nothing was changed");
  bool complete = true;
  for (const auto& a : matching) {
    const auto here = good(a) ? a.said.body.get_unsigned("matched").value_or(0) : 0;
    if (here == 0) continue;
    auto one = r;
    one.body.set("confirm", here);
    const auto done = ask(one, a.volume);
    const bool took = !done.empty() && good(done.front());
    if (!took && changed == 0 && !done.empty() && reached(done.front())) return done.front().said;
    if (took) changed += done.front().said.body.get_unsigned("changed").value_or(0);
    complete = complete && took && done.front().said.body.get_bool("complete").value_or(false);
  }
  body.set("changed", changed);
  body.set("complete", complete);
  return {200, std::move(body)};
}

/// Nobody may take away what mail of any volume waits in.
std::optional<response> ask_unless_used(const request& r, const volume_asker& ask) {
  auto look = r;
  look.method = "GET";
  for (const auto& a : ask(look, std::nullopt)) {
    if (!reached(a)) return refused(base::error_kind::try_later, "messages may wait in it of " + who(a) + ": " + said(a));
    const auto messages = good(a) ? a.said.body.get_unsigned("messages").value_or(0) : 0;
    if (messages != 0) return refused(base::error_kind::conflict, "it still has " + std::to_string(messages) + " messages of " + who(a) + "; move or remove them first");
  }
  return {};
}

} // namespace

bool is_for_volumes(const request& r) { return order_of(r) != nullptr; }

std::optional<response> refusal_without_cluster(const request& r) {
  if (!r.query.contains("volume")) return {};
  return refused(base::error_kind::not_found, "there is no such volume: this node belongs to no cluster");
}

std::optional<response> ask_volumes(const request& r, const volume_asker& ask) {
  const auto* o = order_of(r);
  if (o == nullptr) return {};
  std::optional<std::uint64_t> only;
  if (const auto given = r.query.find("volume"); given != r.query.end()) {
    only = base::parse_u64(given->second);
    if (!only) return refused(base::error_kind::invalid, "volume is a number (rookery cluster status)");
  }
  switch (o->how) {
  case spread::holder: {
    const auto parts = base::split(o->pattern, '/');
    return ask_holder(r, static_cast<std::size_t>(std::find(parts.begin(), parts.end(), "*") - parts.begin()) + 1, ask, only);
  }
  case spread::confirmed: return ask_confirmed(r, ask, only);
  case spread::unless_used: return ask_unless_used(r, ask);
  default: break;
  }
  auto all = ask(r, only);
  if (o->how == spread::home && !all.empty()) return of_home(std::move(all));
  if (auto no = refusal_of(all)) return no;
  switch (o->how) {
  case spread::pages: return page_of(r, std::move(all), o->key);
  case spread::rows: return list_of(r, std::move(all), o->key, false);
  case spread::newest: return list_of(r, std::move(all), o->key, true);
  case spread::sums: return sums_of(std::move(all), o->key);
  default: return sum_of(all);
  }
}

json::value print_order(const request& r, std::uint64_t volume) {
  json::value out{json::object{}};
  out.set("volume", volume);
  out.set("method", r.method);
  json::array path;
  for (const auto& segment : r.path) path.emplace_back(segment);
  out.set("path", std::move(path));
  json::value query{json::object{}};
  for (const auto& [name, text] : r.query) query.set(name, text);
  out.set("query", std::move(query));
  if (!r.body.is_null()) out.set("body", r.body);
  out.set("author", r.author);
  return out;
}

std::optional<volume_order> read_order(const json::value& v) {
  const auto volume = v.get_unsigned("volume");
  const auto method = v.get_string("method"), author = v.get_string("author");
  auto path = v.get_strings("path");
  const auto* query = v.get_object("query");
  if (!volume || !method || !author || !path || query == nullptr) return {};
  volume_order out;
  out.volume = *volume;
  out.what.method = *method;
  out.what.author = *author;
  out.what.path = std::move(*path);
  for (const auto& [name, text] : *query) {
    if (text.as_string() == nullptr) return {};
    out.what.query[name] = *text.as_string();
  }
  if (const auto* body = v.find("body")) out.what.body = *body;
  // Only what concerns volumes is asked of another node.
  if (!is_for_volumes(out.what)) return {};
  return out;
}

json::value print_answer(const response& r) {
  json::value out{json::object{}};
  out.set("status", r.status);
  out.set("body", r.body);
  return out;
}

std::optional<response> read_answer(const json::value& v) {
  const auto status = v.get_unsigned("status");
  const auto* body = v.find("body");
  if (!status || *status < 100 || *status > 599 || body == nullptr) return {};
  return response{static_cast<unsigned>(*status), *body};
}

} // namespace rookery::admin
