/// Header fields of a message or part, read in place.
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rookery::mime {

/// One field; all views point into the header that was read.
struct header_field {
  std::string_view name;  ///< As written, without trailing spaces; empty for a line that is no field.
  std::string_view value; ///< Behind the colon, folds inside, without the last line end.
  std::string_view raw;   ///< The whole field with its line ends.
};

/// Yields the fields in their order. Reads until the empty line or the end; LF and CRLF both end
/// a line. A line without a colon is given with an empty name (its text as the value), except a
/// first line "From ..." or ">From ..." of an mbox, which is given likewise.
class header_reader {
public:
  explicit header_reader(base::const_bytes octets) noexcept : rest_(octets) {}
  std::optional<header_field> next() noexcept;

private:
  std::string_view rest_;
};

/// The octets of the header that `octets` begin with, its empty line included; all of them when
/// there is no empty line.
std::size_t header_length(base::const_bytes octets) noexcept;

/// The first field of that name (ASCII case ignored).
std::optional<header_field> find_field(base::const_bytes header, std::string_view name) noexcept;

/// Without the folds (RFC 5322 §2.2.3) and without white space at both ends. Octets otherwise kept.
std::string unfold(std::string_view value);
void append_unfolded(std::string& out, std::string_view value);

/// The fields of `header` whose names are in `names` (or, with `all_but`, are not), as they
/// stand and in their order, then an empty line: BODY[HEADER.FIELDS (...)] of RFC 9051 §6.4.5.
std::string header_fields(base::const_bytes header, std::span<const std::string_view> names,
                          bool all_but = false);

/// "<a@b>" and the like in a Message-ID, In-Reply-To or References value, one after the other.
/// Calls `f(std::string)` with each id without brackets, quotes of the local part removed where
/// they are not needed, so that equal ids are equal octets (RFC 5256 §3). Returns how many.
template <class F>
std::size_t for_each_message_id(std::string_view value, F&& f);

/// The next normalized id of `value` at or behind `at`; nothing when there is none.
std::optional<std::string> next_message_id(std::string_view value, std::size_t& at);

template <class F>
std::size_t for_each_message_id(std::string_view value, F&& f) {
  std::size_t count = 0, at = 0;
  while (auto id = next_message_id(value, at)) {
    f(std::move(*id));
    ++count;
  }
  return count;
}

} // namespace rookery::mime
