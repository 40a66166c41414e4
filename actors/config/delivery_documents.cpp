#include "actors/config/delivery_documents.hpp"

#include "actors/config/document_rules.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "policy/routing/address_form.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <arpa/inet.h>

namespace rookery::config {
namespace {

using json::value;
using storage::directory::document;

constexpr std::size_t login_octets_max = 255;
constexpr std::size_t queue_name_octets_max = 64;

constexpr std::pair<std::string_view, delivery::tls_use> tls_words[] = {
    {"when_offered", delivery::tls_use::when_offered},
    {"never", delivery::tls_use::never},
    {"required", delivery::tls_use::required},
    {"verified", delivery::tls_use::verified}};
constexpr std::pair<std::string_view, delivery::dane_use> dane_words[] = {
    {"as_published", delivery::dane_use::as_published},
    {"ignored", delivery::dane_use::ignored},
    {"required", delivery::dane_use::required}};

template <class T, std::size_t N>
std::optional<T> named(const std::pair<std::string_view, T> (&words)[N], std::string_view word) {
  for (const auto& [text, meant] : words)
    if (text == word) return meant;
  return std::nullopt;
}

template <class One>
std::optional<std::string> pattern_of(std::string_view pattern, const One& one) {
  if (pattern == "*") return std::string(pattern);
  if (!pattern.starts_with("*.")) return one(pattern);
  auto rest = routing::canonical_domain(pattern.substr(2));
  if (!rest) return std::nullopt;
  return "*." + *rest;
}

checked name_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  auto name = text == nullptr ? std::nullopt : routing::canonical_domain(*text);
  if (!name) return unfit(member, "is a domain name");
  return value(std::move(*name));
}
checked queue_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  auto name = text == nullptr ? std::nullopt : canonical_queue(*text);
  if (!name) return unfit(member, "is the name of a queue");
  return value(std::move(*name));
}
checked tls_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || !named(tls_words, *text)) return unfit(member, "is when_offered, never, required or verified");
  return v;
}
checked dane_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || !named(dane_words, *text)) return unfit(member, "is as_published, ignored or required");
  return v;
}
checked protocol_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || (*text != "smtp" && *text != "lmtp")) return unfit(member, "is smtp or lmtp");
  return v;
}
checked addresses_rule(std::string_view member, const value& v) {
  const auto* all = v.as_array();
  if (all == nullptr || all->size() > source_addresses_max)
    return unfit(member, "is a list of at most " + std::to_string(source_addresses_max) + " addresses");
  json::array out;
  for (const auto& one : *all) {
    const auto* text = one.as_string();
    auto address = text == nullptr ? std::nullopt : canonical_address_literal(*text);
    if (!address) return unfit(member, "has an entry that is no IPv4 or IPv6 address");
    out.emplace_back(std::move(*address));
  }
  return value(std::move(out));
}

// Members of a way; queues, routes and the routes of single messages have them.
constexpr rule relay_rules[] = {{"host", host_rule},
                                {"port", number_rule<1, 65535>},
                                {"mx", flag_rule},
                                {"protocol", protocol_rule},
                                {"tls", tls_rule},
                                {"tls_at_once", flag_rule},
                                {"login", text_rule<login_octets_max>}};
constexpr rule own_rules[] = {{"connections_max", number_rule<1, 10000>},
                              {"connection_messages_max", number_rule<1, 100000>},
                              {"messages_a_minute", number_rule<1, 1000000>},
                              {"description", text_rule<text_octets_max>}};
constexpr rule queue_rules[] = {{"frozen", flag_rule}, {"schedule", schedule_rule}};
constexpr rule custom_queue_rules[] = {{"return_path", address_rule}};
constexpr rule route_rules[] = {{"queue", queue_rule},
                                {"dane", dane_rule},
                                {"mta_sts", flag_rule},
                                {"dnssec_required", flag_rule},
                                {"source_addresses", addresses_rule},
                                {"helo_name", name_rule}};
constexpr rule login_rules[] = {{"login", text_rule<login_octets_max>},
                                {"without_tls", flag_rule},
                                {"description", text_rule<text_octets_max>}};

