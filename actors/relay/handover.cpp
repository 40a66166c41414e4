#include "actors/relay/handover.hpp"

#include "base/text.hpp"

namespace rookery::actors {

std::map<std::string, std::string> fields_of(const session_handover& h) {
  const auto& f = h.facts;
  const auto flag = [](bool on) { return std::string(on ? "1" : ""); };
  return {{"protocol", h.protocol}, {"volume", std::to_string(h.volume)}, {"account", std::to_string(h.account.value)}, {"address", h.address},
          {"tag", h.tag}, {"language", std::to_string(h.language)}, {"utf8", flag(h.utf8)}, {"session", f.session_id}, {"peer", f.peer_address},
          {"port", std::to_string(f.peer_port)}, {"loopback", flag(f.peer_is_loopback)}, {"tls", flag(f.tls)}, {"tls_version", f.tls_version},
          {"tls_cipher", f.tls_cipher}, {"tls_server_name", f.tls_server_name}, {"tls_exporter", f.tls_exporter}, {"tls_end_point", f.tls_server_end_point},
          {"nonce", f.nonce}};
}

std::optional<session_handover> read_handover(const std::map<std::string, std::string>& fields) {
  const auto text = [&](const char* name) {
    const auto at = fields.find(name);
    return at == fields.end() ? std::string() : at->second;
  };
  const auto volume = base::parse_u64(text("volume")), account = base::parse_u64(text("account")), port = base::parse_u64(text("port")), language = base::parse_u64(text("language"));
  session_handover h;
  h.protocol = text("protocol");
  h.address = text("address");
  if (!volume || !account || !port || *port > 65535 || !language || *language > 255 || h.protocol.empty() || h.address.empty()) return {};
  h.volume = *volume;
  h.account = base::account_id{*account};
  h.tag = text("tag");
  h.language = static_cast<std::uint8_t>(*language);
  h.utf8 = !text("utf8").empty();
  auto& f = h.facts;
  f.session_id = text("session");
  f.peer_address = text("peer");
  f.peer_port = static_cast<std::uint16_t>(*port);
  f.peer_is_loopback = !text("loopback").empty();
  f.tls = !text("tls").empty();
  f.tls_version = text("tls_version");
  f.tls_cipher = text("tls_cipher");
  f.tls_server_name = text("tls_server_name");
  f.tls_exporter = text("tls_exporter");
  f.tls_server_end_point = text("tls_end_point");
  f.nonce = text("nonce");
  return h;
}

} // namespace rookery::actors
