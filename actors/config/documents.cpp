#include "actors/config/documents.hpp"

#include "actors/config/delivery_documents.hpp"
#include "actors/config/document_proofs.hpp"
#include "actors/config/document_rules.hpp"
#include "base/text.hpp"
#include "policy/forwarding/forward_rule.hpp"
#include "policy/quiet/quiet_hours.hpp"
#include "policy/routing/address_form.hpp"
#include "policy/routing/recipient_route.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/encoding/base64.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace rookery::config {
namespace {

using json::value;
using storage::directory::document;

/// "max_age" in a record whose document has none: no document can say so.
constexpr std::uint32_t sts_age_unsaid = mailauth::sts_age_seconds_max + 1;

std::optional<routing::account_state> state_named(std::string_view word) {
  if (word == "enabled") return routing::account_state::enabled;
  if (word == "disabled") return routing::account_state::disabled;
  if (word == "frozen") return routing::account_state::frozen;
  return std::nullopt;
}
std::string_view name(routing::account_state s) {
  switch (s) {
  case routing::account_state::enabled: return "enabled";
  case routing::account_state::disabled: return "disabled";
  case routing::account_state::frozen: return "frozen";
  }
  return "";
}
std::optional<routing::detail_folders> details_named(std::string_view word) {
  if (word == "ignored") return routing::detail_folders::ignored;
  if (word == "existing") return routing::detail_folders::existing;
  if (word == "created") return routing::detail_folders::created;
  return std::nullopt;
}
std::string_view name(routing::detail_folders d) {
  switch (d) {
  case routing::detail_folders::ignored: return "ignored";
  case routing::detail_folders::existing: return "existing";
  case routing::detail_folders::created: return "created";
  }
  return "";
}

/// Copies at most N octets of base64 into an array; how many, or nothing when it does not fit.
template <std::size_t N>
std::optional<std::size_t> read_octets(const value& from, std::string_view member, std::array<char, N>& out) {
  const auto text = from.get_string(member);
  if (!text) return std::nullopt;
  const auto octets = encoding::base64_decode(*text);
  if (!octets || octets->size() > N) return std::nullopt;
  std::memcpy(out.data(), octets->data(), octets->size());
  return octets->size();
}

checked state_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || !state_named(*text)) return unfit(member, "is enabled, disabled or frozen");
  return v;
}
checked details_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || !details_named(*text)) return unfit(member, "is ignored, existing or created");
  return v;
}
checked targets_rule(std::string_view member, const value& v) {
  const auto* all = v.as_array();
  if (all == nullptr || all->empty() || all->size() > routing::alias_targets_max)
    return unfit(member, "is a list of 1 to " + std::to_string(routing::alias_targets_max) + " addresses");
  json::array out;
  for (const auto& one : *all) {
    const auto* text = one.as_string();
    auto canonical = text == nullptr ? std::nullopt : routing::canonical_address(*text);
    if (!canonical) return unfit(member, "has an entry that is no address");
    if (std::none_of(out.begin(), out.end(), [&](const value& o) { return *o.as_string() == *canonical; }) || out.size() > 1000)
      out.emplace_back(std::move(*canonical));
  }
  return value(std::move(out));
}
checked senders_rule(std::string_view member, const value& v) {
  const auto* all = v.as_array();
  if (all == nullptr || all->size() > may_send_as_max)
    return unfit(member, "is a list of at most " + std::to_string(may_send_as_max) + " addresses or @domains");
  json::array out;
  for (const auto& one : *all) {
    const auto* text = one.as_string();
    std::optional<std::string> canonical;
    if (text != nullptr && !text->empty() && text->front() == '@') {
      if (auto domain = routing::canonical_domain(std::string_view(*text).substr(1))) canonical = '@' + *domain;
    } else if (text != nullptr) {
      canonical = routing::canonical_address(*text);
    }
    if (!canonical) return unfit(member, "has an entry that is neither an address nor @domain");
    out.emplace_back(std::move(*canonical));
  }
  return value(std::move(out));
}

