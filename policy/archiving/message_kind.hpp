/// What kind of mail a message is, by its envelope and header: a person's, a list's, a machine's.
///
/// Source: RFC 3834 §2, §5 (Auto-Submitted), RFC 2919 (List-Id), RFC 2369 (List-* fields), RFC 3464 (reports).
/// Precedence, X-Auto-Response-Suppress and X-Loop are customs. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

namespace rookery::archiving {

enum class message_kind : std::uint8_t {
  ordinary,
  list,       ///< of a mailing list, or bulk
  automatic,  ///< an answer of a machine: vacation, report, notice
  system      ///< written by this server
};
std::string_view word(message_kind) noexcept;

/// Fed with the header's fields in any order; `kind` then says. Not thread-safe.
class kind_reader {
public:
  /// The value may be folded. Only the first 1,000 octets are read.
  void field(std::string_view name, std::string_view value) noexcept;
  message_kind kind(bool null_sender, bool written_here) const noexcept;

private:
  bool list_ = false, automatic_ = false;
};

} // namespace rookery::archiving
