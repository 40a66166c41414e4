/// QUOTA: limits and usage of a quota root. Source: RFC 9208 §4, §5.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rookery::imap {

struct quota_resource {
  std::string name;         ///< "STORAGE" (units of 1,024 octets) or "MESSAGE"
  std::uint64_t usage = 0;
  std::uint64_t limit = 0;
};

struct get_quota { std::string root; };
struct get_quota_root { std::string mailbox; };
struct set_quota {
  std::string root;
  std::vector<quota_resource> limits; ///< `usage` is 0
};

} // namespace rookery::imap
