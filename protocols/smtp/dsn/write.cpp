#include "protocols/smtp/dsn/report.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/encoding/quoted_printable.hpp"
#include "protocols/mime/builder.hpp"
#include "protocols/mime/date.hpp"

#include <algorithm>

namespace rookery::smtp::dsn {

namespace {

constexpr std::string_view action_names[] = {"failed", "delayed", "expanded", "relayed", "delivered"};

constexpr std::string_view macros[] = {"action",     "arrival",    "count",      "diagnostic",   "explanation", "host",
                                       "id",         "last_attempt", "message_id", "original_recipient", "postmaster", "reason",
                                       "recipient",  "remote_host", "retry_until", "sender",      "status",      "subject"};

/// RFC 3464 §2.3.4: the class of a status must suit the action.
std::string status_of(const recipient& r) {
  const char wanted = r.what == action::failed ? '5' : r.what == action::delayed ? '4' : '2';
  if (!r.status.empty() && r.status.front() == wanted) return r.status;
  // What was tried in vain for too long keeps its detail.
  if (r.status.size() > 1 && r.status[1] == '.' && base::is_digit(r.status.front()) && wanted != '2') return wanted + r.status.substr(1);
  return std::string(1, wanted) + ".0.0";
}

bool ascii(std::string_view text) { return charset::is_ascii(text); }

/// Of a field's value, and of a word in it, so that lines can be folded below 998 octets.
constexpr std::size_t value_octets_max = 4'000, word_octets_max = 700;
/// Of the message, as far as they are repeated.
constexpr std::size_t subject_octets_max = 300, message_id_octets_max = 500;

/// A field of the machine's part: no CR, LF or other controls; without `utf8` no 8-bit octets; folded where long.
void append_field(std::string& out, std::string_view name, std::string_view value, bool utf8) {
  std::string clean;
  std::size_t word = 0;
  value = value.substr(0, charset::utf8_prefix(value, value_octets_max));
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto u = static_cast<unsigned char>(value[i]);
    clean += u < 0x20 || u == 0x7f ? ' ' : u >= 0x80 && !utf8 ? '?' : value[i];
    word = clean.back() == ' ' ? 0 : word + 1;
    if (word >= word_octets_max && (u & 0xc0) != 0x80) clean.insert(clean.size() - 1, " "), word = 1;
  }
  if (utf8) clean = charset::repaired_utf8(clean);
  if (!base::trim(clean).empty()) out += mime::folded_field(name, base::trim(clean));
}

/// "rfc822;ann@example.net" or "utf-8;…".
std::string typed(std::string_view address) { return (ascii(address) ? "rfc822;" : "utf-8;") + std::string(address); }

std::string original_of(const recipient& r) {
  if (r.original_recipient.empty()) return {};
  const auto semicolon = r.original_recipient.find(';');
  auto type = r.original_recipient.substr(0, semicolon == std::string::npos ? 0 : semicolon);
  if (type.empty()) type = "rfc822";
  return type + ';' + decode_typed_address(r.original_recipient);
}

bool needs_utf8(const report& r) {
  if (!ascii(decode_xtext(r.envelope_id).value_or(""))) return true;
  return std::any_of(r.recipients.begin(), r.recipients.end(), [](const recipient& one) {
    return one.address.has_utf8() || !ascii(decode_typed_address(one.original_recipient));
  });
}

std::string machine_part(const report& r, bool utf8) {
  std::string out;
  if (!r.envelope_id.empty()) append_field(out, "Original-Envelope-Id", decode_xtext(r.envelope_id).value_or(r.envelope_id), utf8);
  append_field(out, "Reporting-MTA", "dns;" + r.reporting_mta, utf8);
  if (r.arrival) append_field(out, "Arrival-Date", mime::write_date(*r.arrival), utf8);
  for (const auto& one : r.recipients) {
    out += "\r\n";
    append_field(out, "Original-Recipient", original_of(one), utf8);
    append_field(out, "Final-Recipient", typed(one.address.text()), utf8);
    append_field(out, "Action", name(one.what), utf8);
    append_field(out, "Status", status_of(one), utf8);
    if (!one.remote_mta.empty()) append_field(out, "Remote-MTA", "dns;" + one.remote_mta, utf8);
    if (!one.diagnostic.empty()) append_field(out, "Diagnostic-Code", "smtp;" + one.diagnostic, utf8);
    else if (!one.explanation.empty()) append_field(out, "Diagnostic-Code", "x-rookery;" + one.explanation, utf8);
    if (one.last_attempt) append_field(out, "Last-Attempt-Date", mime::write_date(*one.last_attempt), utf8);
    append_field(out, "Final-Log-ID", r.queue_id, utf8);
    if (one.retry_until && one.what == action::delayed) append_field(out, "Will-Retry-Until", mime::write_date(*one.retry_until), utf8);
  }
  return out;
}

mime::expanded_text human_text(const report& r, const mime::text_template& text, std::string_view language) {
  mime::macro_values common;
  common["host"] = r.reporting_mta;
  common["sender"] = r.to.text();
  common["postmaster"] = "postmaster@" + (r.from.domain.empty() ? r.reporting_mta : r.from.domain);
  common["subject"] = r.original_subject.substr(0, charset::utf8_prefix(r.original_subject, subject_octets_max));
  common["message_id"] = r.original_message_id;
  common["id"] = r.queue_id;
  common["arrival"] = r.arrival ? mime::write_date(*r.arrival) : "";
  common["count"] = std::to_string(r.recipients.size());
  std::vector<mime::macro_values> items;
  for (const auto& one : r.recipients) {
    auto& v = items.emplace_back();
    const auto status = status_of(one);
    v["recipient"] = one.address.text();
    const auto original = decode_typed_address(one.original_recipient);
    v["original_recipient"] = original == v["recipient"] ? "" : original;
    v["action"] = name(one.what);
    v["status"] = status;
    v["reason"] = reason(status, language);
    v["explanation"] = one.explanation;
    v["diagnostic"] = one.diagnostic;
    v["remote_host"] = one.remote_mta;
    v["last_attempt"] = one.last_attempt ? mime::write_date(*one.last_attempt) : "";
    v["retry_until"] = one.retry_until ? mime::write_date(*one.retry_until) : "";
  }
  return mime::expand(text, common, items);
}

void append_part_begin(std::string& out, const report& r, std::string_view type, std::string_view encoding) {
  out += "--" + r.boundary + "\r\nContent-Type: ";
  out += type;
  out += "\r\nContent-Transfer-Encoding: ";
  out += encoding;
  out += "\r\n\r\n";
}

bool good_boundary(std::string_view b) {
  return b.size() >= 20 && b.size() <= 60 && std::all_of(b.begin(), b.end(), base::is_alnum);
}

} // namespace

