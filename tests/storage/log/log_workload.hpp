/// Groups that tell who they are, for the tests of the log.
#pragma once

#include "storage/file/file_system.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/log/log_reader.hpp"
#include "storage/log/log_writer.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace rookery::storage::testing {

inline body_source body_of(std::string octets) {
  body_source b;
  b.id = base::sha256(octets);
  b.length = static_cast<std::uint32_t>(octets.size());
  b.octets = std::make_shared<const std::string>(std::move(octets));
  return b;
}

/// A group with `commands` commands and a body of each length; every command names all bodies.
inline commit_group group_of(const std::string& name, std::size_t commands, const std::vector<std::size_t>& bodies = {}) {
  commit_group g;
  std::vector<std::uint32_t> all;
  for (const auto length : bodies) {
    std::string octets = name + ":";
    while (octets.size() < length) octets += "mail ";
    octets.resize(length);
    all.push_back(static_cast<std::uint32_t>(g.bodies.size()));
    g.bodies.push_back(body_of(std::move(octets)));
  }
  for (std::size_t i = 0; i < commands; ++i)
    g.commands.push_back({base::shard_id(static_cast<std::uint32_t>(2 + i)), 1,
                          name + "/" + std::to_string(i + 1) + "of" + std::to_string(commands), all});
  return g;
}

/// "a/1of2 a/2of2 b/1of1"
inline std::string names_of(const std::vector<committed_command>& commands) {
  std::string out;
  for (const auto& c : commands) out += (out.empty() ? "" : " ") + c.payload;
  return out;
}

inline std::vector<committed_command> replayed(file_system& files, const std::string& directory, log_position from = {},
                                               std::optional<log_position> until = {}) {
  std::vector<committed_command> out;
  auto end = replay(files, directory, from, [&](const committed_command& c) { out.push_back(c); }, until);
  EXPECT_TRUE(end) << end.error().log.value;
  return out;
}

inline bool same(const committed_command& a, const committed_command& b) {
  return a.shard == b.shard && a.epoch == b.epoch && a.lsn == b.lsn && a.at == b.at && a.next == b.next &&
         a.group_end == b.group_end && a.payload == b.payload && a.bodies == b.bodies;
}

inline std::string faults_of(file_system& files, const std::string& directory) {
  auto report = check_log(files, directory);
  if (!report) return report.error().log.value;
  std::string out;
  for (const auto& f : report->faults) out += f + "\n";
  return out;
}

/// Small segments, so that a test crosses many.
inline log_settings small_log(std::uint32_t segment_octets = 16384) {
  log_settings s;
  s.segment_octets = segment_octets;
  s.reserve_octets = 0;
  s.floor_octets = 0;
  s.zero_ahead_octets = 4096;
  s.salt = 7;
  return s;
}

inline std::unique_ptr<log_writer> open_log(file_system& files, const log_settings& settings = small_log()) {
  auto opened = log_writer::open(files, "log", settings);
  EXPECT_TRUE(opened) << opened.error().log.value;
  return opened ? std::move(*opened) : nullptr;
}

} // namespace rookery::storage::testing
