/// What is converted has 7-bit octets in short lines only, is the same however it was cut, and needs no
/// converting any more.
#include "base/text.hpp"
#include "protocols/mime/seven_bit.hpp"

#include "protocols/mime/scanner.hpp"

#include <cstdlib>

using namespace rookery;

static mime::part_tree parts_of(std::string_view message, const mime::limits& limits) {
  mime::scanner s(limits);
  s.feed(message);
  s.finish();
  return s.parts();
}

static std::string decoded(const mime::part& p, std::string_view message) {
  return mime::decode_transfer(p.encoding, message.substr(static_cast<std::size_t>(p.body_offset), static_cast<std::size_t>(p.body_octets)));
}

/// The same leaves with the same content, but for those whose encoding was damaged before.
static bool same_leaves(std::string_view before, std::string_view after, const mime::limits& limits) {
  const auto a = parts_of(before, limits), b = parts_of(after, limits);
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].kind != b[i].kind) return false;
    if (a[i].kind != mime::part_kind::leaf || a[i].encoding == mime::transfer_encoding::base64 ||
        a[i].encoding == mime::transfer_encoding::unknown || a[i].encoding == mime::transfer_encoding::uuencode)
      continue;
    if (decoded(a[i], before) != decoded(b[i], after)) return false;
  }
  return true;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view message(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = 1 + data[0] % 32;
  mime::limits limits;
  limits.depth = 6;
  limits.parts = 40;
  limits.header_octets = 2'000;
  mime::seven_bit_survey survey(limits);
  for (std::size_t at = 0; at < message.size(); at += cut) survey.feed(message.substr(at, cut));
  survey.finish();
  const auto whole = mime::to_seven_bit(message, limits);
  const bool can = survey.verdict() == mime::seven_bit_verdict::clean || survey.verdict() == mime::seven_bit_verdict::convertible;
  if (can != whole.has_value()) std::abort();
  if (!can) return 0;
  mime::seven_bit_converter converter(survey);
  std::string out;
  for (std::size_t at = 0; at < message.size(); at += cut) { // what was given is gone, as when it is sent
    std::string piece;
    converter.feed(std::string(message.substr(at, cut)), piece);
    out += piece;
  }
  std::string last;
  converter.finish(last);
  out += last;
  if (survey.verdict() == mime::seven_bit_verdict::convertible && out != *whole) std::abort();
  for (const char c : out)
    if (static_cast<unsigned char>(c) >= 0x80 || c == '\0') std::abort();
  // A message/global that is encoded has no parts any more that could be seen from outside.
  if (base::to_lower(message).find("message/global") == std::string::npos && survey.verdict() == mime::seven_bit_verdict::convertible &&
      !same_leaves(message, out, limits))
    std::abort();
  return 0;
}
