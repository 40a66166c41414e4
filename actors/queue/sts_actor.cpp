#include "actors/queue/sts_actor.hpp"

#include "actors/dns/resolver_actor.hpp"
#include "actors/http/fetcher.hpp"
#include "base/log.hpp"

#include <map>
#include <set>
#include <vector>

namespace rookery::actors {
namespace {

using mailauth::sts_entry;
using promise = caf::typed_response_promise<sts_answer>;

constexpr std::chrono::minutes fetch_time{1}; ///< RFC 8461 §3.3 advises it
/// Longer than a fetch that has to wait its turn; then the cache must do.
constexpr std::chrono::minutes fetch_time_max{10};

struct sts_state {
  struct asking {
    std::vector<promise> waiting;
    bool announced = false;          ///< the domain has a record
  };
  std::shared_ptr<sts_parts> parts;
  std::map<std::string, sts_entry> entries;
  std::map<std::string, asking> asked;
  std::set<std::string> looking;     ///< at known policies again
  static inline const char* name = "sts_actor";
};
using self_ptr = caf::stateful_actor<sts_state>*;

sts_entry& entry_of(self_ptr self, const std::string& domain) {
  auto& st = self->state;
  if (const auto at = st.entries.find(domain); at != st.entries.end()) return at->second;
  if (st.entries.size() >= sts_entries_max) {
    // Any that nobody is waiting for: the notes still have it.
    for (auto at = st.entries.begin(); at != st.entries.end(); ++at)
      if (st.asked.count(at->first) == 0) {
        st.entries.erase(at);
        break;
      }
  }
  sts_entry entry;
  if (const auto kept = st.parts->recall(domain))
    if (auto read = mailauth::decode_sts_entry(*kept)) entry = std::move(*read);
  return st.entries.emplace(domain, std::move(entry)).first->second;
}

sts_answer answer_of(const sts_entry& entry, bool announced, base::wall_time now) {
  sts_answer out;
  out.failure = entry.failure;
  const auto* policy = entry.valid(now);
  if (policy == nullptr) {
    if (announced) out.what = sts_answer::state::unavailable;
    return out;
  }
  if (policy->mode == mailauth::sts_mode::none) return out;
  out.what = policy->mode == mailauth::sts_mode::enforce ? sts_answer::state::enforce : sts_answer::state::testing;
  out.policy = std::make_shared<const mailauth::sts_policy>(*policy);
  return out;
}

void settle(self_ptr self, const std::string& domain) {
  auto& st = self->state;
  const auto at = st.asked.find(domain);
  if (at == st.asked.end()) return;
  const auto done = std::move(at->second);
  st.asked.erase(at);
  const auto answer = answer_of(entry_of(self, domain), done.announced, st.parts->clock->wall());
  for (auto p : done.waiting) p.deliver(answer);
}

void have_fetched(self_ptr self, const std::string& domain, const std::string& id, const fetch_answer& got) {
  auto& st = self->state;
  st.looking.erase(domain);
  auto& entry = entry_of(self, domain);
  const auto now = st.parts->clock->wall();
  std::string failure, why = got.text;
  if (got.failure == fetch_failure::certificate) failure = "sts-webpki-invalid";
  else if (got.failure == fetch_failure::too_large) failure = "sts-policy-invalid";
  else if (!got.ok()) failure = "sts-policy-fetch-error";
  if (failure.empty() && !mailauth::sts_media_type(got.content_type)) failure = "sts-policy-invalid", why = "not text/plain";
  if (failure.empty()) {
    if (auto policy = mailauth::read_sts_policy(got.body)) {
      mailauth::note_fetched(entry, id, std::move(*policy), now);
    } else {
      failure = "sts-policy-invalid";
      why = policy.error().log.value;
    }
  }
  if (!failure.empty()) {
    mailauth::note_failed(entry, id, failure, now);
    base::log_event(base::severity::notice, "mta_sts.no_policy")
        .text("domain", domain).text("failure", failure).text("why", why).number("status", got.status);
  }
  st.parts->keep(*self, domain, mailauth::encode(entry), entry.until());
  settle(self, domain);
}

void have_record(self_ptr self, const std::string& domain, const std::optional<std::string>& id) {
  auto& st = self->state;
  const auto at = st.asked.find(domain);
  if (at == st.asked.end()) return;
  at->second.announced = id.has_value();
  auto& entry = entry_of(self, domain);
  const auto now = st.parts->clock->wall();
  if (!mailauth::wants_fetch(&entry, id, now)) return settle(self, domain);
  // The same policy as before is only looked at again: nobody needs to wait for it.
  const bool known = entry.valid(now) != nullptr && entry.id == *id;
  http_fetch what;
  what.url = mailauth::sts_policy_url(domain);
  what.octets_max = mailauth::sts_policy_octets_max;
  what.time = fetch_time;
  if (known) {
    settle(self, domain);
    // Connections that ask meanwhile begin no other look.
    if (!self->state.looking.insert(domain).second) return;
  }
  self->request(st.parts->fetcher, fetch_time_max, std::move(what))
      .then([self, domain, id = *id](const http_fetched& f) { have_fetched(self, domain, id, *f.value); },
            [self, domain, id = *id](const caf::error&) {
              fetch_answer none;
              none.failure = fetch_failure::busy;
              have_fetched(self, domain, id, none);
            });
}

caf::result<sts_answer> ask(self_ptr self, const sts_question& q) {
  auto& st = self->state;
  const auto known = st.asked.find(q.domain);
  if (known == st.asked.end() && st.asked.size() >= sts_questions_max)
    return answer_of(entry_of(self, q.domain), false, st.parts->clock->wall());
  auto p = self->make_response_promise<sts_answer>();
  if (known != st.asked.end()) {
    known->second.waiting.push_back(p);
    return p;
  }
  st.asked[q.domain].waiting.push_back(p);
  self->request(st.parts->resolver, resolver_time_max, dns_question{mailauth::sts_record_name(q.domain), dns::record_type::txt})
      .then([self, domain = q.domain](const dns_answer& a) { have_record(self, domain, mailauth::read_sts_records(dns::texts(*a.value))); },
            [self, domain = q.domain](const caf::error&) { have_record(self, domain, std::nullopt); });
  return p;
}

caf::behavior sts_actor(self_ptr self, std::shared_ptr<sts_parts> parts) {
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  self->state.parts = std::move(parts);
  return {[self](const sts_question& q) { return ask(self, q); }};
}

} // namespace

caf::actor spawn_sts(caf::actor_system& system, std::shared_ptr<sts_parts> parts) {
  return system.spawn<caf::detached + caf::hidden>(sts_actor, std::move(parts));
}

} // namespace rookery::actors
