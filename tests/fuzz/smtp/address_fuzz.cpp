/// Paths, parameters and header facts of any octets; what is read prints and reads again.
#include "protocols/smtp/address.hpp"
#include "protocols/smtp/command.hpp"
#include "protocols/smtp/fix_ups.hpp"
#include "protocols/smtp/parameters.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::smtp;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto c = read_command(input);
  for (auto text : {input, c.arguments}) {
    const auto m = read_path(text, {.null = true, .bare_local_part = true});
    if (!m || m->null()) continue;
    const auto printed = "<" + m->text() + ">";
    std::string_view again = printed;
    const auto second = read_path(again, {.bare_local_part = true});
    if (!second || second->text() != m->text()) std::abort();
  }
  extensions all;
  all.binary_mime = all.auth = all.require_tls = all.deliver_by = all.future_release = true;
  (void)read_mail_parameters(input, all);
  (void)read_rcpt_parameters(input, all);
  if (const auto decoded = decode_xtext(input); decoded && decode_xtext(encode_xtext(*decoded)) != decoded) std::abort();
  (void)fix_ups(read_header_facts(input), {"a@b", "c@d", {}});
  (void)begins_with_header(input);
  return 0;
}
