/// Agreed commands and pictures of the configuration, as another node sends them.
#include "storage/directory/agreed_command.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::storage::directory;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  if (const auto c = decode_agreed(octets)) {
    const auto again = decode_agreed(encode(*c));
    if (!again || again->command != c->command || again->index != c->index) std::abort();
  }
  if (const auto r = decode_replacement(octets)) (void)read_picture(r->picture);
  if (const auto p = read_picture(octets)) {
    config_table::editor editor(config_table{});
    for (const auto& d : p->documents) editor.put(d);
    const auto table = editor.finish(p->version);
    const std::vector<history_entry> newest_first(p->history.rbegin(), p->history.rend());
    const auto printed = print_picture(*table, p->mark, newest_first);
    const auto again = read_picture(printed);
    if (!again || again->documents.size() > p->documents.size()) std::abort();
  }
  return 0;
}