checked forward_targets_rule(std::string_view member, const value& v) {
  const auto* all = v.as_array();
  if (all == nullptr || all->size() > forwarding::forward_targets_max)
    return unfit(member, "is a list of at most " + std::to_string(forwarding::forward_targets_max) + " addresses");
  for (const auto& one : *all) {
    const auto* text = one.as_string();
    if (text == nullptr) return unfit(member, "has an entry that is no text");
    // Whether its domain is allowed is judged when mail comes: the settings may change.
    if (const auto why = forwarding::target_fault(*text, {}, [](std::string_view) { return false; }); !why.empty())
      return unfit(member, "has an entry that cannot stand: " + why);
  }
  return v;
}

checked sts_mode_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || !mailauth::sts_mode_named(*text)) return unfit(member, "is none, testing or enforce");
  return v;
}
checked sts_hosts_rule(std::string_view member, const value& v) {
  const auto* all = v.as_array();
  if (all == nullptr || all->empty() || all->size() > sts_own_hosts_max)
    return unfit(member, "is a list of 1 to " + std::to_string(sts_own_hosts_max) + " hosts");
  json::array out;
  for (const auto& one : *all) {
    const auto* text = one.as_string();
    if (text == nullptr || !mailauth::sts_host_pattern(*text)) return unfit(member, "has an entry that is no host as mx.example.org or *.example.org");
    out.emplace_back(base::to_lower(*text));
  }
  return value(std::move(out));
}
constexpr std::pair<std::string_view, quiet::service> quiet_words[] = {
    {"imap", quiet::service::imap}, {"pop3", quiet::service::pop3}, {"submission", quiet::service::submission},
    {"chat", quiet::service::chat}};

checked quiet_services_rule(std::string_view member, const value& v) {
  const auto* all = v.as_array();
  const auto known = [](const value& one) {
    return one.as_string() != nullptr && std::any_of(std::begin(quiet_words), std::end(quiet_words), [&](const auto& w) { return w.first == *one.as_string(); });
  };
  if (all == nullptr || all->empty() || !std::all_of(all->begin(), all->end(), known)) return unfit(member, "is a list of imap, pop3, submission and chat");
  return v;
}
checked exempt_rule(std::string_view member, const value& v) {
  const auto* all = v.as_array();
  if (all == nullptr || all->size() > quiet_exempt_max) return unfit(member, "is a list of at most " + std::to_string(quiet_exempt_max) + " addresses");
  json::array out;
  for (const auto& one : *all) {
    auto canonical = one.as_string() == nullptr ? std::nullopt : routing::canonical_address(*one.as_string());
    if (!canonical) return unfit(member, "has an entry that is no address");
    out.emplace_back(std::move(*canonical));
  }
  return value(std::move(out));
}

/// Null without hours.
std::shared_ptr<const quiet::quiet_rule> quiet_rule_of(const value& c) {
  const auto text = c.get_string("quiet_hours");
  if (!text) return nullptr;
  // Hours of a newer version: users are rather served than locked out.
  const auto hours = delivery::schedule::parse(*text);
  if (!hours) return nullptr;
  auto out = std::make_shared<quiet::quiet_rule>();
  out->hours = *hours;
  if (const auto services = c.get_strings("quiet_services")) {
    out->services = 0;
    for (const auto& [word, service] : quiet_words)
      if (std::find(services->begin(), services->end(), word) != services->end()) out->services |= static_cast<std::uint8_t>(service);
  }
  if (auto exempt = c.get_strings("quiet_exempt")) out->exempt = std::move(*exempt);
  out->administrators_exempt = !c.get_bool("quiet_administrators").value_or(false);
  return out;
}

checked chat_search_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || (*text != "domain" && *text != "all" && *text != "nobody")) return unfit(member, "is domain, all or nobody");
  return v;
}
/// By number: names were resolved (homes.hpp).
constexpr auto home_rule = number_rule<1, std::uint64_t{1} << 62>;

