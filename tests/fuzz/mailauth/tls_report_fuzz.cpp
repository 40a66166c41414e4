/// Reports as JSON and in mail: what is read is printed and read again as the same value.
#include "protocols/mailauth/tls_report.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::mailauth;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  is_report_mail(text);
  auto report = read_tls_report(text);
  if (!report) report = read_report_mail(text);
  if (!report) return 0;
  const auto again = read_tls_report(print_tls_report(*report));
  if (!again || !(*again == *report)) std::abort();
  return 0;
}
