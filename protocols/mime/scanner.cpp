#include "protocols/mime/scanner.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/charset/decoder.hpp"
#include "protocols/mime/body_structure.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/line_counter.hpp"
#include "protocols/mime/message_fields.hpp"
#include "protocols/mime/preview.hpp"
#include "protocols/mime/transfer_decoder.hpp"

#include <algorithm>
#include <cstring>

namespace rookery::mime {
namespace {

/// What of a line is kept while it is cut: enough for "--", the longest boundary and "--".
constexpr std::size_t line_head_octets_max = 1'010;

/// A part whose end is not yet known. The stack of them is the path to where the scan stands.
struct open_part {
  std::size_t index = 0;
  std::uint64_t line_ends_before = 0; ///< Of the message, at the begin of the body.
  std::string boundary;               ///< Empty for no multipart, and once it was closed.
};

/// A copy of the begin of the body a preview is made of.
struct capture {
  std::string octets;
  std::string charset;
  transfer_encoding encoding = transfer_encoding::seven_bit;
};

bool blank(std::string_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) { return base::is_space(c); });
}

} // namespace

struct scanner::state {
  explicit state(const limits& l) : limit(l), header_octets_left(l.all_header_octets) { open(0); }

  limits limit;
  part_tree parts;
  std::vector<part_print> prints;
  std::vector<open_part> stack;
  std::uint64_t at = 0;         ///< Where the current line begins; behind everything while only counting.
  std::uint64_t line_ends = 0;  ///< Before `at`, while lines are read.
  octet_counts counts;          ///< Of everything fed.
  std::uint32_t boundaries = 0; ///< Of the open parts.
  unsigned last_line_end = 0;   ///< Octets of the line end before `at`: 0, 1 or 2.
  bool in_header = true;
  bool full = false; ///< The bound on parts is reached.

  std::string header; ///< Of the current part, as far as it is kept.
  std::uint64_t header_octets_left;

  /// The line that the end of a piece has cut. Until it is known whether it is a delimiter, its
  /// octets are held; then they go where they belong.
  enum class line_is : std::uint8_t { unknown, content, opening, closing } line = line_is::unknown;
  std::string held;
  std::uint64_t line_octets = 0;
  char line_last = 0;

  std::string* capturing = nullptr;
  std::size_t capture_max = 0;
  capture text, html;

  summary out; ///< What the message's own header says.

  void open(std::uint64_t offset);
  void end_header(std::uint64_t body_offset);
  void end_parts_above(std::size_t level, std::uint64_t end, std::uint64_t line_ends_there);
  void begin_capture(const part& p);
  void end_capture();
  void keep(std::string_view octets);
  line_is begin_line(std::string_view head);
  void end_line(line_is what, std::uint64_t octets, bool crlf);
  void cut_line(std::string_view piece);
  void end_cut_line(std::string_view rest);
  void feed(std::string_view octets);
  void finish();
};

/// A new part whose header begins at `offset`, a child of the innermost open part.
void scanner::state::open(std::uint64_t offset) {
  part p;
  p.header_offset = offset;
  if (!stack.empty()) {
    p.depth = parts[stack.back().index].depth + 1;
    ++parts[stack.back().index].children;
  }
  stack.push_back({parts.size(), 0, {}});
  parts.push_back(std::move(p));
  prints.emplace_back();
  header.clear();
  in_header = true;
  if (parts.size() >= limit.parts) full = true;
}

void scanner::state::end_header(std::uint64_t body_offset) {
  auto& top = stack.back();
  auto& p = parts[top.index];
  p.header_octets = body_offset - p.header_offset;
  p.body_offset = body_offset;
  top.line_ends_before = line_ends;
  in_header = false;
  const part* parent = stack.size() > 1 ? &parts[stack[stack.size() - 2].index] : nullptr;
  const bool root = !parent || parent->kind == part_kind::message;
  part_fields fields;
  message_fields message;
  read_fields(header, limit.fields, fields, root ? &message : nullptr);
  const bool digest = parent && parent->type == "multipart/digest";
  const bool nest = p.depth + 1 < limit.depth && !full;
  describe_part(fields, digest, nest, parent && parent->type == "multipart/related", p, prints[top.index], top.boundary);
  if (!top.boundary.empty()) ++boundaries;
  if (root) {
    append_envelope(prints[top.index].envelope, message, limit);
    if (!parent) {
      out.sort_keys = write_sort_keys(message, limit);
      out.header_octets = static_cast<std::uint32_t>(std::min<std::uint64_t>(p.header_octets, UINT32_MAX));
      out.message_id = message.message_id.present ? unfold(message.message_id.first) : std::string();
    }
  }
  const auto kind = p.kind;
  begin_capture(p);
  if (kind == part_kind::message) open(body_offset);
}

