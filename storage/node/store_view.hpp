/// A store that nobody serves, shown as it would be after a start, without changing an octet of it.
///
/// The trees are opened in a scratch folder (storage/tree/tree_view), the log is only read: what a
/// crash tore at its end is left out, as a start would cut it. Synchronous, one thread.
#pragma once

#include "storage/node/node_store.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rookery::storage {

struct store_view : node_machines {
  std::vector<std::uint32_t> segments; ///< of the log, in order
  log_position end;                    ///< behind the last whole group
  log_recovery tail;                   ///< what a start would drop
  log_position config_end;             ///< the same of the configuration's log, where it has one
  log_recovery config_tail;

  store_view() = default;
  ~store_view();

  /// Errors: not_found, conflict (in use), damaged (what a start would refuse), unsupported, io.
  static base::result<std::unique_ptr<store_view>> open(const std::string& directory);

private:
  struct log_end {
    std::vector<std::uint32_t> segments;
    log_position end;
    log_recovery tail;
  };
  static base::result<log_end> find_end(const std::string& log);

  int lock_ = -1;
  std::string scratch_;
};

} // namespace rookery::storage
