/// What is converted has 7-bit octets in short lines only, is the same however it was cut, and needs no
/// converting any more.
#include "protocols/mime/seven_bit.hpp"

#include <cstdlib>

using namespace rookery;

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
  for (std::size_t at = 0; at < message.size(); at += cut) converter.feed(std::string(message.substr(at, cut)), out);
  converter.finish(out);
  if (survey.verdict() == mime::seven_bit_verdict::convertible && out != *whole) std::abort();
  for (const char c : out)
    if (static_cast<unsigned char>(c) >= 0x80 || c == '\0') std::abort();
  return 0;
}