/// Ends all open parts above the first `level` ones; their bodies end at `end`.
void scanner::state::end_parts_above(std::size_t level, std::uint64_t end, std::uint64_t line_ends_there) {
  end_capture();
  while (stack.size() > level) {
    auto& top = stack.back();
    auto& p = parts[top.index];
    // A boundary right behind the header: its line end is the header's.
    p.body_octets = end > p.body_offset ? end - p.body_offset : 0;
    p.body_lines = line_ends_there > top.line_ends_before ? line_ends_there - top.line_ends_before : 0;
    p.descendants = static_cast<std::uint32_t>(parts.size() - 1 - top.index);
    if (!top.boundary.empty()) --boundaries;
    stack.pop_back();
  }
}

void scanner::state::begin_capture(const part& p) {
  if (p.kind != part_kind::leaf || p.attachment) return;
  const bool plain = p.type == "text/plain";
  if ((!plain && p.type != "text/html") || !(plain ? text : html).octets.empty()) return;
  // Messages inside are somebody else's words.
  for (std::size_t i = 0; i + 1 < stack.size(); ++i)
    if (parts[stack[i].index].kind == part_kind::message) return;
  auto& c = plain ? text : html;
  c.charset = p.charset;
  c.encoding = p.encoding;
  capturing = &c.octets;
  capture_max = plain ? limit.preview_text_octets : limit.preview_html_octets;
}

void scanner::state::end_capture() {
  // An empty first part is often followed by the real one.
  if (capturing && blank(*capturing)) capturing->clear();
  capturing = nullptr;
}

/// Octets of the current part: to its header or its preview.
void scanner::state::keep(std::string_view octets) {
  if (in_header) {
    const auto room = std::min<std::uint64_t>(limit.header_octets - std::min<std::uint64_t>(header.size(), limit.header_octets), header_octets_left);
    octets = octets.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(octets.size(), room)));
    header += octets;
    header_octets_left -= octets.size();
  } else if (capturing) {
    if (capturing->size() >= capture_max) return;
    capturing->append(octets.substr(0, capture_max - capturing->size()));
  }
}

/// Is the line at `at`, of which this is the head, the delimiter of an open multipart? If so, the
/// parts that it ends are ended.
scanner::state::line_is scanner::state::begin_line(std::string_view head) {
  if (boundaries == 0 || head.size() < 3 || head[0] != '-' || head[1] != '-') return line_is::content;
  head = head.substr(2, line_head_octets_max - 2);
  // RFC 2046 §5.1.1: it is enough that the line begins with the boundary. The longest that does,
  // else the innermost, is meant.
  std::size_t level = 0, best = 0;
  for (auto i = stack.size(); i-- > 0;) {
    const auto& b = stack[i].boundary;
    if (b.size() > best && head.starts_with(b)) {
      level = i;
      best = b.size();
    }
  }
  if (best == 0) return line_is::content;
  const bool closing = head.substr(best).starts_with("--");
  if (!closing && full) return line_is::content;
  while (in_header) end_header(at);
  // The line end before a delimiter belongs to it.
  end_parts_above(level + 1, at - last_line_end, line_ends - (last_line_end > 0 ? 1 : 0));
  if (!closing) return line_is::opening;
  stack[level].boundary.clear();
  --boundaries;
  return line_is::closing;
}

void scanner::state::end_line(line_is what, std::uint64_t octets, bool crlf) {
  at += octets;
  ++line_ends;
  last_line_end = crlf ? 2 : 1;
  if (what == line_is::opening) open(at);
  else if (what == line_is::content && in_header && octets == last_line_end) end_header(at);
}

