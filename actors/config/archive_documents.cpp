#include "actors/config/archive_documents.hpp"

#include "actors/config/delivery_documents.hpp"
#include "actors/config/document_rules.hpp"
#include "policy/routing/address_form.hpp"

namespace rookery::config {
namespace {

using json::value;
using storage::directory::document;

checked direction_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || (*text != "in" && *text != "out" && *text != "both")) return unfit(member, "is in, out or both");
  return v;
}
checked folder_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || !is_text(*text, text_octets_max)) return unfit(member, "is the name of a folder");
  if (const auto fault = archiving::folder_fault(*text); !fault.empty()) return unfit(member, fault);
  return v;
}

constexpr rule rules[] = {{"of", scope_rule},       {"direction", direction_rule}, {"to", address_rule},
                          {"folder", folder_rule},  {"spam", flag_rule},           {"lists", flag_rule},
                          {"automatic", flag_rule}, {"system", flag_rule},         {"enabled", flag_rule},
                          {"description", text_rule<text_octets_max>}};

} // namespace

std::optional<std::string> canonical_archive(std::string_view name) { return canonical_queue(name); }

base::result<std::optional<archiving::archive_rule>> read_archive(const document& d) {
  const auto content = parse_content(d);
  if (!content) return base::fail(content.error());
  archiving::archive_rule out;
  out.name = d.key;
  out.scope = content->get_string("of").value_or("");
  out.target = content->get_string("to").value_or("");
  if (out.scope.empty() || out.target.empty()) return unfit("the document of " + d.key, "says not of whom, or not where to");
  if (!content->get_bool("enabled").value_or(true)) return std::optional<archiving::archive_rule>();
  const auto direction = content->get_string("direction").value_or("both");
  // An unknown word of a newer version: rather too much than nothing.
  out.incoming = direction != "out";
  out.outgoing = direction != "in";
  out.folder = content->get_string("folder").value_or("");
  out.spam = content->get_bool("spam").value_or(false);
  out.lists = content->get_bool("lists").value_or(false);
  out.automatic = content->get_bool("automatic").value_or(false);
  out.system = content->get_bool("system").value_or(false);
  return std::optional(std::move(out));
}

base::result<std::string> change_archive(std::string_view content, const value& patch) {
  auto out = apply_patch(content, patch, rules);
  if (!out) return base::fail(out.error());
  for (const auto* member : {"of", "to"})
    if (out->find(member) == nullptr) return unfit(member, "is missing");
  return json::to_text(*out);
}

value show_archive(const document& d) {
  auto out = head_of(d, "name");
  out.set("enabled", true);
  out.set("direction", "both");
  out.set("folder", "INBOX");
  for (const auto* kind : {"lists", "automatic", "system", "spam"}) out.set(kind, false);
  if (const auto content = json::parse(d.content)) add_known(out, *content, rules);
  else out.set("fault", "cannot be read");
  return out;
}

} // namespace rookery::config
