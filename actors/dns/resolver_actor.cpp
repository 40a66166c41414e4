#include "actors/dns/resolver_actor.hpp"

#include "actors/dns/unbound_context.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/text.hpp"

#include <cerrno>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include <unistd.h>

namespace rookery::actors {
namespace {

using question_key = std::pair<std::uint16_t, std::string>;
using promise = caf::typed_response_promise<dns_answer>;

/// From the context's thread, or from the clock.
struct dns_done {
  question_key key;
  std::uint64_t number = 0;   ///< of the asking: an answer that comes after its time finds another, or none
  std::shared_ptr<const dns::answer> value;
};

} // namespace
} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::dns_done)

namespace rookery::actors {
namespace {

dns_answer failed(std::string why) {
  auto a = std::make_shared<dns::answer>();
  a->why = std::move(why);
  return {std::move(a)};
}

struct resolver_state {
  struct under_way {
    std::uint64_t number = 0;
    std::vector<promise> waiting;
  };
  resolver_settings settings;
  std::unique_ptr<unbound_context> context;
  std::map<question_key, under_way> asked;
  std::size_t waiting = 0;
  std::uint64_t last = 0;
  static inline const char* name = "resolver_actor";
};
using self_ptr = caf::stateful_actor<resolver_state>*;

void configure(self_ptr self, resolver_settings settings) {
  auto& st = self->state;
  if (!settings.trust_anchor_file.empty() && ::access(settings.trust_anchor_file.c_str(), R_OK) != 0) {
    // libunbound would fail every question: better no DANE than no mail.
    base::log_event(base::severity::error, "dns.not_validating").text("file", settings.trust_anchor_file).text("error", std::strerror(errno));
    settings.trust_anchor_file.clear();
  }
  auto opened = unbound_context::open(settings);
  if (!opened) {
    base::log_event(base::severity::error, "dns.settings_refused").text("error", opened.error().log.value);
    if (st.context) return; // the old one goes on
    opened = unbound_context::open({}); // from the root on is better than not at all
    if (!opened) return;
  }
  st.settings = std::move(settings);
  st.context = std::move(*opened);
  for (auto& [key, q] : std::exchange(st.asked, {})) {
    for (auto& p : q.waiting) p.deliver(failed("the resolver was configured anew"));
  }
  st.waiting = 0;
}

void done(self_ptr self, const dns_done& d) {
  auto& st = self->state;
  const auto at = st.asked.find(d.key);
  if (at == st.asked.end() || at->second.number != d.number) return;
  st.waiting -= at->second.waiting.size();
  for (auto& p : at->second.waiting) p.deliver(dns_answer{d.value});
  st.asked.erase(at);
}

caf::result<dns_answer> ask(self_ptr self, const dns_question& q) {
  static auto& questions = base::counter_named("rookery_dns_questions_total", "", "Questions to the domain name system");
  auto& st = self->state;
  if (!st.context) return failed("the resolver is not running");
  if (st.waiting >= questions_max) return failed("too many questions are under way");
  question_key key{static_cast<std::uint16_t>(q.type), base::to_lower(q.name)};
  if (!key.second.ends_with('.')) key.second.push_back('.');
  auto p = self->make_response_promise<dns_answer>();
  auto& entry = st.asked[key];
  const bool first = entry.waiting.empty();
  entry.waiting.push_back(p);
  ++st.waiting;
  if (!first) return p;
  questions.add();
  entry.number = ++st.last;
  const auto number = entry.number;
  // Weak: a question without an answer must not keep the actor, which owns it.
  const caf::weak_actor_ptr me = self->ctrl();
  const bool taken = st.context->ask(key.second, q.type, [me, key, number](dns::answer a) {
    if (const auto there = caf::actor_cast<caf::strong_actor_ptr>(me))
      caf::anon_send(caf::actor_cast<caf::actor>(there), dns_done{key, number, std::make_shared<const dns::answer>(std::move(a))});
  });
  // The promises are delivered by `done` in every case: after the answer, or when its time is over.
  const auto late = failed(taken ? "no answer within " + std::to_string(st.settings.time.count()) + " s" : "not a name that can be asked for");
  self->delayed_send(self, taken ? std::chrono::milliseconds(st.settings.time) : std::chrono::milliseconds(0), dns_done{key, number, late.value});
  return p;
}

caf::behavior resolver_actor(self_ptr self, resolver_settings settings) {
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  configure(self, std::move(settings));
  return {[self](const dns_question& q) { return ask(self, q); },
          [self](const dns_done& d) { done(self, d); },
          [self](const configure_resolver& c) {
            if (!(c.settings == self->state.settings)) configure(self, c.settings);
          }};
}

} // namespace

caf::actor spawn_resolver(caf::actor_system& system, resolver_settings settings) {
  return system.spawn<caf::detached + caf::hidden>(resolver_actor, std::move(settings));
}

} // namespace rookery::actors