constexpr rule account_rules[] = {
    {"display_name", text_rule<display_name_octets_max>}, {"description", text_rule<text_octets_max>},
    {"state", state_rule},                                {"admin", flag_rule},
    {"detail_folders", details_rule},                     {"quota_octets", amount_rule},
    {"quota_messages", amount_rule},                      {"may_send_as", senders_rule},
    {"forward_to", forward_targets_rule},                 {"forward_keep", flag_rule},
    {"forward_schedule", schedule_rule},                  {"send_quota", amount_rule},
    {"template", name_rule},                              {"chat", flag_rule},
    {"chat_mail_notices", flag_rule},
    {"home", home_rule},
};
/// A way of its own for forwarded mail: these members of an account, with "forward_" before them, are kept
/// together under this name.
constexpr const char* forward_way = "forward_way";
constexpr std::string_view forward_way_members[] = {"host", "port", "tls", "tls_at_once", "login", "password"};

checked public_folder_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || !routing::is_folder_name(*text)) return unfit(member, "is the name of a mailbox, as Projects/Minutes");
  return v;
}

constexpr rule alias_rules[] = {
    {"targets", targets_rule}, {"folder", public_folder_rule}, {"members_may_send", flag_rule}, {"description", text_rule<text_octets_max>},
    {"chat", flag_rule}, {"chat_roster", text_rule<display_name_octets_max>}};
constexpr rule domain_rules[] = {{"catch_all", address_rule},
                                 {"postmaster", address_rule},
                                 {"public_account", address_rule},
                                 {"enabled", flag_rule},
                                 {"send_quota", amount_rule},
                                 {"mta_sts", sts_mode_rule},
                                 {"mta_sts_hosts", sts_hosts_rule},
                                 {"mta_sts_max_age", number_rule<0, mailauth::sts_age_seconds_max>},
                                 {"quiet_hours", schedule_rule},
                                 {"quiet_services", quiet_services_rule},
                                 {"quiet_exempt", exempt_rule},
                                 {"quiet_administrators", flag_rule},
                                 {"chat", flag_rule},
                                 {"chat_search", chat_search_rule},
                                 {"chat_mail_notices", flag_rule},
                                 {"chat_archive_days", number_rule<0, 36500>},
                                 {"chat_room_archive_days", number_rule<0, 36500>},
                                 {"chat_clients_max", number_rule<1, 1000>},
                                 {"chat_contacts_max", number_rule<10, 50000>},
                                 {"chat_offline_messages_max", number_rule<1, 100000>},
                                 {"chat_resume_seconds", number_rule<10, 86400>},
                                 {"chat_token_days", number_rule<0, 365>},
                                 {"chat_upload_octets_max", number_rule<0, 200'000'000>},
                                 {"chat_upload_quota_octets", number_rule<0, 1'000'000'000'000>},
                                 {"chat_upload_days", number_rule<0, 36500>},
                                 {"chat_upload_files_an_hour", number_rule<1, 100000>},
                                 {"chat_rooms_max", number_rule<0, 10000000>},
                                 {"chat_room_occupants_max", number_rule<1, 100000>},
                                 {"chat_room_history_max", number_rule<0, 1000>},
                                 {"chat_room_stanzas_a_second", number_rule<0, 10000>},
                                 {"chat_rooms_persistent", flag_rule},
                                 {"chat_rooms_by_users", flag_rule},
                                 {"template", name_rule},
                                 {"home", home_rule},
                                 {"description", text_rule<text_octets_max>}};

} // namespace