/// A piece of a line without its line end.
void scanner::state::cut_line(std::string_view piece) {
  if (piece.empty()) return;
  line_octets += piece.size();
  line_last = piece.back();
  if (line == line_is::unknown) {
    const auto held_of_piece = std::min(piece.size(), line_head_octets_max - held.size());
    held += piece.substr(0, held_of_piece);
    const bool dashes = held[0] == '-' && (held.size() < 2 || held[1] == '-');
    // One octet may be the CR of an empty line.
    if (held.size() < 2 || (dashes && boundaries > 0 && held.size() < line_head_octets_max)) return;
    line = begin_line(held);
    if (line == line_is::content) keep(held);
    held.clear();
    piece.remove_prefix(held_of_piece);
  }
  if (line == line_is::content) keep(piece);
}

/// The end of such a line; `rest` ends with LF.
void scanner::state::end_cut_line(std::string_view rest) {
  const char before = rest.size() > 1 ? rest[rest.size() - 2] : line_last;
  const bool crlf = before == '\r';
  cut_line(rest.substr(0, rest.size() - 1));
  if (line == line_is::unknown) {
    line = begin_line(held);
    if (line == line_is::content) keep(held);
  }
  if (line == line_is::content) keep("\n");
  const auto what = line;
  const auto octets = line_octets + 1;
  line = line_is::unknown;
  line_octets = 0;
  held.clear();
  end_line(what, octets, crlf);
}

void scanner::state::feed(std::string_view octets) {
  count_octets(octets, counts);
  while (!octets.empty()) {
    if (!in_header && boundaries == 0 && line_octets == 0) {
      // Nothing can come any more but the rest of the one body.
      keep(octets);
      at += octets.size();
      return;
    }
    const auto* lf = static_cast<const char*>(std::memchr(octets.data(), '\n', octets.size()));
    if (!lf) return cut_line(octets);
    const auto n = static_cast<std::size_t>(lf - octets.data()) + 1;
    const auto whole = octets.substr(0, n);
    octets.remove_prefix(n);
    if (line_octets > 0) {
      end_cut_line(whole);
      continue;
    }
    const auto what = begin_line(whole);
    if (what == line_is::content && (in_header || capturing)) keep(whole);
    end_line(what, n, n > 1 && whole[n - 2] == '\r');
  }
}

void scanner::state::finish() {
  if (line_octets > 0) {
    if (line == line_is::unknown) {
      line = begin_line(held);
      if (line == line_is::content) keep(held);
    }
    at += line_octets;
    line_octets = 0;
  }
  line_ends = counts.line_ends;
  while (in_header) end_header(at);
  end_parts_above(0, at, line_ends);
}

scanner::scanner(const limits& l) : state_(std::make_unique<state>(l)) {}
scanner::~scanner() = default;
scanner::scanner(scanner&&) noexcept = default;
scanner& scanner::operator=(scanner&&) noexcept = default;

void scanner::feed(base::const_bytes octets) { state_->feed(octets); }
void scanner::finish() { state_->finish(); }
const part_tree& scanner::parts() const { return state_->parts; }
std::uint64_t scanner::octets() const noexcept { return state_->at + state_->line_octets; }

summary scanner::summarize() {
  auto& s = *state_;
  base::check(s.stack.empty(), "a summary before the end of the message");
  auto out = std::move(s.out);
  out.envelope = std::move(s.prints[0].envelope);
  append_body_structure(out.bodystructure, s.parts, s.prints, true);
  append_body_structure(out.body, s.parts, s.prints, false);
  out.parts = write_parts(s.parts);
  out.lines = static_cast<std::uint32_t>(std::min<std::uint64_t>(s.counts.line_ends, UINT32_MAX));
  out.has_8bit = s.counts.has_8bit;
  out.has_nul = s.counts.has_nul;
  for (const auto& p : s.parts) out.has_attachment = out.has_attachment || p.attachment;
  const auto decoded = [](const capture& c) {
    return c.octets.empty() ? std::string() : charset::to_utf8(c.charset, decode_transfer(c.encoding, c.octets));
  };
  out.preview = preview_of_text(decoded(s.text), s.limit.preview_characters);
  if (out.preview.empty()) out.preview = preview_of_html(decoded(s.html), s.limit.preview_characters);
  return out;
}

summary summarize(base::const_bytes message, const limits& l) {
  scanner s(l);
  s.feed(message);
  s.finish();
  return s.summarize();
}

} // namespace rookery::mime
