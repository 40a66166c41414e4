/// `rookery check`: reads the whole store and says what does not agree. Changes no record.
#pragma once

#include "base/result.hpp"
#include "protocols/json/value.hpp"
#include "storage/node/node_store.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::server {

/// Gathers what a check finds: {"fault_count": n, "faults": ["…"], and numbers}.
class check_report {
public:
  /// Faults are listed up to this; more of them tell nothing new.
  static constexpr std::size_t faults_shown_max = 1000;
  void fault(std::string text);
  void faults(const std::vector<std::string>& all, const std::string& where);
  void set(std::string_view name, std::uint64_t n) { body_.set(name, n); }
  json::value finish();

private:
  json::value body_{json::object{}};
  json::array faults_;
  std::uint64_t count_ = 0;
};

/// The records of an open store against each other:
/// {"fault_count": 0, "faults": [], "domains": n, "accounts": n, "replayed": n}.
base::result<json::value> check_machines(storage::node_machines&);

/// A store that nobody uses: the log with every checksum and the SHA-256 of every body, then
/// the records, then that every body a record names is there and whole. Adds "segments",
/// "records", "commands", "bodies", "body_octets", and "torn_octets" that the next start will drop
/// because a crash tore them before they were acknowledged. No file is changed.
base::result<json::value> check_store(const std::string& data_directory);

} // namespace rookery::server