base::result<routing::account_record> read_account(const document& d, const settings& defaults) {
  const auto content = parse_content(d);
  if (!content) return base::fail(content.error());
  const auto& c = *content;
  routing::account_record a;
  a.what = routing::address_entry::kind::account;
  a.address = d.key;
  a.id = base::account_id{d.id};
  a.version = d.version;
  a.display_name = c.get_string("display_name").value_or("");
  const auto state = state_named(c.get_string("state").value_or("enabled"));
  // An unknown state of a newer version must not open a door.
  a.state = state.value_or(routing::account_state::frozen);
  a.details = details_named(c.get_string("detail_folders").value_or(defaults.directory_detail_folders))
                  .value_or(routing::detail_folders::ignored);
  a.admin = c.get_bool("admin").value_or(false);
  a.quota_octets = c.get_unsigned("quota_octets").value_or(defaults.quota_octets_default);
  a.quota_messages = c.get_unsigned("quota_messages").value_or(defaults.quota_messages_default);
  a.send_quota = c.get_unsigned("send_quota");
  if (auto senders = c.get_strings("may_send_as")) a.may_send_as = std::move(*senders);
  if (auto targets = c.get_strings("forward_to"); targets && !targets->empty()) {
    auto rule = std::make_shared<forwarding::forward_rule>();
    rule->enabled = true;
    rule->targets = std::move(*targets);
    rule->keep_copy = c.get_bool("forward_keep").value_or(true);
    // A schedule that cannot be read must not send mail at wrong times.
    auto when = delivery::schedule::parse(c.get_string("forward_schedule").value_or(""));
    rule->when = when ? std::move(*when) : delivery::schedule::never();
    // Neither must mail take another way than it was told.
    if (const auto* way = c.find(forward_way); way != nullptr && !read_way(*way, rule->way)) rule->when = delivery::schedule::never();
    a.forward = std::move(rule);
  }
  if (const auto iterations = c.get_unsigned("iterations")) {
    const auto salt = read_octets(c, "salt", a.salt);
    if (!salt || read_octets(c, "stored_key", a.stored_key) != a.stored_key.size() ||
        read_octets(c, "server_key", a.server_key) != a.server_key.size() || *iterations > UINT32_MAX)
      return base::fail(base::error_kind::invalid, "the credentials of " + d.key + " cannot be read");
    a.salt_octets = static_cast<std::uint8_t>(*salt);
    a.iterations = static_cast<std::uint32_t>(*iterations);
  }
  if (auto further = read_further(c); !further) return base::fail(base::error_kind::invalid, "the credentials of " + d.key + " cannot be read");
  else a.further = std::move(*further);
  return a;
}

base::result<routing::alias_record> read_alias(const document& d) {
  const auto content = parse_content(d);
  if (!content) return base::fail(content.error());
  routing::alias_record a;
  a.what = routing::address_entry::kind::alias;
  a.address = d.key;
  a.members_may_send = content->get_bool("members_may_send").value_or(false);
  a.folder = content->get_string("folder").value_or("");
  auto targets = content->get_strings("targets");
  if (targets) a.targets = std::move(*targets);
  if (a.targets.empty() && a.folder.empty()) return unfit(d.key, "has no targets");
  return a;
}

base::result<routing::domain_record> read_domain(const document& d) {
  const auto content = parse_content(d);
  if (!content) return base::fail(content.error());
  routing::domain_record out;
  out.id = base::domain_id{d.id};
  out.name = d.key;
  out.catch_all = content->get_string("catch_all").value_or("");
  out.postmaster = content->get_string("postmaster").value_or("");
  out.public_account = content->get_string("public_account").value_or("");
  out.enabled = content->get_bool("enabled").value_or(true);
  out.quiet = quiet_rule_of(*content);
  out.send_quota = content->get_unsigned("send_quota");
  if (const auto mode = mailauth::sts_mode_named(content->get_string("mta_sts").value_or(""))) {
    mailauth::sts_policy p;
    p.mode = *mode;
    p.hosts = content->get_strings("mta_sts_hosts").value_or(std::vector<std::string>());
    p.max_age_seconds = static_cast<std::uint32_t>(std::min<std::uint64_t>(content->get_unsigned("mta_sts_max_age").value_or(sts_age_unsaid), sts_age_unsaid));
    out.sts = std::make_shared<const mailauth::sts_policy>(std::move(p));
  }
  return out;
}

std::optional<mailauth::sts_policy> published_sts_policy(const routing::domain_record& domain, const settings& values, std::string_view host_name) {
  if (!domain.sts) return std::nullopt;
  auto out = *domain.sts;
  if (out.max_age_seconds == sts_age_unsaid) out.max_age_seconds = static_cast<std::uint32_t>(values.mta_sts_max_age_seconds);
  if (!out.hosts.empty()) return out;
  for (const auto word : base::split(values.mta_sts_hosts, ' '))
    if (mailauth::sts_host_pattern(word) && out.hosts.size() < sts_own_hosts_max) out.hosts.push_back(base::to_lower(word));
  if (out.hosts.empty() && mailauth::sts_host_pattern(host_name)) out.hosts.push_back(base::to_lower(host_name));
  return out;
}

