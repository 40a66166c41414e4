/// Cuts an mbox file into messages, as its octets come.
///
/// Source: RFC 4155, appendix A, and the four dialects in use. A line that begins a message is "From " with
/// a date behind it. Line ends become CRLF. The empty line before the next message is no part of one.
/// A header of more than `header_octets_max` is passed on as it is, with its fields of state. Memory: a header,
/// and a piece. One thread.
#pragma once

#include "base/clock.hpp"
#include "protocols/mbox/message_state.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace rookery::mbox {

enum class dialect : std::uint8_t {
  mboxrd,  ///< ">From " and ">>From " lose one '>'
  mboxo,   ///< only ">From " does: the writer gave it to "From " alone
  mboxcl2  ///< nothing was quoted: Content-Length says where a body ends
};
std::optional<dialect> dialect_named(std::string_view) noexcept;

class reader {
public:
  static constexpr std::size_t header_octets_max = 256 * 1024;
  static constexpr std::size_t piece_octets = 64 * 1024;

  struct message_begin {
    std::uint64_t offset = 0;       ///< of its "From " line
    base::wall_time received{};
    message_state state;
    bool internal = false;          ///< the folder's own data (c-client), no message
  };
  struct chunk { std::string octets; };
  struct message_end { std::uint64_t next = 0; }; ///< where the next one begins
  /// The file begins with something else: it is no mbox.
  struct no_mbox {};
  using event = std::variant<message_begin, chunk, message_end, no_mbox>;

  explicit reader(dialect d) : dialect_(d) {}
  /// Take the events before more is fed.
  void feed(std::string_view octets);
  void finish();
  std::optional<event> next();

private:
  enum class place : std::uint8_t { start, header, body, counted, failed };
  void line(std::string_view text, bool whole); ///< with its LF when it is whole
  void begin(const std::string_view& text, base::wall_time received);
  void end_header();
  void end_message();
  void add(std::string_view text, bool whole);
  void flush();

  dialect dialect_;
  std::string input_;               ///< the beginning of a line
  std::string header_, piece_;
  std::deque<event> events_;
  place place_ = place::start;
  std::uint64_t offset_ = 0;        ///< of the line in `line`
  std::uint64_t begun_at_ = 0;
  base::wall_time received_{};
  std::uint64_t counted_left_ = 0;  ///< octets of the body that Content-Length announces
  bool at_line_start_ = true;
  bool held_empty_ = false;         ///< an empty line that may be the one before the next message
  bool last_cr_ = false;
  bool silent_ = false;             ///< in the folder's own data
};

} // namespace rookery::mbox
