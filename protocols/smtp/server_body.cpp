#include "protocols/smtp/server_session.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::smtp {

namespace {

reply refusal_of(line_fault what) {
  switch (what) {
  case line_fault::bare_cr: return {550, "5.5.2", "Bare CR in message: a line ends with CRLF"};
  case line_fault::bare_lf: return {550, "5.5.2", "Bare LF in message: a line ends with CRLF"};
  default: return {550, "5.6.0", "A line of the message is too long"};
  }
}

fault fault_of(line_fault what) {
  return what == line_fault::bare_cr ? fault::bare_cr : what == line_fault::bare_lf ? fault::bare_lf : fault::text_line_too_long;
}

} // namespace

void server_session::start_body(bool chunked) {
  state_ = chunked ? state::bdat : state::data;
  octets_ = 0;
  scanner_.restart(settings_->limits.text_line_octets);
  deadline_ = now_ + settings_->limits.data_time;
  message_deadline_ = now_ + settings_->limits.message_time;
}

void server_session::emit(std::size_t octets) {
  if (octets == 0) return;
  push(body_chunk{input_.view().substr(0, octets)});
  octets_ += octets;
  shown_ = octets;
}

void server_session::refuse_body(fault what, reply answer, std::size_t passed, const line_scanner& before) {
  const bool chunk = state_ == state::bdat;
  end_finder_.restart(before);
  if (!chunk) end_finder_.find(input_.view().substr(0, passed));
  const auto left = chunk_left_ - (chunk ? passed : 0);
  emit(passed);
  push(protocol_error{what});
  // On LMTP the end of the data is answered once for each recipient (RFC 2033 §4.2).
  const bool at_end = !chunk || chunk_last_;
  const auto count = settings_->profile == profile::lmtp && at_end ? recipients_ : 1;
  const bool line_end = what == fault::bare_cr || what == fault::bare_lf;
  reset_transaction(line_end ? reset_reason::bare_line_end : reset_reason::refused);
  dropped_ = 0;
  refusal_ = std::move(answer);
  refusal_count_ = count;
  refusal_counts_ = true;
  state_ = chunk ? state::drop_bdat : state::drop_data;
  chunk_left_ = left;
}

bool server_session::step_data() {
  if (paused_) return false;
  const auto text = input_.view();
  if (text.empty()) return false;
  const auto before = scanner_;
  const auto found = scanner_.scan(text, true);
  const auto room = settings_->limits.message_octets - octets_;
  if (found.at > room) {
    refuse_body(fault::message_too_large, {552, "5.3.4", "Message too large"}, static_cast<std::size_t>(room), before);
    return true;
  }
  if (found.why == line_scanner::stop::fault) {
    refuse_body(fault_of(scanner_.fault()), refusal_of(scanner_.fault()), found.at, before);
    return true;
  }
  if (found.at > 0) {
    emit(found.at);
    return true;
  }
  // A dot at the start of a line: the end, or one to be taken off (RFC 5321 §4.5.2).
  if (text.size() == 1 || (text[1] == '\r' && text.size() == 2)) return false;
  if (text[1] != '\r') {
    input_.consume(1);
    scanner_.skip_dot();
    return true;
  }
  if (text[2] != '\n') {
    refuse_body(fault::bare_cr, refusal_of(line_fault::bare_cr), 0, before);
    return true;
  }
  input_.consume(3);
  ask(question::message, message_end{octets_, recipients_});
  return true;
}

bool server_session::step_drop_data() {
  const auto text = input_.view();
  const auto end = end_finder_.find(text);
  const auto octets = end == end_finder::npos ? text.size() : end;
  dropped_ += octets;
  input_.consume(octets);
  if (dropped_ > settings_->limits.dropped_octets) {
    end_with_421(end_reason::limit, fault::message_too_large, "4.7.0", "Refused message is too long, closing");
    return true;
  }
  if (end == end_finder::npos) return false;
  answer_refused();
  return true;
}

void server_session::answer_refused() {
  expect_command();
  for (std::uint32_t i = 0; i < refusal_count_; ++i) append_reply(output_, refusal_);
  if (!refusal_counts_) return;
  if (++faults_ > settings_->limits.errors)
    end_with_421(end_reason::limit, fault::too_many_errors, "4.7.0", "Too many errors");
}

// RFC 3030 §2: the octets of a refused chunk must be read all the same.
void server_session::drop_chunk(std::uint64_t octets, reply answer, bool counts) {
  refusal_count_ = settings_->profile == profile::lmtp && chunk_last_ ? std::max(recipients_, 1u) : 1;
  refusal_ = std::move(answer);
  refusal_counts_ = counts;
  chunk_left_ = octets;
  dropped_ = 0;
  state_ = state::drop_bdat;
  deadline_ = now_ + settings_->limits.data_time;
  message_deadline_ = now_ + settings_->limits.message_time;
}

bool server_session::step_bdat() {
  if (paused_) return false;
  if (chunk_left_ == 0) {
    std::string().swap(url_piece_);
    if (!chunk_last_) {
      expect_command();
      std::string text;
      base::append_number(text, chunk_octets_);
      say(250, "2.0.0", text + " octets received");
      return true;
    }
    if (body_ != body_type::binary_mime && !scanner_.ends_clean()) {
      refuse_body(fault::bare_cr, refusal_of(line_fault::bare_cr), 0, scanner_);
      return true;
    }
    ask(question::message, message_end{octets_, recipients_});
    return true;
  }
  const auto text = input_.view().substr(0, chunk_left_);
  if (text.empty()) return false;
  // BINARYMIME is binary (RFC 3030 §3): any octet may stand anywhere.
  if (body_ != body_type::binary_mime) {
    const auto before = scanner_;
    const auto found = scanner_.scan(text, false);
    if (found.why == line_scanner::stop::fault) {
      refuse_body(fault_of(scanner_.fault()), refusal_of(scanner_.fault()), found.at, before);
      return true;
    }
  }
  chunk_left_ -= text.size();
  emit(text.size());
  return true;
}

bool server_session::step_burl() {
  if (paused_) return false;
  ask(question::url, fetch_url{url_, url_offset_});
  return true;
}

void server_session::url_octets(base::const_bytes octets, bool last) {
  if (state_ == state::closed) return;
  base::check(question_ == question::url, "no URL is asked for");
  question_ = question::none;
  // From here on as a chunk: what is refused was read already.
  state_ = state::bdat;
  if (octets.size() > settings_->limits.message_octets - octets_)
    return refuse_body(fault::message_too_large, {552, "5.3.4", "Message too large"}, 0, scanner_);
  if (body_ != body_type::binary_mime) {
    const auto found = scanner_.scan(octets, false);
    if (found.why == line_scanner::stop::fault) return refuse_body(fault_of(scanner_.fault()), refusal_of(scanner_.fault()), 0, scanner_);
  }
  url_piece_ = octets;
  url_offset_ += octets.size();
  octets_ += octets.size();
  chunk_octets_ += octets.size();
  if (!octets.empty()) push(body_chunk{url_piece_});
  if (!last) state_ = state::burl;
  deadline_ = now_ + settings_->limits.data_time;
}

bool server_session::step_drop_bdat() {
  const auto octets = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, input_.size() - shown_));
  input_.consume(octets);
  chunk_left_ -= octets;
  dropped_ += octets;
  if (dropped_ > settings_->limits.dropped_octets) {
    end_with_421(end_reason::limit, fault::message_too_large, "4.7.0", "Refused chunk is too long, closing");
    return true;
  }
  if (chunk_left_ > 0) return false;
  answer_refused();
  return true;
}

} // namespace rookery::smtp
