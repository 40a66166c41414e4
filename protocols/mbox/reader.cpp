#include "protocols/mbox/reader.hpp"

#include "base/text.hpp"
#include "protocols/mbox/from_line.hpp"

#include <algorithm>
#include <utility>

namespace rookery::mbox {

namespace {

bool is_empty(std::string_view line) noexcept { return line == "\n" || line == "\r\n"; }

std::string_view without_end(std::string_view line) noexcept {
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

std::optional<std::uint64_t> content_length(std::string_view header) noexcept {
  for (std::size_t at = 0; at < header.size();) {
    const auto lf = std::min(header.find('\n', at), header.size() - 1);
    const auto line = header.substr(at, lf + 1 - at);
    constexpr std::string_view name = "Content-Length:";
    if (base::istarts_with(line, name)) return base::parse_u64(base::trim(line.substr(name.size())));
    at = lf + 1;
  }
  return {};
}

bool has_internal_data(std::string_view header) noexcept {
  return header.find("X-IMAP:") != std::string_view::npos && header.find("FOLDER INTERNAL DATA") != std::string_view::npos;
}

} // namespace

std::optional<dialect> dialect_named(std::string_view name) noexcept {
  if (name == "mboxrd") return dialect::mboxrd;
  if (name == "mboxo") return dialect::mboxo;
  if (name == "mboxcl2") return dialect::mboxcl2;
  return {};
}

void reader::feed(std::string_view octets) {
  while (!octets.empty() && place_ != place::failed) {
    if (place_ == place::counted && counted_left_ > 0) {
      // Inside a counted body nothing is looked at but line ends.
      const auto some = octets.substr(0, std::min<std::uint64_t>(counted_left_, octets.size()));
      counted_left_ -= some.size();
      offset_ += some.size();
      octets.remove_prefix(some.size());
      for (std::size_t at = 0; at < some.size();) {
        const auto lf = some.find('\n', at);
        const auto end = lf == std::string_view::npos ? some.size() : lf + 1;
        add(some.substr(at, end - at), lf != std::string_view::npos);
        at = end;
      }
      at_line_start_ = true; // what follows the count stands in a line of its own
      continue;
    }
    const auto lf = octets.find('\n');
    const auto end = lf == std::string_view::npos ? octets.size() : lf + 1;
    if (input_.empty() && lf != std::string_view::npos) {
      line(octets.substr(0, end), true);
    } else {
      input_.append(octets.substr(0, end));
      if (lf != std::string_view::npos || input_.size() >= piece_octets) {
        const auto whole = std::exchange(input_, {});
        line(whole, lf != std::string_view::npos);
      }
    }
    octets.remove_prefix(end);
  }
}

void reader::finish() {
  if (!input_.empty() && place_ != place::failed) {
    const auto rest = std::exchange(input_, {});
    line(rest, false);
    // Its last line has no end; in a counted body that is as it was.
    if (place_ == place::header || place_ == place::body) {
      if (place_ == place::header) header_ += '\n';
      else piece_ += last_cr_ ? "\n" : "\r\n";
    }
  }
  if (place_ == place::start || place_ == place::failed) return;
  end_message();
  place_ = place::start;
}

std::optional<reader::event> reader::next() {
  if (events_.empty()) return {};
  auto e = std::move(events_.front());
  events_.pop_front();
  return e;
}

void reader::line(std::string_view text, bool whole) {
  const bool starts = std::exchange(at_line_start_, whole);
  const auto here = offset_;
  offset_ += text.size();
  if (starts && text.starts_with("From ")) {
    if (const auto from = read_from_line(without_end(text)); from && whole) {
      if (place_ != place::start) {
        offset_ = here;
        end_message();
        offset_ = here + text.size();
      }
      begun_at_ = here;
      received_ = from->received;
      place_ = place::header;
      header_.clear();
      return;
    }
  }
  if (place_ == place::start) {
    if (starts && is_empty(text)) return; // some files begin or end with empty lines
    place_ = place::failed;
    events_.emplace_back(no_mbox{});
    return;
  }
  if (place_ == place::header) {
    if (!starts || !is_empty(text)) {
      header_ += text;
      if (header_.size() > header_octets_max) end_header();
      return;
    }
    end_header();
    if (place_ == place::counted) add("\n", true);
    else held_empty_ = true; // with nothing behind it, it was the one before the next message
    return;
  }
  if (starts && is_empty(text)) {
    if (std::exchange(held_empty_, true)) add("\n", true);
    return;
  }
  if (place_ == place::counted) place_ = place::body; // it was longer than it said
  if (std::exchange(held_empty_, false)) add("\n", true);
  if (starts && dialect_ != dialect::mboxcl2 && text.front() == '>') {
    const auto quotes = text.find_first_not_of('>');
    const bool quoted = quotes != std::string_view::npos && text.substr(quotes).starts_with("From ");
    if (quoted && (quotes == 1 || dialect_ == dialect::mboxrd)) text.remove_prefix(1);
  }
  add(text, whole);
}

void reader::end_header() {
  const bool whole = header_.size() <= header_octets_max;
  const auto length = dialect_ == dialect::mboxcl2 ? content_length(header_) : std::nullopt;
  message_begin b;
  b.offset = begun_at_;
  b.received = received_;
  b.internal = silent_ = has_internal_data(header_);
  if (whole) b.state = take_state(header_, dialect_ == dialect::mboxcl2);
  events_.emplace_back(std::move(b));
  last_cr_ = false;
  const auto header = std::exchange(header_, {});
  for (std::size_t at = 0; at < header.size();) {
    const auto lf = header.find('\n', at);
    const auto end = lf == std::string::npos ? header.size() : lf + 1;
    auto text = std::string_view(header).substr(at, end - at);
    if (dialect_ != dialect::mboxcl2 && text.front() == '>') {
      const auto quotes = text.find_first_not_of('>');
      const bool quoted = quotes != std::string_view::npos && text.substr(quotes).starts_with("From ");
      if (quoted && (quotes == 1 || dialect_ == dialect::mboxrd)) text.remove_prefix(1);
    }
    add(text, lf != std::string::npos);
    at = end;
  }
  place_ = length ? place::counted : place::body;
  counted_left_ = length.value_or(0);
  held_empty_ = false;
}

void reader::end_message() {
  if (place_ == place::header) end_header(); // no body
  held_empty_ = false;
  flush();
  events_.emplace_back(message_end{offset_});
  silent_ = false;
  counted_left_ = 0;
}

void reader::add(std::string_view text, bool whole) {
  if (text.empty()) return;
  if (!whole) {
    piece_ += text;
    last_cr_ = text.back() == '\r';
  } else {
    text.remove_suffix(1);
    const bool has_cr = text.empty() ? last_cr_ : text.back() == '\r';
    piece_ += text;
    piece_ += has_cr ? "\n" : "\r\n";
    last_cr_ = false;
  }
  if (piece_.size() >= piece_octets) flush();
}

void reader::flush() {
  if (!piece_.empty() && !silent_) events_.emplace_back(chunk{std::move(piece_)});
  piece_.clear();
}

} // namespace rookery::mbox
