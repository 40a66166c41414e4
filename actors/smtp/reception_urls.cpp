// BURL: parts of a message that lie in a mailbox here already (RFC 4468).
#include "actors/imap/url_octets.hpp"
#include "actors/smtp/reception_host.hpp"

#include "base/log.hpp"

namespace rookery::actors {
namespace {

/// What a reader brings of a message at once.
constexpr std::size_t piece_octets = 256 * 1024;

} // namespace

void reception_host::refuse_url(std::string_view enhanced, std::string_view text) {
  url_.reset();
  session_.refuse({554, std::string(enhanced), std::string(text)});
}

void reception_host::handle(const smtp::fetch_url& u) {
  if (u.offset != 0) return read_url(u.offset);
  url_.reset();
  auto url = imap::parse_message_url(u.url, imap::server_limits{});
  if (!url || !url->absolute) return refuse_url("5.5.4", "Not a URL of a message");
  // RFC 4468 §3.1: other URLs would need to be opened as the sender.
  if (url->access == imap::url_access::none) return refuse_url("5.7.14", "The URL carries no authorization");
  if (!account_) return refuse_url("5.7.0", "Authentication required");
  if (!gate_) gate_ = std::make_unique<url_gate>(node_, settings_->other_users, settings_->public_folders);
  waiting_ = true;
  gate_->open(link(), *url, u.url, {account_->id, true}, [this, url = *url](const std::shared_ptr<storage::mail::mailbox_cell>& mailbox) {
    waiting_ = false;
    session_.tick(link().now());
    if (!mailbox) return refuse_url("5.6.6", "The URL cannot be resolved");
    url_ = std::make_unique<url_source>(url_source{url, mailbox});
    read_url(0);
  });
}

void reception_host::read_url(std::uint64_t offset) {
  struct reading {
    url_outcome outcome = url_outcome::failed;
    std::string octets;
    bool last = false;
  };
  const auto r = std::make_shared<reading>();
  waiting_ = true;
  const bool taken = node_.readers->run(
      link(),
      [r, offset, bodies = node_.bodies, mailbox = url_->mailbox, url = url_->url] {
        r->outcome = read_url_piece(*bodies, *mailbox, url, offset, piece_octets, r->octets, r->last);
      },
      [this, r] {
        waiting_ = false;
        session_.tick(link().now());
        if (r->outcome != url_outcome::done) return refuse_url("5.6.6", "The URL cannot be resolved");
        if (r->last) url_.reset();
        session_.url_octets(r->octets, r->last);
      });
  if (taken) return;
  waiting_ = false;
  url_.reset();
  session_.refuse({451, "4.3.2", "Too busy, try again later"});
}

} // namespace rookery::actors
