#include "actors/admin/request.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::admin {
namespace {

constexpr std::size_t segments_max = 16;

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const auto octet = base::from_hex(text.substr(i + 1, 2));
      if (!octet || octet->size() != 1) return std::nullopt;
      out += *octet;
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  const bool control = std::any_of(out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (control) return std::nullopt;
  return out;
}

} // namespace

bool parse_target(std::string_view target, request& into) {
  if (target.empty() || target.front() != '/') return false;
  const auto question = target.find('?');
  for (const auto part : base::split(target.substr(1, question == std::string_view::npos ? question : question - 1), '/')) {
    if (part.empty()) continue;
    auto segment = percent_decoded(part, false);
    if (!segment || into.path.size() == segments_max) return false;
    into.path.push_back(std::move(*segment));
  }
  if (question == std::string_view::npos) return true;
  for (const auto part : base::split(target.substr(question + 1), '&')) {
    if (part.empty()) continue;
    const auto equals = part.find('=');
    auto name = percent_decoded(part.substr(0, equals), true);
    auto value = percent_decoded(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1), true);
    if (!name || !value || into.query.size() == segments_max) return false;
    into.query[*name] = std::move(*value);
  }
  return true;
}

std::string percent_encoded(std::string_view segment) {
  std::string out;
  for (const char c : segment) {
    if (base::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '@') out += c;
    else (out += '%') += base::to_upper(base::to_hex(std::string_view(&c, 1)));
  }
  return out;
}

std::string_view kind_name(base::error_kind kind) noexcept {
  switch (kind) {
  case base::error_kind::not_found: return "not_found";
  case base::error_kind::exists: return "exists";
  case base::error_kind::invalid: return "invalid";
  case base::error_kind::denied: return "denied";
  case base::error_kind::conflict: return "conflict";
  case base::error_kind::over_limit: return "over_limit";
  case base::error_kind::over_quota: return "over_quota";
  case base::error_kind::no_space: return "no_space";
  case base::error_kind::try_later: return "try_later";
  case base::error_kind::io: return "io";
  case base::error_kind::damaged: return "damaged";
  case base::error_kind::unsupported: return "unsupported";
  }
  return "";
}

unsigned status_of(base::error_kind kind) noexcept {
  switch (kind) {
  case base::error_kind::not_found: return 404;
  case base::error_kind::exists:
  case base::error_kind::conflict: return 409;
  case base::error_kind::invalid: return 422;
  case base::error_kind::denied: return 403;
  case base::error_kind::over_limit: return 413;
  case base::error_kind::over_quota:
  case base::error_kind::no_space: return 507;
  case base::error_kind::try_later: return 503;
  case base::error_kind::io:
  case base::error_kind::damaged: return 500;
  case base::error_kind::unsupported: return 501;
  }
  return 500;
}

response refusal(const base::error& e) {
  json::value error{json::object{}};
  error.set("kind", kind_name(e.kind));
  error.set("text", e.client.value);
  json::value body{json::object{}};
  body.set("error", std::move(error));
  return {status_of(e.kind), std::move(body)};
}

} // namespace rookery::admin
