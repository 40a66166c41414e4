/// Files of an index with a right checksum and any content: read, or refused; what was read is written the same.
/// The first octet says which kind.
#include "base/codec.hpp"
#include "base/crc32c.hpp"
#include "storage/search/index_files.hpp"
#include "storage/search/word_list.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  using namespace rookery::storage::search;
  if (size == 0) return 0;
  const std::string_view content(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto sealed = [&](std::string magic) {
    base::encoder(magic).u32(base::crc32c(content));
    return magic.append(content);
  };
  switch (data[0] % 4) {
    case 0:
      if (const auto m = read_manifest(sealed("RKINDEX1")); m && !read_manifest(write_manifest(*m))) std::abort();
      break;
    case 1:
      if (const auto d = read_documents(sealed("RKDOCUM1")); d && write_documents(*d) != sealed("RKDOCUM1")) std::abort();
      break;
    case 2:
      if (const auto p = read_places(sealed("RKPLACE1")); p && write_places(*p) != sealed("RKPLACE1")) std::abort();
      break;
    default:
      for (const char* kind : {"RKWORDS1", "RKWORDS2", "RKWORDS3"}) {
        const auto l = word_list::read(sealed(kind));
        if (!l) continue;
        number_set found(1, 100);
        for (const auto c : word_classes) {
          const auto go_on = [&](std::string_view word) {
            l->add_documents(c, word, found);
            return true;
          };
          l->matching(c, {"A", false, false}, go_on);
          l->matching(c, {"A", true, false}, go_on);
          l->matching(c, {"A", false, true}, go_on);
          l->beginning_with(c, "A", go_on);
          l->add_documents_with(c, "A", found);
        }
      }
  }
  return 0;
}
