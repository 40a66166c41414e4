#include "actors/queue/sts_actor.hpp"

#include "actors/dns/resolver_actor.hpp"
#include "actors/http/fetcher.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>

namespace rookery::actors {
namespace {

using namespace std::chrono_literals;
using state = sts_answer::state;

constexpr const char* enforced = "version: STSv1\nmode: enforce\nmx: mx.example\nmax_age: 604800\n";
constexpr const char* tested = "version: STSv1\nmode: testing\nmx: mx.example\nmax_age: 604800\n";

class hand_clock final : public base::clock {
public:
  base::instant now() const override { return base::instant{}; }
  base::wall_time wall() const override { return base::from_milliseconds(ms_.load()); }
  void forward(std::chrono::milliseconds by) { ms_ += by.count(); }

private:
  std::atomic<std::int64_t> ms_{1'750'000'000'000};
};

/// What the world says; the fakes read it.
struct world_facts {
  std::mutex lock;
  std::optional<std::string> record;
  fetch_answer web;
  int fetches = 0;
  std::string url;
  std::map<std::string, std::string> notes;
};

caf::behavior fake_resolver(caf::event_based_actor*, std::shared_ptr<world_facts> f) {
  return {[f](const dns_question& q) {
    const std::lock_guard hold(f->lock);
    auto a = std::make_shared<dns::answer>();
    a->status = f->record ? dns::answer_status::ok : dns::answer_status::failed;
    if (f->record && q.name == "_mta-sts.example" && q.type == dns::record_type::txt)
      a->records.push_back(static_cast<char>(f->record->size()) + *f->record);
    return dns_answer{std::move(a)};
  }};
}

caf::behavior fake_fetcher(caf::event_based_actor*, std::shared_ptr<world_facts> f) {
  return {[f](const http_fetch& what) {
    const std::lock_guard hold(f->lock);
    ++f->fetches;
    f->url = what.url;
    return http_fetched{std::make_shared<fetch_answer>(f->web)};
  }};
}

struct world {
  caf::actor_system_config config;
  caf::actor_system system{config};
  std::shared_ptr<world_facts> facts = std::make_shared<world_facts>();
  hand_clock clock;
  caf::actor resolver = system.spawn(fake_resolver, facts), fetcher = system.spawn(fake_fetcher, facts), sts;
  caf::scoped_actor self{system};

