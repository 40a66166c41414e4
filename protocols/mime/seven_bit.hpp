/// Makes a message fit for a server that takes 7-bit octets in lines of 998 only.
///
/// Source: RFC 6152 §3 (convert or bounce), RFC 2045 §6 (encodings; composite parts keep 7bit), RFC 2046,
/// RFC 1847 §2.1 (what is signed may not change), RFC 1428 §3 (text that names no charset).
/// Leaves with 8-bit octets, NUL or long lines become quoted-printable (text) or base64, labels become true,
/// all else passes as it is. What is signed by DKIM is no longer: there is no way around that.
///
/// Two passes over the octets: `seven_bit_survey`, then `seven_bit_converter`; each is fed in pieces cut
/// anywhere. The survey holds at most `trouble_runs_max` places, the converter a header (`limits::header_octets`).
#pragma once

#include "base/bytes.hpp"
#include "protocols/encoding/quoted_printable.hpp"
#include "protocols/mime/limits.hpp"
#include "protocols/mime/scanner.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::mime {

enum class seven_bit_verdict : std::uint8_t {
  clean,            ///< it can be sent as it is
  convertible,
  signed_content,   ///< what would have to change lies in a multipart/signed
  eight_bit_header, ///< UTF-8 or other 8-bit octets in a header: only SMTPUTF8 can carry that
  unknown_encoding, ///< 8-bit octets under a transfer encoding that nobody knows
  too_complex       ///< too many parts, too deep, or a header that is too long
};

/// Places of a message that are remembered; beyond it neighbours are taken as one.
inline constexpr std::size_t trouble_runs_max = 100'000;

class seven_bit_survey {
public:
  explicit seven_bit_survey(const limits& = {});
  void feed(base::const_bytes octets);
  /// The message has ended. Call once, before the rest.
  void finish();

  seven_bit_verdict verdict() const noexcept { return verdict_; }
  /// About as large as the converted message will be.
  std::uint64_t octets_estimate() const noexcept { return estimate_; }

private:
  friend class seven_bit_converter;
  enum class what : std::uint8_t { copy, header, quoted_printable, base64, patch };
  /// What to do with the octets from `begin` on, to the next one's begin.
  struct segment {
    std::uint64_t begin = 0;
    what action = what::copy;
    std::string encoding;      ///< header: the label it gets; "" = leave it
    bool root = false;
    bool default_type = false; ///< header: says no type, and the body has 8-bit octets
  };
  /// Lines in a row that hold octets which a 7-bit server does not take. Headers, bodies and delimiters
  /// begin at lines, and an empty line or a delimiter stands between a header and a body.
  struct run {
    std::uint64_t begin = 0, end = 0;
    std::uint64_t count = 0;   ///< such octets
    bool dashes = false;       ///< a line that may be a delimiter stands between the run before and this one
  };
  struct trouble {
    bool any = false;
    std::uint64_t count = 0;
  };
  void end_line();
  void merge_runs();
  trouble between(std::uint64_t begin, std::uint64_t end) const;
  void plan(std::size_t part, bool is_signed);
  void plan_leaf(std::size_t part);
  void refuse(seven_bit_verdict);

  limits limit_;
  scanner scanner_;
  std::vector<run> runs_;
  std::uint64_t at_ = 0, line_begin_ = 0, line_count_ = 0;
  unsigned line_dashes_ = 0;   ///< at its begin, two at most
  bool dashes_ = false;        ///< since the last run
  char last_ = '\n';
  std::vector<segment> plan_;
  seven_bit_verdict verdict_ = seven_bit_verdict::clean;
  std::uint64_t estimate_ = 0;
};

class seven_bit_converter {
public:
  /// After a survey that says `convertible` (or `clean`, then only labels change). Keeps its plan.
  explicit seven_bit_converter(const seven_bit_survey&);
  /// Appends what becomes of the same octets as the survey was fed. `out` may be emptied between calls.
  void feed(base::const_bytes octets, std::string& out);
  void finish(std::string& out);

private:
  using segment = seven_bit_survey::segment;
  using what = seven_bit_survey::what;
  void begin_segment(std::string& out);
  void end_segment(std::string& out);
  void pass(base::const_bytes octets, std::string& out);
  void put_header(const segment&, std::string& out);

  std::vector<segment> plan_;
  std::size_t now_ = 0;
  std::uint64_t at_ = 0;
  std::string held_; ///< a header, or octets for the last base64 line
  encoding::quoted_printable_encoder quoted_printable_;
};

/// Both passes over a message in memory. Nothing when it cannot be converted.
std::optional<std::string> to_seven_bit(base::const_bytes message, const limits& = {});

} // namespace rookery::mime
