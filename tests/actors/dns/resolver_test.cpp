#include "actors/dns/resolver_actor.hpp"
#include "tests/actors/dns/name_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace rookery::actors {
namespace {

using dns::answer_status;
using dns::record_type;

struct world {
  tests::name_server server;
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::actor resolver;

  explicit world(std::chrono::seconds time = std::chrono::seconds(20)) {
    resolver = spawn_resolver(system, {{server.server()}, server.trust_anchor_file(), time});
  }
  ~world() { caf::anon_send_exit(resolver, caf::exit_reason::user_shutdown); }

  /// Once more when packets were lost for want of a processor.
  dns::answer ask(const std::string& name, record_type type) {
    dns::answer out;
    caf::scoped_actor self{system};
    for (int attempt = 0; attempt < 3; ++attempt) {
      const auto asked = std::chrono::steady_clock::now();
      self->request(resolver, resolver_time_max, dns_question{name, type})
          .receive([&](const dns_answer& a) { out = *a.value; }, [](const caf::error&) { ADD_FAILURE(); });
      if (out.status != answer_status::failed || std::chrono::steady_clock::now() - asked < std::chrono::seconds(3)) break;
    }
    return out;
  }
};

TEST(Resolver, AnswersAndSaysWhatIsSecure) {
  world w;
  const auto mx = w.ask("Secure.Example", record_type::mx);
  EXPECT_EQ(mx.status, answer_status::ok) << mx.why;
  EXPECT_TRUE(mx.secure);
  EXPECT_GT(mx.ttl, 0u);
  auto hosts = dns::mxs(mx);
  std::sort(hosts.begin(), hosts.end(), [](const auto& a, const auto& b) { return a.preference < b.preference; });
  EXPECT_EQ(hosts, std::vector<dns::mx>({{10, "mx1.secure.example"}, {20, "mx2.secure.example"}}));

  EXPECT_EQ(dns::addresses(record_type::a, w.ask("mx1.secure.example.", record_type::a)), std::vector<std::string>{"192.0.2.1"});
  EXPECT_EQ(dns::addresses(record_type::aaaa, w.ask("mx1.secure.example", record_type::aaaa)), std::vector<std::string>{"2001:db8::1"});
  const auto tlsa = w.ask("_25._tcp.mx1.secure.example", record_type::tlsa);
  EXPECT_TRUE(tlsa.secure);
  ASSERT_EQ(dns::tlsas(tlsa).size(), 1u);
  EXPECT_EQ(dns::tlsas(tlsa)[0].data.size(), 32u);
  EXPECT_EQ(dns::texts(w.ask("_mta-sts.secure.example", record_type::txt)), std::vector<std::string>{"v=STSv1; id=1;"});

  const auto alias = w.ask("alias.secure.example", record_type::a);
  EXPECT_EQ(alias.canonical_name, "mx1.secure.example");
  EXPECT_EQ(dns::addresses(record_type::a, alias), std::vector<std::string>{"192.0.2.1"});
  EXPECT_EQ(dns::mxs(w.ask("none.secure.example", record_type::mx)), std::vector<dns::mx>({{0, ""}}));
}

TEST(Resolver, TellsNothingFromNobodyAndFromLies) {
  world w;
  const auto no_data = w.ask("mx2.secure.example", record_type::aaaa);
  EXPECT_EQ(no_data.status, answer_status::no_data);
  EXPECT_TRUE(no_data.secure);
  const auto no_name = w.ask("nobody.secure.example", record_type::mx);
  EXPECT_EQ(no_name.status, answer_status::no_name);
  EXPECT_TRUE(no_name.secure);
  const auto bogus = w.ask("mx1.bogus.example", record_type::a);
  EXPECT_EQ(bogus.status, answer_status::bogus);
  EXPECT_TRUE(bogus.try_later());
  EXPECT_TRUE(bogus.records.empty());
  const auto plain = w.ask("plain.example", record_type::mx);
  EXPECT_EQ(plain.status, answer_status::ok);
  EXPECT_FALSE(plain.secure);
  EXPECT_EQ(w.ask("nobody.elsewhere.example", record_type::a).status, answer_status::failed) << "the server refuses other zones";
  EXPECT_EQ(w.ask(std::string(300, 'a') + ".example", record_type::a).status, answer_status::failed);
}

TEST(Resolver, ANamedServerIsAskedForTheNamesOfClosedNetsToo) {
  world w;
  // It refuses other zones; the library by itself would say that there is no such name.
  EXPECT_EQ(w.ask("mx.test", record_type::a).status, answer_status::failed);
  EXPECT_EQ(w.ask("1.0.168.192.in-addr.arpa", record_type::ptr).status, answer_status::failed);
}

TEST(Resolver, AnswersInTimeWhenNobodyDoes) {
  world w{std::chrono::seconds(1)};
  caf::anon_send(w.resolver, configure_resolver{{{"127.0.0.1@9"}, "", std::chrono::seconds(1)}});
  const auto silent = w.ask("secure.example", record_type::mx);
  EXPECT_EQ(silent.status, answer_status::failed);
  EXPECT_FALSE(silent.why.empty());
}

TEST(Resolver, AnswersUnvalidatedWithoutTheTrustAnchor) {
  world w;
  caf::anon_send(w.resolver, configure_resolver{{{w.server.server()}, w.server.trust_anchor_file() + ".gone", std::chrono::seconds(20)}});
  const auto mx = w.ask("secure.example", record_type::mx);
  EXPECT_EQ(mx.status, answer_status::ok) << mx.why;
  EXPECT_FALSE(mx.secure);
}

TEST(Resolver, AsksOnceForManyWhoAskTheSame) {
  world w;
  caf::scoped_actor self{w.system};
  constexpr int many = 500;
  int answered = 0;
  for (int i = 0; i < many; ++i) self->send(w.resolver, dns_question{i % 2 ? "secure.example" : "plain.example", record_type::mx});
  for (int i = 0; i < many; ++i)
    self->receive([&](const dns_answer& a) { answered += a.value->status == answer_status::ok ? 1 : 0; },
                  caf::after(std::chrono::seconds(60)) >> [] { ADD_FAILURE() << "an answer is missing"; });
  EXPECT_EQ(answered, many);
}

} // namespace
} // namespace rookery::actors
