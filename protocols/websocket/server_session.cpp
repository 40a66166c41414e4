#include "protocols/websocket/server_session.hpp"

#include "protocols/charset/utf8.hpp"

#include <algorithm>
#include <utility>

namespace rookery::websocket {
namespace {

constexpr unsigned char op_continuation = 0, op_text = 1, op_binary = 2, op_close = 8, op_ping = 9, op_pong = 10;
/// RFC 6455 §5.5.
constexpr std::uint64_t control_octets_max = 125;

bool is_control(unsigned char opcode) noexcept { return (opcode & 8) != 0; }

/// §7.4: may a peer say this?
bool may_come(unsigned code) noexcept {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) || (code >= 3000 && code <= 4999);
}

} // namespace

server_session::server_session(base::instant now, limits bounds) : limits_(bounds), now_(now) {}

void server_session::feed(base::const_bytes in, base::instant now) {
  now_ = now;
  if (!over_) input_.append(in);
}

void server_session::tick(base::instant now) {
  now_ = now;
  if (!over_ && close_by_ && now >= *close_by_) end(1006);
}

std::optional<base::instant> server_session::deadline() const noexcept { return over_ ? std::nullopt : close_by_; }

std::optional<server_session::event> server_session::next_event() {
  if (std::exchange(shown_, false)) {
    message_.clear();
    // An idle socket is small.
    if (message_.capacity() > 4096) message_.shrink_to_fit();
  }
  while (!event_ && !over_ && (at_ == at::head ? read_head() : read_payload())) {}
  if (input_.empty()) input_.release();
  if (event_) return std::exchange(event_, std::nullopt);
  if (!over_ || gone_told_) return std::nullopt;
  gone_told_ = true;
  return gone{code_};
}

bool server_session::read_head() {
  const auto in = input_.view();
  if (in.size() < 2) return false;
  const auto octet = [&in](std::size_t i) { return static_cast<unsigned char>(in[i]); };
  const auto first = octet(0), second = octet(1);
  opcode_ = first & 15;
  final_ = (first & 128) != 0;
  const bool control = is_control(opcode_);
  // §5.2: no extension gave the reserved bits a meaning; §5.1: a client masks.
  if ((first & 112) != 0 || (second & 128) == 0) return fault(close_code::protocol_error), false;
  if (opcode_ > op_pong || (opcode_ > op_binary && opcode_ < op_close)) return fault(close_code::protocol_error), false;
  if (control && (!final_ || (second & 127) > control_octets_max)) return fault(close_code::protocol_error), false;
  // §5.4: fragments of one message come behind each other.
  if (!control && (opcode_ == op_continuation) != in_message_) return fault(close_code::protocol_error), false;
  if (opcode_ == op_binary) return fault(close_code::unsupported), false;
  const std::size_t more = (second & 127) == 126 ? 2 : (second & 127) == 127 ? 8 : 0;
  if (in.size() < 2 + more + 4) return false;
  std::uint64_t length = second & 127;
  if (more != 0) {
    length = 0;
    for (std::size_t i = 0; i < more; ++i) length = length << 8 | octet(2 + i);
    // §5.2: in the least number of octets.
    if (length < (more == 2 ? 126u : 65536u) || length >> 63 != 0) return fault(close_code::protocol_error), false;
  }
  if (!control) {
    if (length > limits_.message_octets - std::min(message_.size(), limits_.message_octets)) return fault(close_code::too_large), false;
    if (++fragments_ > limits_.fragments) return fault(close_code::policy), false;
    in_message_ = true;
  }
  for (std::size_t i = 0; i < 4; ++i) mask_[i] = octet(2 + more + i);
  input_.consume(2 + more + 4);
  left_ = length;
  masked_ = 0;
  control_.clear();
  at_ = at::payload;
  return true;
}

bool server_session::read_payload() {
  const auto in = input_.view().substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, input_.size())));
  if (in.empty() && left_ != 0) return false;
  auto& out = is_control(opcode_) ? control_ : message_;
  const auto from = out.size();
  out.append(in);
  for (std::size_t i = 0; i < in.size(); ++i) out[from + i] = static_cast<char>(static_cast<unsigned char>(out[from + i]) ^ mask_[(masked_ + i) & 3]);
  masked_ += in.size();
  left_ -= in.size();
  input_.consume(in.size());
  if (left_ != 0) return false;
  at_ = at::head;
  if (is_control(opcode_)) return control_over();
  if (!final_) return true;
  in_message_ = false;
  fragments_ = 0;
  shown_ = true;
  if (closing_) {
    message_.clear();
    return true;
  }
  if (!charset::valid_utf8(message_)) return fault(close_code::bad_text), false;
  event_ = text{message_};
  return false;
}

bool server_session::control_over() {
  if (opcode_ == op_ping) {
    if (!closing_) put(op_pong, control_);
    return true;
  }
  if (opcode_ == op_pong) return true;
  std::uint16_t code = 1005;
  if (!control_.empty()) {
    if (control_.size() < 2) return fault(close_code::protocol_error), false;
    code = static_cast<std::uint16_t>(static_cast<unsigned char>(control_[0]) << 8 | static_cast<unsigned char>(control_[1]));
    if (!may_come(code) || !charset::valid_utf8(std::string_view(control_).substr(2))) return fault(close_code::protocol_error), false;
  }
  if (!closing_) put(op_close, control_.substr(0, 2)); // §5.5.1
  end(code);
  return false;
}

void server_session::fault(close_code why) {
  close(why);
  end(static_cast<std::uint16_t>(why));
}

void server_session::end(std::uint16_t code) {
  over_ = true;
  code_ = code;
  input_.clear();
  input_.release();
  message_.clear();
  shown_ = true;
}

void server_session::put(unsigned char opcode, std::string_view payload) {
  char head[10];
  std::size_t size = 2;
  head[0] = static_cast<char>(128 | opcode);
  if (payload.size() < 126) {
    head[1] = static_cast<char>(payload.size());
  } else {
    size = payload.size() < 65536 ? 4 : 10;
    head[1] = size == 4 ? 126 : 127;
    for (std::size_t i = size, n = payload.size(); i-- > 2; n >>= 8) head[i] = static_cast<char>(n & 255);
  }
  output_.append({head, size});
  output_.append(payload);
}

void server_session::send_text(std::string_view octets) {
  if (!closing_ && !over_) put(op_text, octets);
}

void server_session::ping() {
  if (!closing_ && !over_) put(op_ping, {});
}

void server_session::close(close_code why) {
  if (closing_ || over_) return;
  const auto code = static_cast<unsigned>(why);
  const char octets[2] = {static_cast<char>(code >> 8), static_cast<char>(code & 255)};
  put(op_close, {octets, 2});
  closing_ = true;
  close_by_ = now_ + limits_.close_time;
}

} // namespace rookery::websocket
