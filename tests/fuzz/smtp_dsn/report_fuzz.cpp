/// Any octets as a report; what was read of them, written again, must read the same.
#include "protocols/smtp/dsn/received_report.hpp"

#include <cstdlib>

using namespace rookery;
using namespace rookery::smtp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  (void)dsn::read_status(input);
  const auto read = dsn::read_report(input);
  if (!read) return 0;
  dsn::report r;
  r.reporting_mta = read->reporting_mta;
  r.envelope_id = encode_xtext(read->envelope_id);
  r.from = {"mailer-daemon", "example.net"};
  r.to = {"ann", "example.net"};
  r.message_id = "1@example.net";
  r.boundary = "ABCDEFGHIJKLMNOPQRSTUVWX";
  for (const auto& one : read->recipients) {
    dsn::recipient out;
    out.address = {one.final_recipient, "example.org"};
    out.original_recipient = one.original_recipient;
    out.what = one.what.value_or(dsn::action::failed);
    out.status = one.status;
    out.diagnostic = one.diagnostic;
    out.remote_mta = one.remote_mta;
    r.recipients.push_back(std::move(out));
  }
  const std::string_view language = "de";
  const auto& text = dsn::built_in_text(dsn::gravest(r), language);
  const auto written = dsn::write(r, {&text, 1}, {&language, 1});
  const auto again = dsn::read_report(written.before + "Subject: x\r\n\r\n" + written.after);
  if (!again || again->recipients.size() != read->recipients.size()) std::abort();
  for (std::size_t i = 0; i < again->recipients.size(); ++i)
    if (again->recipients[i].what != r.recipients[i].what) std::abort();
  return 0;
}
