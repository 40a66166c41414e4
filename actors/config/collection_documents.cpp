#include "actors/config/collection_documents.hpp"

#include "actors/config/delivery_documents.hpp"
#include "actors/config/document_rules.hpp"
#include "base/text.hpp"

#include <utility>

namespace rookery::config {
namespace {

using json::value;
using storage::directory::document;

constexpr std::size_t login_octets_max = 255;
constexpr std::uint64_t octets_most = 1u << 30;
constexpr std::uint64_t minutes_most = 7 * 24 * 60;
constexpr std::uint64_t days_most = 3650;

constexpr std::pair<std::string_view, tls_use> tls_words[] = {{"none", tls_use::none},
                                                              {"when_offered", tls_use::when_offered},
                                                              {"required", tls_use::required},
                                                              {"implicit", tls_use::implicit}};

std::optional<tls_use> tls_named(std::string_view word) {
  for (const auto& [text, meant] : tls_words)
    if (text == word) return meant;
  return std::nullopt;
}

checked protocol_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || (*text != "pop3" && *text != "imap")) return unfit(member, "is pop3 or imap");
  return v;
}
checked tls_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || !tls_named(*text)) return unfit(member, "is none, when_offered, required or implicit");
  return v;
}
checked keep_rule(std::string_view member, const value& v) {
  if (const auto* text = v.as_string(); text != nullptr && *text == "forever") return v;
  const auto* days = v.as_integer();
  if (days == nullptr || *days < 0 || static_cast<std::uint64_t>(*days) > days_most)
    return unfit(member, "is a number of days up to " + std::to_string(days_most) + ", or \"forever\"");
  return v;
}

constexpr rule rules[] = {{"protocol", protocol_rule},
                          {"host", host_rule},
                          {"port", number_rule<1, 65535>},
                          {"tls", tls_rule},
                          {"certificate_checked", flag_rule},
                          {"plaintext_allowed", flag_rule},
                          {"login", text_rule<login_octets_max>},
                          {"source_folder", text_rule<text_octets_max>},
                          {"folder", mailbox_rule},
                          {"keep", keep_rule},
                          {"message_octets_max", number_rule<1, octets_most>},
                          {"every_minutes", number_rule<1, minutes_most>},
                          {"schedule", schedule_rule},
                          {"enabled", flag_rule},
                          {"description", text_rule<text_octets_max>}};

} // namespace

std::optional<std::string> canonical_collection(std::string_view name) { return canonical_queue(name); }

std::string collection_key(base::account_id account, std::string_view name) {
  std::string key;
  base::append_number(key, account.value);
  return key + '/' + std::string(name);
}

base::result<collection::collection_record> read_collection(const document& d) {
  const auto content = parse_content(d);
  if (!content) return base::fail(content.error());
  const auto slash = d.key.find('/');
  const auto account = base::parse_u64(std::string_view(d.key).substr(0, slash));
  if (!account || slash == std::string::npos) return unfit("the document of " + d.key, "belongs to no account");
  collection::collection_record out;
  out.id = d.id;
  out.account = base::account_id{*account};
  out.name = d.key.substr(slash + 1);
  out.enabled = content->get_bool("enabled").value_or(true);
  out.from = content->get_string("protocol").value_or("imap") == "pop3" ? collection::source::pop3 : collection::source::imap;
  out.host = content->get_string("host").value_or("");
  // An unknown word of a newer version must not send in the clear.
  out.tls = tls_named(content->get_string("tls").value_or("implicit")).value_or(tls_use::required);
  out.port = static_cast<std::uint16_t>(content->get_unsigned("port").value_or(collection::usual_port(out.from, out.tls)));
  out.certificate_checked = content->get_bool("certificate_checked").value_or(true);
  out.plaintext_allowed = content->get_bool("plaintext_allowed").value_or(false);
  out.login = content->get_string("login").value_or("");
  auto sealed = sealed_of(*content);
  if (!sealed) return base::fail(sealed.error());
  out.sealed_password = std::move(*sealed);
  out.source_folder = content->get_string("source_folder").value_or("INBOX");
  out.folder = content->get_string("folder").value_or("INBOX");
  if (const auto* keep = content->find("keep"))
    out.keep_days = keep->as_string() != nullptr ? std::nullopt : std::optional<std::uint32_t>(static_cast<std::uint32_t>(*keep->as_integer()));
  out.message_octets_max = content->get_unsigned("message_octets_max").value_or(out.message_octets_max);
  out.every_minutes = static_cast<std::uint32_t>(content->get_unsigned("every_minutes").value_or(out.every_minutes));
  const auto hours = delivery::schedule::parse(content->get_string("schedule").value_or(""));
  out.hours = hours ? *hours : delivery::schedule::never(); // of a newer version: rather not than at the wrong time
  return out;
}

base::result<std::string> change_collection(std::string_view content, const value& patch, const base::secret_box* secrets) {
  auto out = change_with_password(content, patch, rules, secrets, collection::password_purpose);
  if (!out) return base::fail(out.error());
  for (const auto* member : {"protocol", "host", "login"})
    if (out->find(member) == nullptr) return unfit(member, "is missing");
  if (out->find("sealed_password") == nullptr) return unfit("password", "is missing");
  if (out->get_string("protocol") == "pop3" && out->find("source_folder") != nullptr) return unfit("source_folder", "is for imap: POP3 has one maildrop");
  return json::to_text(*out);
}

value show_collection(const document& d, std::string_view address) {
  auto out = head_of(d, "key");
  out.as_object()->erase("key");
  out.set("account", address);
  out.set("name", d.key.substr(std::min(d.key.size(), d.key.find('/') + 1)));
  const auto content = json::parse(d.content);
  if (!content) {
    out.set("fault", "cannot be read");
    return out;
  }
  add_known(out, *content, rules);
  out.set("password", content->find("sealed_password") != nullptr);
  return out;
}

} // namespace rookery::config
