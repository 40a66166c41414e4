#include "actors/xmpp/web/host_meta_part.hpp"

#include "actors/xmpp/web/bosh_part.hpp"
#include "protocols/json/value.hpp"
#include "protocols/json/writer.hpp"
#include "protocols/xml/writer.hpp"

#include <memory>
#include <utility>

namespace rookery::actors {
namespace {

constexpr std::string_view bosh_relation = "urn:xmpp:alt-connections:xbosh", websocket_relation = "urn:xmpp:alt-connections:websocket";

} // namespace

web_reader make_host_meta_part(std::string url) {
  const auto bosh = url + std::string(bosh_path);
  // "http…" and "https…" become "ws…" and "wss…".
  const auto socket = "ws" + url.substr(4) + std::string(websocket_path);
  auto xrd = std::make_shared<const std::string>(
      "<?xml version='1.0' encoding='utf-8'?>\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n  <Link rel='" + std::string(bosh_relation) +
      "' href='" + xml::escaped(bosh) + "'/>\n  <Link rel='" + std::string(websocket_relation) + "' href='" + xml::escaped(socket) + "'/>\n</XRD>\n");
  json::array links;
  const auto add = [&links](std::string_view relation, const std::string& href) {
    json::value link;
    link.set("rel", relation);
    link.set("href", href);
    links.push_back(std::move(link));
  };
  add(bosh_relation, bosh);
  add(websocket_relation, socket);
  json::value document;
  document.set("links", std::move(links));
  auto jrd = std::make_shared<const std::string>(json::to_text(document) + "\n");
  return [xrd, jrd](const http_call& call) -> std::optional<web_answer> {
    static constexpr std::string_view path = "/.well-known/host-meta";
    if (!call.path.starts_with(path)) return std::nullopt;
    const auto rest = std::string_view(call.path).substr(path.size());
    if (!rest.empty() && rest != ".json") return std::nullopt;
    if (!call.reads()) return web_answer{405, {{"Allow", "GET, HEAD"}, {"Content-Type", "text/plain"}}, "only GET and HEAD\n"};
    return web_answer{200, open_to_all({{"Content-Type", rest.empty() ? "application/xrd+xml" : "application/json"}, {"Cache-Control", "max-age=3600"}}),
                      rest.empty() ? *xrd : *jrd};
  };
}

} // namespace rookery::actors
