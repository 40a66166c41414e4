/// Questions to an archive: whatever is asked stays within the bounds of a page, and is answered.
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/archive_query.hpp"

#include <cstdlib>
#include <string_view>

using namespace rookery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = xml::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  const auto* e = std::get_if<xml::element>(&parsed);
  if (e == nullptr) return 0;
  auto why = xmpp::condition::gone;
  const auto q = xmpp::read_archive_query(*e, why);
  if (!q) {
    if (why != xmpp::condition::bad_request && why != xmpp::condition::item_not_found && why != xmpp::condition::feature_not_implemented) std::abort();
    return 0;
  }
  if (q->max > xmpp::archive_page_most || q->ids.size() > xmpp::archive_page_most) std::abort();
  const auto result = xmpp::archive_result(*q, 7, {}, xmpp::make_message("chat"));
  const auto back = xml::parse(xml::to_text(result));
  if (!std::holds_alternative<xml::element>(back)) std::abort();
  return 0;
}
