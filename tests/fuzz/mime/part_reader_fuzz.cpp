/// Any octets as stored parts, and any path into them. The first four octets are the path.
#include "base/check.hpp"
#include "protocols/mime/part_reader.hpp"
#include "protocols/mime/summary.hpp"

#include <array>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::mime;
  if (size < 4) return 0;
  const std::string_view stored(reinterpret_cast<const char*>(data) + 4, size - 4);
  if (const auto keys = read_sort_keys(stored)) {
    rookery::base::check(read_sort_text(stored, sort_text::cc) == keys->cc, "one text is as it is among all");
    rookery::base::check(!keys->has_date || read_sort_date(stored) == keys->sent_milliseconds, "the date is as it is among all");
  } else {
    (void)read_sort_text(stored, sort_text::cc);
    (void)read_sort_date(stored);
  }
  auto tree = read_parts(stored);
  if (!tree) tree = read_parts(summarize(stored).parts);
  rookery::base::check(tree.has_value(), "our own parts are read");
  const std::array<std::uint32_t, 4> path = {data[0], data[1], data[2], data[3]};
  for (std::size_t n = 0; n <= path.size(); ++n)
    for (const auto kind : {section_kind::all, section_kind::header, section_kind::text, section_kind::mime})
      if (const auto s = find_section(*tree, std::span(path).first(n), kind, stored.size()))
        rookery::base::check(s->part >= tree->data() && s->part < tree->data() + tree->size(), "a part of the tree");
  return 0;
}
