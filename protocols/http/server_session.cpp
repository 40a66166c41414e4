#include "protocols/http/server_session.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/http/status.hpp"
#include "protocols/http/target.hpp"

#include <algorithm>

namespace rookery::http {

server_session::server_session(connection_facts facts, base::instant now, limits bounds)
    : facts_(std::move(facts)), limits_(bounds), now_(now), since_(now) {}

void server_session::put(base::const_bytes octets) {
  if (out_.empty()) moved_ = true; // the wait for a reader begins with the next known time
  out_.append(octets);
}

void server_session::drop_used() {
  in_.consume(used_);
  used_ = 0;
}

void server_session::feed(base::const_bytes in, base::instant now) {
  now_ = now;
  drop_used();
  if (closing_) return;
  // The time for a head begins with its first octet, that for a body with each piece.
  if ((at_ == at::head && in_.empty()) || at_ == at::length || at_ == at::chunks || rearm_) since_ = now;
  rearm_ = false;
  in_.append(in);
}

void server_session::tick(base::instant now) {
  now_ = now;
  if (rearm_) {
    since_ = now;
    rearm_ = false;
  }
  if (!out_.empty()) {
    if (moved_) {
      moved_ = false;
      waited_ = now;
    } else if (now >= waited_ + limits_.answer_time) {
      stalled_ = closing_ = true;
      answer_ = answer::complete;
      return;
    }
  }
  const auto end = next_input_by();
  if (closing_ || !end || now < *end) return;
  drop_used();
  if (at_ == at::head && in_.empty()) {
    closing_ = true;
  } else {
    close_after(408);
  }
}

std::optional<base::instant> server_session::deadline() const {
  const auto input = next_input_by();
  if (out_.empty() || stalled_) return input;
  const auto reading = waited_ + limits_.answer_time;
  return input ? std::min(*input, reading) : reading;
}

std::optional<base::instant> server_session::next_input_by() const {
  if (closing_ || at_ == at::request_over || at_ == at::upgraded) return std::nullopt;
  if (held_ && at_ != at::head) return std::nullopt;
  if (at_ == at::length || at_ == at::chunks) return since_ + limits_.body_time;
  if (in_.size() > used_) return since_ + limits_.head_time;
  return since_ + limits_.idle_time;
}

bool server_session::wants_input() const {
  if (closing_) return false;
  const auto waiting = in_.size() - used_;
  return waiting < (at_ == at::head ? limits_.head_octets : limits_.ahead_octets);
}

std::optional<server_session::event> server_session::next_event() {
  drop_used();
  if (refusal_ != 0) return refused{std::exchange(refusal_, std::uint16_t{0})};
  if (stalled_ && !std::exchange(stall_told_, true)) return stalled{};
  if (closing_) {
    if (gone_told_ || responding()) return std::nullopt;
    gone_told_ = true;
    return gone{};
  }
  if (at_ == at::head) {
    auto found = read_head();
    if (!found && closing_) return next_event();
    return found;
  }
  if (at_ == at::request_over || at_ == at::upgraded || held_) return std::nullopt;
  auto found = read_body();
  if (!found && closing_) return next_event();
  return found;
}

std::optional<server_session::event> server_session::refuse(std::uint16_t status) {
  close_after(status);
  return std::nullopt;
}

void server_session::close_after(std::uint16_t status) {
  refusal_ = status;
  keep_ = false;
  closing_ = true;
  at_ = at::request_over;
  in_.clear();
  // Behind the beginning of another answer an error could only be taken for its body.
  if (answer_ != answer::begun) {
    const std::string body(phrase(status));
    head_ = false;
    add_head(status, {{"Content-Type", "text/plain"}}, body.size());
    put(body);
  }
  answer_ = answer::complete;
}

std::optional<server_session::event> server_session::read_head() {
  // RFC 9112 §2.2: an empty line before a request is read over.
  while (in_.view().starts_with("\r\n")) {
    in_.consume(2);
    scanned_ = 0;
  }
  const auto text = in_.view();
  const auto end = text.find("\r\n\r\n", scanned_);
  const auto line_end = text.find("\r\n");
  // Every method begins with a letter. TLS on a plain port is refused now and not after 30 seconds.
  if (!text.empty() && !base::is_alpha(text.front()) && text != "\r") return refuse(400);
  // A CR at the end of what has come may be that of the line's CRLF.
  const auto line_octets = std::min(line_end, text.size() - (text.ends_with('\r') ? 1 : 0));
  if (line_octets > limits_.request_line_octets) return refuse(414);
  if (end == std::string_view::npos) {
    if (text.size() >= limits_.head_octets) return refuse(431);
    scanned_ = text.size() < 3 ? 0 : text.size() - 3;
    return std::nullopt;
  }
  scanned_ = 0;
  if (end + 4 > limits_.head_octets) return refuse(431);

  const auto line = text.substr(0, line_end);
  const auto first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return refuse(400);
  request found;
  found.method = line.substr(0, first);
  found.target = line.substr(first + 1, last - first - 1);
  const auto protocol = line.substr(last + 1);
  if (!is_token(found.method) || protocol.size() != 8 || !protocol.starts_with("HTTP/") ||
      !base::is_digit(protocol[5]) || protocol[6] != '.' || !base::is_digit(protocol[7]))
    return refuse(400);
  if (protocol[5] != '1') return refuse(505);
  http_1_0_ = protocol[7] == '0';
  if (found.method == "CONNECT") return refuse(501);
  const auto target = read_target(found.target);
  if (!target || (target->path == "*" && found.method != "OPTIONS")) return refuse(400);
  found.path = target->path;
  found.query = target->query;

  // line_end + 2 is end + 2 when there are no fields.
  auto fields = read_fields(text.substr(line_end + 2, end + 2 - (line_end + 2)), limits_.fields);
  if (!fields) return refuse(fields.error() == field_error::too_many ? 431 : 400);
  fields_ = std::move(*fields);
  const auto hosts = count(fields_, "host");
  if (hosts > 1 || (hosts == 0 && !http_1_0_)) return refuse(400); // RFC 9112 §3.2
  const auto frame = read_framing(fields_);
  if (!frame) return refuse(frame.error() == framing_error::unknown_coding ? 501 : 400);
  if (frame->chunked && http_1_0_) return refuse(400); // RFC 9112 §6.1
  if (frame->length && *frame->length > limits_.body_octets) return refuse(413);
  continue_wanted_ = false;
  if (const auto* expect = find(fields_, "expect"); expect != nullptr && !http_1_0_) {
    if (!base::iequals(expect->value, "100-continue")) return refuse(417);
    continue_wanted_ = true;
  }

  head_ = found.method == "HEAD";
  keep_ = http_1_0_ ? lists(fields_, "connection", "keep-alive") : !lists(fields_, "connection", "close");
  if (++requests_ >= limits_.requests) keep_ = false;
  left_ = frame->length.value_or(0);
  body_ = 0;
  found.length = frame->length;
  found.has_body = frame->chunked || left_ > 0;
  found.fields = fields_;
  if (frame->chunked) chunks_.emplace(limits_.chunk_head_octets, limits_.trailer_octets);
  at_ = frame->chunked ? at::chunks : at::length;
  answer_ = answer::wanted;
  used_ = end + 4;
  since_ = now_;
  return found;
}

std::optional<server_session::event> server_session::read_body() {
  if (refused_late_ != 0) return refuse(std::exchange(refused_late_, std::uint16_t{0}));
  const auto text = in_.view();
  if (at_ == at::length && left_ == 0) {
    at_ = at::request_over;
    if (answer_ == answer::complete) next_request();
    return request_end{};
  }
  if (text.empty()) {
    // The host has seen the request and did not refuse it: the body is welcome.
    if (continue_wanted_ && answer_ == answer::wanted) put("HTTP/1.1 100 Continue\r\n\r\n");
    continue_wanted_ = false;
    return std::nullopt;
  }
  continue_wanted_ = false;
  if (at_ == at::length) {
    used_ = static_cast<std::size_t>(std::min<std::uint64_t>(left_, text.size()));
    left_ -= used_;
    return body_chunk{text.substr(0, used_)};
  }
  const auto step = chunks_->read(text);
  switch (step.what) {
  case chunked_reader::state::hungry:
    in_.consume(step.used);
    return std::nullopt;
  case chunked_reader::state::body: {
    // Up to the limit everything is given, however it was cut; one octet more is refused.
    if (body_ >= limits_.body_octets) return refuse(413);
    const auto given = step.octets.substr(0, static_cast<std::size_t>(limits_.body_octets - body_));
    body_ += given.size();
    if (given.size() < step.octets.size()) refused_late_ = 413;
    used_ = step.used;
    return body_chunk{given};
  }
  case chunked_reader::state::done:
    in_.consume(step.used);
    at_ = at::request_over;
    chunks_.reset();
    if (answer_ == answer::complete) next_request();
    return request_end{};
  case chunked_reader::state::malformed:
    break;
  }
  return refuse(400);
}

void server_session::add_head(std::uint16_t status, const field_list& fields, std::optional<std::uint64_t> length) {
  std::string head("HTTP/1.1 ");
  base::append_number(head, status);
  head.append(" ").append(phrase(status)).append("\r\n");
  for (const auto& [name, value] : fields) {
    base::check(is_token(name) && is_field_value(value), "a field of an answer is clean");
    head.append(name).append(": ").append(value).append("\r\n");
  }
  chunked_answer_ = false;
  if (has_body(status)) {
    if (length) {
      head += "Content-Length: ";
      base::append_number(head, *length);
      head += "\r\n";
    } else if (http_1_0_) {
      keep_ = false;
    } else {
      chunked_answer_ = true;
      head += "Transfer-Encoding: chunked\r\n";
    }
  }
  if (status == 101)
    head += "Connection: Upgrade\r\n";
  else if (!keep_)
    head += "Connection: close\r\n";
  else if (http_1_0_)
    head += "Connection: keep-alive\r\n";
  head += "\r\n";
  put(head);
  answer_body_ = has_body(status) && !head_;
  owed_ = length;
}

void server_session::respond(std::uint16_t status, const field_list& fields, std::string_view body) {
  begin_response(status, fields, body.size());
  if (answer_ != answer::begun) return;
  write_body(body);
  end_response();
}

void server_session::begin_response(std::uint16_t status, const field_list& fields,
                                    std::optional<std::uint64_t> length) {
  if (answer_ == answer::complete) return; // the session refused meanwhile
  base::check(answer_ == answer::wanted, "an answer belongs to a request");
  // A body that nobody wants any more is not waited for. (One of known length that has
  // come in full does no harm.)
  if (at_ != at::request_over && !(at_ == at::length && left_ == 0)) keep_ = false;
  answer_ = answer::begun;
  add_head(status, fields, length);
}

void server_session::write_body(base::const_bytes octets) {
  if (answer_ != answer::begun || octets.empty()) return;
  if (owed_) {
    base::check(octets.size() <= *owed_, "an answer has the length it promised");
    *owed_ -= octets.size();
  }
  if (!answer_body_) return;
  if (!chunked_answer_) {
    put(octets);
    return;
  }
  static constexpr char digits[] = "0123456789abcdef";
  char size[18];
  std::size_t place = sizeof size;
  size[--place] = '\n';
  size[--place] = '\r';
  for (auto n = octets.size(); n > 0; n >>= 4) size[--place] = digits[n & 15];
  put({size + place, sizeof size - place});
  put(octets);
  put("\r\n");
}

void server_session::end_response() {
  if (answer_ != answer::begun) return;
  if (answer_body_ && chunked_answer_) put("0\r\n\r\n");
  // Fewer octets than promised: only the end of the connection can say so.
  if (owed_.value_or(0) != 0 && answer_body_) keep_ = false;
  answer_ = answer::complete;
  if (!keep_)
    closing_ = true;
  else if (at_ == at::request_over)
    next_request();
}

void server_session::hold_body(bool held) {
  if (held_ == held) return;
  held_ = held;
  rearm_ = true;
}

void server_session::upgrade(const field_list& fields) {
  if (answer_ == answer::complete) return;
  base::check(may_upgrade(), "this request may become another protocol");
  add_head(101, fields, std::nullopt);
  answer_ = answer::complete;
  at_ = at::upgraded;
}

void server_session::next_request() {
  at_ = at::head;
  answer_ = answer::none;
  held_ = false;
  fields_.clear();
  rearm_ = true;
  since_ = now_;
  if (!keep_) closing_ = true;
  if (in_.size() == used_ && used_ == 0) in_.release();
}

void server_session::shut_down() {
  keep_ = false;
  if (answer_ == answer::none) closing_ = true;
}

void server_session::tls_started(connection_facts facts, base::instant now) {
  facts_ = std::move(facts);
  in_.clear();
  used_ = scanned_ = 0;
  since_ = now_ = now;
}

} // namespace rookery::http
