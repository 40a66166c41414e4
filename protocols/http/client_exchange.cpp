#include "protocols/http/client_exchange.hpp"

#include "base/text.hpp"
#include "protocols/http/status.hpp"

#include <algorithm>

namespace rookery::http {

namespace {

constexpr std::size_t head_octets_max = 64 * 1024;

} // namespace

std::string request_text(std::string_view method, std::string_view target, std::string_view host,
                         const field_list& fields, std::string_view body) {
  std::string out;
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(host).append("\r\n");
  for (const auto& [name, value] : fields) out.append(name).append(": ").append(value).append("\r\n");
  if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
    out += "Content-Length: ";
    base::append_number(out, body.size());
    out += "\r\n";
  }
  out.append("Connection: close\r\n\r\n").append(body);
  return out;
}

client_exchange::state client_exchange::fail(const char* why) {
  at_ = at::failed;
  error_ = why;
  return state::failed;
}

client_exchange::state client_exchange::finish() {
  at_ = at::done;
  return state::done;
}

client_exchange::state client_exchange::feed(base::const_bytes octets) {
  if (at_ == at::done) return state::done;
  if (at_ == at::failed) return state::failed;
  in_.append(octets);
  while (at_ == at::head)
    if (!read_head()) return at_ == at::failed ? state::failed : state::reading;
  return read_body();
}

bool client_exchange::read_head() {
  const auto text = in_.view();
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (text.size() > head_octets_max) fail("the head of the answer is too long");
    return false;
  }
  const auto head = text.substr(0, end + 2);
  const auto line = head.substr(0, head.find("\r\n"));
  const auto status = line.size() >= 12 ? base::parse_u32(line.substr(9, 3)) : std::nullopt;
  if (!line.starts_with("HTTP/1.") || !status || *status < 100) {
    fail("the answer is not HTTP/1.1");
    return false;
  }
  const auto fields = read_fields(head.substr(line.size() + 2), 1000);
  const auto frame = fields ? read_framing(*fields) : base::fail(framing_error::contradictory);
  if (!frame) {
    fail("the head of the answer is malformed");
    return false;
  }
  answer_.status = static_cast<std::uint16_t>(*status);
  answer_.fields.clear();
  for (const auto& [name, value] : *fields) answer_.fields.push_back({std::string(name), std::string(value)});
  in_.consume(end + 4);
  if (*status < 200) return true; // RFC 9110 §15.2: the final answer follows
  if (head_request_ || !has_body(answer_.status)) {
    at_ = at::done;
  } else if (frame->chunked) {
    chunks_.emplace(256, 8192);
    at_ = at::chunks;
  } else if (frame->length) {
    left_ = *frame->length;
    at_ = at::length;
  } else {
    at_ = at::until_close;
  }
  return true;
}

client_exchange::state client_exchange::read_body() {
  auto& body = answer_.body;
  for (;;) {
    const auto text = in_.view();
    if (at_ == at::done) return state::done;
    if (at_ == at::length && left_ == 0) return finish();
    if (text.empty()) return state::reading;
    auto piece = text;
    std::size_t used = text.size();
    if (at_ == at::length) {
      used = static_cast<std::size_t>(std::min<std::uint64_t>(left_, text.size()));
      piece = text.substr(0, used);
      left_ -= used;
    } else if (at_ == at::chunks) {
      const auto step = chunks_->read(text);
      used = step.used;
      piece = step.octets;
      if (step.what == chunked_reader::state::malformed) return fail("a chunk of the answer is malformed");
      if (step.what == chunked_reader::state::done) return finish();
    }
    if (piece.size() > body_max_ - body.size()) return fail("the answer is too large");
    body.append(piece);
    in_.consume(used);
  }
}

client_exchange::state client_exchange::end_of_stream() {
  if (at_ == at::until_close || at_ == at::done) return finish();
  if (at_ == at::failed) return state::failed;
  return fail("the answer was cut short");
}

} // namespace rookery::http
