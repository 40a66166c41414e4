/// The one pass over a message as it arrives: parts, offsets, and the summary.
#pragma once

#include "base/bytes.hpp"
#include "protocols/mime/limits.hpp"
#include "protocols/mime/part_tree.hpp"
#include "protocols/mime/summary.hpp"

#include <cstddef>
#include <memory>

namespace rookery::mime {

/// Fed piece by piece, cut anywhere; never holds the message. Its memory is bounded by `limits`:
/// some kilobytes for usual messages, below 16 MiB (the printed envelopes) for the most hostile one.
/// The result does not depend on the cuts. Not thread-safe.
class scanner {
public:
  explicit scanner(const limits& = {});
  ~scanner();
  scanner(scanner&&) noexcept;
  scanner& operator=(scanner&&) noexcept;

  void feed(base::const_bytes octets);
  /// The message has ended: nothing may be fed any more. Call once, before the two below.
  void finish();

  const part_tree& parts() const;
  /// Builds the summary. Call once.
  summary summarize();

  /// What was fed so far.
  std::uint64_t octets() const noexcept;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace rookery::mime
