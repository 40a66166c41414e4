#include "actors/imap/url_gate.hpp"

#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/imap/url_auth.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

/// A shard that does not answer in this time is not going to.
constexpr std::chrono::seconds shard_time{30};

std::string generation(const found_metadata& f) {
  const auto& entries = f.of->front();
  const auto at = std::find_if(entries.begin(), entries.end(), [](const auto& e) { return e.first == url_key_entry; });
  return at == entries.end() ? std::string() : at->second;
}

std::string token_of(const base::secret_box& secrets, const url_gate::key_of& k, std::string_view of_user, std::string_view of_mailbox,
                     std::string_view rump) {
  std::string about = "1/" + std::to_string(k.user.value) + "/" + std::to_string(k.owner.value) + "/" + std::to_string(k.mailbox.value);
  about.append("/").append(of_user).append("/").append(of_mailbox);
  const auto key = base::hmac_sha256(secrets.derive("imap urlauth"), about);
  return base::to_hex(base::view(base::hmac_sha256(base::view(key), rump)));
}

} // namespace

void url_gate::token(net::connection& link, key_of k, std::string rump, std::function<void(std::optional<std::string>)> then) const {
  link.ask<found_metadata>(
      node_.shard_actor(k.user), shard_time, find_metadata{k.user, {base::mailbox_id{}}, k.user},
      [this, &link, k, rump = std::move(rump), then](const found_metadata& mine) {
        link.ask<found_metadata>(
            node_.shard_actor(k.owner), shard_time, find_metadata{k.owner, {k.mailbox}, k.user},
            [this, k, rump, then, of_user = generation(mine)](const found_metadata& there) {
              then(token_of(*node_.secrets, k, of_user, generation(there), rump));
            },
            [then] { then({}); });
      },
      [then] { then({}); });
}

bool url_gate::allows(const imap::message_url& url, const asker& who) const {
  if (!base::iequals(url.mechanism, imap::url_mechanism)) return false;
  if (url.expires && *url.expires <= node_.clock->wall()) return false;
  switch (url.access) {
    case imap::url_access::none: return false;
    case imap::url_access::anonymous:
    case imap::url_access::authuser: return true;
    case imap::url_access::user:
    case imap::url_access::submit: break;
  }
  if ((url.access == imap::url_access::submit) != who.submission) return false;
  const auto named = node_.directory->get()->login(url.access_user);
  return named != nullptr && named->id == who.id;
}

struct url_gate::opening {
  imap::message_url url;
  std::string text;
  routing::account_ptr user;
  std::unique_ptr<guest_accounts> guests; ///< as the user sees them
  guest_ptr owner;
  std::function<void(std::shared_ptr<storage::mail::mailbox_cell>)> then;
};

void url_gate::open(net::connection& link, imap::message_url url, std::string text, asker who,
                    std::function<void(std::shared_ptr<storage::mail::mailbox_cell>)> then) const {
  auto user = node_.directory->get()->login(url.user);
  if (!allows(url, who) || user == nullptr || !user->may_log_in()) return then(nullptr);
  const auto o = std::make_shared<opening>();
  o->url = std::move(url);
  o->text = std::move(text);
  o->user = user;
  o->guests = std::make_unique<guest_accounts>(node_, user, other_users_, public_);
  o->then = std::move(then);
  o->guests->open(link, {user, {}, {}}, [this, &link, o](const guest_ptr& own) {
    if (!own) return o->then(nullptr);
    o->owner = own;
    const auto list = own->handles.cell->view();
    if (const auto* status = list->find(o->url.mailbox)) return open_found(link, o, *status);
    const auto foreign = o->guests->read(o->url.mailbox);
    if (!foreign) return o->then(nullptr);
    o->guests->open(link, *foreign, [this, &link, o, name = foreign->name](const guest_ptr& other) {
      if (!other) return o->then(nullptr);
      o->owner = other;
      const auto theirs = other->handles.cell->view();
      const auto* status = theirs->find(name);
      if (status == nullptr || !rights::has(o->guests->rights_on(*other, *status), rights::right::read)) return o->then(nullptr);
      open_found(link, o, *status);
    });
  });
}

void url_gate::open_found(net::connection& link, const std::shared_ptr<opening>& o, const storage::mail::mailbox_status& status) const {
  const key_of k{o->user->id, o->owner->owner->id, status.id};
  token(link, k, o->text.substr(0, o->url.rump_octets), [this, &link, o, k](const std::optional<std::string>& right) {
    if (!right || !base::constant_time_equal(*right, base::to_lower(o->url.token))) return o->then(nullptr);
    link.ask<opened_mailbox>(
        node_.shard_actor(k.owner), shard_time,
        open_mailbox{k.owner, k.mailbox, k.owner == k.user ? base::account_id{} : k.user},
        [o](const opened_mailbox& m) { o->then(m.cell); }, [o] { o->then(nullptr); });
  });
}

} // namespace rookery::actors
