// URLs: what is read keeps its promises, and reads the same when an authorization is put behind it.
#include "base/check.hpp"
#include "protocols/imap/url.hpp"

#include <cstddef>
#include <cstdint>

using namespace rookery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const imap::server_limits limits;
  const auto url = imap::parse_message_url(text, limits);
  if (!url) return 0;
  base::check(url->uid != 0, "a URL without a message");
  base::check(!url->absolute || !url->mailbox.empty(), "an absolute URL of the selected mailbox");
  base::check(url->access == imap::url_access::none || (url->absolute && !url->user.empty()), "an authorization by nobody");
  base::check(url->mechanism.empty() || url->access != imap::url_access::none, "a token for nobody");
  if (url->access == imap::url_access::none) return 0;
  base::check(url->rump_octets <= text.size(), "a rump longer than its URL");
  const auto again = imap::parse_message_url(std::string(text.substr(0, url->rump_octets)) + ":internal:" + std::string(64, 'a'), limits);
  base::check(text.size() + 74 > limits.url_octets ||
                  (again && again->rump_octets == url->rump_octets && again->uid == url->uid && again->mailbox == url->mailbox &&
                   again->access == url->access && again->access_user == url->access_user && again->section.label == url->section.label),
              "a URL reads differently with its token");
  return 0;
}
