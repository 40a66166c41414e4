#include "actors/relay/homes.hpp"

#include "actors/node.hpp"
#include "actors/relay/without_volume.hpp"
#include "actors/system/volume_table.hpp"

#include <map>
#include <shared_mutex>
#include <utility>

namespace rookery::actors {
namespace {

/// Members of a cluster are never called so.
constexpr std::uint64_t no_volume = ~std::uint64_t{0};

struct of_node {
  std::shared_ptr<const routing::home_view> homes = std::make_shared<const routing::home_view>();
  std::shared_ptr<session_relays> relays;
};
struct all_nodes {
  std::shared_mutex lock;
  std::map<const void*, of_node> of; ///< by configuration: all volumes of a process have the same
};
/// Tests have several processes' parts in one, and nodes without a configuration.
const void* key_of(const node& n) { return n.config ? static_cast<const void*>(n.config.get()) : &n; }
all_nodes& all() {
  static auto* const kept = new all_nodes; // threads may still ask when the process ends
  return *kept;
}

of_node found(const node& n) {
  const std::shared_lock hold(all().lock);
  const auto at = all().of.find(key_of(n));
  return at == all().of.end() ? of_node{} : at->second;
}

} // namespace

std::shared_ptr<const routing::home_view> homes_of(const node& n) { return found(n).homes; }
std::uint64_t volume_of_node(const node& n) {
  const auto volumes = volumes_of(n);
  if (!volumes) return 0;
  return volumes->sessions_of(n) ? volumes->id_of(n) : no_volume;
}

bool has_volume(const node& n) {
  const auto volumes = volumes_of(n);
  return !volumes || volumes->sessions_of(n) != nullptr;
}

std::uint64_t volume_for_reception(const node& n) {
  const auto homes = homes_of(n);
  const auto volumes = volumes_of(n);
  const auto own = volumes ? volumes->own() : 0;
  const auto* home = homes->place(own);
  if (home != nullptr && home->leader != 0) {
    const auto* of_leader = homes->place(home->leader);
    return of_leader != nullptr && of_leader->leader == home->leader ? of_leader->volume : own;
  }
  for (const auto& p : homes->places())
    if (p.leader != 0) return p.volume;
  return own;
}

bool at_home(const node& n, const routing::account_record& a) { return home_check(n)(a); }

std::shared_ptr<session_relays> relays_of(const node& n) { return found(n).relays; }

void set_homes(const node& n, std::shared_ptr<const routing::home_view> homes) {
  const std::unique_lock hold(all().lock);
  all().of[key_of(n)].homes = std::move(homes);
}
void set_relays(const node& n, std::shared_ptr<session_relays> relays) {
  const std::unique_lock hold(all().lock);
  all().of[key_of(n)].relays = std::move(relays);
}

} // namespace rookery::actors
