#include "actors/config/homes.hpp"

#include "base/text.hpp"
#include "storage/directory/agreed_command.hpp"

#include <algorithm>
#include <map>

namespace rookery::config {

namespace dir = storage::directory;

std::vector<volume_entry> volumes_of(const dir::config_table& table) {
  std::vector<volume_entry> out;
  table.for_each(dir::document_kind::node, {}, [&](const dir::document_ptr& d) {
    const auto content = json::parse(d->content);
    if (!content || content->get_bool("witness").value_or(false)) return true;
    out.push_back({d->id, d->key, std::string(content->get_string("name").value_or("")), std::string(content->get_string("host").value_or("")),
                   static_cast<std::uint16_t>(content->get_unsigned("port").value_or(0))});
    return true;
  });
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return out;
}

std::string drained_key(std::uint64_t member) { return "drained/" + std::to_string(member); }
bool is_drained(const dir::config_table& table, std::uint64_t member) { return table.find(dir::cluster_document, drained_key(member)) != nullptr; }

std::shared_ptr<const routing::chosen_homes> chosen_homes_of(const dir::config_table& now, const dir::config_table* before,
                                                             std::shared_ptr<const routing::chosen_homes> was) {
  auto out = was && before != nullptr ? *was : routing::chosen_homes();
  const auto forget = [&](const dir::document& d) {
    if (d.kind == dir::document_kind::domain) out.domains.erase(d.key);
    if (d.kind == dir::document_kind::account) out.accounts.erase(base::account_id{d.id});
  };
  const auto note = [&](const dir::document& d) {
    if ((d.kind != dir::document_kind::domain && d.kind != dir::document_kind::account) || d.content.find("\"home\"") == std::string::npos) return;
    const auto content = json::parse(d.content);
    const auto home = content ? content->get_unsigned("home").value_or(0) : 0;
    if (home == 0) return;
    if (d.kind == dir::document_kind::domain) out.domains[d.key] = home;
    else out.accounts[base::account_id{d.id}] = home;
  };
  const dir::config_table nothing;
  // An account that is renamed is gone under one name and there under another.
  std::vector<dir::document_ptr> fresh;
  dir::config_table::for_each_change(was && before != nullptr ? *before : nothing, now, [&](const dir::document* old, const dir::document_ptr& d) {
    if (old != nullptr) forget(*old);
    if (d) fresh.push_back(d);
  });
  for (const auto& d : fresh) note(*d);
  if (was && out == *was) return was;
  return std::make_shared<const routing::chosen_homes>(std::move(out));
}

base::result<void> resolve_home(const dir::config_table& table, json::value& patch) {
  const auto* wanted = patch.find("home");
  if (wanted == nullptr || wanted->is_null()) return {};
  const auto volumes = volumes_of(table);
  if (volumes.empty()) return base::fail(base::error_kind::invalid, "home names a node of a cluster, and this node belongs to none");
  const auto text = wanted->as_string() != nullptr ? *wanted->as_string() : wanted->as_integer() != nullptr ? std::to_string(*wanted->as_integer()) : std::string();
  std::vector<std::uint64_t> found;
  for (const auto& v : volumes)
    if (std::to_string(v.id) == text || v.uuid == text || v.name == text || v.host == text) found.push_back(v.id);
  if (found.empty()) return base::fail(base::error_kind::invalid, "home: the cluster has no node " + base::printable(text, 100));
  if (found.size() > 1) return base::fail(base::error_kind::invalid, "home: several nodes are called so: say its number (rookery cluster status)");
  patch.set("home", found.front());
  return {};
}

std::uint64_t home_for_new_domain(const dir::config_table& table) {
  const auto volumes = volumes_of(table);
  if (volumes.empty()) return 0;
  std::map<std::uint64_t, std::size_t> domains;
  for (const auto& v : volumes)
    if (!is_drained(table, v.id)) domains[v.id] = 0;
  if (domains.empty()) return volumes.front().id;
  table.for_each(dir::document_kind::domain, {}, [&](const dir::document_ptr& d) {
    const auto content = json::parse(d->content);
    const auto home = content ? content->get_unsigned("home").value_or(0) : 0;
    if (const auto at = domains.find(home != 0 ? home : volumes.front().id); at != domains.end()) ++at->second;
    return true;
  });
  return std::min_element(domains.begin(), domains.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first;
}

} // namespace rookery::config
