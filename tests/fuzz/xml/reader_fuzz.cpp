/// A stream read whole and cut anywhere gives the same; what is read is printed and read again as the same.
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"

#include <cstdlib>
#include <string>
#include <vector>

using namespace rookery;

namespace {

constexpr xml::limits bounds{.stanza_octets = 2000, .tag_octets = 1000, .depth = 8, .attributes = 10, .namespaces = 10, .elements = 50, .name_octets = 100};

std::string play(std::string_view octets, std::size_t piece) {
  xml::reader r(bounds);
  std::string waiting, told;
  while (!octets.empty()) {
    waiting += octets.substr(0, piece);
    octets.remove_prefix(std::min(piece, octets.size()));
    for (;;) {
      const auto read = r.read(waiting);
      if (read.used > waiting.size()) std::abort();
      waiting.erase(0, read.used);
      if (!read.what) {
        if (read.used == 0) break;
        continue;
      }
      if (std::holds_alternative<xml::fault>(*read.what)) return told + "!";
      if (std::holds_alternative<xml::root_closed>(*read.what)) return told + "end";
      if (const auto* root = std::get_if<xml::root_opened>(&*read.what)) told += xml::to_text(root->root);
      if (const auto* child = std::get_if<xml::child_read>(&*read.what)) {
        const auto text = xml::to_text(child->child);
        const auto again = xml::parse(text);
        // Names keep their prefixes' meaning only: what is printed must be read as what it was.
        if (!std::holds_alternative<xml::element>(again) || !(std::get<xml::element>(again) == child->child)) std::abort();
        told += text;
      }
    }
  }
  return told;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 8000) return 0;
  const std::size_t piece = 1 + data[0] % 40;
  // A '>' makes the reader look at what it has put off.
  const auto octets = std::string(reinterpret_cast<const char*>(data) + 1, size - 1) + ">";
  if (play(octets, octets.size() + 1) != play(octets, piece)) std::abort();
  return 0;
}
