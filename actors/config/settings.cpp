#include "actors/config/settings.hpp"

#include "base/text.hpp"
#include "policy/routing/address_form.hpp"

#include <algorithm>
#include <array>

namespace rookery::config {
namespace {

using enum setting_type;

constexpr std::uint64_t gib = std::uint64_t{1} << 30;
constexpr std::uint64_t octets_most = std::uint64_t{1} << 50;

constexpr auto rows = std::to_array<setting_info>({
    {"connections.address_max", number, &settings::connections_address_max, 1, 1000000, {},
     "Connections that one client address may have open; loopback is exempt."},
    {"connections.max", number, &settings::connections_max, 10, 1000000, {},
     "Connections that may be open at the same time; further ones are turned away with a try-later reply."},
    {"directory.default_domain", domain, &settings::directory_default_domain, 0, 0, {},
     "The domain for logins and recipients without one; empty takes the domain that was made first."},
    {"directory.detail_folders", choice, &settings::directory_detail_folders, 0, 0, "ignored|existing|created",
     "What user+detail does for accounts that do not say: deliver to INBOX, to the folder if it exists, or make the folder."},
    {"imap.idle_seconds", seconds, &settings::imap_idle_seconds, 1800, 86400, {},
     "An IMAP session without a command, or in IDLE, is closed after this time (RFC 9051 asks for 30 minutes at least)."},
    {"imap.login_seconds", seconds, &settings::imap_login_seconds, 10, 3600, {},
     "An IMAP connection that has not logged in is closed after this time."},
    {"log.level", choice, &settings::log_level, 0, 0, "debug|info|notice|warning|error",
     "The least severe events that are logged."},
    {"password.characters_min", number, &settings::password_characters_min, 1, 128, {},
     "A new password has at least this many characters."},
    {"password.iterations", number, &settings::password_iterations, 4096, 10000000, {},
     "Rounds of PBKDF2 for passwords set from now on (RFC 7677 asks for 4096 at least)."},
    {"pop3.idle_seconds", seconds, &settings::pop3_idle_seconds, 600, 86400, {},
     "A silent POP3 session is closed after this time, without deleting (RFC 1939 asks for 10 minutes at least)."},
    {"queue.messages_max", number, &settings::queue_messages_max, 1, 100000000, {},
     "Messages that may wait in the queue for other servers; further ones are refused with try later."},
    {"quota.messages_default", number, &settings::quota_messages_default, 0, octets_most, {},
     "Messages that an account without a quota of its own may keep; 0 is no limit."},
    {"quota.octets_default", octets, &settings::quota_octets_default, 0, octets_most, {},
     "What an account without a quota of its own may keep; 0 is no limit."},
    {"smtp.command_seconds", seconds, &settings::smtp_command_seconds, 10, 3600, {},
     "How long the next SMTP command may take to come (RFC 5321 §4.5.3.2.7 asks for 5 minutes)."},
    {"smtp.data_seconds", seconds, &settings::smtp_data_seconds, 10, 3600, {},
     "How long the next piece of a message may take to come (RFC 5321 §4.5.3.2.5 asks for 3 minutes)."},
    {"smtp.errors_max", number, &settings::smtp_errors_max, 1, 10000, {},
     "An SMTP session is closed with 421 after so many refused commands."},
    {"smtp.message_octets_max", octets, &settings::smtp_message_octets_max, 65536, gib, {},
     "The largest message taken, also for IMAP APPEND (RFC 1870 SIZE, RFC 7889 APPENDLIMIT)."},
    {"smtp.received_fields_max", number, &settings::smtp_received_fields_max, 30, 1000, {},
     "A message with so many Received fields loops and is refused (RFC 5321 §6.3 asks for 100 at least)."},
    {"smtp.recipients_max", number, &settings::smtp_recipients_max, 100, 50000, {},
     "Recipients of one message; further ones get 452 (RFC 5321 §4.5.3.1.8 asks for 100 at least)."},
    {"storage.reserve_octets", octets, &settings::storage_reserve_octets, 1u << 20, octets_most, {},
     "With less free space than this on the data disk new mail is refused, so that deleting still works."},
    {"submission.from_checked", flag, &settings::submission_from_checked, 0, 0, {},
     "Whether the From field of submitted mail must belong to the account, as the envelope sender always must."},
});

bool one_of(std::string_view choices, std::string_view text) {
  const auto all = base::split(choices, '|');
  return std::find(all.begin(), all.end(), text) != all.end();
}

std::string_view unquoted(std::string_view scalar) {
  if (scalar.size() >= 2 && scalar.front() == '"' && scalar.back() == '"') return scalar.substr(1, scalar.size() - 2);
  return scalar;
}

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

/// "50M", "50 MiB", "30m", "1800".
std::optional<std::uint64_t> read_number(setting_type type, std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && base::is_digit(text[digits])) ++digits;
  const auto value = base::parse_u64(text.substr(0, digits));
  if (!value) return std::nullopt;
  auto unit = base::to_lower(base::trim(text.substr(digits)));
  if (unit.empty()) return value;
  std::uint64_t factor = 0;
  if (type == octets) {
    if (unit.size() > 1 && unit.ends_with("ib")) unit.resize(unit.size() - 2);
    else if (unit.size() > 1 && unit.back() == 'b') unit.pop_back();
    factor = unit == "b" ? 1 : unit == "k" ? 1u << 10 : unit == "m" ? 1u << 20 : unit == "g" ? gib : unit == "t" ? gib << 10 : 0;
  } else if (type == seconds) {
    factor = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : unit == "d" ? 86400 : 0;
  }
  if (factor == 0 || *value > ~std::uint64_t{0} / factor) return std::nullopt;
  return *value * factor;
}

base::failure<base::error> unfit(const setting_info& s) {
  std::string text(s.key);
  switch (s.type) {
  case flag: text += " is true or false"; break;
  case choice: text += " is one of " + std::string(s.choices); break;
  case domain: text += " is a domain name, or empty"; break;
  default:
    text += " is a number from " + std::to_string(s.least) + " to " + std::to_string(s.most);
    if (const auto unit = unit_of(s.type); !unit.empty()) text += " (" + std::string(unit) + ")";
  }
  return base::fail(base::error_kind::invalid, std::move(text));
}

} // namespace

