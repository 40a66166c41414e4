// Any command line; searches among them are compiled and run.
#include "base/check.hpp"
#include "protocols/imap/command_parser.hpp"
#include "protocols/imap/filter.hpp"
#include "protocols/imap/search_matcher.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

using namespace rookery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const imap::server_limits limits;
  imap::client_mode mode;
  mode.qresync = size % 2 == 0;
  mode.rev2 = size % 3 == 0;
  mode.uid_only = size % 5 == 0;
  const auto head = imap::read_head(text);
  if (!head.rule || !head.rule->read) return 0;
  imap::word_reader reader(text, {&limits, mode.utf8_names(), mode.uid_only});
  reader.skip(head.octets);
  const auto asked = imap::read_arguments(head, reader, mode);
  base::check(asked.has_value() == (reader.fault() == imap::parse_fault::none), "a fault and a command at once");
  if (!asked) return 0;
  const auto* any = std::get_if<imap::any_command>(&*asked);
  const auto* search = any ? std::get_if<imap::search>(any) : nullptr;
  if (!search) return 0;
  auto program = search->program;
  // What a filter says is a stranger's text too: here the command's own.
  const auto find = [text](std::string_view entry) -> std::optional<std::string> {
    return std::string(text.substr(std::min(text.size(), entry.size() % 64)));
  };
  if (program.uses_filters && imap::expand_filters(program, find, {&limits, true})) return 0;
  imap::search_context context;
  context.largest_number = context.largest_uid = 100;
  const imap::search_matcher matcher(program, context);
  for (std::uint32_t n = 1; n < 5; ++n) {
    imap::search_row row;
    row.number = row.uid = n;
    row.flags = n;
    const auto verdict = matcher.test(row);
    base::check(verdict.decided || verdict.needs != 0, "an open search that needs nothing");
  }
  return 0;
}
