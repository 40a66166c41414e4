/// A node's way into a cluster, while its server does not run. Blocks on the network and the disk.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace rookery::actors {

/// What an operator carries from a member to the node that joins: rk1.PORT.CLUSTER.FINGERPRINT.ID.SECRET
struct join_token {
  std::uint16_t port = 0;           ///< of the door
  std::string cluster;              ///< id
  std::string fingerprint;          ///< of the authority's certificate
  std::string id, secret;
};
std::string print(const join_token&);
std::optional<join_token> read_join_token(std::string_view text);

struct join_order {
  std::string data_directory;
  std::string uuid;                 ///< of the node's store
  std::string host_name, version;
  std::string member;               ///< "mail1.example.net", "192.0.2.1", with ":port" when it is not the token's
  std::string token;
  std::string address;              ///< where the others reach this node; "": as the member sees it
  std::uint16_t port = 0;           ///< of this node's control link
  bool witness = false;             ///< it is to vote, and to keep no mail
  unsigned level_newest = 0;        ///< that it says it knows (cluster/node/feature_level.hpp); 0: what its program knows
};
struct joined {
  std::string cluster;
  std::uint64_t member = 0;
  std::string address;
};

/// The store is open (locked) and empty, which the caller has checked. Errors are sentences for the operator.
base::result<joined> join_cluster(const join_order&);

} // namespace rookery::actors
