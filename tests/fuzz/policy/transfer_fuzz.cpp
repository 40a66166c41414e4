/// Notes of what was copied come back as they were read; patterns end; a folder's mailbox is a name.
#include "policy/transfer/copied.hpp"
#include "policy/transfer/folder_map.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::transfer;
  const std::string_view text(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 4096));
  if (const auto b = read_batch(text)) {
    if (read_batch(encode(*b)) != b) std::abort();
    copied_messages all;
    if (!all.add(*b)) std::abort();
    all.close();
    for (const auto k : b->keys)
      if (!all.take(k)) std::abort();
    if (!b->keys.empty() && all.take(b->keys.front())) std::abort();
  }
  if (const auto h = read_head(text); h && read_head(encode(*h)) != h) std::abort();
  const auto half = text.size() / 2;
  if (matches(text.substr(0, half), text.substr(half)) && text.substr(half).find('x') != std::string_view::npos &&
      text.substr(0, half).find_first_of("x*%") == std::string_view::npos)
    std::abort();
  folder_rules rules;
  rules.renamed.emplace_back(text.substr(0, half), "b");
  if (const auto m = mailbox_for(rules, text.substr(half)); m && m->empty()) std::abort();
  return 0;
}
