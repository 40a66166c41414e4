#include "actors/cluster/cluster_options.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace rookery::actors {
namespace {

constexpr auto rows = std::to_array<option_info>({
    {"copy_octets_a_second", &cluster_options::copy_octets_a_second, nullptr, std::uint64_t{1} << 50,
     "How fast a volume is copied to a node that has nothing of it yet; 0: as fast as it goes."},
    {"freeze_joining_queues", nullptr, &cluster_options::freeze_joining_queues, 0,
     "Whether nothing leaves a volume's queue until it has been copied to another node for the first time; mail is accepted meanwhile."},
    {"lag_alarm_seconds", &cluster_options::lag_alarm_seconds, nullptr, 86400,
     "A copy of a volume that is behind for longer than this raises an alarm on all nodes; 0: never."},
    {"lend_connections", nullptr, &cluster_options::lend_connections, 0,
     "Whether nodes that have less to do open connections to other servers for the queues of those that have more."},
    {"home_return_seconds", &cluster_options::home_return_seconds, nullptr, 86400 * 365,
     "How long a volume stays with the node that has taken it over, when its own node is back and somebody uses it; a moment in which nobody does ends that. 0: it goes home at once."},
});

json::value value_of(const option_info& o, const cluster_options& of) { return o.flag != nullptr ? json::value(of.*o.flag) : json::value(of.*o.number); }

/// Sets it; false when the value does not fit.
bool take(const option_info& o, const json::value& v, cluster_options& into) {
  const auto* text = v.as_string();
  if (o.flag != nullptr) {
    if (const auto* flag = v.as_bool()) into.*o.flag = *flag;
    else if (text != nullptr && (*text == "true" || *text == "false")) into.*o.flag = *text == "true";
    else return false;
    return true;
  }
  const auto number = text != nullptr ? base::parse_u64(*text) : v.as_integer() != nullptr && *v.as_integer() >= 0 ? std::optional(static_cast<std::uint64_t>(*v.as_integer())) : std::nullopt;
  if (!number || *number > o.most) return false;
  into.*o.number = *number;
  return true;
}

json::value members_of(std::string_view content) {
  auto v = json::parse(content);
  return v && v->as_object() != nullptr ? std::move(*v) : json::value(json::object{});
}

} // namespace

std::span<const option_info> all_options() noexcept { return rows; }

cluster_options read_options(std::string_view content) {
  cluster_options out;
  const auto v = members_of(content);
  for (const auto& o : rows)
    if (const auto* member = v.find(o.name)) (void)take(o, *member, out);
  return out;
}

base::result<std::string> change_option(std::string_view content, std::string_view name, const json::value& value) {
  const auto o = std::find_if(rows.begin(), rows.end(), [&](const option_info& i) { return i.name == name; });
  if (o == rows.end()) return base::fail(base::error_kind::not_found, "there is no option " + base::printable(name, 60) + " (rookery cluster options)");
  auto v = members_of(content); // what newer programs have written stays
  if (value.is_null()) {
    v.as_object()->erase(name);
    return json::to_text(v);
  }
  cluster_options now;
  if (!take(*o, value, now))
    return base::fail(base::error_kind::invalid, std::string(name) + (o->flag != nullptr ? " is true or false" : " is a number up to " + std::to_string(o->most)));
  v.set(name, value_of(*o, now));
  return json::to_text(v);
}

json::array show_options(std::string_view content) {
  const auto now = read_options(content);
  json::array out;
  for (const auto& o : rows) {
    json::value row{json::object{}};
    row.set("name", o.name);
    row.set("value", value_of(o, now));
    row.set("default", value_of(o, {}));
    row.set("text", o.says);
    out.push_back(std::move(row));
  }
  return out;
}

} // namespace rookery::actors
