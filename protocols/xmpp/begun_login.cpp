#include "protocols/xmpp/begun_login.hpp"

#include "base/codec.hpp"

namespace rookery::xmpp {
namespace {

constexpr std::uint8_t version = 1;

void put(base::encoder& out, const std::optional<std::string>& text) {
  out.u8(text ? 1 : 0);
  out.bytes(text ? *text : std::string());
}

std::optional<std::string> optional_text(base::decoder& in) {
  const bool there = in.u8() != 0;
  std::string text(in.bytes());
  return there ? std::optional(std::move(text)) : std::nullopt;
}

void put(base::encoder& out, const login_wishes& w) {
  out.bytes(w.mechanism);
  put(out, w.initial);
  out.bytes(w.client_id);
  out.u8(w.resume ? 1 : 0);
  out.bytes(w.resume ? w.resume->previous : std::string());
  out.u32(w.resume ? w.resume->handled : 0);
  out.bytes(w.tag);
  out.bytes(w.token_mechanism);
  out.u8(static_cast<std::uint8_t>((w.bind ? 1 : 0) | (w.carbons ? 2 : 0) | (w.manage ? 4 : 0) | (w.resumable ? 8 : 0) | (w.by_token ? 16 : 0) | (w.forget_token ? 32 : 0)));
  out.u8(w.active ? (*w.active ? 2 : 1) : 0);
}

login_wishes wishes(base::decoder& in) {
  login_wishes w;
  w.mechanism = in.bytes();
  w.initial = optional_text(in);
  w.client_id = in.bytes();
  const bool resumes = in.u8() != 0;
  std::string previous(in.bytes());
  const auto handled = in.u32();
  if (resumes) w.resume = login_wishes::resumption{std::move(previous), handled};
  w.tag = in.bytes();
  w.token_mechanism = in.bytes();
  const auto flags = in.u8();
  w.bind = (flags & 1) != 0;
  w.carbons = (flags & 2) != 0;
  w.manage = (flags & 4) != 0;
  w.resumable = (flags & 8) != 0;
  w.by_token = (flags & 16) != 0;
  w.forget_token = (flags & 32) != 0;
  if (const auto active = in.u8(); active != 0) w.active = active == 2;
  return w;
}

} // namespace

std::string encode(const begun_login& b) {
  std::string text;
  base::encoder out(text);
  out.u8(version);
  out.bytes(b.domain);
  out.bytes(b.opening);
  out.u32(b.streams);
  out.u32(b.failures);
  out.u8(b.proved ? 1 : 0);
  out.bytes(b.mechanism);
  put(out, b.last);
  out.u8(b.wishes ? 1 : 0);
  if (b.wishes) put(out, *b.wishes);
  return text;
}

std::optional<begun_login> read_begun_login(std::string_view text) {
  base::decoder in(text);
  if (in.u8() != version) return {};
  begun_login b;
  b.domain = in.bytes();
  b.opening = in.bytes();
  b.streams = in.u32();
  b.failures = in.u32();
  b.proved = in.u8() != 0;
  b.mechanism = in.bytes();
  b.last = optional_text(in);
  if (in.u8() != 0) b.wishes = wishes(in);
  // Only a login in one step can be by a token.
  if (!in.done() || b.domain.empty() || (!b.proved && (!b.wishes || !b.wishes->by_token))) return {};
  return b;
}

} // namespace rookery::xmpp
