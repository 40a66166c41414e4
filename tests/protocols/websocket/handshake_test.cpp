#include "protocols/websocket/handshake.hpp"

#include <gtest/gtest.h>

namespace rookery::websocket {
namespace {

const std::vector<http::field> right{{"Host", "h"},
                                     {"Upgrade", "h2c, WebSocket"},
                                     {"Connection", "keep-alive, Upgrade"},
                                     {"Sec-WebSocket-Version", "13"},
                                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                                     {"Sec-WebSocket-Protocol", "chat, xmpp"}};

TEST(WebSocketHandshake, IsAnsweredAsInTheStandard) {
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); // RFC 6455 §1.3
  const auto got = answer_handshake("GET", right, "xmpp");
  EXPECT_EQ(got.status, 101);
  std::string fields;
  for (const auto& f : got.fields) fields += f.name + ": " + f.value + "\n";
  EXPECT_EQ(fields, "Upgrade: websocket\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\nSec-WebSocket-Protocol: xmpp\n");
}

TEST(WebSocketHandshake, RefusesWhatIsNone) {
  struct {
    const char *name, *value; // in the place of the right field; no value: without it
    int status;
  } rows[] = {
      {"Upgrade", nullptr, 426},           {"Upgrade", "h2c", 426},
      {"Connection", "keep-alive", 426},   {"Sec-WebSocket-Version", "8", 426},
      {"Sec-WebSocket-Version", nullptr, 426}, {"Sec-WebSocket-Key", nullptr, 400},
      {"Sec-WebSocket-Key", "c2hvcnQ=", 400},  {"Sec-WebSocket-Key", "?", 400},
      {"Sec-WebSocket-Protocol", nullptr, 400}, {"Sec-WebSocket-Protocol", "mqtt", 400},
  };
  for (const auto& [name, value, status] : rows) {
    auto fields = right;
    std::erase_if(fields, [&](const http::field& f) { return f.name == name; });
    if (value != nullptr) fields.push_back({name, value});
    EXPECT_EQ(answer_handshake("GET", fields, "xmpp").status, status) << name << " " << (value != nullptr ? value : "-");
  }
  EXPECT_EQ(answer_handshake("POST", right, "xmpp").status, 405);
  auto twice = right;
  twice.push_back({"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="});
  EXPECT_EQ(answer_handshake("GET", twice, "xmpp").status, 400);
}

} // namespace
} // namespace rookery::websocket
