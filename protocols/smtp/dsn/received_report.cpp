#include "protocols/smtp/dsn/received_report.hpp"

#include "base/text.hpp"
#include "protocols/mime/content.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/scanner.hpp"

#include <algorithm>

namespace rookery::smtp::dsn {

namespace {

constexpr std::size_t value_octets_max = 4'000;

std::string value_of(const mime::header_field& f) { return mime::unfold(f.value).substr(0, value_octets_max); }

/// "smtp; 550 …" without its type.
std::string untyped(std::string_view value) {
  const auto semicolon = value.find(';');
  return std::string(base::trim(semicolon == std::string_view::npos ? value : value.substr(semicolon + 1)));
}

std::optional<action> read_action(std::string_view word) {
  const auto end = word.find_first_of(" \t(;");
  for (const auto a : {action::failed, action::delayed, action::expanded, action::relayed, action::delivered})
    if (base::iequals(word.substr(0, end), name(a))) return a;
  return {};
}

/// "5.1.1 (no such user)" without its comment; "" when it is no status.
std::string read_status_code(std::string_view value) {
  value = value.substr(0, value.find_first_of(" \t(;"));
  const auto parts = base::split(value, '.');
  if (parts.size() != 3 || parts[0].size() != 1 || std::string_view("245").find(parts[0]) == std::string_view::npos) return {};
  for (const auto p : parts)
    if (p.empty() || p.size() > 3 || !base::parse_u32(p)) return {};
  return std::string(value);
}

bool report_type(std::string_view header) {
  const auto field = mime::find_field(header, "Content-Type");
  if (!field) return false;
  const auto type = mime::read_content_type(field->value);
  auto kind = base::trim(type.value_of("report-type"));
  return type.is("multipart", "report") && (kind.empty() || base::iequals(kind, "delivery-status"));
}

std::string_view within(base::const_bytes message, std::uint64_t offset, std::uint64_t octets) {
  if (offset >= message.size()) return {};
  return message.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(std::min<std::uint64_t>(octets, message.size() - offset)));
}

} // namespace

std::optional<received_report> read_status(base::const_bytes content) {
  received_report report;
  content = content.substr(0, status_octets_max);
  while (!content.empty()) {
    const auto octets = mime::header_length(content);
    const auto group = content.substr(0, octets);
    content.remove_prefix(octets);
    received_recipient one;
    bool recipient = false;
    mime::header_reader reader(group);
    while (const auto f = reader.next()) {
      const auto is = [&](std::string_view n) { return base::iequals(f->name, n); };
      if (is("Original-Envelope-Id")) report.envelope_id = value_of(*f);
      else if (is("Reporting-MTA")) report.reporting_mta = untyped(value_of(*f));
      else if (is("Final-Recipient")) one.final_recipient = decode_typed_address(value_of(*f)), recipient = true;
      else if (is("Original-Recipient")) one.original_recipient = decode_typed_address(value_of(*f));
      else if (is("Action")) one.what = read_action(value_of(*f)), recipient = true;
      else if (is("Status")) one.status = read_status_code(value_of(*f));
      else if (is("Remote-MTA")) one.remote_mta = untyped(value_of(*f));
      else if (is("Diagnostic-Code")) one.diagnostic = untyped(value_of(*f));
    }
    // Some write the fields of the message and of its one recipient without an empty line between them.
    if (recipient && report.recipients.size() < received_recipients_max) report.recipients.push_back(std::move(one));
  }
  if (report.recipients.empty()) return {};
  return report;
}

std::optional<received_report> read_report(base::const_bytes message) {
  if (!report_type(message.substr(0, mime::header_length(message)))) return {};
  mime::scanner scanner;
  scanner.feed(message);
  scanner.finish();
  std::optional<received_report> report;
  std::string message_id;
  for (const auto& p : scanner.parts()) {
    if (p.depth != 1) continue;
    const auto body = within(message, p.body_offset, p.body_octets);
    if (!report && (p.type == "message/delivery-status" || p.type == "message/global-delivery-status")) {
      report = read_status(mime::decode_transfer(p.encoding, body.substr(0, 2 * status_octets_max)));
    } else if (message_id.empty() && (p.type == "message/rfc822" || p.type == "message/global" || p.type == "text/rfc822-headers" ||
                                      p.type == "message/global-headers")) {
      const auto header = mime::decode_transfer(p.encoding, body.substr(0, status_octets_max));
      if (const auto id = mime::find_field(header, "Message-ID")) message_id = value_of(*id);
    }
  }
  if (report) report->original_message_id = std::move(message_id);
  return report;
}

} // namespace rookery::smtp::dsn
