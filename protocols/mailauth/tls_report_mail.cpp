#include "base/text.hpp"
#include "protocols/deflate/gzip.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/mailauth/tls_report.hpp"
#include "protocols/mime/builder.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/scanner.hpp"

#include <algorithm>

namespace rookery::mailauth {
namespace {

/// RFC 8460 §5.1: "submitter!domain!begin!end!unique.json.gz", times in seconds.
std::string file_name(const report_mail& mail, const tls_report& report) {
  const auto begin = rpt_day_begin(std::string_view(report.begin).substr(0, 10)).value_or(base::wall_time{});
  const auto seconds = base::to_seconds(begin);
  return mail.submitter + "!" + mail.domain + "!" + std::to_string(seconds) + "!" + std::to_string(seconds + 86399) + ".json.gz";
}

std::string for_people(const report_mail& mail, const tls_report& report) {
  std::string out = "This is a report about TLS connections to " + mail.domain + "\r\nfrom " + report.begin + " to " + report.end + ", by " +
                    report.organization + ".\r\n";
  for (const auto& p : report.policies)
    out += "\r\n" + p.type + ": " + std::to_string(p.successes) + " successful sessions, " + std::to_string(p.failures) + " failed\r\n";
  return out;
}

} // namespace

std::string write_report_mail(const report_mail& mail, const tls_report& report) {
  mime::message_builder out;
  out.address_field("From", "", mail.from).address_field("To", "", mail.to).date(mail.now).message_id(mail.message_id);
  out.field("Subject", "Report Domain: " + mail.domain + " Submitter: " + mail.submitter + " Report-ID: <" + report.id + ">");
  out.field("TLS-Report-Domain", mail.domain).field("TLS-Report-Submitter", mail.submitter);
  // RFC 8689 §5: a report about broken TLS must get through broken TLS.
  out.field("TLS-Required", "No").field("Auto-Submitted", "auto-generated");
  out.part("Content-Type: text/plain; charset=us-ascii\r\n", for_people(mail, report));
  const auto name = file_name(mail, report);
  std::string packed;
  encoding::append_base64_lines(packed, deflate::gzip(print_tls_report(report)));
  out.part("Content-Type: application/tlsrpt+gzip; name=\"" + name + "\"\r\nContent-Transfer-Encoding: base64\r\n"
           "Content-Disposition: attachment; filename=\"" + name + "\"\r\n", packed);
  return out.with_parts("report; report-type=\"tlsrpt\"", mail.boundary);
}

bool is_report_mail(std::string_view header) {
  const auto field = mime::find_field(header, "Content-Type");
  if (!field) return false;
  const auto type = mime::read_content_type(field->value);
  if (type.is("multipart", "report")) {
    auto kind = base::trim(type.value_of("report-type"));
    if (kind.size() > 1 && kind.front() == '"') kind = kind.substr(1, kind.size() - 2);
    return base::iequals(kind, "tlsrpt");
  }
  return type.is("application", "tlsrpt+gzip") || type.is("application", "tlsrpt+json");
}

base::result<tls_report> read_report_mail(std::string_view message) {
  mime::scanner scanner;
  scanner.feed(message);
  scanner.finish();
  for (const auto& p : scanner.parts()) {
    const bool packed = p.type == "application/tlsrpt+gzip";
    if (!packed && p.type != "application/tlsrpt+json") continue;
    if (p.body_offset > message.size()) break;
    const auto body = message.substr(p.body_offset, std::min<std::uint64_t>(p.body_octets, 2 * report_octets_max));
    auto content = mime::decode_transfer(p.encoding, body);
    if (!packed) return read_tls_report(content);
    if (content.size() > report_packed_octets_max) return base::fail(base::error_kind::over_limit, "the report is too large");
    const auto text = deflate::gunzip(content, report_octets_max);
    if (!text) return base::fail(text.error());
    return read_tls_report(*text);
  }
  return base::fail(base::error_kind::not_found, "no TLS report in this message");
}

} // namespace rookery::mailauth
