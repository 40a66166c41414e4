#include "protocols/imap/response_reader.hpp"

#include "base/text.hpp"
#include "protocols/imap/literal.hpp"

#include <algorithm>

namespace rookery::imap {

namespace {

std::string_view word_at(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  return text.substr(at, text.find(' ', at) - at);
}

} // namespace

bool response_reader::may_hold_literals() const noexcept {
  const std::string_view text(text_);
  const auto first = word_at(text, 0);
  if (first != "*") return false; // a tagged line and "+" end with human text
  const auto second = word_at(text, 2);
  for (const std::string_view status : {"OK", "NO", "BAD", "BYE", "PREAUTH"})
    if (base::iequals(second, status)) return false;
  return true;
}

bool response_reader::at_section(std::size_t literal_begin) const noexcept {
  const std::string_view text(text_);
  if (literal_begin < 2 || text[literal_begin - 1] != ' ') return false;
  const char before = text[literal_begin - 2];
  if (before != ']' && before != '>') return false;
  const auto number = word_at(text, 2);
  return base::parse_u32(number) && base::iequals(word_at(text, 2 + number.size() + 1), "FETCH");
}

bool response_reader::begin_literal() {
  const auto announced = may_hold_literals() ? find_literal(std::string_view(text_).substr(line_)) : std::nullopt;
  if (!announced) {
    done_ = true;
    return false;
  }
  left_ = announced->octets;
  const auto begin = line_ + announced->begin;
  streaming_ = at_section(begin);
  if (streaming_) {
    text_.resize(begin);
    text_ += "\"\"";
  } else {
    text_ += "\r\n";
  }
  line_ = text_.size();
  return true;
}

response_reader::step response_reader::read(base::const_bytes in) {
  if (done_) {
    text_.clear();
    line_ = 0;
    done_ = false;
  }
  std::size_t used = 0;
  while (used < in.size()) {
    const auto rest = in.substr(used);
    if (left_ > 0) {
      const auto octets = rest.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size())));
      left_ -= octets.size();
      used += octets.size();
      if (streaming_) return {found::message_octets, used, octets, 0};
      text_ += octets;
      line_ = text_.size();
      continue;
    }
    const auto end = rest.find('\n');
    const auto octets = rest.substr(0, end);
    if (text_.size() + octets.size() > limits_->response_octets) return {found::too_long, used, {}, 0};
    text_ += octets;
    used += octets.size();
    if (end == base::const_bytes::npos) break;
    ++used;
    if (text_.size() > line_ && text_.back() == '\r') text_.pop_back();
    if (!begin_literal()) return {found::response, used, {}, 0};
    if (streaming_) {
      if (left_ > limits_->message_octets) return {found::too_long, used, {}, 0};
      return {found::message_begin, used, {}, left_};
    }
    if (left_ > limits_->literal_octets || text_.size() + left_ > limits_->response_octets)
      return {found::too_long, used, {}, 0};
  }
  return {found::nothing, used, {}, 0};
}

} // namespace rookery::imap
