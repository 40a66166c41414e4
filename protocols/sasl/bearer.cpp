#include "protocols/sasl/bearer.hpp"

#include "base/text.hpp"
#include "protocols/json/value.hpp"
#include "protocols/sasl/scram.hpp"

#include <algorithm>

namespace rookery::sasl {

namespace {

constexpr char separator = '\x01';

/// RFC 6750 §2.1: b64token. Empty is allowed here: the client asks what it should bring.
bool is_token(std::string_view text) {
  const auto end = text.find_last_not_of('=');
  const auto body = text.substr(0, end == std::string_view::npos ? 0 : end + 1);
  return body.empty() == text.empty() && std::all_of(body.begin(), body.end(), [](char c) {
    return base::is_alnum(c) || std::string_view("-._~+/").find(c) != std::string_view::npos;
  });
}

/// "Bearer TOKEN", the scheme in any case (RFC 9110 §11.1); or nothing at all.
std::optional<std::string> token_of(std::string_view value) {
  if (value.empty()) return std::string();
  constexpr std::string_view scheme = "bearer ";
  if (value.size() <= scheme.size() || !base::iequals(value.substr(0, scheme.size()), scheme)) return {};
  const auto token = base::trim(value.substr(scheme.size()));
  if (token.empty() || !is_token(token)) return {};
  return std::string(token);
}

/// key=value^A … ^A with exactly one auth; `user` is filled where XOAUTH2 has it.
std::optional<bearer_message> read_pairs(std::string_view text, bool with_user) {
  bearer_message out;
  bool authorised = false, named = false;
  while (!text.empty() && text.front() != separator) {
    const auto end = text.find(separator);
    const auto pair = text.substr(0, end);
    const auto equals = pair.find('=');
    if (end == std::string_view::npos || equals == std::string_view::npos || equals == 0) return {};
    const auto key = pair.substr(0, equals), value = pair.substr(equals + 1);
    if (value.find('\0') != std::string_view::npos) return {};
    text.remove_prefix(end + 1);
    if (key == "auth") {
      auto token = token_of(value);
      if (!token || authorised) return {};
      out.token = std::move(*token);
      authorised = true;
    } else if (with_user && key == "user") {
      if (value.empty() || named) return {};
      out.authzid = value;
      named = true;
    }
  }
  if (text != std::string_view(&separator, 1) || !authorised || named != with_user) return {};
  return out;
}

} // namespace

std::optional<bearer_message> read_oauthbearer(std::string_view message) {
  const auto header = read_gs2_header(message);
  if (!header || header->binding == 'p') return {};
  message.remove_prefix(header->text.size());
  if (message.empty() || message.front() != separator) return {};
  auto out = read_pairs(message.substr(1), false);
  if (out) out->authzid = header->authzid;
  return out;
}

std::optional<bearer_message> read_xoauth2(std::string_view message) { return read_pairs(message, true); }

std::string bearer_refusal(std::string_view scope, std::string_view discovery) {
  json::value out{json::object{}};
  out.set("status", "invalid_token");
  if (!scope.empty()) out.set("scope", scope);
  if (!discovery.empty()) out.set("openid-configuration", discovery);
  return json::to_text(out);
}

std::string xoauth2_refusal(std::string_view scope) {
  json::value out{json::object{}};
  out.set("status", "401");
  out.set("schemes", "bearer");
  if (!scope.empty()) out.set("scope", scope);
  return json::to_text(out);
}

} // namespace rookery::sasl