base::result<std::string> change_account(std::string_view content, const value& patch, const base::secret_box* secrets) {
  auto rest = patch;
  value way{json::object{}};
  if (auto* members = rest.as_object())
    for (const auto member : forward_way_members) {
      const auto name = "forward_" + std::string(member);
      if (auto* v = members->find(name)) {
        way.set(member, std::move(*v));
        members->erase(name);
      }
    }
  auto out = apply_patch(content, rest, account_rules);
  if (!out) return base::fail(out.error());
  if (way.as_object()->empty()) return json::to_text(*out);
  if (const auto* host = way.find("host"); host != nullptr && host->is_null()) {
    out->as_object()->erase(forward_way); // with all that goes with it
    return json::to_text(*out);
  }
  const auto* present = out->find(forward_way);
  auto changed = change_with_password(present != nullptr ? json::to_text(*present) : std::string(), way, way_rules(), secrets, delivery::password_purpose);
  if (!changed) return base::fail(changed.error());
  if (auto fits = check_way(*changed); !fits) return base::fail(fits.error());
  if (changed->find("host") == nullptr) return unfit("forward_host", "is missing: the others belong to it");
  out->set(forward_way, std::move(*changed));
  return json::to_text(*out);
}

base::result<std::string> change_alias(std::string_view content, const value& patch) {
  auto out = apply_patch(content, patch, alias_rules);
  if (!out) return base::fail(out.error());
  const bool targets = out->get_array("targets") != nullptr, folder = out->get_string("folder").has_value();
  if (!targets && !folder) return unfit("targets", "is missing: where mail for the alias goes");
  if (targets && folder) return unfit("folder", "is for an alias without targets: the address of a public folder");
  return json::to_text(*out);
}

base::result<std::string> change_domain(std::string_view content, const value& patch) {
  auto out = apply_patch(content, patch, domain_rules);
  if (!out) return base::fail(out.error());
  return json::to_text(*out);
}

value show_account(const document& d, const settings& defaults) {
  auto out = head_of(d, "address");
  const auto a = read_account(d, defaults);
  if (!a) {
    out.set("fault", a.error().client.value);
    return out;
  }
  out.set("domain", a->domain());
  out.set("display_name", a->display_name);
  out.set("state", name(a->state));
  out.set("admin", a->admin);
  out.set("password", a->has_password());
  if (a->further && a->further->sha_1) out.set("scram_sha_1", true);
  if (a->further && !a->further->certificates.empty()) out.set("certificates", a->further->certificates.size());
  out.set("detail_folders", name(a->details));
  out.set("quota_octets", a->quota_octets);
  out.set("quota_messages", a->quota_messages);
  if (a->send_quota) out.set("send_quota", *a->send_quota);
  if (a->forward) {
    out.set("forward_to", json::array(a->forward->targets.begin(), a->forward->targets.end()));
    out.set("forward_keep", a->forward->keep_copy);
    if (!a->forward->when.always()) out.set("forward_schedule", a->forward->when.to_text());
    if (const auto& way = a->forward->way; !way.host.empty()) {
      out.set("forward_host", way.host);
      out.set("forward_port", way.port);
      out.set("forward_tls", name_of(way.tls));
      if (way.tls_at_once) out.set("forward_tls_at_once", true);
      if (!way.login.empty()) out.set("forward_login", way.login);
    }
  }
  json::array senders(a->may_send_as.begin(), a->may_send_as.end());
  out.set("may_send_as", std::move(senders));
  if (const auto content = json::parse(d.content))
    for (const auto* member : {"description", "chat", "chat_mail_notices"})
      if (const auto* said = content->find(member)) out.set(member, *said);
  return out;
}

value show_alias(const document& d) {
  auto out = head_of(d, "address");
  if (const auto content = json::parse(d.content)) add_known(out, *content, alias_rules);
  return out;
}

value show_domain(const document& d) {
  auto out = head_of(d, "name");
  out.set("enabled", true);
  if (const auto content = json::parse(d.content)) add_known(out, *content, domain_rules);
  return out;
}

} // namespace rookery::config
