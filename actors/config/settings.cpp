#include "actors/config/settings.hpp"

#include "actors/config/delivery_documents.hpp"
#include "actors/config/document_rules.hpp"
#include "base/text.hpp"
#include "policy/delivery/dnssec_rule.hpp"
#include "policy/routing/address_form.hpp"
#include "storage/search/ranking.hpp"

#include <algorithm>
#include <array>

namespace rookery::config {
namespace {

using enum setting_type;

constexpr std::uint64_t gib = std::uint64_t{1} << 30;
constexpr std::uint64_t octets_most = std::uint64_t{1} << 50;

constexpr auto rows = std::to_array<setting_info>({
    {"archive.spam_field", text, &settings::archive_spam_field, 0, 0, {},
     "The header field by which a filter in front marks spam, with a pattern, as `X-Spam-Flag: YES*`; mail from others that has it is archived only where an archive says so. Empty takes nothing for spam."},
    {"chat.client_certificates", flag, &settings::chat_client_certificates, 0, 0, {},
     "Whether chat clients are asked for a certificate in TLS and may log in with it (EXTERNAL, docs/manual/logins.md); one without is served all the same."},
    {"chat.federation", flag, &settings::chat_federation, 0, 0, {},
     "Whether users chat with those of other servers (docs/manual/federation.md)."},
    {"chat.federation_allowed", text, &settings::chat_federation_allowed, 0, 0, {},
     "Domains, parted by spaces, whose servers alone are talked to, with what is below them; empty allows all."},
    {"chat.federation_blocked", text, &settings::chat_federation_blocked, 0, 0, {},
     "Domains, parted by spaces, whose servers are not talked to, with what is below them."},
    {"chat.federation_dialback", flag, &settings::chat_federation_dialback, 0, 0, {},
     "Whether a server may prove its domain by the domain name system (dialback, XEP-0220) where it has no trusted certificate."},
    {"chat.federation_idle_seconds", seconds, &settings::chat_federation_idle_seconds, 30, 86400, {},
     "A stream to another server is closed after this time without a stanza."},
    {"chat.federation_tls", flag, &settings::chat_federation_tls, 0, 0, {},
     "Whether chat with other servers needs TLS; without it stanzas may travel in the clear."},
    {"chat.push_sender", flag, &settings::chat_push_sender, 0, 0, {},
     "Whether notices for phones (XEP-0357) name the sender of the last message."},
    {"chat.push_text", flag, &settings::chat_push_text, 0, 0, {},
     "Whether notices for phones (XEP-0357) have the text of the last message."},
    {"chat.registration", flag, &settings::chat_registration, 0, 0, {},
     "Whether strangers may make an account, mail and chat, from a chat client (XEP-0077), in the domain of their stream; on connections with TLS alone."},
    {"chat.registrations_an_hour", number, &settings::chat_registrations_an_hour, 1, 1000, {},
     "Accounts that are made so from one network address (IPv6: its /64) within an hour; one that is asked for and refused counts too."},
    {"connections.address_max", number, &settings::connections_address_max, 1, 1000000, {},
     "Connections that one client address may have open; loopback is exempt."},
    {"connections.max", number, &settings::connections_max, 10, 1000000, {},
     "Connections that may be open at the same time; further ones are turned away with a try-later reply."},
    {"directory.default_domain", domain, &settings::directory_default_domain, 0, 0, {},
     "The domain for logins and recipients without one; empty takes the domain that was made first."},
    {"directory.detail_folders", choice, &settings::directory_detail_folders, 0, 0, "ignored|existing|created",
     "What user+detail does for accounts that do not say: deliver to INBOX, to the folder if it exists, or make the folder."},
    {"dns.servers", text, &settings::dns_servers, 0, 0, {},
     "Resolvers to ask, addresses parted by spaces, with `@port` if need be; empty asks the name servers themselves, from the root on."},
    {"dns.timeout_seconds", seconds, &settings::dns_timeout_seconds, 1, 120, {},
     "A question to the domain name system is given up after this time."},
    {"dns.trust_anchor_file", text, &settings::dns_trust_anchor_file, 0, 0, {},
     "The DNSSEC trust anchor, as Debian's package dns-root-data has it; empty, or a file that cannot be read, turns validation off, and DANE with it."},
    {"forward.foreign_allowed", text, &settings::forward_foreign_allowed, 0, 0, {},
     "Domains, parted by spaces, to which accounts may forward although `forward.foreign_domains` is off."},
    {"forward.foreign_domains", flag, &settings::forward_foreign_domains, 0, 0, {},
     "Whether accounts may forward to domains that are not of this server; what they forward all the same waits in the queue bad."},
    {"gateway.etrn", choice, &settings::gateway_etrn, 0, 0, "anyone|dequeuers|off",
     "Who may start the mail that waits for a gateway by ETRN (RFC 1985)."},
    {"gateway.etrn_interval_seconds", seconds, &settings::gateway_etrn_interval_seconds, 0, 86400, {},
     "ETRN starts the mail of a gateway only once in this time, unless its own account asks."},
    {"gateway.verify_keep_seconds", seconds, &settings::gateway_verify_keep_seconds, 0, 604800, {},
     "A recipient that the server behind a gateway has is known for this time."},
    {"gateway.verify_keep_unknown_seconds", seconds, &settings::gateway_verify_keep_unknown_seconds, 0, 604800, {},
     "A recipient that it does not have is refused for this time without asking again."},
    {"gateway.verify_seconds", seconds, &settings::gateway_verify_seconds, 1, 120, {},
     "How long the server behind a gateway may take to say whether a recipient exists."},
    {"http.connect_to", text, &settings::http_connect_to, 0, 0, {},
     "Where HTTPS requests to others go instead, as HOST:PORT:ADDRESS:PORT parted by spaces; for closed networks and trials."},
    {"imap.client_certificates", flag, &settings::imap_client_certificates, 0, 0, {},
     "Whether IMAP clients are asked for a certificate in TLS and may log in with it (EXTERNAL, docs/manual/logins.md); one without is served all the same."},
    {"imap.idle_seconds", seconds, &settings::imap_idle_seconds, 1800, 86400, {},
     "An IMAP session without a command, or in IDLE, is closed after this time (RFC 9051 asks for 30 minutes at least)."},
    {"imap.login_seconds", seconds, &settings::imap_login_seconds, 10, 3600, {},
     "An IMAP connection that has not logged in is closed after this time."},
    {"imap.messages_max", number, &settings::imap_messages_max, 0, 4294967295, {},
     "Messages that one IMAP command works on: of more the newest are done, and the client is told (MESSAGELIMIT, RFC 9738, which asks for 1,000 at least); COPY, APPEND, SORT and THREAD of more are refused. 0: any number."},
    {"imap.other_users", text, &settings::imap_other_users, 0, 0, {},
     "The name below which users find mailboxes that other users share with them; empty, or no name of one level, shows none."},
    {"imap.progress_seconds", seconds, &settings::imap_progress_seconds, 0, 600, {},
     "A search that reads from the disk tells its client after this time, and again each time after it, how far it is (INPROGRESS); 0: once, at its beginning."},
    {"imap.public_folders", text, &settings::imap_public_folders, 0, 0, {},
     "The name below which users find the public folders of their domain; empty, or no name of one level, shows none."},
    {"imap.saved_max", number, &settings::imap_saved_max, 0, 4294967295, {},
     "The same for COPY and APPEND alone (SAVELIMIT), while `imap.messages_max` is 0."},
    {"log.level", choice, &settings::log_level, 0, 0, "debug|info|notice|warning|error",
     "The least severe events that are logged."},
    {"mailboxes.keep_removed_days", number, &settings::mailboxes_keep_removed_days, 0, 3650, {},
     "Messages that were expunged, or whose mailbox was deleted, can be restored for so many days (`rookery mailbox restore`); they take no quota. 0 keeps none."},
    {"mailboxes.template", text, &settings::mailboxes_template, 0, 0, {},
     "The template by which accounts get their first mailboxes, unless they or their domain name another: `standard`, `none`, or one of `rookery template`."},
    {"mailboxes.virtual", text, &settings::mailboxes_virtual, 0, 0, {},
     "The name below which each account has the mailboxes `All unread` and `All flagged`, which show messages of its other mailboxes; `none`, or no name of one level, shows none."},
    {"mta_sts.hosts", text, &settings::mta_sts_hosts, 0, 0, {},
     "Mail hosts that the policies of our domains name (RFC 8461), parted by spaces, also as `*.example.org`, unless the domain names its own; empty is the node's host name."},
    {"mta_sts.max_age_seconds", seconds, &settings::mta_sts_max_age_seconds, 3600, 31557600, {},
     "How long others believe the policies of our domains, unless the domain says otherwise (RFC 8461 §3.2 asks for weeks or more)."},
    {"password.characters_min", number, &settings::password_characters_min, 1, 128, {},
     "A new password has at least this many characters."},
    {"password.iterations", number, &settings::password_iterations, 4096, 10000000, {},
     "Rounds of PBKDF2 for passwords set from now on (RFC 7677 asks for 4096 at least)."},
    {"password.scram_sha_1", flag, &settings::password_scram_sha_1, 0, 0, {},
     "Whether SCRAM-SHA-1 is offered to old clients, and keys for it are made of passwords that are set from now on (docs/manual/logins.md)."},
    {"pop3.client_certificates", flag, &settings::pop3_client_certificates, 0, 0, {},
     "Whether POP3 clients are asked for a certificate in TLS and may log in with it."},
    {"pop3.idle_seconds", seconds, &settings::pop3_idle_seconds, 600, 86400, {},
     "A silent POP3 session is closed after this time, without deleting (RFC 1939 asks for 10 minutes at least)."},
    {"queue.answer_seconds", seconds, &settings::queue_answer_seconds, 1, 600, {},
     "Another server has this time for one answer, or what RFC 5321 §4.5.3.2 gives it (2 to 10 minutes) if that is less; shorter ones put mail for slow servers off."},
    {"queue.connection_messages_max", number, &settings::queue_connection_messages_max, 1, 100000, {},
     "Messages sent over one connection to another server before it is closed."},
    {"queue.connections_max", number, &settings::queue_connections_max, 1, 20000, {},
     "Connections to other servers at the same time, all together."},
    {"queue.dane", flag, &settings::queue_dane, 0, 0, {},
     "Whether TLSA records decide about TLS (RFC 7672); a route may say otherwise."},
    {"queue.delay_notice_seconds", seconds, &settings::queue_delay_notice_seconds, 0, 2592000, {},
     "A sender is told that his mail is delayed after this time; 0 is never."},
    {"queue.destination_connections_max", number, &settings::queue_destination_connections_max, 1, 10000, {},
     "Connections to one destination at the same time; in a cluster of all nodes together."},
    {"queue.destination_messages_a_minute", number, &settings::queue_destination_messages_a_minute, 0, 1000000, {},
     "Messages a minute to one destination, in a cluster of all nodes together; 0 is no limit."},
    {"queue.dnssec_rules", rules, &settings::queue_dnssec_rules, 0, 0, {},
     "Messages for which name servers' answers must be validated (else they go back), or had better be, by their header: `require Subject: *[dnssec]*; request X-Security: high`."},
    {"queue.expire_seconds", seconds, &settings::queue_expire_seconds, 3600, 2592000, {},
     "Mail that could not be delivered goes back after this time (RFC 5321 §4.5.4.1 asks for 4 to 5 days)."},
    {"queue.helo_name", domain, &settings::queue_helo_name, 0, 0, {},
     "The name given in EHLO; empty is the node's host name."},
    {"queue.ip_versions", choice, &settings::queue_ip_versions, 0, 0, "ipv6_first|ipv4_first|ipv6_only|ipv4_only",
     "Which addresses of other servers are used, and in which order."},
    {"queue.messages_max", number, &settings::queue_messages_max, 1, 100000000, {},
     "Messages that may wait in the queue for other servers; further ones are refused with try later."},
    {"queue.mta_sts", flag, &settings::queue_mta_sts, 0, 0, {},
     "Whether policies of other domains are fetched and kept (RFC 8461); a route may say otherwise."},
    {"queue.new_destination_connections_max", number, &settings::queue_new_destination_connections_max, 1, 1000, {},
     "Connections to a destination before it has taken its first message."},
    {"queue.report_expire_seconds", seconds, &settings::queue_report_expire_seconds, 3600, 2592000, {},
     "Reports and other mail without a sender are given up after this time."},
    {"queue.retry_plan", durations, &settings::queue_retry_plan, 0, 0, {},
     "Pauses after the first, second, … attempt; the last one repeats."},
    {"queue.smart_host", host, &settings::queue_smart_host, 0, 0, {},
     "All mail without a route goes to this server, name or address with `:port` if need be; its login is a host login; empty sends directly."},
    {"queue.smart_host_tls", choice, &settings::queue_smart_host_tls, 0, 0, "when_offered|never|required|verified",
     "What is wanted of TLS at the smart host."},
    {"queue.source_addresses", addresses, &settings::queue_source_addresses, 0, 0, {},
     "Own addresses that connections come from, parted by spaces, taken in turn; empty leaves it to the system."},
    {"queue.transaction_recipients_max", number, &settings::queue_transaction_recipients_max, 1, 10000, {},
     "Recipients in one transaction; more are sent in several."},
    {"quota.messages_default", number, &settings::quota_messages_default, 0, octets_most, {},
     "Messages that an account without a quota of its own may keep; 0 is no limit."},
    {"quota.octets_default", octets, &settings::quota_octets_default, 0, octets_most, {},
     "What an account without a quota of its own may keep; 0 is no limit."},
    {"recall.messages", number, &settings::recall_messages, 0, 50000, {},
     "Messages of all users together that are remembered so that their senders can recall them; 0 turns recalling off."},
    {"recall.read", flag, &settings::recall_read, 0, 0, {},
     "Whether a recalled message is taken out of mailboxes also where it was read."},
    {"recall.seconds", seconds, &settings::recall_seconds, 0, 31536000, {},
     "How old a message may be that is recalled; 0 is as old as what is remembered."},
    {"report.languages", text, &settings::report_languages, 0, 0, {},
     "The languages of delivery reports, parted by spaces; the texts stand below each other, the first one gives the subject. Built in are en and de, others need files (docs/manual/reports.md)."},
    {"search.index", flag, &settings::search_index, 0, 0, {},
     "Whether words of mail are kept in an index, so that searches read few messages; without it they read all, and find the same."},
    {"search.languages", languages, &settings::search_languages, 0, 0, {},
     "Languages, parted by spaces, as `english german`: fuzzy searches (RFC 6203) find other forms of a word in each of them. The index keeps words as they are, so a change holds from the next search on and nothing is made anew."},
    {"search.text_octets_max", octets, &settings::search_text_octets_max, 65536, 268435456, {},
     "Text of one message that is indexed; searches read messages with more."},
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
    {"submission.client_certificates", flag, &settings::submission_client_certificates, 0, 0, {},
     "Whether submission clients are asked for a certificate in TLS and may log in with it."},
    {"submission.from_checked", flag, &settings::submission_from_checked, 0, 0, {},
     "Whether the From field of submitted mail must belong to the account, as the envelope sender always must."},
    {"submission.messages_a_day", number, &settings::submission_messages_a_day, 0, octets_most, {},
     "Messages that an account may send a day (UTC) unless it or its domain says otherwise; 0 is no limit."},
    {"submission.recipients_counted", flag, &settings::submission_recipients_counted, 0, 0, {},
     "Whether each recipient of a message counts as one in what an account may send a day; else a message counts once."},
    {"system.local_part", text, &settings::system_local_part, 0, 0, {},
     "Mail of users to this local part of any domain here is no mail but an order to the server; empty is none. No account or alias is found behind it."},
    {"tls.ca_file", text, &settings::tls_ca_file, 0, 0, {},
     "Certificates of the authorities that other servers' certificates are checked against, as PEM."},
    {"tls.client_ca_file", text, &settings::tls_client_ca_file, 0, 0, {},
     "Certificates of the authorities, as PEM, that may say by an e-mail address in a client's certificate whose account it opens; empty trusts none, and only certificates that were added to an account count."},
    {"tlsrpt.address", text, &settings::tlsrpt_address, 0, 0, {},
     "The address that takes others' reports about TLS to us (RFC 8460), or a local part alone for this one in each of our domains; empty takes none."},
    {"tlsrpt.contact", text, &settings::tlsrpt_contact, 0, 0, {},
     "The address that our reports about TLS come from and name as contact; empty is the postmaster of the default domain."},
    {"tlsrpt.reports", choice, &settings::tlsrpt_reports, 0, 0, "off|count|send",
     "Whether the TLS of outgoing connections is counted, and whether each domain that asks for it gets a report once a day (RFC 8460)."},
    {"tlsrpt.spread_seconds", seconds, &settings::tlsrpt_spread_seconds, 0, 43200, {},
     "The reports of a day leave within this time after midnight UTC, each domain's at a moment of its own."},
    {"token.audience", text, &settings::token_audience, 0, 0, {},
     "Who an access token must be made for (`aud`)."},
    {"token.claim", text, &settings::token_claim, 0, 0, {},
     "The claim of an access token that has the account's address."},
    {"token.discovery", text, &settings::token_discovery, 0, 0, {},
     "The address of the issuer's OpenID configuration, told to clients whose token is refused (RFC 7628 §3.2.2); empty tells none."},
    {"token.issuer", text, &settings::token_issuer, 0, 0, {},
     "Who must have made an access token (`iss`)."},
    {"token.keys_file", text, &settings::token_keys_file, 0, 0, {},
     "Public keys of the token's issuer, as PEM (RSA of 2,048 bits or more for RS256, P-256 for ES256); with `token.issuer` and `token.audience` it turns OAUTHBEARER and XOAUTH2 on (docs/manual/logins.md)."},
    {"token.scope", text, &settings::token_scope, 0, 0, {},
     "A scope that an access token must have, told to clients whose token is refused; empty asks for none."},
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
  case rules:
  case setting_type::text: text += " is one line of at most " + std::to_string(setting_text_octets_max) + " octets without quotation marks and backslashes"; break;
  case durations: text += " is a list of 1 to " + std::to_string(durations_max) + " durations of 10s to 7d, as 5m 10m 1h"; break;
  case host: text += " is a host name or an address, with :port if need be, or empty"; break;
  case languages: text += " is a list of at most " + std::to_string(storage::search::languages_max) + " languages, as english german: " + storage::search::known_languages() + "; or empty"; break;
  case addresses: text += " is a list of at most " + std::to_string(setting_addresses_max) + " IPv4 or IPv6 addresses, or empty"; break;
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
  case setting_type::text: return "text";
  case durations: return "durations";
  case host: return "host";
  case addresses: return "addresses";
  case rules: return "rules";
  case languages: return "languages";
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
  case rules:
  case setting_type::text:
    if (!is_text(text, setting_text_octets_max) || text.find_first_of("\"\\") != std::string_view::npos) return unfit(s);
    if (s.type == rules) {
      const auto read = delivery::dnssec_rules::parse(text);
      if (!read) return base::fail(base::error_kind::invalid, std::string(s.key) + ": " + read.error());
    }
    return quoted(text);
  case durations: {
    std::string out;
    std::size_t count = 0;
    for (const auto word : base::split(text, ' ')) {
      if (word.empty()) continue;
      const auto value = read_number(seconds, word);
      if (!value || *value < 10 || *value > 7 * 86400 || ++count > durations_max) return unfit(s);
      out += (out.empty() ? "" : " ") + base::to_lower(word);
    }
    if (out.empty()) return unfit(s);
    return quoted(out);
  }
  case host: {
    if (text.empty()) return std::string("\"\"");
    const auto read = read_host_and_port(text, 0);
    if (!read) return unfit(s);
    const bool v6 = read->host.find(':') != std::string::npos;
    return quoted((v6 ? '[' + read->host + ']' : read->host) + (read->port != 0 ? ':' + std::to_string(read->port) : ""));
  }
  case languages: {
    std::string out;
    std::size_t count = 0;
    for (const auto word : base::split(text, ' ')) {
      if (word.empty()) continue;
      const auto name = base::to_lower(word);
      if (!storage::search::language_known(name) || ++count > storage::search::languages_max) return unfit(s);
      out += (out.empty() ? "" : " ") + name;
    }
    return quoted(out);
  }
  case addresses: {
    std::string out;
    std::size_t count = 0;
    for (const auto word : base::split(text, ' ')) {
      if (word.empty()) continue;
      const auto address = canonical_address_literal(word);
      if (!address || ++count > setting_addresses_max) return unfit(s);
      out += (out.empty() ? "" : " ") + *address;
    }
    return quoted(out);
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
  const auto fit = check_setting(*s, scalar);
  if (!fit) return false;
  if (const auto* n = std::get_if<std::uint64_t settings::*>(&s->member)) values.*(*n) = base::parse_u64(*fit).value_or(0);
  else if (const auto* f = std::get_if<bool settings::*>(&s->member)) values.*(*f) = *fit == "true";
  else values.*std::get<std::string settings::*>(s->member) = unquoted(*fit);
  return true;
}

std::string print_setting(const settings& values, const setting_info& s) {
  if (const auto* n = std::get_if<std::uint64_t settings::*>(&s.member)) return std::to_string(values.*(*n));
  if (const auto* f = std::get_if<bool settings::*>(&s.member)) return values.*(*f) ? "true" : "false";
  return quoted(values.*std::get<std::string settings::*>(s.member));
}

std::vector<std::chrono::seconds> durations_of(std::string_view text) {
  std::vector<std::chrono::seconds> out;
  for (const auto word : base::split(text, ' '))
    if (const auto value = read_number(seconds, word); value && *value <= 7 * 86400) out.emplace_back(*value);
  return out;
}

std::optional<host_and_port> read_host_and_port(std::string_view text, std::uint16_t otherwise) {
  host_and_port out;
  out.port = otherwise;
  auto colon = text.rfind(':');
  if (text.starts_with('[') ? colon != text.rfind("]:") + 1 : colon != text.find(':')) colon = std::string_view::npos; // part of an address
  if (colon != std::string_view::npos) {
    const auto port = base::parse_u32(text.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return std::nullopt;
    out.port = static_cast<std::uint16_t>(*port);
    text = text.substr(0, colon);
  }
  auto name = canonical_host(text);
  if (!name) return std::nullopt;
  out.host = std::move(*name);
  return out;
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
