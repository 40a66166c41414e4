/// A leader's log and a replica's on two disks of their own, for tests.
#pragma once

#include "../log/log_workload.hpp"
#include "storage/file/faulty_file_system.hpp"
#include "storage/replica/follower_log.hpp"

#include <map>

namespace rookery::storage::testing {

/// The contents of all segments, without the zeros behind them.
inline std::map<std::string, std::string> segments_of(const faulty_file_system& files) {
  std::map<std::string, std::string> all;
  const auto numbers = list_segments(const_cast<faulty_file_system&>(files), "log");
  if (!numbers) return all;
  for (const auto n : *numbers) {
    auto octets = files.contents("log/" + segment_name(n));
    octets.resize(octets.find_last_not_of('\0') + 1);
    all[segment_name(n)] = std::move(octets);
  }
  return all;
}

/// "" when both have the same octets; else where they differ first.
inline std::string difference(const faulty_file_system& a, const faulty_file_system& b) {
  const auto left = segments_of(a), right = segments_of(b);
  for (const auto& [name, octets] : left) {
    const auto at = right.find(name);
    if (at == right.end()) return name + " is only left";
    if (at->second == octets) continue;
    std::size_t i = 0;
    while (i < octets.size() && i < at->second.size() && octets[i] == at->second[i]) ++i;
    return name + " differs at " + std::to_string(i) + " of " + std::to_string(octets.size()) + " and " + std::to_string(at->second.size());
  }
  for (const auto& [name, octets] : right)
    if (left.count(name) == 0) return name + " is only right";
  return "";
}

inline std::unique_ptr<follower_log> open_follower(file_system& files) {
  auto opened = follower_log::open(files, "log", {});
  EXPECT_TRUE(opened) << opened.error().log.value;
  return opened ? std::move(*opened) : nullptr;
}

/// Gives a batch to the replica as it comes over the wire.
inline base::result<void> give(follower_log& to, const log_batch_ptr& batch) {
  if (!batch) return {};
  std::string frame;
  for_each_piece(*batch, [&](const piece_view& p) { write_piece(p, frame); });
  const auto pieces = read_pieces(frame);
  EXPECT_TRUE(pieces);
  for (const auto& p : *pieces)
    if (auto done = to.take(p); !done) return done;
  return {};
}

} // namespace rookery::storage::testing
