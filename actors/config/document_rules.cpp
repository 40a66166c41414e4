#include "actors/config/document_rules.hpp"

#include "base/text.hpp"
#include "policy/routing/address_form.hpp"
#include "protocols/charset/utf8.hpp"

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
    const auto known = std::find_if(rules.begin(), rules.end(), [&](const rule& r) { return r.member == member; });
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

} // namespace rookery::config
