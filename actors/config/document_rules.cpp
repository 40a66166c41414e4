#include "actors/config/document_rules.hpp"

#include "actors/config/delivery_documents.hpp"
#include "actors/config/settings.hpp"
#include "base/text.hpp"
#include "policy/delivery/schedule.hpp"
#include "policy/routing/address_form.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/imap/mailbox_name.hpp"

#include <algorithm>

namespace rookery::config {

using json::value;
using storage::directory::document;

base::failure<base::error> unfit(std::string_view member, std::string_view what) {
  return base::fail(base::error_kind::invalid, std::string(member) + ' ' + std::string(what));
}

bool is_text(std::string_view text, std::size_t octets_max) {
  return text.size() <= octets_max && charset::valid_utf8(text) &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

base::result<value> parse_content(const document& d) {
  auto parsed = json::parse(d.content);
  if (parsed && parsed->as_object() != nullptr) return parsed;
  return base::fail(base::error_kind::invalid, "the document of " + d.key + " cannot be read");
}

checked flag_rule(std::string_view member, const value& v) {
  if (v.as_bool() == nullptr) return unfit(member, "is true or false");
  return v;
}
checked address_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  const auto canonical = text == nullptr ? std::nullopt : routing::canonical_address(*text);
  if (!canonical) return unfit(member, "is an address");
  return value(*canonical);
}
checked amount_rule(std::string_view member, const value& v) {
  const auto* octets = find_setting("quota.octets_default");
  if (const auto* n = v.as_integer(); n != nullptr && *n >= 0) return v;
  if (const auto* text = v.as_string())
    if (const auto amount = check_setting(*octets, *text)) return value(base::parse_u64(*amount).value_or(0));
  return unfit(member, "is a number, or a text as 500M or 2G; 0 is no limit");
}
checked name_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  auto name = text == nullptr ? std::nullopt : canonical_queue(*text);
  if (!name) return unfit(member, "is a name of letters, digits, '-', '_' and '.'");
  return value(std::move(*name));
}
checked scope_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text != nullptr && *text == "*") return v;
  std::optional<std::string> canonical;
  if (text != nullptr) canonical = text->find('@') == std::string::npos ? routing::canonical_domain(*text) : routing::canonical_address(*text);
  if (!canonical) return unfit(member, "is an account's address, a domain, or *");
  return value(std::move(*canonical));
}
checked mailbox_rule(std::string_view member, const value& v) {
  static const imap::server_limits limits;
  const auto* text = v.as_string();
  auto name = text == nullptr ? std::nullopt : imap::read_mailbox_name(*text, true, limits);
  if (!name || !imap::may_be_created(*name)) return unfit(member, "is the name of a mailbox");
  return value(std::move(*name));
}
base::result<value> apply_patch(std::string_view content, const value& patch, std::span<const rule> rules) {
  value out{json::object{}};
  if (!content.empty()) {
    auto present = json::parse(content);
    if (!present || present->as_object() == nullptr) return unfit("the present document", "cannot be read");
    out = std::move(*present);
  }
  const auto* members = patch.as_object();
  if (members == nullptr) return unfit("the change", "is a JSON object");
  for (const auto& [member, v] : *members) {
    const auto known = std::find_if(rules.begin(), rules.end(), [&name = member](const rule& r) { return r.member == name; });
    if (known == rules.end()) return unfit(base::printable(member, 60), "is not known here");
    if (v.is_null()) {
      out.as_object()->erase(member);
      continue;
    }
    auto fit = known->check(member, v);
    if (!fit) return fit;
    out.set(member, std::move(*fit));
  }
  return out;
}

value head_of(const document& d, std::string_view name_member) {
  value out{json::object{}};
  out.set("id", d.id);
  out.set(name_member, d.key);
  out.set("version", d.version);
  out.set("changed", base::to_milliseconds(d.changed));
  return out;
}

void add_known(value& out, const value& content, std::span<const rule> rules) {
  for (const auto& r : rules)
    if (const auto* v = content.find(r.member)) out.set(r.member, *v);
}

checked host_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  auto host = text == nullptr ? std::nullopt : canonical_host(*text);
  if (!host) return unfit(member, "is a host name or an address");
  return value(std::move(*host));
}
checked schedule_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr) return unfit(member, "is a text as mon-fri 08:00-17:00");
  const auto read = delivery::schedule::parse(*text);
  if (!read) return unfit(member, "cannot be read at octet " + std::to_string(read.error().offset) + ": " + std::string(read.error().what));
  return value(read->to_text());
}

base::result<value> change_with_password(std::string_view content, const value& patch, std::span<const rule> rules,
                                         const base::secret_box* secrets, std::string_view purpose) {
  auto rest = patch;
  std::optional<value> password;
  if (auto* members = rest.as_object())
    if (auto* given = members->find("password")) {
      password = std::move(*given);
      members->erase("password");
    }
  auto out = apply_patch(content, rest, rules);
  if (!out || !password) return out;
  if (password->is_null()) {
    out->as_object()->erase("sealed_password");
    return out;
  }
  const auto* text = password->as_string();
  if (text == nullptr || text->empty() || !is_text(*text, password_octets_max))
    return unfit("password", "is a text of 1 to " + std::to_string(password_octets_max) + " octets");
  if (secrets == nullptr) return unfit("password", "cannot be kept: there is no sealing key");
  out->set("sealed_password", encoding::base64_encode(secrets->seal(*text, purpose)));
  return out;
}

base::result<std::string> sealed_of(const value& content) {
  const auto text = content.get_string("sealed_password");
  if (!text) return std::string();
  auto sealed = encoding::base64_decode(*text);
  if (!sealed) return unfit("sealed_password", "cannot be read");
  return std::move(*sealed);
}

} // namespace rookery::config
