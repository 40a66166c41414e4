/// Writes messages into an mbox file: lines end with LF, "From " in a line's beginning is quoted
/// (mboxrd), or a Content-Length is given and nothing is quoted (mboxcl2).
///
/// Source: RFC 4155, appendix A. A message whose last line has no end gets one in mboxrd. CR before LF
/// goes, and comes back at reading (of several, all stay); a bare LF becomes CRLF so. Bounded: nothing but a few octets is held.
#pragma once

#include "base/clock.hpp"
#include "protocols/mbox/message_state.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::mbox {

class writer {
public:
  /// `octets` are appended to `out` by all functions.
  explicit writer(bool content_length) : counted_(content_length) {}

  /// With `content_length` the octets of the body as `count_body` counted them.
  void begin(std::string& out, base::wall_time received, const message_state&, std::uint64_t body_octets = 0);
  void add(std::string& out, std::string_view octets);
  void end(std::string& out);

private:
  void put(std::string& out, char c);
  void put_cr(std::string& out);

  bool counted_;
  std::uint64_t cr_ = 0; ///< octets CR that are held
  bool line_start_ = true;
  std::size_t from_ = 0; ///< octets of "From " that stand at a line's beginning and are held
  bool quotes_ = false;  ///< only '>' since the line's beginning
};

/// Octets that the body (what stands behind the first empty line) takes in the file.
class body_counter {
public:
  void add(std::string_view octets) noexcept;
  std::uint64_t octets() const noexcept { return octets_ + cr_; }

private:
  std::uint64_t octets_ = 0, cr_ = 0;
  bool in_body_ = false, line_start_ = true;
};

} // namespace rookery::mbox