  world() { start(); }
  ~world() {
    for (const auto& a : {sts, fetcher, resolver}) self->send_exit(a, caf::exit_reason::user_shutdown);
    self->wait_for(sts, fetcher, resolver);
  }
  void start() {
    auto parts = std::make_shared<sts_parts>();
    parts->resolver = resolver;
    parts->fetcher = fetcher;
    parts->clock = &clock;
    parts->recall = [f = facts](const std::string& domain) -> std::optional<std::string> {
      const std::lock_guard hold(f->lock);
      const auto at = f->notes.find(domain);
      if (at == f->notes.end()) return std::nullopt;
      return at->second;
    };
    parts->keep = [f = facts](caf::local_actor&, const std::string& domain, std::string entry, base::wall_time) {
      const std::lock_guard hold(f->lock);
      f->notes[domain] = std::move(entry);
    };
    sts = spawn_sts(system, std::move(parts));
  }
  void restart() {
    self->send_exit(sts, caf::exit_reason::user_shutdown);
    self->wait_for(sts);
    start();
  }
  void publish(std::optional<std::string> record, std::string body, std::uint16_t status = 200) {
    const std::lock_guard hold(facts->lock);
    facts->record = std::move(record);
    facts->web = {};
    facts->web.status = status;
    facts->web.content_type = "text/plain";
    facts->web.body = std::move(body);
  }
  sts_answer ask() {
    sts_answer out;
    self->request(sts, 60s, sts_question{"example"})
        .receive([&](const sts_answer& a) { out = a; }, [&](const caf::error& e) { ADD_FAILURE() << system.render(e); });
    return out;
  }
  int fetches() {
    const std::lock_guard hold(facts->lock);
    return facts->fetches;
  }
};

TEST(StsActor, FetchesOnceAndRemembersOverARestart) {
  world w;
  w.publish("v=STSv1; id=1;", enforced);
  const auto first = w.ask();
  EXPECT_EQ(first.what, state::enforce);
  ASSERT_TRUE(first.policy);
  EXPECT_TRUE(mailauth::covers(*first.policy, "mx.example"));
  EXPECT_EQ(w.facts->url, "https://mta-sts.example/.well-known/mta-sts.txt");
  w.ask();
  w.restart();
  EXPECT_EQ(w.ask().what, state::enforce);
  EXPECT_EQ(w.fetches(), 1);
}

TEST(StsActor, AnotherIdBringsAnotherPolicy) {
  world w;
  w.publish("v=STSv1; id=1;", enforced);
  w.ask();
  w.publish("v=STSv1; id=1;", tested);
  EXPECT_EQ(w.ask().what, state::enforce);
  w.publish("v=STSv1; id=2;", tested);
  EXPECT_EQ(w.ask().what, state::testing);
  w.publish("v=STSv1; id=3;", "version: STSv1\nmode: none\nmax_age: 60\n");
  EXPECT_EQ(w.ask().what, state::none);
  EXPECT_EQ(w.fetches(), 3);
}

TEST(StsActor, AnAttackerCannotMakeItForget) {
  world w;
  w.publish("v=STSv1; id=1;", enforced);
  w.ask();
  w.publish(std::nullopt, "");
  EXPECT_EQ(w.ask().what, state::enforce);
  w.publish("v=STSv1; id=2;", "nothing", 404);
  const auto kept = w.ask();
  EXPECT_EQ(kept.what, state::enforce);
  EXPECT_EQ(kept.failure, "sts-policy-fetch-error");
  w.clock.forward(std::chrono::hours(24 * 7));
  w.publish(std::nullopt, "");
  EXPECT_EQ(w.ask().what, state::none);
}

TEST(StsActor, SaysWhatIsWrongAndRestsBeforeItTriesAgain) {
  struct {
    fetch_failure failure;
    std::uint16_t status;
    const char *type, *body, *word;
  } rows[] = {{fetch_failure::certificate, 0, "", "", "sts-webpki-invalid"},
              {fetch_failure::connection, 0, "", "", "sts-policy-fetch-error"},
              {fetch_failure::too_large, 0, "", "", "sts-policy-invalid"},
              {fetch_failure::none, 301, "text/plain", enforced, "sts-policy-fetch-error"},
              {fetch_failure::none, 200, "text/html", enforced, "sts-policy-invalid"},
              {fetch_failure::none, 200, "text/plain", "nonsense", "sts-policy-invalid"}};
  for (const auto& [failure, status, type, body, word] : rows) {
    world w;
    w.publish("v=STSv1; id=1;", body, status);
    w.facts->web.failure = failure;
    w.facts->web.content_type = type;
    const auto got = w.ask();
    EXPECT_EQ(got.what, state::unavailable) << word;
    EXPECT_EQ(got.failure, word);
    w.publish("v=STSv1; id=1;", enforced);
    EXPECT_EQ(w.ask().what, state::unavailable);
    EXPECT_EQ(w.fetches(), 1);
    w.clock.forward(mailauth::sts_retry);
    EXPECT_EQ(w.ask().what, state::enforce);
  }
}

TEST(StsActor, LooksAtAKnownPolicyOnceADay) {
  world w;
  w.publish("v=STSv1; id=1;", enforced);
  w.ask();
  w.publish("v=STSv1; id=1;", tested);
  w.clock.forward(mailauth::sts_refresh);
  EXPECT_EQ(w.ask().what, state::enforce); // nobody waits for the look
  while (w.ask().what == state::enforce) {
  }
  EXPECT_EQ(w.fetches(), 2);
}

} // namespace
} // namespace rookery::actors
