/// A search is read within its bounds, and its patterns fit as the plainest matcher says.
#include "protocols/xml/reader.hpp"
#include "protocols/xmpp/user_search.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

bool plainly_fits(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '%') return !text.empty() && pattern.front() == text.front() && plainly_fits(pattern.substr(1), text.substr(1));
  for (std::size_t i = 0; i <= text.size(); ++i)
    if (plainly_fits(pattern.substr(1), text.substr(i))) return true;
  return false;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  // A query; or a pattern, a line end, and a text.
  if (const auto cut = all.find('\n'); cut != std::string_view::npos && cut < 12 && size < 40)
    if (xmpp::fits(all.substr(0, cut), all.substr(cut + 1)) != plainly_fits(all.substr(0, cut), all.substr(cut + 1))) std::abort();
  const auto parsed = xml::parse(all);
  const auto* query = std::get_if<xml::element>(&parsed);
  if (query == nullptr) return 0;
  const auto wish = xmpp::read_search(*query);
  if (!wish) return 0;
  const xmpp::search_person who{"Ann Bee", "ann@x.example", {"ann", "x.example", {}}};
  wish->fits(who);
  xmpp::search_answer(*wish, {who});
  return 0;
}
