/// Where accounts are at home in a cluster: volume of an account, and the node that leads it now.
///
/// An account's home is what its document says, else what its domain's says, else the volume with the smallest id. A node
/// without a cluster has a view without volumes: everything is here. Immutable, read from any thread.
#pragma once

#include "policy/routing/directory_view.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace rookery::routing {

/// A volume, and who serves it.
struct volume_place {
  std::uint64_t volume = 0;     ///< id
  std::uint64_t leader = 0;     ///< member id; 0: nobody leads it now
  std::uint64_t epoch = 1;      ///< of its lead
  std::string address;          ///< of the leader, for people
  bool local = false;           ///< this process leads it
  bool operator==(const volume_place&) const = default;
};

/// What documents say; those that say nothing are not in it.
struct chosen_homes {
  std::map<std::string, std::uint64_t, std::less<>> domains;         ///< by canonical name
  std::unordered_map<base::account_id, std::uint64_t> accounts;
  bool operator==(const chosen_homes&) const = default;
};

class home_view {
public:
  /// Alone: no cluster.
  home_view() = default;
  /// `chosen` not null.
  home_view(std::vector<volume_place>, std::shared_ptr<const chosen_homes> chosen);

  bool alone() const noexcept { return places_.empty(); }
  /// Sorted by id.
  const std::vector<volume_place>& places() const noexcept { return places_; }
  const std::shared_ptr<const chosen_homes>& chosen() const noexcept { return chosen_; }
  /// Null when there is no such volume any more.
  const volume_place* place(std::uint64_t volume) const noexcept;
  /// 0 when alone.
  std::uint64_t volume_of(const account_record&) const noexcept;
  std::uint64_t volume_of_domain(std::string_view canonical) const noexcept;
  /// Null when alone, and when its volume is gone.
  const volume_place* place_of(const account_record& a) const noexcept { return place(volume_of(a)); }
  /// Is the account served by this process?
  bool here(const account_record&) const noexcept;

private:
  std::vector<volume_place> places_;
  std::shared_ptr<const chosen_homes> chosen_;
};

} // namespace rookery::routing
