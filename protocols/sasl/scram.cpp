#include "protocols/sasl/scram.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::sasl {

namespace {

/// The value of the attribute that must stand at the front, and drops it with its comma.
std::optional<std::string_view> take(std::string_view& text, char attribute) {
  if (text.size() < 2 || text[0] != attribute || text[1] != '=') return {};
  const auto end = text.find(',');
  const auto value = text.substr(2, end == std::string_view::npos ? end : end - 2);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return value;
}

/// saslname: "=2C" is a comma, "=3D" an equals sign, nothing else may follow "=".
std::optional<std::string> saslname(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\0') return {};
    if (text[i] != '=') {
      out.push_back(text[i]);
      continue;
    }
    const auto code = text.substr(i, 3);
    if (code == "=2C") out.push_back(',');
    else if (code == "=3D") out.push_back('=');
    else return {};
    i += 2;
  }
  return out;
}

bool printable(std::string_view nonce) {
  return !nonce.empty() && std::all_of(nonce.begin(), nonce.end(), [](char c) { return c > 0x20 && c < 0x7f && c != ','; });
}

bool extensions(std::string_view rest) {
  while (!rest.empty()) {
    if (rest.size() < 2 || rest[1] != '=') return false;
    const auto comma = rest.find(',');
    if (comma == std::string_view::npos) return true;
    rest.remove_prefix(comma + 1);
  }
  return true;
}

} // namespace

std::optional<gs2_header> read_gs2_header(std::string_view message) {
  gs2_header out;
  auto rest = message;
  if (rest.empty()) return {};
  out.binding = rest[0];
  if (out.binding == 'p') {
    const auto name = take(rest, 'p');
    if (!name || name->empty()) return {};
    out.binding_name = *name;
  } else if ((out.binding == 'n' || out.binding == 'y') && rest.size() > 1 && rest[1] == ',') {
    rest.remove_prefix(2);
  } else {
    return {};
  }
  if (!rest.empty() && rest[0] == ',') {
    rest.remove_prefix(1);
  } else {
    const auto authzid = take(rest, 'a');
    if (!authzid || rest.empty()) return {};
    auto decoded = saslname(*authzid);
    if (!decoded) return {};
    out.authzid = std::move(*decoded);
  }
  out.text = message.substr(0, message.size() - rest.size());
  return out;
}

std::optional<scram_client_first_message> read_scram_client_first(std::string_view message) {
  auto header = read_gs2_header(message);
  if (!header) return {};
  scram_client_first_message m;
  m.binding = header->binding;
  m.binding_name = header->binding_name;
  m.gs2_header = header->text;
  m.authzid = std::move(header->authzid);
  auto rest = message.substr(header->text.size());
  m.bare = rest;
  const auto user = take(rest, 'n'); // "m=" in this place is a mandatory extension: refused by this
  if (!user || user->empty()) return {};
  auto decoded = saslname(*user);
  const auto nonce = take(rest, 'r');
  if (!decoded || !nonce || !printable(*nonce) || !extensions(rest)) return {};
  m.user = std::move(*decoded);
  m.nonce = *nonce;
  return m;
}

std::optional<scram_client_final_message> read_scram_client_final(std::string_view message) {
  scram_client_final_message m;
  const auto at = message.rfind(",p=");
  if (at == std::string_view::npos) return {};
  m.without_proof = message.substr(0, at);
  m.proof = message.substr(at + 3);
  auto rest = m.without_proof;
  const auto binding = take(rest, 'c');
  if (!binding || binding->empty()) return {};
  const auto nonce = take(rest, 'r');
  if (!nonce || !printable(*nonce) || !extensions(rest) || m.proof.find(',') != std::string_view::npos) return {};
  m.binding = *binding;
  m.nonce = *nonce;
  return m;
}

std::optional<scram_server_first_message> read_scram_server_first(std::string_view message) {
  const auto nonce = take(message, 'r'); // "m=" in this place is a mandatory extension: refused by this
  const auto salt = take(message, 's');
  const auto iterations = take(message, 'i');
  if (!nonce || !printable(*nonce) || !salt || !iterations || !extensions(message)) return {};
  const auto count = base::parse_u32(*iterations);
  if (!count) return {};
  return scram_server_first_message{*nonce, *salt, *count};
}

} // namespace rookery::sasl
