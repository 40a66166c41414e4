#include "actors/xmpp/web/websocket_part.hpp"

#include "actors/xmpp/c2s_host.hpp"
#include "protocols/websocket/handshake.hpp"
#include "protocols/xmpp/websocket_wire.hpp"

#include <utility>

namespace rookery::actors {
namespace {

class handshake_task final : public web_task {
public:
  handshake_task(node& n, chat_router& router, stream_settings_source settings) : node_(n), router_(router), settings_(std::move(settings)) {}

  void begin(web_exchange& x) override {
    auto answer = websocket::answer_handshake(x.call().method, x.call().fields, xmpp::websocket_protocol);
    if (answer.status == 101 && !x.may_upgrade()) answer = {400, {}, "a WebSocket begins with HTTP/1.1 and without a body\n"};
    if (answer.status != 101) {
      answer.fields.push_back({"Content-Type", "text/plain; charset=utf-8"});
      answer.fields.push_back({"Cache-Control", "no-store"});
      return x.reply({answer.status, std::move(answer.fields), std::move(answer.why)});
    }
    x.upgrade(std::move(answer.fields),
              make_c2s_host(node_, router_, settings_(), x.peer(), std::make_unique<xmpp::websocket_wire>(node_.clock->now())));
  }

private:
  node& node_;
  chat_router& router_;
  stream_settings_source settings_;
};

} // namespace

web_part make_websocket_part(node& n, chat_router& router, stream_settings_source settings) {
  return [&n, &router, settings = std::move(settings)](const http_call& call) -> std::shared_ptr<web_task> {
    if (call.path != websocket_path) return nullptr;
    return std::make_shared<handshake_task>(n, router, settings);
  };
}

} // namespace rookery::actors
