#include "actors/config/mailbox_documents.hpp"

#include "actors/config/delivery_documents.hpp"
#include "actors/config/document_rules.hpp"
#include "policy/routing/address_form.hpp"
#include "protocols/imap/list.hpp"

#include <algorithm>

namespace rookery::config {
namespace {

using json::value;
using storage::directory::config_table;
using storage::directory::document;
using storage::directory::document_kind;

checked mailboxes_rule(std::string_view member, const value& v) {
  const auto* all = v.as_array();
  if (all == nullptr || all->size() > mailboxes::template_mailboxes_max)
    return unfit(member, "is a list of at most " + std::to_string(mailboxes::template_mailboxes_max) + " mailboxes");
  std::vector<mailboxes::template_mailbox> read;
  for (const auto& one : *all) {
    if (one.as_string() == nullptr) return unfit(member, "has an entry that is no text");
    auto m = mailboxes::read_template_mailbox(*one.as_string());
    const auto name = mailbox_rule(member, value(m.name));
    if (!name || *name->as_string() == "INBOX") return unfit(member, "has an entry whose name no mailbox besides INBOX may have");
    m.name = *name->as_string();
    if (!m.special_use.empty() && imap::find_special_use(m.special_use) == 0)
      return unfit(member, "has a special use that is none of \\All, \\Archive, \\Drafts, \\Flagged, \\Important, \\Junk, \\Sent and \\Trash");
    for (const auto& other : read)
      if (other.name == m.name || (!m.special_use.empty() && other.special_use == m.special_use)) return unfit(member, "has a name or a special use twice");
    read.push_back(std::move(m));
  }
  std::sort(read.begin(), read.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  json::array out;
  for (const auto& m : read) out.emplace_back(print(m));
  return value(std::move(out));
}

checked age_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || (*text != "saved" && *text != "arrived")) return unfit(member, "is saved or arrived");
  return v;
}
checked covered_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  return text != nullptr && *text == "*" ? checked(v) : mailbox_rule(member, v);
}

constexpr rule template_rules[] = {{"mailboxes", mailboxes_rule},
                                   {"quota_octets", amount_rule},
                                   {"quota_messages", amount_rule},
                                   {"description", text_rule<text_octets_max>}};
constexpr rule expiry_document_rules[] = {{"of", scope_rule},     {"mailbox", covered_rule},
                                          {"children", flag_rule}, {"days", number_rule<1, mailboxes::expiry_days_max>},
                                          {"age", age_rule},       {"flagged", flag_rule},
                                          {"unseen", flag_rule},   {"enabled", flag_rule},
                                          {"description", text_rule<text_octets_max>}};

std::optional<std::string> member_of(const config_table& table, document_kind kind, std::string_view key, const char* member) {
  const auto* d = table.find(kind, key);
  if (d == nullptr) return std::nullopt;
  const auto content = json::parse(d->content);
  const auto text = content ? content->get_string(member) : std::nullopt;
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

/// What an account of this domain begins with unless it says otherwise itself.
std::string template_of_domain(const config_table& table, std::string_view address, const settings& values) {
  return member_of(table, document_kind::domain, routing::sides(address).domain, "template").value_or(values.mailboxes_template);
}

void add_template_members(value& out, const mailboxes::mailbox_template& t) {
  json::array all;
  for (const auto& m : t.mailboxes) all.emplace_back(print(m));
  out.set("mailboxes", std::move(all));
}

} // namespace

std::optional<std::string> canonical_rule_name(std::string_view name) { return canonical_queue(name); }

std::optional<mailboxes::mailbox_template> template_named(const config_table& table, std::string_view name) {
  mailboxes::mailbox_template out;
  const auto* d = table.find(document_kind::mailbox_template, name);
  if (d == nullptr) {
    if (name == mailboxes::standard_template_name) return mailboxes::standard_template();
    return name == mailboxes::no_template_name ? std::optional(out) : std::nullopt;
  }
  const auto content = json::parse(d->content);
  if (!content) return std::nullopt;
  if (const auto all = content->get_strings("mailboxes"))
    for (const auto& text : *all) out.mailboxes.push_back(mailboxes::read_template_mailbox(text));
  out.quota_octets = content->get_unsigned("quota_octets");
  out.quota_messages = content->get_unsigned("quota_messages");
  return out;
}