std::span<const setting_info> schema() noexcept { return rows; }

const setting_info* find_setting(std::string_view key) noexcept {
  const auto at = std::lower_bound(rows.begin(), rows.end(), key, [](const setting_info& s, std::string_view k) { return s.key < k; });
  return at != rows.end() && at->key == key ? &*at : nullptr;
}

std::string_view unit_of(setting_type type) noexcept {
  return type == octets ? "octets" : type == seconds ? "seconds" : "";
}

std::string_view name_of(setting_type type) noexcept {
  switch (type) {
  case flag: return "flag";
  case choice: return "choice";
  case domain: return "domain";
  default: return "number";
  }
}

base::result<std::string> check_setting(const setting_info& s, std::string_view text) {
  text = unquoted(base::trim(text));
  switch (s.type) {
  case flag: {
    const auto word = base::to_lower(text);
    if (word == "true" || word == "on" || word == "yes" || word == "1") return std::string("true");
    if (word == "false" || word == "off" || word == "no" || word == "0") return std::string("false");
    return unfit(s);
  }
  case choice:
    if (!one_of(s.choices, text)) return unfit(s);
    return quoted(text);
  case domain: {
    if (text.empty()) return std::string("\"\"");
    const auto name = routing::canonical_domain(text);
    if (!name) return unfit(s);
    return quoted(*name);
  }
  default: {
    const auto value = read_number(s.type, text);
    if (!value || *value < s.least || *value > s.most) return unfit(s);
    return std::to_string(*value);
  }
  }
}

bool apply_setting(settings& values, std::string_view key, std::string_view scalar) {
  const auto* s = find_setting(key);
  if (s == nullptr) return false;
  const auto checked = check_setting(*s, scalar);
  if (!checked) return false;
  if (const auto* n = std::get_if<std::uint64_t settings::*>(&s->member)) values.*(*n) = base::parse_u64(*checked).value_or(0);
  else if (const auto* f = std::get_if<bool settings::*>(&s->member)) values.*(*f) = *checked == "true";
  else values.*std::get<std::string settings::*>(s->member) = unquoted(*checked);
  return true;
}

std::string print_setting(const settings& values, const setting_info& s) {
  if (const auto* n = std::get_if<std::uint64_t settings::*>(&s.member)) return std::to_string(values.*(*n));
  if (const auto* f = std::get_if<bool settings::*>(&s.member)) return values.*(*f) ? "true" : "false";
  return quoted(values.*std::get<std::string settings::*>(s.member));
}

settings settings_of(const storage::directory::config_table& table) {
  settings values;
  table.for_each(storage::directory::document_kind::setting, {}, [&](const storage::directory::document_ptr& d) {
    apply_setting(values, d->key, d->content);
    return true;
  });
  return values;
}

std::string settings_manual() {
  std::string out = "# Settings\n\n"
                    "Generated from `actors/config/settings.cpp`; do not edit. `rookery settings list` shows the present values,\n"
                    "`rookery settings set KEY VALUE` changes one; octets may be written as `50M`, times as `30m`.\n"
                    "A change takes effect for connections that begin after it.\n\n"
                    "| setting | type | default | from | to | |\n|---|---|---|---|---|---|\n";
  const settings defaults;
  for (const auto& s : rows) {
    const bool ranged = s.most != 0;
    std::string type(name_of(s.type));
    if (const auto unit = unit_of(s.type); !unit.empty()) type = unit;
    if (s.type == choice) {
      type.clear();
      for (const auto word : base::split(s.choices, '|')) type += (type.empty() ? "`" : ", `") + std::string(word) + '`';
    }
    out += "| `" + std::string(s.key) + "` | " + type + " | `" + print_setting(defaults, s) + "` | " +
           (ranged ? std::to_string(s.least) : "") + " | " + (ranged ? std::to_string(s.most) : "") + " | " +
           std::string(s.sentence) + " |\n";
  }
  return out;
}

} // namespace rookery::config
