/// A chat command that is read is written again with the same octets, and the machine stands it.
#include "storage/chat/chat_machine.hpp"
#include "storage/tree/tree.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::storage;
  namespace base = rookery::base;
  std::string_view octets(reinterpret_cast<const char*>(data), size);
  auto machine = chat::chat_machine::open(base::shard_id{4}, tree::in_memory());
  // Several commands, each behind its length in two octets.
  for (int i = 0; i < 16 && octets.size() > 2; ++i) {
    const std::size_t length = static_cast<unsigned char>(octets[0]) | static_cast<std::size_t>(static_cast<unsigned char>(octets[1])) << 8;
    const auto one = octets.substr(2, length);
    octets.remove_prefix(2 + one.size());
    committed_command c;
    c.payload = one;
    const auto read = chat::decode_command(one);
    if (const auto done = (*machine)->apply(c); !read && done.what != outcome::malformed) std::abort();
    if (!read) continue;
    const auto again = chat::decode_command(chat::encode(*read));
    if (!again || chat::encode(*again) != chat::encode(*read)) std::abort();
    (void)(*machine)->view()->page(read->owner, chat::stream_kind::archive, {});
  }
  if (!(*machine)->check().empty()) std::abort();
  if (!(*machine)->flush(true) || !(*machine)->flush(true)) std::abort();
  if (!(*machine)->check().empty()) std::abort();
  return 0;
}