std::string_view name(action a) noexcept { return action_names[static_cast<std::size_t>(a)]; }
std::span<const std::string_view> text_macros() noexcept { return macros; }

action gravest(const report& r) noexcept {
  auto worst = action::delivered;
  for (const auto& one : r.recipients) worst = std::min(worst, one.what);
  return worst;
}

written write(const report& r, std::span<const mime::text_template> texts, std::span<const std::string_view> languages) {
  base::check(!r.recipients.empty() && !texts.empty() && texts.size() == languages.size(), "a report has recipients and texts");
  base::check(good_boundary(r.boundary), "a report's boundary is 20 to 60 letters and digits");
  written w;
  std::string subject, text;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto one = human_text(r, texts[i], languages[i]);
    if (i == 0) subject = std::move(one.subject);
    else text += "\n-- \n";
    text += one.body;
  }

  mime::message_builder header;
  header.address_field("From", "Mail Delivery System", r.from.text());
  header.field("To", r.to.text());
  header.text_field("Subject", subject);
  header.date(r.date);
  header.message_id(r.message_id);
  if (const auto& id = r.original_message_id; ascii(id) && !id.empty() && id.size() <= message_id_octets_max) { // RFC 3834 §3.1.5
    header.field("In-Reply-To", id);
    header.field("References", id);
  }
  header.field("Auto-Submitted", "auto-replied");
  header.field("MIME-Version", "1.0");
  header.field("Content-Type", "multipart/report; report-type=delivery-status; boundary=\"" + r.boundary + '"');
  w.before = header.with_body({});
  w.smtputf8 = !ascii(w.before);

  append_part_begin(w.before, r, "text/plain; charset=utf-8", "quoted-printable");
  w.before += encoding::quoted_printable_encode(text);
  w.before += "\r\n";
  const bool utf8 = needs_utf8(r);
  append_part_begin(w.before, r, utf8 ? "message/global-delivery-status" : "message/delivery-status", utf8 ? "8bit" : "7bit");
  const auto machine = machine_part(r, utf8);
  if (!ascii(machine)) w.body = body_type::eight_bit_mime;
  w.before += machine;
  w.before += "\r\n";

  if (r.what != returned::nothing) {
    const bool full = r.what == returned::full;
    // A header has lines, whatever its body is.
    const auto kind = full ? r.original_body : std::min(r.original_body, body_type::eight_bit_mime);
    static constexpr std::string_view encodings[] = {"7bit", "8bit", "binary"};
    const bool global = r.original_utf8;
    append_part_begin(w.before, r,
                      full ? (global ? "message/global" : "message/rfc822") : (global ? "message/global-headers" : "text/rfc822-headers"),
                      encodings[static_cast<std::size_t>(std::max(kind, global ? body_type::eight_bit_mime : body_type::seven_bit))]);
    w.body = std::max({w.body, kind, global ? body_type::eight_bit_mime : body_type::seven_bit});
  }
  w.after = "\r\n--" + r.boundary + "--\r\n";
  return w;
}

} // namespace rookery::smtp::dsn
