/// A message scanned whole and cut must give the same, within bounds. The first octet says how it is cut.
#include "base/check.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/mime/scanner.hpp"
#include "protocols/mime/search.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  if (size == 0) return 0;
  const std::string_view message(reinterpret_cast<const char*>(data) + 1, size - 1);
  mime::limits limit;
  limit.parts = 50;
  limit.depth = 10;
  limit.header_octets = 2'000;
  limit.all_header_octets = 8'000;
  const auto whole = mime::summarize(message, limit);
  mime::scanner cut(limit);
  const std::size_t step = data[0] % 64 + 1;
  for (std::size_t at = 0; at < message.size(); at += step) cut.feed(message.substr(at, step));
  cut.finish();
  const auto tree = cut.parts();
  const auto other = cut.summarize();
  base::check(whole.parts == other.parts && whole.bodystructure == other.bodystructure && whole.body == other.body, "structure");
  base::check(whole.envelope == other.envelope && whole.sort_keys == other.sort_keys && whole.preview == other.preview, "header or preview");
  base::check(whole.lines == other.lines && whole.header_octets == other.header_octets && whole.has_8bit == other.has_8bit, "counts");
  base::check(tree.size() <= limit.parts && charset::valid_utf8(whole.preview), "bounds");
  for (const auto& p : tree) base::check(p.depth < limit.depth && p.body_offset + p.body_octets <= message.size(), "a part beyond the message");
  base::check(mime::read_parts(whole.parts).has_value() && mime::read_sort_keys(whole.sort_keys).has_value(), "what is stored is read");
  (void)mime::search_text(message, tree, "NEEDLE", true);
  return 0;
}