template <class... Lists>
std::vector<rule> together(const Lists&... lists) {
  std::vector<rule> all;
  (all.insert(all.end(), std::begin(lists), std::end(lists)), ...);
  return all;
}
const std::vector<rule>& rules_of_built_in() {
  static const auto rules = together(queue_rules, own_rules);
  return rules;
}
const std::vector<rule>& rules_of_custom() {
  static const auto rules = together(queue_rules, relay_rules, custom_queue_rules, own_rules);
  return rules;
}
const std::vector<rule>& rules_of_route() {
  static const auto rules = together(relay_rules, route_rules, own_rules);
  return rules;
}

delivery::own_limits read_limits(const value& content) {
  const auto number = [&](const char* member) { return static_cast<std::uint32_t>(content.get_unsigned(member).value_or(0)); };
  return {number("connections_max"), number("connection_messages_max"), number("messages_a_minute")};
}

value shown(const document& d, std::string_view name_member, std::span<const rule> rules) {
  auto out = head_of(d, name_member);
  const auto content = json::parse(d.content);
  if (!content) {
    out.set("fault", "cannot be read");
    return out;
  }
  add_known(out, *content, rules);
  if (content->find("login") != nullptr) out.set("password", content->find("sealed_password") != nullptr);
  return out;
}

} // namespace

std::span<const rule> way_rules() noexcept { return relay_rules; }

base::result<void> read_way(const value& content, delivery::relay& way) {
  way.host = content.get_string("host").value_or("");
  way.mx = content.get_bool("mx").value_or(false);
  way.lmtp = content.get_string("protocol").value_or("smtp") == "lmtp";
  way.tls_at_once = content.get_bool("tls_at_once").value_or(false);
  way.port = static_cast<std::uint16_t>(content.get_unsigned("port").value_or(way.tls_at_once ? 465 : way.lmtp ? 24 : 25));
  // An unknown word of a newer version must not send in the clear.
  way.tls = named(tls_words, content.get_string("tls").value_or("when_offered")).value_or(delivery::tls_use::verified);
  way.login = content.get_string("login").value_or("");
  auto sealed = sealed_of(content);
  if (!sealed) return base::fail(sealed.error());
  way.sealed_password = std::move(*sealed);
  return {};
}

base::result<void> check_way(const value& content) {
  const bool host = content.get_string("host").has_value();
  if (!host && (content.find("port") != nullptr || content.find("login") != nullptr || content.find("mx") != nullptr))
    return unfit("host", "is missing: port, mx and login belong to one");
  if (content.find("login") != nullptr && content.find("sealed_password") == nullptr) return unfit("password", "is missing: login goes with one");
  if (content.find("login") == nullptr && content.find("sealed_password") != nullptr) return unfit("login", "is missing: password goes with one");
  if (content.get_bool("tls_at_once").value_or(false) && content.get_string("tls").value_or("") == "never")
    return unfit("tls", "is never, and tls_at_once is set: one of them");
  return {};
}

std::optional<std::string> canonical_address_literal(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  if (base::istarts_with(text, "IPv6:")) text.remove_prefix(5);
  std::array<char, INET6_ADDRSTRLEN> out{};
  std::array<unsigned char, 16> octets{};
  const std::string zero_ended(text);
  for (const int family : {AF_INET, AF_INET6})
    if (::inet_pton(family, zero_ended.c_str(), octets.data()) == 1) {
      ::inet_ntop(family, octets.data(), out.data(), out.size());
      return std::string(out.data());
    }
  return std::nullopt;
}

std::optional<std::string> canonical_queue(std::string_view name) {
  auto low = base::to_lower(name);
  if (low.empty() || low.size() > queue_name_octets_max || !base::is_alnum(low.front())) return std::nullopt;
  if (!std::all_of(low.begin(), low.end(), [](char c) { return base::is_alnum(c) || c == '-' || c == '_' || c == '.'; })) return std::nullopt;
  return low;
}

std::optional<std::string> canonical_host(std::string_view host) {
  if (auto address = canonical_address_literal(host)) return address;
  return routing::canonical_domain(host);
}

std::optional<std::string> canonical_domain_pattern(std::string_view pattern) { return pattern_of(pattern, routing::canonical_domain); }
std::optional<std::string> canonical_host_pattern(std::string_view pattern) { return pattern_of(pattern, canonical_host); }

