/// A message while it arrives: in memory as long as it is small, then in a spill file;
/// and what storage wants of it at the end.
///
/// The memory of all gatherings of the node has one bound: above it even small
/// messages go to the disk. One thread.
#pragma once

#include "base/bytes.hpp"
#include "base/crypto/crypto.hpp"
#include "base/result.hpp"
#include "protocols/mime/summary.hpp"
#include "storage/file/spill_file.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/mail/command.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace rookery::actors {

class message_gathering {
public:
  /// One message in memory at most; most mail is far below.
  static constexpr std::size_t memory_octets_max = 256 * 1024;
  /// All messages in memory at most.
  static constexpr std::size_t all_memory_octets_max = 256u << 20;

  explicit message_gathering(std::string spill_directory) : spill_directory_(std::move(spill_directory)) {}
  ~message_gathering();
  message_gathering(const message_gathering&) = delete;
  message_gathering& operator=(const message_gathering&) = delete;

  /// After an error nothing more is taken: answer "insufficient storage".
  base::result<void> append(base::const_bytes octets);
  std::uint64_t size() const noexcept { return size_; }
  bool spilled() const noexcept { return spill_ != nullptr; }
  /// The first octets: all of it when it is in memory, else at least `memory_octets_max`.
  std::string_view front() const noexcept { return *head_; }

  /// All has come. The gathering must live until the source is durable when it is spilled.
  storage::body_source finish();
  /// What an index needs of `prefix` and the message together. Reads the spill file when
  /// there is one: then only in a thread that may wait. After `finish`.
  base::result<storage::mail::message_summary> summarize(std::string_view prefix) const;

private:
  std::string spill_directory_;
  std::shared_ptr<std::string> head_ = std::make_shared<std::string>();
  std::unique_ptr<storage::spill_file> spill_;
  std::unique_ptr<base::sha256_stream> digest_;
  std::uint64_t size_ = 0;
  std::size_t counted_ = 0;
};

/// The columns that storage keeps, from what protocols/mime computed.
storage::mail::message_summary stored_summary(mime::summary);

} // namespace rookery::actors
