/// The rooms of all domains, by name: what is listed, and what was kept when the node started. Thread-safe.
#pragma once

#include "actors/xmpp/rooms/room_records.hpp"

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

class room_list {
public:
  struct row {
    std::string local;
    room_entry entry;
  };
  struct page {
    std::vector<row> rows;
    std::size_t first = 0;                 ///< index of the first of them
    std::size_t total = 0;
    bool found = true;                     ///< the row that `after` or `before` names is (or would be) there
  };

  void put(const std::string& domain, const std::string& local, room_entry);
  void remove(const std::string& domain, const std::string& local);
  std::optional<room_entry> find(const std::string& domain, const std::string& local) const;
  /// At most `max` behind `after`, or in front of `before` (the last of them), by name. `all`: also those that are not listed.
  page rows(const std::string& domain, std::size_t max, std::optional<std::string> after, std::optional<std::string> before, bool all) const;
  std::size_t size(const std::string& domain) const;
  std::vector<std::string> domains() const;

private:
  mutable std::mutex lock_;
  std::map<std::string, std::map<std::string, room_entry>> rooms_;
};

} // namespace rookery::actors
