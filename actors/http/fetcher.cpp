#include "actors/http/fetcher.hpp"

#include "actors/dns/resolver_actor.hpp"
#include "actors/http/curl_engine.hpp"
#include "base/metrics.hpp"
#include "base/text.hpp"

#include <cstring>
#include <deque>
#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace rookery::actors {
namespace {

using promise = caf::typed_response_promise<http_fetched>;

/// From the engine's thread.
struct fetch_done {
  std::uint64_t number = 0;
  std::shared_ptr<fetch_answer> answer;
};

struct place {
  std::string host;
  std::uint16_t port = 443;
};

/// Host and port of "https://host[:port]/…"; names only, no address, no user.
std::optional<place> place_of(std::string_view url) {
  if (!base::istarts_with(url, "https://") || url.size() > 2000) return std::nullopt;
  url.remove_prefix(8);
  auto authority = url.substr(0, url.find_first_of("/?#"));
  place out;
  if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    const auto port = base::parse_u32(authority.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return std::nullopt;
    out.port = static_cast<std::uint16_t>(*port);
    authority = authority.substr(0, colon);
  }
  out.host = base::to_lower(authority);
  bool letters = false;
  for (const char c : out.host) {
    if (!base::is_alnum(c) && c != '-' && c != '.' && c != '_') return std::nullopt;
    letters = letters || base::is_alpha(c);
  }
  if (!letters) return std::nullopt;
  return out;
}

} // namespace
} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::fetch_done)

