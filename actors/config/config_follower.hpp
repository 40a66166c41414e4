/// From one configuration table to the next picture that a node works with; pure.
///
/// Costs what changed: documents that are the same object are not read again.
#pragma once

#include "actors/config/settings.hpp"
#include "policy/archiving/archive_rule.hpp"
#include "policy/collection/collection_record.hpp"
#include "policy/delivery/delivery_view.hpp"
#include "policy/routing/directory_view.hpp"
#include "storage/directory/config_table.hpp"

#include <memory>
#include <string>
#include <vector>

namespace rookery::config {

/// What is published together. All of the same version.
struct picture {
  std::shared_ptr<const storage::directory::config_table> table;
  std::shared_ptr<const routing::directory_view> directory;
  std::shared_ptr<const settings> values;
  std::shared_ptr<const delivery::delivery_view> delivery;
  std::shared_ptr<const collection::collection_view> collections;
  std::shared_ptr<const archiving::archive_book> archives;
};

/// Keeps the last picture. Not thread-safe: one follower, in the thread that publishes.
class config_follower {
public:
  config_follower();
  const picture& follow(std::shared_ptr<const storage::directory::config_table> next);
  const picture& now() const noexcept { return now_; }
  /// Documents that could not be read, by the last `follow`: they are left out of the picture.
  const std::vector<std::string>& faults() const noexcept { return faults_; }
  /// Accounts whose sessions may not go on, by the last `follow`: removed, disabled, frozen, or
  /// with another password. Only when its table was a new one.
  const std::vector<base::account_id>& closed() const noexcept { return closed_; }

private:
  picture now_;
  std::vector<std::string> faults_;
  std::vector<base::account_id> closed_;
};

} // namespace rookery::config
