#include "actors/account/onward_mail.hpp"

#include "base/crypto/sealing_keys.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "policy/delivery/notifications.hpp"
#include "policy/routing/address_form.hpp"
#include "protocols/smtp/trace.hpp"
#include "storage/queue/spool_machine.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

/// A message's trace fields of ours may have so many octets (storage/queue/envelope_record.hpp).
constexpr std::size_t prefix_octets_max = 4096;

storage::queue::message_route route_of(const delivery::relay& way) {
  storage::queue::message_route out;
  out.host = way.host;
  out.port = way.port;
  out.tls = static_cast<storage::queue::route_tls>(way.tls);
  out.tls_at_once = way.tls_at_once;
  out.login = way.login;
  out.sealed_password = way.sealed_password;
  return out;
}

bool ours(const routing::directory_view& directory, std::string_view domain) { return directory.domain(domain) != nullptr; }

} // namespace

bool onward_mail::reaches(const routing::account_record& account, std::string_view recipient, std::uint8_t notify) {
  if (!account.forward || !account.forward->enabled) return true;
  const auto canonical = routing::canonical_address(recipient).value_or(account.address);
  forwarding::forward_facts facts;
  facts.account = account.address;
  facts.recipient = canonical;
  facts.sender = facts_.sender;
  facts.hops = static_cast<unsigned>(facts_.delivered_to.size());
  facts.delivered_to_account = std::find(facts_.delivered_to.begin(), facts_.delivered_to.end(), account.address) != facts_.delivered_to.end();
  const auto is_ours = [this](std::string_view domain) { return ours(*facts_.directory, domain); };
  auto decision = forwarding::forward(*account.forward, *facts_.limits, facts, is_ours, facts_.now);
  if (decision.used && std::find(used_.begin(), used_.end(), account.id) == used_.end()) used_.push_back(account.id);
  for (const auto& f : decision.faulty)
    base::log_event(base::severity::notice, "forward.faulty").text("account", account.address).text("target", f.address).text("why", f.why);
  for (auto& f : decision.forbidden) goes_.push_back({decision.sender, account.address, {}, f.why, {std::move(f.address)}, 0});
  if (!decision.targets.empty())
    goes_.push_back({std::move(decision.sender), account.address, account.forward->way, {}, std::move(decision.targets), delivery::notify_behind_alias(notify)});
  return decision.keep_copy;
}

std::vector<storage::queue::envelope> onward_mail::envelopes(const storage::queue::envelope& like,
                                                             const std::function<base::message_id()>& next_id) const {
  std::vector<storage::queue::envelope> out;
  for (const auto& g : goes_) {
    auto e = like;
    e.id = next_id();
    e.sender = g.sender;
    e.recipients.clear();
    e.origin = storage::queue::message_origin::forwarded;
    e.queue = g.bad.empty() ? "remote" : "bad";
    e.held = !g.bad.empty();
    e.held_because = g.bad;
    e.hold_until = {};
    e.attempts = 0;
    e.ret = {};
    e.envid.clear();
    e.route = route_of(g.way);
    if (auto trace = smtp::delivered_to_field(g.account); trace.size() + e.prefix.size() <= prefix_octets_max) e.prefix.insert(0, trace);
    for (const auto& target : g.targets) {
      storage::queue::recipient to;
      to.address = target;
      to.notify = g.notify;
      e.recipients.push_back(std::move(to));
    }
    out.push_back(std::move(e));
  }
  return out;
}

std::vector<storage::queue::put_note> onward_mail::notes() const {
  std::vector<storage::queue::put_note> out;
  for (const auto account : used_) {
    const auto before = facts_.last_used ? facts_.last_used(account) : std::nullopt;
    if (before && facts_.now - *before < forwarding::last_used_interval) continue;
    out.push_back({forwarding::last_used_space, std::to_string(account.value), std::to_string(base::to_milliseconds(facts_.now)), {}});
  }
  return out;
}

std::optional<base::wall_time> forward_used(const storage::queue::spool_view& spool, base::account_id account) {
  const auto note = spool.note(forwarding::last_used_space, std::to_string(account.value));
  const auto when = note ? base::parse_u64(note->value) : std::nullopt;
  if (!when) return std::nullopt;
  return base::from_milliseconds(static_cast<std::int64_t>(*when));
}

std::shared_ptr<const forwarding::forward_limits> forward_limits_of(const config::settings& s, const base::secret_box* secrets,
                                                                    std::string_view srs_domain) {
  auto out = std::make_shared<forwarding::forward_limits>();
  out->foreign_domains = s.forward_foreign_domains;
  for (const auto word : base::split(s.forward_foreign_allowed, ' '))
    if (auto domain = routing::canonical_domain(word)) out->foreign_allowed.push_back(std::move(*domain));
  if (secrets != nullptr && !srs_domain.empty()) {
    out->srs.keys = base::derive_all(*secrets, "sender rewriting");
    out->srs.domain = srs_domain;
  }
  return out;
}

std::optional<std::string> rewritten_sender(const forwarding::forward_limits& limits, const routing::directory_view& directory,
                                            std::string_view recipient, base::wall_time now) {
  const auto at = recipient.rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  const auto domain = routing::canonical_domain(recipient.substr(at + 1));
  if (!domain || !ours(directory, *domain)) return std::nullopt;
  auto behind = forwarding::srs_reverse(limits.srs, recipient.substr(0, at), now);
  if (!behind) return std::nullopt;
  return std::move(*behind);
}

} // namespace rookery::actors
