/// A stored message in 7 bits, made piece by piece while it is sent: for a peer that takes no more (RFC 6152 §3).
///
/// The message is read twice, once to find out what has to change and once to change it, and is never in
/// memory as a whole: a piece, a survey's places (protocols/mime/seven_bit) and a header are. Everything reads
/// the disk: only in a thread that may wait, one at a time.
#pragma once

#include "actors/queue/lent_octets.hpp"
#include "base/result.hpp"
#include "protocols/mime/seven_bit.hpp"
#include "storage/body/body_reader.hpp"
#include "storage/queue/envelope_record.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace rookery::actors {

class seven_bit_stream {
public:
  /// Octets of the message that one call of `next` reads; what it gives can be three times as many, and a header more.
  static constexpr std::size_t piece_octets = 64 * 1024;

  /// `lent`: where the octets of a message are that is in another node's spool.
  seven_bit_stream(std::shared_ptr<storage::body_reader>, std::shared_ptr<const storage::queue::envelope>, std::shared_ptr<const lent_octets> lent = nullptr);

  /// The first reading. The verdict is `clean` or `convertible`, or says why it cannot be converted.
  /// Fails when the message cannot be read.
  base::result<mime::seven_bit_verdict> survey();
  /// About as many octets as will come, for SIZE (RFC 1870 §5 allows an estimate).
  std::uint64_t octets_estimate() const noexcept { return octets_; }
  /// The second reading, after a verdict that allows it: the next octets, none at the end.
  base::result<std::string> next();

private:
  base::result<std::string> read_piece();

  std::shared_ptr<storage::body_reader> bodies_;
  std::shared_ptr<const storage::queue::envelope> message_;
  std::shared_ptr<const lent_octets> lent_;
  std::optional<mime::seven_bit_converter> converter_;
  std::uint64_t at_ = 0;      ///< in prefix and content
  std::uint64_t octets_ = 0;
  bool finished_ = false;
};

} // namespace rookery::actors
