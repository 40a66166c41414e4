/// A patch of a document is refused, or gives a content that is read, shown and patched again.
/// The first line is the present content, the rest the patch; its first octet chooses the kind.
#include "actors/config/documents.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto line = text.find('\n');
  const auto patch = json::parse(line == std::string_view::npos ? text : text.substr(line + 1), {.octets = 64 * 1024, .depth = 16, .values = 1000});
  if (!patch) return 0;
  const auto content = line == std::string_view::npos ? std::string_view() : text.substr(0, line);
  storage::directory::document d;
  d.id = 7;
  d.version = 3;
  config::settings values;
  const auto change = [kind = data[0] % 3](std::string_view before, const json::value& p) {
    return kind == 0 ? config::change_account(before, p) : kind == 1 ? config::change_alias(before, p) : config::change_domain(before, p);
  };
  const auto made = change(content, *patch);
  if (!made) return 0;
  d.content = *made;
  const auto again = change(*made, json::value(json::object{}));
  if (!again || *again != *made) std::abort();
  if (data[0] % 3 == 0) {
    d.key = "ann@example.test";
    if (!config::read_account(d, values)) std::abort();
    (void)config::show_account(d, values);
  } else if (data[0] % 3 == 1) {
    d.key = "info@example.test";
    if (!config::read_alias(d)) std::abort();
    (void)config::show_alias(d);
  } else {
    d.key = "example.test";
    if (!config::read_domain(d)) std::abort();
    (void)config::show_domain(d);
  }
  return 0;
}