base::result<delivery::queue_record> read_queue(const document& d) {
  const auto content = parse_content(d);
  if (!content) return base::fail(content.error());
  delivery::queue_record out;
  out.name = d.key;
  out.custom = !delivery::is_built_in(d.key);
  out.frozen = content->get_bool("frozen").value_or(false);
  const auto hours = delivery::schedule::parse(content->get_string("schedule").value_or(""));
  out.hours = hours ? *hours : delivery::schedule::never(); // of a newer version: rather late than at the wrong time
  if (auto done = read_way(*content, out.way); !done) return base::fail(done.error());
  out.return_path = content->get_string("return_path").value_or("");
  out.limits = read_limits(*content);
  out.description = content->get_string("description").value_or("");
  return out;
}

base::result<delivery::route_record> read_route(const document& d) {
  const auto content = parse_content(d);
  if (!content) return base::fail(content.error());
  delivery::route_record out;
  out.domain = d.key;
  out.queue = content->get_string("queue").value_or("");
  if (auto done = read_way(*content, out.way); !done) return base::fail(done.error());
  out.tls = out.way.tls;
  out.dane = named(dane_words, content->get_string("dane").value_or("as_published")).value_or(delivery::dane_use::required);
  out.mta_sts = content->get_bool("mta_sts").value_or(true);
  out.dnssec_required = content->get_bool("dnssec_required").value_or(false);
  if (auto addresses = content->get_strings("source_addresses")) out.source_addresses = std::move(*addresses);
  out.helo_name = content->get_string("helo_name").value_or("");
  out.limits = read_limits(*content);
  out.description = content->get_string("description").value_or("");
  return out;
}

base::result<delivery::host_login> read_host_login(const document& d) {
  const auto content = parse_content(d);
  if (!content) return base::fail(content.error());
  delivery::host_login out;
  out.host = d.key;
  out.login = content->get_string("login").value_or("");
  auto sealed = sealed_of(*content);
  if (!sealed) return base::fail(sealed.error());
  out.sealed_password = std::move(*sealed);
  out.without_tls = content->get_bool("without_tls").value_or(false);
  return out;
}

base::result<std::string> change_queue(std::string_view name, std::string_view content, const value& patch,
                                       const base::secret_box* secrets) {
  const bool custom = !delivery::is_built_in(name);
  auto out = change_with_password(content, patch, custom ? rules_of_custom() : rules_of_built_in(), secrets, delivery::password_purpose);
  if (!out) return base::fail(out.error());
  if (auto fits = check_way(*out); !fits) return base::fail(fits.error());
  return json::to_text(*out);
}

base::result<std::string> change_route(std::string_view content, const value& patch, const base::secret_box* secrets) {
  auto out = change_with_password(content, patch, rules_of_route(), secrets, delivery::password_purpose);
  if (!out) return base::fail(out.error());
  if (auto fits = check_way(*out); !fits) return base::fail(fits.error());
  if (out->find("queue") != nullptr && out->find("host") != nullptr) return unfit("queue", "and host are both given: a queue has its own host");
  return json::to_text(*out);
}

base::result<std::string> change_host_login(std::string_view content, const value& patch, const base::secret_box* secrets) {
  auto out = change_with_password(content, patch, login_rules, secrets, delivery::password_purpose);
  if (!out) return base::fail(out.error());
  if (out->find("login") == nullptr) return unfit("login", "is missing");
  if (out->find("sealed_password") == nullptr) return unfit("password", "is missing");
  return json::to_text(*out);
}

value show_queue(const document& d) {
  auto out = shown(d, "name", rules_of_custom());
  out.set("custom", !delivery::is_built_in(d.key));
  return out;
}
value show_route(const document& d) { return shown(d, "domain", rules_of_route()); }
value show_host_login(const document& d) { return shown(d, "host", login_rules); }

base::result<delivery::relay> read_relay(const value& given, const base::secret_box* secrets) {
  delivery::relay out;
  auto content = change_with_password({}, given, relay_rules, secrets, delivery::password_purpose);
  if (!content) return base::fail(content.error());
  if (auto fits = check_way(*content); !fits) return base::fail(fits.error());
  if (auto done = read_way(*content, out); !done) return base::fail(done.error());
  return out;
}

std::string_view name_of(delivery::tls_use use) noexcept {
  for (const auto& [word, meant] : tls_words)
    if (meant == use) return word;
  return "";
}

} // namespace rookery::config
