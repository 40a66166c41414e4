// ETRN and ATRN: mail that waits here for the peer's domains.
#include "base/text.hpp"
#include "protocols/smtp/server_session.hpp"

#include <algorithm>

namespace rookery::smtp {

namespace {

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

} // namespace

// RFC 1985 §5.1, §5.2: "@" is for all below a domain, "#" for a queue by its name.
void server_session::on_etrn(std::string_view arguments) {
  if (!settings_->etrn_offered || settings_->profile == profile::lmtp)
    return fault_reply(fault::syntax, 502, "5.5.1", "Command not implemented");
  if (!greeting_) return fault_reply(fault::sequence, 503, "5.5.1", "EHLO first");
  if (mail_) return fault_reply(fault::sequence, 503, "5.5.1", "A transaction is open");
  start_queue q;
  auto name = arguments;
  if (name.starts_with('@')) q.what = start_queue::kind::with_subdomains;
  else if (name.starts_with('#')) q.what = start_queue::kind::queue;
  if (q.what != start_queue::kind::node) name.remove_prefix(1);
  const bool good = q.what == start_queue::kind::queue ? !name.empty() && name.size() <= domain_octets_max && printable(name) : valid_domain(name);
  if (!good) return fault_reply(fault::syntax, 501, "5.5.4", "Syntax: ETRN domain");
  q.name = base::to_lower(name);
  ask(question::queue, std::move(q));
}

// RFC 2645 §5.2.
void server_session::on_atrn(std::string_view arguments) {
  if (!settings_->atrn_offered || settings_->profile == profile::lmtp)
    return fault_reply(fault::syntax, 502, "5.5.1", "Command not implemented");
  if (!greeting_) return fault_reply(fault::sequence, 503, "5.5.1", "EHLO first");
  if (mail_) return fault_reply(fault::sequence, 503, "5.5.1", "A transaction is open");
  if (!authenticated_) return fault_reply(fault::sequence, 530, "5.7.0", "Authentication required");
  turn_around t;
  if (!arguments.empty())
    for (const auto part : base::split(arguments, ',')) {
      const auto domain = base::trim(part);
      if (!valid_domain(domain) || t.domains.size() >= settings_->limits.turned_domains)
        return fault_reply(fault::syntax, 501, "5.5.4", "Syntax: ATRN [domain,domain...]");
      t.domains.push_back(base::to_lower(domain));
    }
  ask(question::turn, std::move(t));
}

} // namespace rookery::smtp