namespace rookery::actors {
namespace {

struct fetcher_state {
  struct fetching {
    std::uint64_t number = 0;
    http_fetch what;
    place where;
    promise to;
    std::vector<std::string> addresses;
    int questions = 0;              ///< to the resolver, that are open
  };
  fetcher_settings settings;
  caf::actor resolver;
  std::map<std::uint64_t, fetching> running;
  std::deque<fetching> waiting;
  std::uint64_t last = 0;
  static inline const char* name = "fetcher_actor";
  std::unique_ptr<curl_engine> engine;
};
using self_ptr = caf::stateful_actor<fetcher_state>*;

http_fetched failed(fetch_failure why, std::string text) {
  auto a = std::make_shared<fetch_answer>();
  a->failure = why;
  a->text = std::move(text);
  return {std::move(a)};
}

void begin_next(self_ptr self);

void finish(self_ptr self, std::uint64_t number, http_fetched what) {
  auto& st = self->state;
  const auto at = st.running.find(number);
  if (at == st.running.end()) return;
  base::counter_named("rookery_http_fetches_total", "outcome=\"" + std::string(name(what->failure)) + "\"", "HTTPS requests to others").add();
  at->second.to.deliver(std::move(what));
  st.running.erase(at);
  begin_next(self);
}

void transfer(self_ptr self, fetcher_state::fetching& f, std::vector<std::string> resolved) {
  auto& st = self->state;
  // Weak: what runs in the engine must not keep the actor, which owns the engine.
  const caf::weak_actor_ptr me = self->ctrl();
  const auto number = f.number;
  st.engine->start({f.what, st.settings.ca_file, std::move(resolved), st.settings.connect_to, [me, number](fetch_answer a) {
                      if (const auto there = caf::actor_cast<caf::strong_actor_ptr>(me))
                        caf::anon_send(caf::actor_cast<caf::actor>(there), fetch_done{number, std::make_shared<fetch_answer>(std::move(a))});
                    }});
}

void addresses_known(self_ptr self, std::uint64_t number) {
  auto& st = self->state;
  const auto at = st.running.find(number);
  if (at == st.running.end() || --at->second.questions > 0) return;
  auto& f = at->second;
  std::string list;
  for (const auto& a : f.addresses)
    if (public_address(a)) list += (list.empty() ? "" : ",") + (a.find(':') == std::string::npos ? a : "[" + a + "]");
  if (list.empty()) return finish(self, number, failed(fetch_failure::name, f.addresses.empty() ? "the host has no address" : "the host's addresses are not public"));
  transfer(self, f, {f.where.host + ":" + std::to_string(f.where.port) + ":" + list});
}

void begin(self_ptr self, fetcher_state::fetching what) {
  auto& st = self->state;
  const auto number = what.number;
  auto& f = st.running.emplace(number, std::move(what)).first->second;
  const auto prefix = f.where.host + ":" + std::to_string(f.where.port) + ":";
  for (const auto& line : st.settings.connect_to)
    if (base::istarts_with(line, prefix)) return transfer(self, f, {});
  f.questions = 2;
  for (const auto type : {dns::record_type::a, dns::record_type::aaaa})
    self->request(st.resolver, resolver_time_max, dns_question{f.where.host, type})
        .then(
            [self, number, type](const dns_answer& a) {
              const auto at = self->state.running.find(number);
              if (at != self->state.running.end())
                for (auto& one : dns::addresses(type, *a.value)) at->second.addresses.push_back(std::move(one));
              addresses_known(self, number);
            },
            [self, number](const caf::error&) { addresses_known(self, number); });
}

void begin_next(self_ptr self) {
  auto& st = self->state;
  while (!st.waiting.empty() && st.running.size() < fetches_running_max) {
    auto next = std::move(st.waiting.front());
    st.waiting.pop_front();
    begin(self, std::move(next));
  }
}

caf::result<http_fetched> take(self_ptr self, const http_fetch& what) {
  auto& st = self->state;
  auto where = place_of(what.url);
  if (!where) return failed(fetch_failure::url, "not an https URL with a host name");
  if (st.waiting.size() >= fetches_waiting_max) return failed(fetch_failure::busy, "too many requests wait");
  auto to = self->make_response_promise<http_fetched>();
  st.waiting.push_back({++st.last, what, std::move(*where), to, {}, 0});
  begin_next(self);
  return to;
}

caf::behavior fetcher_actor(self_ptr self, fetcher_settings settings, caf::actor resolver) {
  self->set_default_handler(caf::drop);
  self->state.settings = std::move(settings);
  self->state.resolver = std::move(resolver);
  self->state.engine = std::make_unique<curl_engine>();
  return {[self](const http_fetch& what) { return take(self, what); },
          [self](const fetch_done& d) { finish(self, d.number, {d.answer}); },
          [self](const configure_fetcher& c) { self->state.settings = c.settings; }};
}

bool in_net(const unsigned char* octets, std::initializer_list<unsigned char> net, unsigned bits) {
  for (unsigned i = 0; i < bits; ++i) {
    const unsigned char mask = static_cast<unsigned char>(0x80u >> (i % 8));
    if ((octets[i / 8] & mask) != ((i / 8 < net.size() ? net.begin()[i / 8] : 0) & mask)) return false;
  }
  return true;
}

bool public_four(const unsigned char* a) {
  // RFC 6890 and its registry.
  return !(in_net(a, {0}, 8) || in_net(a, {10}, 8) || in_net(a, {100, 64}, 10) || in_net(a, {127}, 8) || in_net(a, {169, 254}, 16) ||
           in_net(a, {172, 16}, 12) || in_net(a, {192, 0, 0}, 24) || in_net(a, {192, 0, 2}, 24) || in_net(a, {192, 168}, 16) ||
           in_net(a, {198, 18}, 15) || in_net(a, {198, 51, 100}, 24) || in_net(a, {203, 0, 113}, 24) || in_net(a, {224}, 3));
}

} // namespace

std::string_view name(fetch_failure f) noexcept {
  switch (f) {
  case fetch_failure::none: return "none";
  case fetch_failure::url: return "url";
  case fetch_failure::name: return "name";
  case fetch_failure::certificate: return "certificate";
  case fetch_failure::connection: return "connection";
  case fetch_failure::too_large: return "too_large";
  case fetch_failure::busy: return "busy";
  }
  return "unknown";
}

bool public_address(const std::string& numeric) noexcept {
  unsigned char a[16];
  if (::inet_pton(AF_INET, numeric.c_str(), a) == 1) return public_four(a);
  if (::inet_pton(AF_INET6, numeric.c_str(), a) != 1) return false;
  if (in_net(a, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96) || in_net(a, {0, 0x64, 0xff, 0x9b}, 96)) return public_four(a + 12);
  // Of what is given out (2000::/3), without what is for documents and tunnels into nets of version 4.
  return in_net(a, {0x20}, 3) && !in_net(a, {0x20, 1, 0x0d, 0xb8}, 32) && !in_net(a, {0x20, 2}, 16) && !in_net(a, {0x20, 1, 0, 0}, 32);
}

caf::actor spawn_fetcher(caf::actor_system& system, fetcher_settings settings, caf::actor resolver) {
  return system.spawn<caf::detached + caf::hidden>(fetcher_actor, std::move(settings), std::move(resolver));
}

} // namespace rookery::actors
