/// A mailbox that a directory names has a directory that names it.
#include "protocols/maildir/file_name.hpp"
#include "protocols/maildir/folder_name.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::maildir;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto how : {layout::maildirpp, layout::fs}) {
    if (const auto mailbox = mailbox_of(text, how))
      for (const auto other : {layout::maildirpp, layout::fs})
        if (mailbox_of(directory_of(*mailbox, other), other) != mailbox) std::abort();
    const auto all = read_subscriptions(text, how);
    if (read_subscriptions(write_subscriptions(all), how) != all) std::abort();
  }
  auto letters = read_keywords(text);
  if (read_keywords(write_keywords(letters)) != letters) std::abort();
  if (const auto name = read_file_name(text)) {
    const auto again = std::string(name->unique) + info_of(name->system, name->passed, name->letters);
    const auto back = read_file_name(again);
    if (!back || back->system != name->system || back->letters != name->letters || back->unique != name->unique) std::abort();
    (void)state_of(*name, letters);
  }
  (void)read_uid_order(text);
  return 0;
}