base::result<void> begin_with_template(const config_table& table, std::string_view address, const settings& values, value& patch) {
  const auto own = patch.get_string("template");
  const auto found = template_named(table, own ? std::string(*own) : template_of_domain(table, address, values));
  if (!found && own) return base::fail(base::error_kind::not_found, "there is no template " + std::string(*own));
  if (!found) return {};
  if (found->quota_octets && patch.find("quota_octets") == nullptr) patch.set("quota_octets", *found->quota_octets);
  if (found->quota_messages && patch.find("quota_messages") == nullptr) patch.set("quota_messages", *found->quota_messages);
  return {};
}

std::optional<mailboxes::mailbox_template> template_of_account(const config_table& table, std::string_view address, const settings& values) {
  const auto own = member_of(table, document_kind::account, address, "template");
  return template_named(table, own ? *own : template_of_domain(table, address, values));
}

base::result<std::string> change_template(std::string_view content, const value& patch) {
  auto out = apply_patch(content, patch, template_rules);
  if (!out) return base::fail(out.error());
  if (out->find("mailboxes") == nullptr) out->set("mailboxes", json::array());
  return json::to_text(*out);
}

value show_template(const document& d) {
  auto out = head_of(d, "name");
  if (const auto content = json::parse(d.content)) add_known(out, *content, template_rules);
  else out.set("fault", "cannot be read");
  return out;
}

value show_standard_template() {
  value out{json::object{}};
  out.set("name", mailboxes::standard_template_name);
  out.set("version", 0);
  add_template_members(out, mailboxes::standard_template());
  out.set("description", "built in");
  return out;
}

base::result<std::optional<mailboxes::expiry_rule>> read_expiry(const document& d) {
  const auto content = parse_content(d);
  if (!content) return base::fail(content.error());
  mailboxes::expiry_rule out;
  out.name = d.key;
  out.scope = content->get_string("of").value_or("");
  out.mailbox = content->get_string("mailbox").value_or("");
  const auto days = content->get_unsigned("days").value_or(0);
  if (out.scope.empty() || out.mailbox.empty() || days == 0 || days > mailboxes::expiry_days_max)
    return unfit("the document of " + d.key, "says not whose mail goes, out of which mailbox, or when");
  if (!content->get_bool("enabled").value_or(true)) return std::optional<mailboxes::expiry_rule>();
  out.after = std::chrono::days(days);
  out.children = content->get_bool("children").value_or(false);
  out.by_arrival = content->get_string("age").value_or("saved") == "arrived";
  out.flagged = content->get_bool("flagged").value_or(false);
  out.unseen = content->get_bool("unseen").value_or(true);
  return std::optional(std::move(out));
}

std::vector<mailboxes::expiry_rule> expiry_rules(const config_table& table) {
  std::vector<mailboxes::expiry_rule> out;
  table.for_each(document_kind::expiry, {}, [&](const storage::directory::document_ptr& d) {
    if (auto r = read_expiry(*d); r && *r) out.push_back(std::move(**r));
    return true;
  });
  return out;
}

base::result<std::string> change_expiry(std::string_view content, const value& patch) {
  auto out = apply_patch(content, patch, expiry_document_rules);
  if (!out) return base::fail(out.error());
  for (const auto* member : {"of", "mailbox", "days"})
    if (out->find(member) == nullptr) return unfit(member, "is missing");
  return json::to_text(*out);
}

value show_expiry(const document& d) {
  auto out = head_of(d, "name");
  out.set("enabled", true);
  out.set("children", false);
  out.set("age", "saved");
  out.set("flagged", false);
  out.set("unseen", true);
  if (const auto content = json::parse(d.content)) add_known(out, *content, expiry_document_rules);
  else out.set("fault", "cannot be read");
  return out;
}

} // namespace rookery::config
