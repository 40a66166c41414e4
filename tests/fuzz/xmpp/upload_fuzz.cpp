/// Requests for a place and paths of files: whatever is read can be told to a browser in one line, and leads back to itself.
#include "protocols/http/field.hpp"
#include "protocols/xml/reader.hpp"
#include "protocols/xmpp/upload.hpp"

#include <cstdlib>
#include <string_view>

using namespace rookery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto place = xmpp::read_upload_target(text)) {
    const auto again = xmpp::read_upload_target(xmpp::upload_target(place->id, place->name));
    if (!again || again->id != place->id || again->name != place->name) std::abort();
  }
  (void)xmpp::read_upload_facts(text);
  const auto parsed = xml::parse(text);
  const auto* e = std::get_if<xml::element>(&parsed);
  const auto wanted = e == nullptr ? std::nullopt : xmpp::read_upload_request(*e);
  if (!wanted) return 0;
  const xmpp::upload_facts facts{wanted->name, wanted->type, wanted->octets, "a1", {}};
  if (!http::is_field_value(xmpp::disposition(facts)) || !http::is_field_value(xmpp::shown_type(facts))) std::abort();
  const auto place = xmpp::read_upload_target(xmpp::upload_target("id", wanted->name));
  if (!place || place->name != wanted->name) std::abort();
  const auto back = xmpp::read_upload_facts(xmpp::encode(facts));
  if (!back || back->octets != facts.octets || back->name != facts.name) std::abort();
  return 0;
}
